import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identifySelf } from '../../../../src/node/processes/processes.ts';
import { projectPaths, type Project } from '../../../../src/node/project/project.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import { listRunsOfProject, readRunDetails } from '../../../../src/node/window/runs.ts';
import { WindowProjects } from '../../../../src/node/window/window.ts';
import type { EngineEvents, EventName } from '../../../../src/protocol/engine.ts';

type Told = { readonly [N in EventName]: { readonly name: N; readonly event: EngineEvents[N] } }[EventName];

let root = '';
let told: Told[] = [];
let window: WindowProjects;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-window-'));
  told = [];
  window = new WindowProjects({ env: {}, emit: (name, event) => void told.push({ name, event } as Told) });
});
afterEach(async () => {
  // A window without folders watches and follows nothing.
  await window.configure([], false);
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
});

/** Asks again until it is so: nothing here waits for a time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}

async function write(file: string, text = ''): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

async function createRun(store: string): Promise<string> {
  const start = { experiment: 'e', user: 'u', startTime: 1, params: {}, tags: {} };
  const writer = await openStore(`file://${path.join(root, store)}`).createRun(start);
  await writer.logMetrics([{ name: 'val_loss', step: 1, value: 0.5, timestamp: 1 }]);
  await writer.finish('FINISHED', 2);
  return writer.runId;
}

function configOf(trackingUri: string): string {
  return `mlflow: {experiment_name: e, tracking_uri: '${trackingUri}'}\ntraining: {batch_size: 1, num_epochs: 1, loss_function: mse}\n`;
}

describe('runs of a project', () => {
  /** `trackingUri` of a config beside the default store, which holds one run; `warning` undefined: nothing is wrong. */
  const check = (name: string, trackingUri: () => string, warning?: RegExp): void =>
    it(name, async () => {
      const runId = await createRun('models/mlruns');
      await cp(path.join(root, 'models/mlruns'), path.join(root, 'copy'), { recursive: true });
      await symlink('models/mlruns', path.join(root, 'link'));
      await write('configs/a.yaml', configOf(trackingUri()));
      const { runs, unreadable, warnings = [] } = await listRunsOfProject({ root }, {});
      expect([runs.map((run) => run.runId), unreadable]).toEqual([[runId], []]);
      expect(warnings.map(({ message }) => message)).toEqual(
        warning === undefined ? [] : [expect.stringMatching(warning) as string],
      );
      if (warning !== undefined) expect(warnings[0]?.file).toBe(path.join(root, 'configs/a.yaml'));
      expect(await readRunDetails({ root }, runId, {})).toMatchObject({ run: { runId }, histories: [{}] });
      // Sought in every store; what is wrong with one of them is not said of a run that none has.
      await expect(readRunDetails({ root }, 'f'.repeat(32), {})).rejects.toThrow();
    });
  check('a server', () => 'http://user:secret@127.0.0.1:1', /127.0.0.1:1 can't be reached/);
  check('a store on another host', () => 'file://elsewhere/mlruns', /elsewhere\/mlruns is not yet supported/);
  check('a store that no system can read', () => `file:${'x'.repeat(300)}`, /ENAMETOOLONG/);
  check('the same store as a URI', () => `file://${root}/models/mlruns`);
  check('the same store with a slash', () => `file://${root}/models/mlruns/`);
  check('the same store by a detour', () => `file://localhost${root}/models/../models/mlruns`);
  check('the same store through a link', () => 'link');
  check('a copy of the store', () => 'copy');

  it('are those that lie in the project when the environment names a server, which is told', async () => {
    const runId = await createRun('models/mlruns');
    const env = { MLFLOW_TRACKING_URI: 'http://127.0.0.1:1' };
    const { runs, warnings } = await listRunsOfProject({ root }, env);
    expect([runs.map((run) => run.runId), warnings?.map(({ file }) => file)]).toEqual([[runId], [root]]);
  });

  it('are told although the settings of the project are broken and a folder is named like a config', async () => {
    const runId = await createRun('models/mlruns');
    await write('.mlops/project.yaml', 'objective: [');
    await write('configs/a.yaml', configOf('file:models/mlruns'));
    await write('configs/folder.yaml/x');
    const { runs, warnings } = await listRunsOfProject({ root }, {});
    expect(runs.map((run) => run.runId)).toEqual([runId]);
    expect(warnings?.map(({ file }) => file)).toEqual([path.join(root, '.mlops/project.yaml')]);
  });

  it('are listed for a window, and what is wrong with stores is logged once', async () => {
    const runId = await createRun('models/mlruns');
    await write('dvc.yaml');
    await write('configs/a.yaml', configOf('http://user:secret@localhost:5000'));
    await window.configure([root], false);
    const project = await window.get(root);
    expect((await project.listRuns()).runs.map((run) => run.runId)).toEqual([runId]);
    await write('configs/b.yaml');
    await until(() => told.some(({ name }) => name === 'changed'));
    await project.listRuns();
    const logged = told.flatMap(({ name, event }) => (name === 'log' ? [event] : []));
    expect(logged.map(({ level }) => level)).toEqual(['warning']);
    expect(logged[0]?.text).toContain('http://localhost:5000 is not asked: no network here (Restricted Mode');
    expect(logged[0]?.text).not.toContain('secret');
  });
});

it('reads the answers that a run has left, through its store', async () => {
  await write('dvc.yaml');
  const runId = await createRun('models/mlruns');
  await window.configure([root], false);
  const open = await window.get(root);
  const { run, answers } = await open.readRun(runId);
  expect(answers).toBeNull();
  await write(
    path.relative(root, path.join(run.artifacts ?? '', 'model/predictions.csv')),
    'split,label,predicted,probabilities\ntest,0,1,0.4 0.6\ntest,1,1,0.2 0.8\n',
  );
  expect((await open.readRun(runId)).answers).toMatchObject({
    split: 'test',
    counts: [0, 1, 0, 1],
    curves: [{ area: 1 }, {}],
  });
});

it('tells of runs when logs change that another program writes, wherever they lie in the project', async () => {
  await write('dvc.yaml');
  await write('.mlops/project.yaml', 'stores: ["dvclive:notes/logs"]');
  await write('notes/logs/a/plots/metrics/loss.tsv', 'step\tloss\n0\t1\n');
  await window.configure([root], false);
  const open = await window.get(root);
  expect((await open.listRuns()).runs[0]?.metrics['loss']?.last.value).toBe(1);
  await write('notes/logs/a/plots/metrics/loss.tsv', 'step\tloss\n0\t1\n1\t0.5\n');
  await until(() => told.some(({ name, event }) => name === 'changed' && event.areas.includes('runs')));
  expect((await open.listRuns()).runs[0]?.metrics['loss']?.last.value).toBe(0.5);
});

it.each(['mlruns', 'models/mlruns', '.'])('shows the runs of a folder that is no project: %s', async (store) => {
  const runId = await createRun(store);
  const [folder] = await window.configure([root], false);
  expect(folder).toMatchObject({ root, hasOnlyRuns: true });
  const open = await window.get(root);
  expect((await open.listRuns()).runs.map((run) => run.runId)).toEqual([runId]);
  expect(await open.readRun(runId)).toMatchObject({ run: { runId }, sweep: null });
  const second = await createRun(store);
  await until(() => told.some(({ name, event }) => name === 'changed' && event.areas.includes('runs')));
  expect((await open.listRuns()).runs.map((run) => run.runId).sort()).toEqual([runId, second].sort());
  // It becomes a project, and is opened as one.
  await write('dvc.yaml');
  await until(() =>
    told.some(
      ({ name, event }) => name === 'projects' && event.projects.some(({ hasOnlyRuns }) => hasOnlyRuns !== true),
    ),
  );
});

it('no longer shows a folder that was a project when it was configured, and is none any more', async () => {
  await write('dvc.yaml');
  expect((await window.configure([root], false)).map((project) => project.root)).toEqual([root]);
  await rm(path.join(root, 'dvc.yaml'));
  await until(() => told.some(({ name, event }) => name === 'projects' && event.projects.length === 0));
});

it('shows the folders that were configured last, however long finding others takes', async () => {
  for (let i = 0; i < 300; i += 1) await mkdir(path.join(root, `slow/${i}`), { recursive: true });
  await write('slow/0/dvc.yaml');
  await write('quick/dvc.yaml');
  const [slow, quick] = [path.join(root, 'slow'), path.join(root, 'quick')];
  const replies = await Promise.all([window.configure([slow], true), window.configure([quick], true)]);
  expect(replies.map((projects) => projects.map((project) => project.root))).toEqual([[path.join(slow, '0')], [quick]]);
  expect((await window.get(quick)).project).toEqual({ root: quick });
  await expect(window.get(path.join(slow, '0'))).rejects.toThrow('not a project of this window');
});

describe('following a process', () => {
  async function follow(project: Project, stem: string): Promise<void> {
    const { pid, startTime } = await identifySelf();
    await write(path.join('.mlops/tmp/logs', `${stem}.json`), JSON.stringify({ pid, startTime, command: 'run' }));
    await window.configure([root], true);
    await window.followProcess(project.root, `${pid}:${startTime ?? ''}`, 0, 'terminal');
    await until(() => told.some(({ name }) => name === 'exited'));
  }
  const ends = (): unknown => told.flatMap(({ name, event }) => (name === 'exited' ? [event] : []));

  it('tells its end also when its log can’t be read', async () => {
    await write('dvc.yaml');
    await mkdir(path.join(projectPaths.logs({ root }), 'a.log'), { recursive: true });
    await follow({ root }, 'a');
    expect(ends()).toEqual([{ follower: 'terminal', exitCode: null }]);
    expect(told.some(({ name, event }) => name === 'log' && 'text' in event && event.text.includes('EISDIR'))).toBe(
      true,
    );
  });

  it('tells its end when it has left its exit code, and also when that can’t be read', async () => {
    await write('dvc.yaml');
    await write('.mlops/tmp/logs/a.log', 'done\n');
    await write('.mlops/tmp/logs/a.exit', '3\n');
    await follow({ root }, 'a');
    expect(ends()).toEqual([{ follower: 'terminal', exitCode: 3 }]);
    await rm(path.join(projectPaths.logs({ root }), 'a.exit'));
    await mkdir(path.join(projectPaths.logs({ root }), 'a.exit'));
    told = [];
    await follow({ root }, 'a');
    expect(ends()).toEqual([{ follower: 'terminal', exitCode: null }]);
  });
});
