import {
  fillIn,
  formatCount,
  formatDuration,
  formatValue,
  runState,
  type RunState,
} from '../../src/core/charts/charts.ts';
import { measure, summaryOf, pointOf, type Column, type GroupLine } from '../../src/core/runtable/runtable.ts';
import type { RunsTexts } from '../../src/protocol/runtable.ts';
import { epochOf, isPaused, type RunSummary } from '../../src/protocol/tracking.ts';

/** What stands in a cell, and what is told when the mouse rests on it. */
export interface CellWords {
  readonly text: string;
  readonly title: string;
}

const empty: CellWords = { text: '', title: '' };

/** A column's head: its name, and which point of a metric it shows where that is not the best. */
export function nameColumn({ id, name, kind, point }: Column, texts: RunsTexts): { name: string; detail: string } {
  const isAttribute = id === name && Object.hasOwn(texts, id);
  const detail = kind === 'metric' && point !== null && point !== 'best' ? texts[point] : '';
  return { name: isAttribute ? texts[id as keyof RunsTexts] : name, detail };
}

/** In which each of a kind of column is written. */
type Write = (column: Column, run: RunSummary, texts: RunsTexts) => CellWords;

const plain: Write = ({ of, textOf }, run) => {
  const text = textOf?.(run) ?? String(of(run) ?? '');
  return { text: text.replaceAll(/\s+/g, ' '), title: text };
};

const writers: Readonly<Record<Column['kind'], Write>> = {
  text: plain,
  tag: plain,
  param: plain,
  status: (_column, run, texts) => ({ text: describeState(run, texts), title: '' }),
  time({ of }, run) {
    const time = of(run);
    return typeof time === 'number' ? { text: formatTime(time, 'short'), title: formatTime(time, 'long') } : empty;
  },
  duration({ of }, run) {
    const seconds = of(run);
    return typeof seconds === 'number' ? { text: formatDuration(seconds), title: '' } : empty;
  },
  metric({ name, point }, run, texts) {
    const summary = summaryOf(run, name);
    const shown = summary === undefined || point === null ? null : pointOf(summary, point);
    if (summary === undefined || shown === null) return empty;
    const tell = (sentence: string, { value, step }: { value: number; step: number }): string =>
      fillIn(sentence, formatValue(value), formatCount(step));
    const told = [
      ...(summary.best === null ? [] : [tell(texts.bestAt, summary.best)]),
      tell(texts.lastAt, summary.last),
    ];
    return { text: formatValue(shown.value), title: told.join(' · ') };
  },
};

export function writeCell(column: Column, run: RunSummary, texts: RunsTexts): CellWords {
  return writers[column.kind](column, run, texts);
}

/** Of a group: what its runs have in common, or mean and deviation of what they measured. */
export function writeSpread(column: Column, { runs }: GroupLine, texts: RunsTexts): CellWords {
  if (column.kind !== 'metric' && column.kind !== 'duration') return empty;
  const spread = measure(runs.map(column.of));
  if (spread === undefined) return empty;
  const { count, mean, deviation } = spread;
  const format = column.kind === 'duration' ? formatDuration : formatValue;
  if (deviation === null) return { text: format(mean), title: '' };
  const title = fillIn(texts.meanAndDeviation, format(mean), format(deviation), formatCount(count));
  return { text: `${format(mean)} ± ${format(deviation)}`, title };
}

const marks: Readonly<Record<RunState | 'paused', string>> = {
  scheduled: '○',
  running: '◐',
  paused: '‖',
  succeeded: '✓',
  failed: '✕',
  stopped: '■',
  lost: '?',
};

export function stateOf(run: RunSummary): RunState | 'paused' {
  return isPaused(run) ? 'paused' : runState(run);
}

/** A shape that says the state without a colour. */
export function markState(run: RunSummary): string {
  return marks[stateOf(run)];
}

function describeState(run: RunSummary, texts: RunsTexts): string {
  const state = stateOf(run);
  if (state !== 'running') return texts[state];
  const { epoch, epochs } = epochOf(run);
  if (epoch === 0) return texts.running;
  return epochs === null
    ? fillIn(texts.epoch, formatCount(epoch))
    : fillIn(texts.epochOf, formatCount(epoch), formatCount(epochs));
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** As the person's language writes it; a time beyond what a date can be as its number. */
function formatTime(time: number, style: 'short' | 'long'): string {
  if (Math.abs(time) > 8.64e15) return String(time);
  const options = style === 'short' ? shortTime : fullTime;
  const format = formats.get(style) ?? new Intl.DateTimeFormat(document.documentElement.lang, options);
  formats.set(style, format);
  return format.format(time);
}

/** Of an axis of times. */
export function formatTicksOfTime(ticks: readonly number[]): readonly string[] {
  return ticks.map((tick) => formatTime(tick, 'short'));
}

/** The year stands in the long form: runs of a table are seldom older. */
const shortTime = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const fullTime = { dateStyle: 'full', timeStyle: 'medium' } as const;
