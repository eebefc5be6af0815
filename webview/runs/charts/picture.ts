import type { ChartAnswer } from '../../../src/core/charts/charts.ts';
import type { LineLook, Picture, Ring } from '../../shared/plots/plot.ts';
import { isHighContrast, withAlpha, type Theme } from '../../shared/theme.ts';
import type { AxisWords } from './axis.ts';
import { trainingDash, type RunLook } from './looks.ts';
import type { ChartPlan, PlannedLine } from './plan.ts';

export interface PictureFacts {
  readonly theme: Theme;
  readonly axis: AxisWords;
  readonly lines: readonly PlannedLine[];
  readonly looks: readonly RunLook[];
  /** Places of lines whose raw values come first in the answer. */
  readonly raw: readonly number[];
  readonly scale: Picture['scale'];
  readonly selected: ReadonlySet<string>;
  readonly bestWords: string;
  readonly events: Picture['events'];
}

/** A row of an answer: a line, or its raw values. */
interface Row {
  readonly line: number;
  readonly isRaw: boolean;
}

export interface OrderedPicture extends Picture {
  readonly x: Float64Array;
  readonly ys: readonly Float64Array[];
  /** Where each planned line has come to lie. */
  readonly places: ReadonlyMap<number, number>;
}

/** Equal stamps: the same points are drawn as the same lines. */
export function stampLines(
  { card, lines }: Pick<ChartPlan, 'card' | 'lines'>,
  { theme, looks, selected }: Pick<PictureFacts, 'theme' | 'looks' | 'selected'>,
): string {
  const own = lines.map(({ label, runs }) => [label, runs.some(({ runId }) => selected.has(runId)), runs[0]?.status]);
  return JSON.stringify([card, theme.kind, theme.foreground, theme.background, theme.dim, looks, own]);
}

/** Lines of an answer, one by one: parts of its memory. */
export function rowsOf({ x, ys }: ChartAnswer): readonly Float64Array[] {
  const count = x.length === 0 ? 0 : ys.length / x.length;
  return Array.from({ length: count }, (_, row) => ys.subarray(row * x.length, (row + 1) * x.length));
}

/** What is selected lies on top, what is faint below. */
export function toPicture(answer: ChartAnswer, rows: readonly Float64Array[], facts: PictureFacts): OrderedPicture {
  const { theme, axis, lines, raw, selected, scale } = facts;
  const isSelected = (line: number): boolean => lines[line]?.runs.some(({ runId }) => selected.has(runId)) === true;
  const isTraining = (line: number): boolean => lines[line]?.measure.role === 'training';
  const rank = ({ line, isRaw }: Row): number =>
    (isSelected(line) ? 4 : 0) + (isRaw ? 0 : 2) + (isTraining(line) ? 0 : 1);
  // Nothing to draw: rows of no length are none.
  const all: Row[] = [
    ...raw.map((line) => ({ line, isRaw: true })),
    ...lines.map((_, line) => ({ line, isRaw: false })),
  ];
  const numbered = all.slice(0, rows.length).map((row, index) => ({ ...row, index }));
  const ranked = numbered.sort((a, b) => rank(a) - rank(b) || a.index - b.index);
  const order = ranked.map(({ index }) => index);
  const has = lines.some((_, line) => isSelected(line));
  const emphasis = (line: number): Emphasis => (has ? (isSelected(line) ? 'strong' : 'faint') : 'plain');
  return {
    ...{ theme, window: answer.window, range: answer.range, scale, x: answer.x, events: facts.events },
    ys: order.map((index) => rows[index] ?? new Float64Array(0)),
    marks: answer.marks.map((mark) => ({ ...mark, line: order.indexOf(mark.line) })),
    looks: ranked.map((row) =>
      lookOf(row, emphasis(row.line), { facts, isDense: answer.isDense, isTraining: isTraining(row.line) }),
    ),
    ticks: (most) => axis.ticks(answer.window, most),
    areas: areasOf(answer, facts, emphasis),
    rings: ringOf(answer, facts),
    ends: ranked.flatMap(({ line, isRaw }, place) =>
      !isRaw && isLive(lines[line]) && ranked.length <= mostEnds ? [place] : [],
    ),
    places: new Map(ranked.flatMap(({ line, isRaw }, place) => (isRaw ? [] : [[line, place]]))),
  };
}

type Emphasis = 'strong' | 'plain' | 'faint';

/** Dots at the ends of more lines would be a cloud. */
const mostEnds = 40;
/** More lines than this are drawn thinner: one pixel of the screen wide, a line costs a tenth of what it costs when it is wider. */
const many = 12;

/** In pixels of the page. */
function widthOf(emphasis: Emphasis, { lines, selected }: PictureFacts, isSlender: boolean): number {
  const hairline = 1 / devicePixelRatio;
  if ((emphasis === 'strong' ? selected.size : lines.length) > many) return hairline;
  const width = { strong: 2.5, plain: 1.75, faint: 1.25 }[emphasis];
  return isSlender ? Math.max(1, width - 0.75) : width;
}

function lookOf(
  { line, isRaw }: Row,
  emphasis: Emphasis,
  {
    facts,
    isDense,
    isTraining,
  }: { readonly facts: PictureFacts; readonly isDense: boolean; readonly isTraining: boolean },
): LineLook {
  const { colour, dash } = facts.looks[line] ?? { colour: facts.theme.dim, dash: [] };
  const isStrong = isHighContrast(facts.theme);
  const alpha = { strong: 1, plain: 0.9, faint: isStrong ? 0.6 : 0.35 }[emphasis];
  return {
    colour: withAlpha(
      colour,
      isRaw ? alpha * (isStrong ? 0.4 : 0.2) : isTraining ? alpha * (isStrong ? 0.8 : 0.6) : alpha,
    ),
    width: widthOf(emphasis, facts, isRaw || isTraining),
    // Where points are dense no gap can be told from a gap between them.
    dash: isDense || isRaw ? [] : isTraining ? trainingDash : dash,
  };
}

function areasOf(
  { areas }: ChartAnswer,
  { theme, looks, lines }: PictureFacts,
  emphasis: (line: number) => Emphasis,
): Picture['areas'] {
  return areas.map(([line, area]) => {
    const colour = line === -1 ? theme.dim : (looks[line]?.colour ?? theme.dim);
    const isTraining = lines[line]?.measure.role === 'training';
    const alpha = line === -1 ? 0.18 : { strong: 0.3, plain: 0.18, faint: 0.08 }[emphasis(line)];
    return { ...area, colour: withAlpha(colour, isTraining ? alpha / 2 : alpha) };
  });
}

function ringOf({ best }: ChartAnswer, { looks, bestWords }: PictureFacts): readonly Ring[] {
  if (best === null) return [];
  return [{ x: best.x, value: best.value, words: bestWords, colour: looks[best.line]?.colour ?? '' }];
}

function isLive(line: PlannedLine | undefined): boolean {
  return line?.runs.length === 1 && line.runs.every(({ status, lost }) => status === 'RUNNING' && !lost);
}
