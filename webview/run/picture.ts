import { envelope, formatCount, stepTicks, valueBounds, valueRange, type Range } from '../../src/core/charts/charts.ts';
import type { LineLook, Picture } from '../shared/plots/plot.ts';
import { isHighContrast, withAlpha, type Theme } from '../shared/theme.ts';
import type { CardPlan, PlannedSeries } from './plan.ts';

const quietly = { solid: 1, dashed: 0.7, faint: 0.25, faintDashed: 0.25 } as const;
const strongly = { solid: 1, dashed: 1, faint: 0.5, faintDashed: 0.5 } as const;
const dashes = { solid: [], dashed: [4, 3], faint: [], faintDashed: [2, 2] } as const;

interface PictureOptions {
  readonly theme: Theme;
  readonly window: Range;
  readonly scale: 'linear' | 'log';
  /** The best point in words, next to its ring. */
  readonly bestWords: string;
  /** Pixels across. */
  readonly columns: number;
}

/** A card as it is drawn at a size. */
export function pictureOf(plan: CardPlan, { theme, window, scale, bestWords, columns }: PictureOptions): Picture {
  const bounds = plan.series.map(({ points }) => valueBounds(points, window, scale));
  const range = valueRange(
    { min: Math.min(...bounds.map(({ min }) => min)), max: Math.max(...bounds.map(({ max }) => max)) },
    scale,
  );
  const drawn = envelope(
    plan.series.map(({ points }) => points),
    { ...window, columns },
  );
  const { best } = plan;
  return {
    ...{ theme, window, range, scale, ...drawn },
    ticks: (most) => stepTicks(window.min, window.max, most).map((at) => ({ at, label: formatCount(at) })),
    looks: plan.series.map((series) => lookOf(series, theme)),
    areas: [],
    rings: best === undefined ? [] : [{ x: best.step, value: best.value, words: bestWords, colour: theme.series(0) }],
    ends: plan.isLive ? [plan.series.length - 1] : [],
    events: plan.events,
  };
}

function lookOf({ look }: PlannedSeries, theme: Theme): LineLook {
  return {
    colour: withAlpha(theme.series(0), (isHighContrast(theme) ? strongly : quietly)[look]),
    width: look === 'solid' ? 1.75 : 1.25,
    dash: dashes[look],
  };
}
