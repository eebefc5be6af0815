import type { RunCourse } from '../../protocol/sparks.ts';
import type { MetricHistory, Objective, RunSummary } from '../../protocol/tracking.ts';
import { toBlocks } from './blocks.ts';

/** What tells most of a run, where it has not its objective's metric. */
const telling = ['val_loss', 'val_accuracy', 'training_loss', 'batch_loss'];

/** The metric whose course is shown of a run; undefined where none has a course. */
export function metricOfCourse(
  { metrics }: Pick<RunSummary, 'metrics'>,
  objective: Objective | null,
): string | undefined {
  const hasCourse = (name: string): boolean => Object.hasOwn(metrics, name) && metrics[name]?.points !== 1;
  return [...(objective === null ? [] : [objective.metric]), ...telling].find(hasCourse);
}

/** A picture is so many pixels wide: two values in each are all that can be seen. */
const MOST_COLUMNS = 110;

/** The course of a metric, from millions of points as few as a small picture shows: of each column the least and the greatest. */
export function toCourse(
  metric: string,
  { values }: MetricHistory,
  direction: Objective['direction'] | null,
): RunCourse {
  const finite = values.filter((value) => Number.isFinite(value));
  const least = finite.reduce((low, value) => Math.min(low, value), Infinity);
  const greatest = finite.reduce((high, value) => Math.max(high, value), -Infinity);
  const best = direction === null || finite.length === 0 ? null : direction === 'minimize' ? least : greatest;
  return {
    ...{ metric, points: values.length, values: thin(values), least, greatest },
    last: values.at(-1) ?? NaN,
    // Where its first point is, as a share of the whole way.
    best: best === null ? null : { value: best, place: values.indexOf(best) / Math.max(1, values.length - 1) },
  };
}

function thin(values: readonly number[]): readonly number[] {
  const width = values.length / MOST_COLUMNS;
  if (width <= 2) return values;
  return Array.from({ length: MOST_COLUMNS }, (_, column) =>
    extremes(values, Math.floor(column * width), Math.floor((column + 1) * width)),
  ).flat();
}

/** The least and the greatest of a part, in the order in which they stand; NaN twice for a part without numbers. */
function extremes(values: readonly number[], from: number, to: number): readonly [number, number] {
  let [low, high] = [-1, -1];
  for (let index = from; index < to; index += 1) {
    const value = values[index] ?? NaN;
    if (!Number.isFinite(value)) continue;
    if (low === -1 || value < (values[low] ?? NaN)) low = index;
    if (high === -1 || value > (values[high] ?? NaN)) high = index;
  }
  const [first, second] = low <= high ? [low, high] : [high, low];
  return [values[first] ?? NaN, values[second] ?? NaN];
}

export interface CourseColours {
  readonly line: string;
  readonly best: string;
}

const size = { width: 220, height: 44, margin: 4 };

/** A small picture, as SVG: a line with gaps where no number is, the best as a dot. Nothing of a run's texts is in it. */
export function drawCourse(course: RunCourse, { line, best }: CourseColours): string {
  const { width, height } = size;
  const dot =
    course.best === null
      ? ''
      : `<circle cx="${round(xOf(course.best.place))}" cy="${round(yOf(course.best.value, course))}" r="3" fill="${best}"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<path d="${pathOf(course)}" fill="none" stroke="${line}" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round"/>` +
    `${dot}</svg>`
  );
}

function pathOf(course: RunCourse): string {
  const { values } = course;
  const places = values.map((value, index) =>
    Number.isFinite(value)
      ? `${round(xOf(index / Math.max(1, values.length - 1)))} ${round(yOf(value, course))}`
      : undefined,
  );
  return places
    .map((place, index) => {
      if (place === undefined) return '';
      const isBegin = places[index - 1] === undefined;
      // A number between two gaps is a dot: a line without length with round ends.
      return isBegin ? `M${place}${places[index + 1] === undefined ? 'h0' : ''}` : `L${place}`;
    })
    .join('');
}

function xOf(place: number): number {
  return size.margin + place * (size.width - 2 * size.margin);
}

function yOf(value: number, { least, greatest }: Pick<RunCourse, 'least' | 'greatest'>): number {
  const share = greatest > least ? (value / 2 - least / 2) / (greatest / 2 - least / 2) : 0.5;
  return size.height - size.margin - share * (size.height - 2 * size.margin);
}

function round(value: number): string {
  return String(Math.round(10 * value) / 10);
}

/** So many blocks say the same in a line of text. */
const MOST_BLOCKS = 24;

/** The course in block characters, for those to whom pictures are read out. */
export function courseInBlocks({ values }: RunCourse): string {
  const step = Math.max(1, values.length / MOST_BLOCKS);
  return toBlocks(
    Array.from(
      { length: Math.min(MOST_BLOCKS, values.length) },
      (_, index) => values[Math.floor(index * step)] ?? null,
    ),
  );
}
