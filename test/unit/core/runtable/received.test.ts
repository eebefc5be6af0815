import { expect, it } from 'vitest';
import { RunsPageView } from '../../../../src/core/runtable/runtable.ts';
import { joinRuns, packRun } from '../../../../src/protocol/runtablecodec.ts';
import type { ToRunsPage } from '../../../../src/protocol/runtable.ts';
import { run } from './runs.ts';

let sequence = 0;
function runs(names: readonly string[], { begins = false, ends = true, removed = [] as string[] } = {}): ToRunsPage {
  sequence += 1;
  const bytes = joinRuns(names.map((name) => packRun(run(name))));
  return { protocol: 1, sequence, type: 'runs', begins, ends, bytes, removed, unreadable: [] };
}
const names = ({ runs: all }: RunsPageView): string | undefined => all?.map(({ runId }) => runId).join('');

it('shows the first parts as they come, later ones when all of them are there', () => {
  const view = new RunsPageView();
  view.receive(runs(['a', 'b'], { begins: true, ends: false }));
  expect(names(view)).toBe('ab');
  view.receive(runs(['c']));
  expect(names(view)).toBe('abc');
  view.receive(runs(['d'], { removed: ['a'] }));
  expect(names(view)).toBe('bcd');
  view.receive(runs(['x'], { begins: true, ends: false }));
  expect(names(view)).toBe('bcd');
  view.receive(runs(['y']));
  expect(names(view)).toBe('xy');
});

it('asks once for everything when a message is missing or broken, and keeps what it has until it comes', () => {
  const view = new RunsPageView();
  view.receive(runs(['a'], { begins: true }));
  sequence += 1;
  expect(view.receive(runs(['b']))).toBe('resync');
  expect(view.receive(runs(['c']))).toBe('old');
  expect(names(view)).toBe('a');
  expect(view.receive(runs(['d'], { begins: true }))).toBe('runs');
  expect(names(view)).toBe('d');
  const broken = { ...runs([]), bytes: Uint8Array.of(1) } as ToRunsPage;
  expect(view.receive(broken)).toBe('broken');
  expect(names(view)).toBe('d');
  expect(new RunsPageView().receive(runs(['a']))).toBe('resync');
});

it('repeated messages count for nothing', () => {
  const view = new RunsPageView();
  const first = runs(['a'], { begins: true });
  view.receive(first);
  expect(view.receive(first)).toBe('old');
});
