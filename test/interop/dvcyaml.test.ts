import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Ground, alwaysChanged } from './dvcground.ts';
import { fileProjects } from './projects/files.ts';
import type { Project } from './projects/project.ts';
import { stageProjects } from './projects/stages.ts';
import { valueProjects } from './projects/values.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.create();
});
afterAll(() => ground.remove());

/** Both engines say the same of the project as it stands. */
async function compareStatus(): Promise<unknown> {
  const ours = await ground.ourStatus();
  expect(ours).toEqual(await ground.dvc.ask('status', ground.root));
  return ours;
}

/** Runs the project here: then neither engine sees work left, but for what runs every time. */
async function runHere(): Promise<string[]> {
  const { outcome, stages } = await ground.project.run();
  expect([outcome, stages.filter((stage) => stage.outcome === 'failed')]).toEqual(['succeeded', []]);
  const status = await compareStatus();
  const always = alwaysChanged(status);
  expect(Object.keys(status as object)).toEqual(always);
  return always;
}

/** Lets DVC run everything anew: it writes the locks that we wrote, and leaves no work for us. */
async function runThere(): Promise<void> {
  const ours = await ground.locks();
  await ground.forgetRuns();
  await ground.dvc.ask('repro', ground.root, { args: ['force'] });
  expect(await ground.locks()).toEqual(ours);
  const always = alwaysChanged(await compareStatus());
  const { stages } = await ground.project.run();
  expect(stages.filter(({ outcome }) => outcome !== 'skipped').map(({ name }) => name)).toEqual(always);
}

async function check({ edits = {}, ...files }: Project): Promise<void> {
  await ground.lay(files);
  await compareStatus();
  const always = await runHere();
  expect(await ground.dvc.ask('repro', ground.root)).toEqual(always);
  await runThere();
  await ground.keep();
  for (const [name, edit] of Object.entries(edits)) {
    await ground.restore();
    await ground.edit(edit);
    await compareStatus().catch((error: unknown) => {
      throw new Error(`after the edit "${name}"`, { cause: error });
    });
    await runHere();
  }
}

describe('projects of each construct', () => {
  const projects = { ...stageProjects, ...valueProjects, ...fileProjects };
  it.each(Object.entries(projects))('%s', (_, project) => check(project));
});

describe('a lock of DVC 2', () => {
  const crlf = 'dd8c6a395b5dd36c56d23275028f526c';
  const entry = (path: string): string => `    - path: ${path}\n      md5: ${crlf}\n      size: 6\n`;
  const files = {
    'dvc.yaml': `stages:
  s: {cmd: cp i o; cp j p; cat k > q, deps: [i, j, k], outs: [o, p: {cache: false}, q]}
`,
    'dvc.lock': `schema: '2.0'
stages:
  s:
    cmd: cp i o; cp j p; cat k > q
    deps:
${entry('i')}${entry('j')}${entry('k')}    outs:
${entry('o')}${entry('p')}${entry('q')}`,
    [`.dvc/cache/${crlf.slice(0, 2)}/${crlf.slice(2)}`]: 'a\r\nb\r\n',
  };
  const text = 'a\r\nb\r\n';
  const lay = (): Promise<void> =>
    ground.lay({ files: { ...files, i: text, j: text, k: text, o: text, p: text, q: text } });

  it('is fresh, and what is unchanged stays as it is when the stage runs', async () => {
    await lay();
    expect(await compareStatus()).toEqual({});
    expect(await ground.dvc.ask('repro', ground.root)).toEqual([]);
    expect((await ground.project.run()).stages).toMatchObject([{ outcome: 'skipped' }]);
    await ground.edit({ k: 'other\n' });
    await compareStatus();
    await ground.keep();
    await runHere();
    const ours = await ground.locks();
    await ground.restore();
    await ground.dvc.ask('repro', ground.root);
    expect(ours).toEqual(await ground.locks());
    expect(ours['dvc.lock']).toContain(`path: i\n      md5: ${crlf}`);
    expect(await compareStatus()).toEqual({});
  });

  it('line ends do not change it, the object in its cache does', async () => {
    await lay();
    await ground.edit({ i: 'a\nb\n' });
    expect(await compareStatus()).toEqual({});
    await ground.edit({ [`.dvc/cache/${crlf.slice(0, 2)}`]: null });
    await compareStatus();
    await runHere();
  });
});
