import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveProcess } from '../../../../src/protocol/engine.ts';
import { answers, closedTerminals, forget, TerminalExitReason } from '../editor.ts';
import { createEngine, settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { ProcessTerminal } = await import('../../../../src/vscode/tasks/terminal.ts');

const process: LiveProcess = {
  id: '7:1',
  pid: 7,
  command: 'run',
  since: 0,
  kind: 'pipeline',
  stages: [],
  runId: null,
  model: null,
  steering: null,
  log: '/w/digits/x.log',
};

/** A terminal whose process begins when the test says so. */
function open() {
  const engine = createEngine({});
  const { promise, resolve } = Promise.withResolvers<LiveProcess>();
  const terminal = new ProcessTerminal(
    { engine: engine.thread, report: () => undefined },
    { project: '/w/digits', begin: () => promise, atEnd: 'close' },
  );
  const shown: string[] = [];
  const ended: unknown[] = [];
  terminal.onDidWrite((text) => shown.push(text));
  terminal.onDidClose((code) => ended.push(code));
  terminal.open();
  const begin = async (): Promise<void> => {
    resolve(process);
    await settle();
  };
  /** As the engine does: only a follower hears of the end. */
  const exit = (exitCode: number): void => {
    const follow = engine.asked.find(({ name }) => name === 'followProcess');
    const { follower } = (follow?.payload ?? { follower: '' }) as { follower: string };
    engine.tell('exited', { follower, exitCode });
  };
  return { engine, terminal, shown, ended, begin, exit, asked: () => engine.asked.map(({ name }) => name) };
}

describe('the terminal of a process', () => {
  beforeEach(forget);

  it('stops a process that begins only after Ctrl+C, and ends with it', async () => {
    const { terminal, ended, begin, exit, asked } = open();
    terminal.handleInput('\u0003');
    await begin();
    expect(asked()).toEqual(['followProcess', 'stopProcess']);
    exit(130);
    expect(ended).toEqual([130]);
  });

  it('stops a process that begins only after its task was terminated', async () => {
    const { terminal, ended, begin, exit, asked } = open();
    terminal.close();
    closedTerminals.fire({ exitStatus: { reason: TerminalExitReason.Unknown } });
    await begin();
    expect(asked()).toEqual(['followProcess', 'stopProcess']);
    exit(130);
    expect(ended).toEqual([130]);
  });

  it('leaves a process alone that begins only after the user has closed the terminal', async () => {
    const { terminal, begin, asked } = open();
    terminal.close();
    closedTerminals.fire({ exitStatus: { reason: TerminalExitReason.User } });
    await begin();
    expect(asked()).toEqual(['unfollowProcess']);
  });

  it('names files as seen from the workspace folder, and keeps back nothing at the end', async () => {
    answers.workspaceFolder = '/w';
    const { engine, shown, begin, exit } = open();
    await begin();
    const { follower } = engine.asked[0]?.payload as { follower: string };
    for (const text of ['dvc.ya', 'ml:6:7: error: No.\nlast'])
      engine.tell('output', { follower, text, offset: text.length });
    exit(1);
    expect(shown.join('')).toBe('digits/dvc.yaml:6:7: error: No.\r\nlast');
  });
});
