import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';
import { commandIds, viewIds } from '../../src/vscode/manifest.ts';

/** Stages that any shell can run: one is quick, one waits until a file appears, one fails with a place. */
const pipeline = `stages:
  quick:
    cmd: echo made > made.txt
    deps: [input.txt]
    outs: [made.txt]
  slow:
    cmd: node slow.mjs
    deps: [made.txt, turn.txt]
    outs: [slow.txt]
  broken:
    cmd: node broken.mjs
    deps: [input.txt]
    outs: [broken.txt]
`;
const slow = `import { existsSync, writeFileSync } from 'node:fs';
console.log('\\u001b]0;evil\\u0007waiting');
while (!existsSync('go') && existsSync('slow.mjs')) await new Promise((resolve) => setTimeout(resolve, 50));
writeFileSync('slow.txt', 'done');
`;
const broken = `console.error('input.txt:1:2: error: not what was expected');
  throw new RangeError('none of these');\n`;

/** A model that trains until somebody stops it. */
const tiny: Readonly<Record<string, string>> = {
  'configs/tiny.yaml':
    'model: {name: tiny}\ntraining: {batch_size: 4, num_epochs: 1000000, loss_function: mse, metric: mse}\n',
  'package.json': '{ "type": "module" }\n',
  'src/models/tiny/dataloader.ts': `export function load() {
  return { xs: new Float32Array(32), ys: new Float32Array(32), shape: [1] };
}
`,
  'src/models/tiny/train.ts': `export async function train({ tf, fit }: any) {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  await fit(model);
  return model;
}
`,
};

const extension = vscode.extensions.getExtension<ExtensionApi>('mlops-workflow.mlops-workflow');
const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
let api: ExtensionApi;

const inProject = (name: string): string => path.join(folder, name);

/** Asks again until there is an answer: nothing here waits for a time. */
async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const isThere = async (file: string): Promise<true | undefined> =>
  readFile(file).then(
    () => true,
    () => undefined,
  );

const listProcesses = () => api.engine.request('listProcesses', { project: folder });

async function findTask(name: string): Promise<vscode.Task> {
  const tasks = await vscode.tasks.fetchTasks({ type: 'mlops' });
  const task = tasks.find((candidate) => candidate.name === name);
  assert.ok(task, `There is no task ${name} among ${tasks.map((candidate) => candidate.name).join(', ')}`);
  return task;
}

/** Starts a task; `ended` gives its exit code. */
async function startTask(
  name: string,
): Promise<{ execution: vscode.TaskExecution; ended: Promise<number | undefined> }> {
  const task = await findTask(name);
  const ended = new Promise<number | undefined>((resolve) => {
    const listener = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution.task.name !== name) return;
      listener.dispose();
      resolve(exitCode);
    });
  });
  return { execution: await vscode.tasks.executeTask(task), ended };
}

/** What the stage has made stays in the cache: only another input makes it run again. */
async function makeSlowStale(turn: string): Promise<void> {
  await rm(inProject('slow.txt'), { force: true });
  await writeFile(inProject('turn.txt'), turn);
}

/** Waits until something of this kind is wrong with the file. */
function untilMarked(file: string, words: string): Promise<vscode.Diagnostic> {
  const uri = vscode.Uri.file(inProject(file));
  return until(() => vscode.languages.getDiagnostics(uri).find(({ message }) => message.includes(words)));
}

async function readStates(): Promise<Record<string, string>> {
  const entries = await api.views.read(viewIds.pipeline);
  return Object.fromEntries(entries.map(({ label, description }) => [label, description]));
}

describe('the extension', () => {
  before(async () => {
    assert.ok(extension);
    api = await extension.activate();
  });
  after(async () => {
    for (const { id } of await listProcesses()) await api.engine.request('stopProcess', { project: folder, id });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const name of (await readdir(folder)).filter((each) => each !== '.git'))
      await rm(inProject(name), { recursive: true, force: true, maxRetries: 5 });
  });

  it('registers every command that the manifest names', async () => {
    const registered = await vscode.commands.getCommands(true);
    assert.deepEqual(
      Object.keys(commandIds).filter((id) => !registered.includes(id)),
      [],
    );
  });

  it('shows nothing, and fails at nothing, in a folder without a project', async () => {
    assert.deepEqual(await api.projects.whenKnown(), []);
    for (const id of Object.values(viewIds)) assert.deepEqual(await api.views.read(id), []);
  });

  it('marks problems of a project below the folder, and takes them away with the project', async () => {
    await mkdir(inProject('below/configs'), { recursive: true });
    await writeFile(inProject('below/input.txt'), 'one\n');
    await writeFile(inProject('below/broken.mjs'), broken);
    await writeFile(inProject('below/configs/net.yaml'), 'model: {name: net}\ntraining: {num_epochs: many}\n');
    await writeFile(inProject('below/dvc.yaml'), 'stages:\n  broken:\n    cmd: node broken.mjs\n');
    await until(() => (api.projects.list.length === 1 ? true : undefined));
    await untilMarked('below/configs/net.yaml', 'num_epochs');
    const { ended } = await startTask('broken');
    assert.equal(await ended, 1);
    await untilMarked('below/input.txt', 'not what was expected');
    await rm(inProject('below'), { recursive: true, maxRetries: 5 });
    await until(() => (api.projects.list.length === 0 ? true : undefined));
    const uri = vscode.Uri.file(inProject('below/configs/net.yaml'));
    await until(() => (vscode.languages.getDiagnostics(uri).length === 0 ? true : undefined));
  });

  it('sees a project that appears in the folder, with all its views', async () => {
    await mkdir(inProject('configs'), { recursive: true });
    await mkdir(inProject('data/raw'), { recursive: true });
    await writeFile(inProject('input.txt'), 'one\n');
    await writeFile(inProject('turn.txt'), '0');
    await writeFile(inProject('data/raw/digits.csv'), '1,2\n');
    await writeFile(inProject('slow.mjs'), slow);
    await writeFile(inProject('broken.mjs'), broken);
    await writeFile(inProject('configs/net.yaml'), 'model: {name: net}\ntraining: {num_epochs: many}\n');
    await writeFile(inProject('dvc.yaml'), pipeline);
    await until(() => (api.projects.list.length === 1 ? true : undefined));
    assert.deepEqual(await readStates(), { quick: 'never run', slow: 'never run', broken: 'never run' });
    const [config] = await api.views.read(viewIds.configs);
    assert.equal(config?.label, 'net.yaml');
    assert.equal(config.icon?.id, 'error');
    const [data] = await api.views.read(viewIds.data);
    assert.equal(data?.label, 'raw');
    assert.deepEqual(
      (await data.children?.())?.map(({ label }) => label),
      ['digits.csv'],
    );
    assert.deepEqual(await api.views.read(viewIds.runs), []);
    assert.deepEqual(await api.views.read(viewIds.models), []);
  });

  it('marks mistakes in a config where they stand', async () => {
    const diagnostic = await untilMarked('configs/net.yaml', 'num_epochs');
    assert.equal(diagnostic.range.start.line, 1);
    assert.equal(diagnostic.severity, vscode.DiagnosticSeverity.Error);
  });

  it('offers a task for the pipeline and one for each stage', async () => {
    const tasks = await vscode.tasks.fetchTasks({ type: 'mlops' });
    assert.deepEqual(tasks.map(({ name }) => name).sort(), ['Run Pipeline', 'broken', 'quick', 'slow']);
  });

  it('runs a stage as a task, with its exit code, and shows it fresh', async () => {
    const { ended } = await startTask('quick');
    assert.equal(await ended, 0);
    await until(async () => ((await readStates())['quick']?.startsWith('fresh') === true ? true : undefined));
  });

  it('tells the failure of a stage by the exit code of the task, and what it printed as problems of files', async () => {
    const { ended } = await startTask('broken');
    assert.equal(await ended, 1);
    const problemAt = (name: string) =>
      until(() => {
        const [found] = vscode.languages.getDiagnostics(vscode.Uri.file(inProject(name)));
        return found && [found.message, found.range.start.line, found.source];
      });
    assert.deepEqual(await problemAt('input.txt'), ['not what was expected', 0, 'mlops']);
    assert.deepEqual(await problemAt('broken.mjs'), ['RangeError: none of these', 1, 'node']);
    await until(async () => ((await readStates())['broken'] === 'failed' ? true : undefined));
    const diagnostic = await untilMarked('input.txt', 'not what was expected');
    assert.deepEqual([diagnostic.range.start.line, diagnostic.range.start.character], [0, 1]);
  });

  it('opens the log of a stage that failed', async () => {
    await vscode.commands.executeCommand('mlops.openLog', { kind: 'stage', project: folder, stage: 'broken' });
    const editor = await until(() => vscode.window.activeTextEditor);
    assert.match(editor.document.getText(), /not what was expected/);
  });

  it('goes on with a run whose engine thread dies, in the tree and in the terminal', async () => {
    const { ended } = await startTask('slow');
    const [before] = await until(async () => {
      const processes = await listProcesses();
      return processes.length > 0 && (await readStates())['slow'] === 'running' ? processes : undefined;
    });
    const restarted = new Promise<void>((resolve) => api.engine.onRestart(resolve));
    await api.engine.terminate();
    await restarted;
    await until(async () => (api.projects.list.length === 1 ? api.projects.whenKnown() : undefined));
    const [found] = await listProcesses();
    assert.equal(found?.id, before?.id);
    await writeFile(inProject('go'), '');
    assert.equal(await ended, 0);
    assert.equal(await readFile(inProject('slow.txt'), 'utf8'), 'done');
    await rm(inProject('go'));
  });

  it('steers a live training, which the Runs view shows as paused meanwhile', async () => {
    for (const [file, text] of Object.entries(tiny)) {
      await mkdir(path.dirname(inProject(file)), { recursive: true });
      await writeFile(inProject(file), text);
    }
    await api.engine.request('startProcess', { project: folder, arguments: ['train', 'configs/tiny.yaml'] });
    const untilRun = (context: string, words: string) =>
      until(async () => {
        const entries = await api.views.read(viewIds.runs);
        return entries.find((entry) => entry.context === context && entry.description.includes(words));
      });
    const { target } = await untilRun('run running', 'epoch');
    await vscode.commands.executeCommand('mlops.pauseRun', target);
    await untilRun('run paused', 'paused · ');
    await vscode.commands.executeCommand('mlops.resumeRun', target);
    await untilRun('run running', 'epoch');
    await vscode.commands.executeCommand('mlops.stopRunAtBest', target);
    await untilRun('run killed resumable', 'stopped');
    await until(async () => ((await listProcesses()).length === 0 ? true : undefined));
  });

  it('leaves a run alone whose terminal is closed by the user', async () => {
    await makeSlowStale('1');
    await startTask('slow');
    await until(async () => ((await readStates())['slow'] === 'running' ? true : undefined));
    vscode.window.terminals.find(({ name }) => name.includes('slow'))?.show();
    await until(() => (vscode.window.activeTerminal?.name.includes('slow') === true ? true : undefined));
    await vscode.commands.executeCommand('workbench.action.terminal.kill');
    await until(() => (vscode.window.terminals.some(({ name }) => name.includes('slow')) ? undefined : true));
    // Longer than the editor may take to say why a terminal was closed.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await listProcesses()).length, 1);
    await writeFile(inProject('go'), '');
    await until(() => isThere(inProject('slow.txt')));
    await until(async () => ((await listProcesses()).length === 0 ? true : undefined));
    await rm(inProject('go'));
  });

  it('stops a run whose task is terminated', async () => {
    await makeSlowStale('2');
    const { execution } = await startTask('slow');
    await until(async () => ((await readStates())['slow'] === 'running' ? true : undefined));
    execution.terminate();
    await until(async () => ((await listProcesses()).length === 0 ? true : undefined));
    assert.equal(await isThere(inProject('slow.txt')), undefined);
  });

  it('stops a run by the command', async () => {
    const { ended } = await startTask('slow');
    // The state alone may still be that of the run before.
    await until(async () => ((await listProcesses()).length === 1 ? true : undefined));
    await until(async () => ((await readStates())['slow'] === 'running' ? true : undefined));
    await vscode.commands.executeCommand('mlops.stop');
    assert.equal(await ended, 130);
    assert.deepEqual(await listProcesses(), []);
  });

  it('starts nothing while the folder is not trusted, whoever asks', async () => {
    await api.engine.request('configure', { folders: [folder], trusted: false });
    try {
      const asked = [
        api.engine.request('startProcess', { project: folder, arguments: ['run'] }),
        api.engine.request('stopProcess', { project: folder, id: '1:1' }),
        api.engine.request('newProject', { target: inProject('new'), template: 'mnist', answers: {} }),
        api.engine.request('readFlow', { project: folder }),
        api.engine.request('performFlow', { project: folder, flow: { action: 'init' } }),
        api.engine.request('repairRun', { project: folder, runId: 'x' }),
        api.engine.request('editRun', { project: folder, runId: 'x', edit: { isDeleted: true } }),
        api.engine.request('steerRun', { project: folder, runId: 'x', steering: { type: 'pause' } }),
        api.engine.request('untrackFile', { project: folder, file: 'x' }),
        api.engine.request('predict', { project: folder, model: 'x', images: [] }),
        api.engine.request('exportModel', { project: folder, model: 'x', format: 'savedmodel', out: folder }),
      ];
      for (const outcome of await Promise.allSettled(asked)) {
        assert.equal(outcome.status, 'rejected');
        assert.equal((outcome.reason as { code?: string }).code, 'not-trusted');
      }
      await rm(inProject('.mlops'), { recursive: true });
      await vscode.commands.executeCommand('mlops.refresh');
      await writeFile(inProject('input.txt'), 'three\n');
      assert.equal((await api.engine.request('readStatus', { project: folder })).stages.length, 3);
      assert.equal((await readdir(folder)).includes('.mlops'), false);
      assert.equal(await isThere(inProject('new')), undefined);
    } finally {
      await api.engine.request('configure', { folders: [folder], trusted: true });
    }
  });

  it('gives terminals the mlops command', async () => {
    const terminal = vscode.window.createTerminal({ name: 'plain', cwd: folder });
    try {
      terminal.show();
      terminal.sendText('mlops --version > version.txt; exit');
      const text = await until(async () => {
        const found = await readFile(inProject('version.txt'), 'utf8').catch(() => '');
        return found.trim() === '' ? undefined : found;
      });
      assert.match(text, /^\d+\.\d+\.\d+/);
    } finally {
      terminal.dispose();
    }
  });
});
