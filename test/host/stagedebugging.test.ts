import assert from 'node:assert/strict';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExtensionApi } from '../../src/extension.ts';

// Stages under the JavaScript debugger that VS Code comes with: the engine runs them, the debugger attaches to what comes of it.

const pipeline = `stages:
  make:
    cmd: mlops exec src/make.ts \${word}
    deps: [src/make.ts, input.txt]
    params: [word]
    outs: [made.txt, notes.txt: {cache: false}]
`;
/** Types make lines longer, never more: what is stopped at must be what was clicked at. */
const make = `import { readFileSync, writeFileSync } from 'node:fs';

interface Row {
  readonly text: string;
}
type Rows = readonly Row[];

const rows: Rows = [{ text: readFileSync('input.txt', 'utf8').trim() }];
const words = rows.map((row: Row): string => row.text + process.argv[2]);
writeFileSync('made.txt', words.join());
writeFileSync('notes.txt', process.env['DVC_STAGE'] ?? '');
if (words[0]?.startsWith('bad')) throw new Error('bad input');
`;
const BREAKPOINT_LINE = make.split('\n').findIndex((line) => line.startsWith("writeFileSync('made.txt'"));

const extension = vscode.extensions.getExtension<ExtensionApi>('mlops-workflow.mlops-workflow');
const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const inProject = (name: string): string => path.join(folder, name);
let api: ExtensionApi;

async function until<T>(read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const readState = async (): Promise<string | undefined> =>
  (await api.engine.request('readStatus', { project: folder })).stages.find(({ name }) => name === 'make')?.state;

const isIdle = async (): Promise<true | undefined> =>
  vscode.debug.activeDebugSession === undefined &&
  (await api.engine.request('listProcesses', { project: folder })).length === 0
    ? true
    : undefined;

/** Where the active thread stands, as the user sees it. */
async function readStop(): Promise<{ proceed: () => Thenable<unknown>; line: number; file: string; words: string }> {
  const item = await until(() => {
    const active = vscode.debug.activeStackItem;
    return active instanceof vscode.DebugStackFrame ? active : undefined;
  });
  const { session, threadId, frameId } = item;
  const trace = (await session.customRequest('stackTrace', { threadId, levels: 1 })) as {
    stackFrames: { line: number; source: { path: string } }[];
  };
  const { result } = (await session.customRequest('evaluate', { expression: 'words[0]', frameId })) as {
    result: string;
  };
  const [frame] = trace.stackFrames;
  // Absolute, and in a window on another machine with that machine's name before it.
  const file = vscode.Uri.parse(frame?.source.path ?? '').path;
  const proceed = (): Thenable<unknown> => session.customRequest('continue', { threadId });
  return { proceed, line: frame?.line ?? 0, file, words: result };
}

/** What must be as before when nothing has come of a session. */
async function readEverything(): Promise<Record<string, string>> {
  const cached = await readdir(inProject('.dvc/cache/files/md5'), { recursive: true });
  const texts = ['made.txt', 'notes.txt', 'dvc.lock'].map(
    async (name) => [name, await readFile(inProject(name), 'utf8')] as const,
  );
  return { ...Object.fromEntries(await Promise.all(texts)), cache: cached.sort().join() };
}

describe('debugging a stage', () => {
  before(async () => {
    assert.ok(extension);
    api = await extension.activate();
    await mkdir(inProject('src'), { recursive: true });
    await writeFile(inProject('package.json'), '{"type": "module"}');
    await writeFile(inProject('src/make.ts'), make);
    await writeFile(inProject('input.txt'), 'good\n');
    await writeFile(inProject('params.yaml'), 'word: "-one"\n');
    await writeFile(inProject('dvc.yaml'), pipeline);
    await until(() => (api.projects.list.length === 1 ? true : undefined));
    const place = new vscode.Location(
      vscode.Uri.file(inProject('src/make.ts')),
      new vscode.Position(BREAKPOINT_LINE, 0),
    );
    vscode.debug.addBreakpoints([new vscode.SourceBreakpoint(place)]);
  });
  after(async () => {
    vscode.debug.removeBreakpoints(vscode.debug.breakpoints);
    await vscode.debug.stopDebugging();
    await until(isIdle);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    for (const name of (await readdir(folder)).filter((each) => each !== '.git'))
      await rm(inProject(name), { recursive: true, force: true, maxRetries: 5 });
  });

  const debugStage = () =>
    vscode.commands.executeCommand('mlops.debugStage', { kind: 'stage', project: folder, stage: 'make' });

  it('stops at a breakpoint in its TypeScript, and saves the outputs when it has ended well', async () => {
    await debugStage();
    const { proceed, line, file, words } = await readStop();
    assert.deepEqual([line, file, words], [BREAKPOINT_LINE + 1, inProject('src/make.ts'), "'good-one'"]);
    assert.equal(await readState(), 'running');
    await proceed();
    await until(isIdle);
    assert.equal(await readState(), 'fresh');
    assert.equal(await readFile(inProject('made.txt'), 'utf8'), 'good-one');
    assert.equal(await readFile(inProject('notes.txt'), 'utf8'), 'make');
  });

  it('leaves outputs, lock and cache as they were when it is stopped early', async () => {
    await writeFile(inProject('input.txt'), 'other\n');
    await writeFile(inProject('notes.txt'), 'changed by hand, and nowhere else');
    const before = await readEverything();
    await debugStage();
    const { words } = await readStop();
    assert.equal(words, "'other-one'");
    await vscode.debug.stopDebugging();
    await until(isIdle);
    assert.deepEqual(await readEverything(), before);
    assert.equal(await readState(), 'stale');
  });

  it('leaves them as they were when the stage fails', async () => {
    await writeFile(inProject('input.txt'), 'bad\n');
    const before = await readEverything();
    await debugStage();
    const { proceed } = await readStop();
    await proceed();
    await until(isIdle);
    assert.deepEqual(await readEverything(), before);
    assert.equal(await readState(), 'failed');
  });
});
