import type { RelationBrush } from '../../protocol/runsview.ts';
import { placeOf, placeOfCategory, valueAt, type Brush, type Dimension } from './dimensions.ts';

/** A part of an axis, in places. */
export interface Extent {
  readonly low: number;
  readonly high: number;
}

/** By how much of an axis a key moves an edge. */
const keyStep = 0.05;
/** What a key brushes where nothing is brushed yet. */
const keyBrush = 0.2;
/** Places are computed from values and back. */
const dust = 1e-9;

/** Where a brush lies on its axis: categories that stand side by side are one part, and reach a little beyond their places. Nothing where the axis has nothing of it. */
export function extentsOf(dimension: Dimension, brush: RelationBrush): Extent[] {
  if ('isMissing' in brush) return [];
  if (!('names' in brush)) {
    const [low, high] = [placeOf(dimension, brush.low), placeOf(dimension, brush.high)];
    return low <= high ? [{ low, high }] : [];
  }
  const { names } = dimension;
  const reach = reachOf(names.length);
  const extents: Extent[] = [];
  names.forEach((name, i) => {
    if (!brush.names.includes(name)) return;
    const place = placeOfCategory(i, names.length);
    const last = extents.at(-1);
    const isBeside = last !== undefined && i > 0 && brush.names.includes(names[i - 1] ?? '');
    if (isBeside) extents[extents.length - 1] = { low: last.low, high: place + reach };
    else extents.push({ low: place - reach, high: place + reach });
  });
  return extents;
}

const reachOf = (count: number): number => (count < 2 ? 0.15 : Math.min(0.05, 0.35 / (count - 1)));

/** Brushes that lie on an axis; those of runs without a value stand beside it. */
export function brushesOn(brushes: readonly RelationBrush[], column: string): readonly RelationBrush[] {
  return brushes.filter((brush) => brush.column === column && !('isMissing' in brush));
}

export const isMissingBrushed = (brushes: readonly RelationBrush[], column: string): boolean =>
  brushes.some((brush) => brush.column === column && 'isMissing' in brush);

/** Runs without a value on an axis are brushed from now on, or no longer. */
export function toggleMissing(brushes: readonly RelationBrush[], column: string): readonly RelationBrush[] {
  const rest = brushes.filter((brush) => brush.column !== column || !('isMissing' in brush));
  return rest.length < brushes.length ? rest : [...brushes, { column, isMissing: true }];
}

/** The brush of a part of an axis; undefined where no category lies in it, and on an axis without values. */
export function brushOf(column: string, dimension: Dimension, { low, high }: Extent): RelationBrush | undefined {
  const { names, kind, range } = dimension;
  if (kind === 'category') {
    const within = names.filter((_, i) => {
      const place = placeOfCategory(i, names.length);
      return place >= low - dust && place <= high + dust;
    });
    return within.length === 0 ? undefined : { column, names: within };
  }
  if (range === null) return undefined;
  const clamp = (place: number): number => Math.max(0, Math.min(1, place));
  return { column, low: valueAt(dimension, clamp(low)), high: valueAt(dimension, clamp(high)) };
}

/** For `brushRuns`: of columns that are no axis, nothing. */
export function placeBrushes(
  brushes: readonly RelationBrush[],
  axes: readonly { readonly column: string; readonly dimension: Dimension }[],
): Brush[] {
  return brushes.flatMap((brush) => {
    const index = axes.findIndex(({ column }) => column === brush.column);
    const axis = axes[index];
    if (axis === undefined) return [];
    if ('isMissing' in brush) return [{ dimension: index, low: NaN, high: NaN }];
    const extents = extentsOf(axis.dimension, brush);
    // What names no value of the axis is met by no run.
    if (extents.length === 0) return [{ dimension: index, low: 1, high: 0 }];
    return extents.map(({ low, high }) => ({ dimension: index, low: low - dust, high: high + dust }));
  });
}

export type BrushMove = 'both' | 'low' | 'high';

/**
 * What an arrow key does to a brush: `by` steps towards greater places (−1: smaller), with both edges or one of them. Without a brush it marks a fifth of the axis, at the end to which the key points, or the category there. An edge
 * stops at the end of the axis and at the other edge.
 */
export function moveBrush(
  column: string,
  dimension: Dimension,
  old: RelationBrush | undefined,
  { edge, by }: { readonly edge: BrushMove; readonly by: number },
): RelationBrush | undefined {
  const count = dimension.names.length;
  const { range } = dimension;
  if (range !== null && range.min === range.max) return { column, low: range.min, high: range.max };
  const isCategory = dimension.kind === 'category';
  const unit = isCategory ? 1 / Math.max(1, count - 1) : keyStep;
  const extent = old === undefined ? undefined : spanOf(dimension, old);
  if (extent === undefined) {
    const width = isCategory ? 0 : keyBrush;
    const middle = { low: 0.5, high: 0.5 };
    if (isCategory && count === 1) return brushOf(column, dimension, middle);
    return brushOf(column, dimension, by > 0 ? { low: 1 - width, high: 1 } : { low: 0, high: width });
  }
  return brushOf(column, dimension, shift(extent, edge, by * unit));
}

/** From the least to the greatest place of a brush, of categories without what reaches beyond them. */
function spanOf(dimension: Dimension, brush: RelationBrush): Extent | undefined {
  const extents = extentsOf(dimension, brush);
  const [first, last] = [extents[0], extents.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const reach = 'names' in brush ? reachOf(dimension.names.length) : 0;
  return { low: first.low + reach, high: last.high - reach };
}

function shift({ low, high }: Extent, edge: BrushMove, by: number): Extent {
  const clamp = (place: number, least: number, most: number): number => Math.max(least, Math.min(most, place));
  if (edge === 'low') return { low: clamp(low + by, 0, high), high };
  if (edge === 'high') return { low, high: clamp(high + by, low, 1) };
  const move = clamp(by, Math.min(0, -low), Math.max(0, 1 - high));
  return { low: low + move, high: high + move };
}

/** What of a brush a pointer has taken hold of, and where. */
export interface Grab {
  /** Among the brushes of the axis; −1: a new one. */
  readonly index: number;
  readonly edge: BrushMove;
  readonly start: number;
  readonly span: Extent;
}

/** At a place of an axis: an edge of a brush within `reach`, a brush as a whole, or the beginning of a new one. */
export function grabBrush(dimension: Dimension, own: readonly RelationBrush[], place: number, reach: number): Grab {
  const spans = own.map((brush) => spanWithReach(dimension, brush));
  const find = (isHit: (span: Extent) => boolean): number =>
    spans.findIndex((span) => span !== undefined && isHit(span));
  const rows: readonly (readonly [BrushMove, (span: Extent) => boolean])[] = [
    ['high', ({ high }) => Math.abs(place - high) <= reach],
    ['low', ({ low }) => Math.abs(place - low) <= reach],
    ['both', ({ low, high }) => place >= low && place <= high],
  ];
  for (const [edge, isHit] of rows) {
    const index = find(isHit);
    const span = spans[index];
    if (span !== undefined) return { index, edge, start: place, span };
  }
  return { index: -1, edge: 'high', start: place, span: { low: place, high: place } };
}

function spanWithReach(dimension: Dimension, brush: RelationBrush): Extent | undefined {
  const extents = extentsOf(dimension, brush);
  const [first, last] = [extents[0], extents.at(-1)];
  return first === undefined || last === undefined ? undefined : { low: first.low, high: last.high };
}

/** Where the brush lies once the pointer has come to `place`; an edge may be drawn across the other one. */
export function dragBrush({ edge, start, span: { low, high } }: Grab, place: number): Extent {
  const ends = edge === 'low' ? [place, high] : edge === 'high' ? [low, place] : undefined;
  if (ends === undefined) return shift({ low, high }, 'both', place - start);
  return { low: Math.min(...ends), high: Math.max(...ends) };
}

/** The category at a place, where one is near enough to be meant. */
export function pressCategory(column: string, dimension: Dimension, place: number): RelationBrush | undefined {
  const reach = Math.max(0.03, reachOf(dimension.names.length));
  if (dimension.kind !== 'category') return undefined;
  return brushOf(column, dimension, { low: place - reach, high: place + reach });
}
