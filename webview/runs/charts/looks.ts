import { seriesStyle } from '../../../src/core/charts/charts.ts';
import { toColumn, type Column } from '../../../src/core/runtable/runtable.ts';
import { colourTag, runColours } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import { element } from '../../shared/dom.ts';
import type { Theme } from '../../shared/theme.ts';

/** How a run is drawn wherever it is drawn. */
export interface RunLook {
  readonly colour: string;
  readonly dash: readonly number[];
}

export type LookOf = (run: RunSummary) => RunLook;

/** Where a colour that a person has given to a run stands in the palette. */
const hues: Readonly<Record<string, number>> = { blue: 0, red: 1, yellow: 2, green: 3, purple: 4, orange: 5 };

interface LooksOptions {
  /** Ids of runs: a run's place is its colour, for good. */
  readonly order: readonly string[];
  /** Id of the column by whose values runs are coloured; null: each its own. */
  readonly column: string | null;
  readonly runs: readonly RunSummary[];
  readonly theme: Theme;
}

/** Six hues, then the same with other dashes. A colour that a person has chosen comes before all. */
export function createLooks({ order, column, runs, theme }: LooksOptions): LookOf {
  const look = (index: number): RunLook => ({ colour: theme.series(index), dash: seriesStyle(index).dash });
  const own = column === null ? undefined : toColumn(column);
  const places = own === undefined ? new Map(order.map((runId, index) => [runId, index])) : placeValues(runs, own);
  return (run) => {
    if (own !== undefined) {
      const place = places.get(wordOf(own, run));
      return place === undefined ? { colour: theme.dim, dash: [] } : look(place);
    }
    const tagged = runColours.find((name) => name === run.tags[colourTag]);
    return tagged === undefined ? look(places.get(run.runId) ?? 0) : { ...look(hues[tagged] ?? 0), dash: [] };
  };
}

/** Values of a column, ascending, with their places. */
export function placeValues(runs: readonly RunSummary[], column: Column): ReadonlyMap<string, number> {
  const values = new Map(
    runs.flatMap((run) => (column.of(run) === undefined ? [] : [[wordOf(column, run), column.of(run)] as const])),
  );
  const words = [...values].sort(([, a], [, b]) => compare(a, b)).map(([word]) => word);
  return new Map(words.map((word, index) => [word, index]));
}

/** What a value is told by; empty for none. */
export function wordOf({ of, textOf }: Column, run: RunSummary): string {
  return textOf?.(run) ?? String(of(run) ?? '');
}

/** Numbers by size, then texts: an order whatever the runs come in, so that colours stay. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'number' || typeof b === 'number') return typeof a === 'number' ? -1 : 1;
  return String(a) < String(b) ? -1 : 1;
}

const svg = 'http://www.w3.org/2000/svg';

/** A short piece of a line. */
export function createSwatch(
  { colour, dash }: RunLook,
  { isTraining = false }: { readonly isTraining?: boolean } = {},
): SVGSVGElement {
  const root = document.createElementNS(svg, 'svg');
  root.setAttribute('class', 'swatch');
  root.setAttribute('viewBox', '0 0 14 8');
  root.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(svg, 'path');
  line.setAttribute('d', 'M0 4H14');
  line.setAttribute('stroke', colour);
  line.setAttribute('stroke-width', isTraining ? '1.5' : '2');
  line.setAttribute('stroke-dasharray', (isTraining ? trainingDash : dash).join(' '));
  root.append(line);
  return root;
}

/** Of training beside validation, whatever the run. */
export const trainingDash = [4, 3] as const;

/** Open, or struck out. */
export function createEye(isOn: boolean): SVGSVGElement {
  const root = document.createElementNS(svg, 'svg');
  root.setAttribute('viewBox', '0 0 16 16');
  root.setAttribute('aria-hidden', 'true');
  const add = (d: string): void => {
    const path = document.createElementNS(svg, 'path');
    path.setAttribute('d', d);
    root.append(path);
  };
  add('M1.5 8C3.5 4.8 5.6 3.5 8 3.5S12.5 4.8 14.5 8C12.5 11.2 10.4 12.5 8 12.5S3.5 11.2 1.5 8Z');
  add(isOn ? 'M8 6.2a1.8 1.8 0 1 0 .01 0Z' : 'M3 13.5L13 2.5');
  return root;
}

/** A word in a row of controls. */
export function createWord(label: string, name: string, onPress: () => void): HTMLButtonElement {
  const word = element('button', { 'class': 'word', 'type': 'button', 'aria-label': name, 'title': name }, label);
  word.addEventListener('click', onPress);
  return word;
}
