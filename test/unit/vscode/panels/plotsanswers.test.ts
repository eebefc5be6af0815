import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DrawnPlots, PlotsMessage } from '../../../../src/protocol/plots.ts';
import { PlotsAnswers } from '../../../../src/vscode/panels/plotsAnswers.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const none: DrawnPlots = { plots: [], problems: [] };

function make(read: (revisions: readonly string[]) => Promise<DrawnPlots>) {
  const posted: PlotsMessage[] = [];
  const asked: (readonly string[])[] = [];
  let tell = (): void => undefined;
  const answers = new PlotsAnswers({
    root: '/project',
    feed: {
      plots: (_, { revisions }) => {
        asked.push(revisions);
        return read(revisions);
      },
      followPlots: (_, listener) => {
        tell = listener;
        return { dispose: () => undefined };
      },
    },
    post: (message) => posted.push(message),
    toReason: (error) => (error instanceof Error ? error.message : ''),
  });
  const ask = (question: number, ...revisions: string[]): void =>
    answers.ask({ type: 'askPlots', question, revisions, runIds: [] });
  return { answers, posted, asked, ask, change: () => tell() };
}

test('a question is answered, and again when something has changed, in swarms only now and then', async () => {
  const { posted, ask, change } = make(() => Promise.resolve(none));
  ask(1, 'workspace');
  await vi.advanceTimersByTimeAsync(0);
  expect(posted).toEqual([{ type: 'plots', protocol: 1, question: 1, plots: [], problems: [], failure: null }]);
  for (let count = 0; count < 50; count += 1) change();
  await vi.advanceTimersByTimeAsync(1999);
  expect(posted).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(posted).toHaveLength(2);
});

test('a question that was taken back, or asked anew meanwhile, is not answered any more', async () => {
  const waiting: ((plots: DrawnPlots) => void)[] = [];
  const { posted, asked, ask, change, answers } = make(() => new Promise((resolve) => waiting.push(resolve)));
  ask(1, 'workspace');
  ask(2, 'workspace', 'abc');
  waiting.shift()?.(none);
  await vi.advanceTimersByTimeAsync(0);
  waiting.shift()?.(none);
  await vi.advanceTimersByTimeAsync(0);
  expect([asked.length, posted.map(({ question }) => question)]).toEqual([2, [2]]);
  ask(3);
  change();
  await vi.advanceTimersByTimeAsync(5000);
  expect(asked).toHaveLength(2);
  ask(4, 'workspace');
  answers.dispose();
  waiting.shift()?.(none);
  await vi.advanceTimersByTimeAsync(5000);
  expect(posted).toHaveLength(1);
});

test('a failure is told in its sentence', async () => {
  const { posted, ask } = make(() => Promise.reject(new Error('git is not there')));
  ask(1, 'workspace');
  await vi.advanceTimersByTimeAsync(0);
  expect(posted[0]).toMatchObject({ plots: [], failure: 'git is not there' });
});
