import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, expect, it } from 'vitest';
import { TestProject } from '../unit/node/pipeline/bench.ts';

// What several stages at a time and a debugging session leave behind is in order for DVC, too.

const call = promisify(execFile);
const python = process.env['MLOPS_INTEROP_PYTHON'] ?? '';

let project: TestProject;
afterEach(() => project.remove());

async function dvc(...args: string[]): Promise<string> {
  const env = { ...process.env, SHELL: '/bin/sh', DVC_NO_ANALYTICS: '1', DVC_TEST: 'true' };
  return (await call(python, ['-m', 'dvc', ...args], { cwd: project.root, env })).stdout;
}

const pipeline = `stages:
  split:
    cmd: mkdir -p parts; for i in 1 2 3 4; do echo $i > parts/$i; done
    deps: [in.txt]
    outs: [parts]
  train:
    foreach: [1, 2, 3, 4]
    do:
      cmd: sleep 0.\${item}; cp parts/\${item} model\${item}; echo \${item} > score\${item}.json
      deps: [parts]
      outs: ["model\${item}"]
      metrics: ["score\${item}.json": {cache: false}]
  join:
    cmd: cat model1 model2 model3 model4 > all.txt
    deps: [model1, model2, model3, model4]
    outs: [all.txt]
`;

it('after a run with several jobs dvc status is clean and dvc repro has nothing to do', async () => {
  project = await TestProject.create({ 'dvc.yaml': pipeline, 'in.txt': '1\n' });
  await rm(project.path('.dvc'), { recursive: true });
  await project.git('init', '-q', '-b', 'main');
  await dvc('init', '-q');
  await project.outcomes({ jobs: 4 });
  expect(JSON.parse(await dvc('status', '--json'))).toEqual({});
  const lock = await project.read('dvc.lock');
  expect(await dvc('repro')).toContain('Data and pipelines are up to date.');
  expect(await project.read('dvc.lock')).toBe(lock);
});

it('after a stage that failed and got its outputs back DVC finds nothing changed but its cause', async () => {
  project = await TestProject.create({ 'dvc.yaml': pipeline, 'in.txt': '1\n' });
  await rm(project.path('.dvc'), { recursive: true });
  await project.git('init', '-q', '-b', 'main');
  await dvc('init', '-q');
  await project.outcomes({ jobs: 2 });
  await project.write('dvc.yaml', pipeline.replace('done\n', 'done; exit 3\n'));
  expect(await project.outcomes({ stages: ['split'], single: true, keepOutputs: true })).toBe('split:failed');
  expect(JSON.parse(await dvc('status', '--json'))).toEqual({ split: ['changed command'] });
  await project.write('dvc.yaml', pipeline);
  expect(JSON.parse(await dvc('status', '--json'))).toEqual({});
});
