import { formatCount, formatDuration, formatValue, runState } from '../charts/charts.ts';
import { pointOf, summaryOf, type Column } from '../runtable/runtable.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { shorten } from './markup.ts';

/** Longer texts of params and tags are told by their beginning. */
const mostLetters = 60;

type Write = (column: Column, run: RunSummary) => string;

const plain: Write = ({ of, textOf }, run) =>
  shorten((textOf?.(run) ?? String(of(run) ?? '')).replaceAll(/\s+/g, ' ').trim(), mostLetters);

const writers: Readonly<Record<Column['kind'], Write>> = {
  text: plain,
  tag: plain,
  param: plain,
  status: (_column, run) => runState(run),
  time({ of }, run) {
    const time = of(run);
    return typeof time === 'number' ? formatTime(time) : '';
  },
  duration({ of }, run) {
    const seconds = of(run);
    return typeof seconds === 'number' ? formatDuration(seconds) : '';
  },
  metric({ name, point }, run) {
    const summary = summaryOf(run, name);
    const shown = summary === undefined || point === null ? null : pointOf(summary, point);
    return shown === null ? '' : formatValue(shown.value);
  },
};

/** What stands in a cell of a report's table. */
export const writeCell: Write = (column, run) => writers[column.kind](column, run);

export function isNumeric({ kind }: Column): boolean {
  return kind === 'metric' || kind === 'duration';
}

/** `val_loss`, and `last val_loss` for another point than the best. */
export function nameColumn({ name, kind, point }: Column): string {
  return kind === 'metric' && point !== null && point !== 'best' ? `${point} ${name}` : name;
}

/** In UTC: whoever reads it reads the same. */
export function formatTime(time: number): string {
  if (!(Math.abs(time) <= 8.64e15)) return formatCount(time);
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
