import {
  fillIn,
  formatCount,
  formatDuration,
  formatTicks,
  formatValue,
  linearTicks,
  logTicks,
  stepTicks,
  timeTicks,
  type Range,
} from '../../../src/core/charts/charts.ts';
import type { RunEvent } from '../../../src/protocol/charts.ts';
import type { ChartsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import type { Tick } from '../../shared/plots/plot.ts';

/** The x axis of a card, in words and ticks. Coordinates of a logarithmic axis are decimal logarithms. */
export interface AxisWords {
  /** Cards of the same key are zoomed together. */
  readonly key: string;
  readonly ticks: (window: Range, most: number) => readonly Tick[];
  /** `epoch 18` */
  readonly say: (x: number) => string;
  /** The place alone: `18` */
  readonly place: (x: number) => string;
  /** Where something that happened in a run lies; undefined where the axis knows of no time. */
  readonly eventAt: (event: RunEvent, run: RunSummary) => number | undefined;
}

interface Kind {
  readonly ticks: (min: number, max: number, most: number) => readonly number[];
  readonly label: (ticks: readonly number[]) => readonly string[];
  readonly place: (value: number) => string;
  readonly say: (value: number) => string;
  readonly eventAt: AxisWords['eventAt'];
}

export function createAxis(
  { x, xScale }: Pick<ChartsView, 'x' | 'xScale'>,
  counted: 'epoch' | 'batch' | 'trial',
  texts: RunsTexts,
): AxisWords {
  const isLog = xScale === 'log';
  const kind = kinds[x.kind](texts, { counted, metric: x.metric ?? '' });
  const value = (at: number): number => (isLog ? 10 ** at : at);
  const at = (own: number | undefined): number | undefined => (isLog && own !== undefined ? Math.log10(own) : own);
  return {
    key: JSON.stringify([x.kind, x.metric, xScale, x.kind === 'step' ? counted : null]),
    ticks(window, most) {
      const ticks = isLog
        ? logTicks(value(window.min), value(window.max), most)
        : kind.ticks(window.min, window.max, most);
      const labels = isLog && x.kind !== 'relative' ? formatTicks(ticks) : kind.label(ticks);
      return ticks.map((tick, index) => ({ at: at(tick) ?? tick, label: labels[index] ?? '' }));
    },
    say: (own) => kind.say(rounded(value(own))),
    place: (own) => kind.place(rounded(value(own))),
    eventAt: (event, run) => at(kind.eventAt(event, run)),
  };
}

/** Without the dust that a logarithm and back leaves. */
const rounded = (value: number): number => Number(value.toPrecision(12));

type ToKind = (
  texts: RunsTexts,
  of: { readonly counted: 'epoch' | 'batch' | 'trial'; readonly metric: string },
) => Kind;

const counts = {
  // Between two steps there is nothing to be named, but a window may be as narrow.
  ticks: (min: number, max: number, most: number) =>
    max - min < 1 ? linearTicks(min, max, most) : stepTicks(min, max, most),
  label: (ticks: readonly number[]) => ticks.map((tick) => (Number.isInteger(tick) ? formatCount(tick) : String(tick))),
  place: formatCount,
};

const kinds: Readonly<Record<ChartsView['x']['kind'], ToKind>> = {
  step: ({ chartsStepAt, chartsEpochAt }, { counted }) => ({
    ...counts,
    say: (step) => fillIn(counted === 'batch' ? chartsStepAt : chartsEpochAt, formatCount(step)),
    eventAt: ({ step }) => (counted === 'epoch' ? (step ?? undefined) : undefined),
  }),
  epoch: ({ chartsEpochAt }) => ({
    ...counts,
    say: (epoch) => fillIn(chartsEpochAt, formatCount(epoch)),
    eventAt: ({ step }) => step ?? undefined,
  }),
  relative: ({ chartsAfter }) => ({
    ticks: timeTicks,
    label: (ticks) => ticks.map((tick) => (tick === 0 ? '0' : formatDuration(tick))),
    place: (seconds) => fillIn(chartsAfter, formatDuration(seconds)),
    say: (seconds) => fillIn(chartsAfter, formatDuration(seconds)),
    eventAt: ({ time }, { startTime }) => (time - startTime) / 1000,
  }),
  wall: () => ({ ticks: wallTicks, label: wallLabels, place: moment, say: moment, eventAt: ({ time }) => time }),
  metric: (_texts, { metric }) => ({
    ticks: linearTicks,
    label: formatTicks,
    place: (value) => `${metric} ${formatValue(value)}`,
    say: (value) => `${metric} ${formatValue(value)}`,
    eventAt: () => undefined,
  }),
};

/** Ticks on hours and days of where the person is. */
function wallTicks(min: number, max: number, most: number): readonly number[] {
  const offset = new Date(min).getTimezoneOffset() * 60_000;
  return timeTicks((min - offset) / 1000, (max - offset) / 1000, Math.min(most, 5)).map((tick) => tick * 1000 + offset);
}

/** A later date than JavaScript knows has no name. */
const isDate = (time: number): boolean => Math.abs(time) <= 8.64e15;

function wallLabels(ticks: readonly number[]): readonly string[] {
  const step = (ticks[1] ?? NaN) - (ticks[0] ?? NaN);
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    ...(step >= 86_400_000
      ? { month: 'short', day: 'numeric' }
      : { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    ...(step < 60_000 ? { second: '2-digit' } : {}),
  });
  return ticks.map((tick) => (isDate(tick) ? format.format(tick) : String(tick)));
}

function moment(time: number): string {
  const options = {
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  } as const;
  return isDate(time) ? new Intl.DateTimeFormat(document.documentElement.lang, options).format(time) : String(time);
}
