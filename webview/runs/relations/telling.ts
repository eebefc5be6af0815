import { fillIn } from '../../../src/core/charts/charts.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import { writeCell } from '../words.ts';
import { mostRows, type KindHost, type NumbersTable } from './kind.ts';
import type { Laid } from './model.ts';

/** A name within a sentence: whatever letters it has, the sentence keeps its order. */
export const isolate = (name: string): string => `\u2068${name}\u2069`;

/** What a run has on each axis, in words; an em dash where it has nothing. */
export function rowsOf(
  run: RunSummary,
  axes: readonly Laid[],
  texts: RunsTexts,
): { readonly name: string; readonly text: string }[] {
  return axes.map(({ name, column }) => ({ name, text: writeCell(column, run, texts).text || '—' }));
}

export function tellRun(run: RunSummary, axes: readonly Laid[], texts: RunsTexts): string {
  const parts = rowsOf(run, axes, texts).map(({ name, text }) =>
    fillIn(texts.axisBrushed, isolate(name), isolate(text)),
  );
  return [isolate(run.name), ...parts].join(', ');
}

/** Runs that are to be seen well, and what they have on the axes. */
export function toNumbers({ model, texts }: KindHost, axes: readonly Laid[]): NumbersTable {
  const { flags } = model.litBy(model.view?.brushes ?? []);
  const lit = model.runs.filter((_, index) => flags[index] === 1);
  return {
    head: [texts.name, ...axes.map(({ name }) => name)],
    rows: lit.slice(0, mostRows).map((run) => [run.name, ...rowsOf(run, axes, texts).map(({ text }) => text)]),
    more: Math.max(0, lit.length - mostRows),
  };
}
