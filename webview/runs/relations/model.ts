import { formatTicks, formatValue } from '../../../src/core/charts/charts.ts';
import {
  brushRuns,
  chooseRelations,
  placeBrushes,
  rampColor,
  toDimension,
  toVariable,
  type Chosen,
  type Dimension,
} from '../../../src/core/relations/relations.ts';
import { toColumn, type Column } from '../../../src/core/runtable/runtable.ts';
import type { RelationAxis, RelationBrush, RelationsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import type { Theme } from '../../shared/theme.ts';
import type { TabFacts } from '../tab.ts';
import { formatTicksOfTime, nameColumn } from '../words.ts';

/** A column, laid along an axis. */
export interface Laid {
  readonly axis: RelationAxis;
  readonly column: Column;
  /** As people call it. */
  readonly name: string;
  readonly dimension: Dimension;
  readonly isReversed: boolean;
  /** All of its numbers are above zero, and there is more than one. */
  readonly canLog: boolean;
  /** Its least and its greatest number; empty for categories. */
  readonly rangeWords: readonly string[];
}

/** Which runs are to be seen well: those in the brush, else those that are selected, else all. */
export interface Lit {
  /** By run. */
  readonly flags: Uint8Array;
  readonly count: number;
  readonly by: 'brush' | 'selection' | 'all';
  /** Selected runs that a brush does not say already. */
  readonly marked: readonly number[];
}

/** The colour of each run: one of a few, so that lines of one colour are drawn at once. */
export interface Colouring {
  readonly laid: Laid | undefined;
  /** By run, an index of `palette`; the last one is of runs without a value. */
  readonly bins: Uint8Array;
  readonly palette: readonly string[];
}

const rampSteps = 32;
const mostHues = 12;

/** What all kinds of charts have in common: runs, columns along axes, brushes, colours. Each is computed once for as long as nothing of it has changed. */
export class RelationsModel {
  runs: readonly RunSummary[] = [];
  chosen: Chosen = { axes: [], metric: null, group: 'experiment', params: [], scatter: { x: null, y: null } };
  facts: TabFacts | undefined;
  readonly #texts: RunsTexts;
  readonly #laid = new Map<string, Laid>();
  #indices: ReadonlyMap<string, number> = new Map();
  #lit: { readonly key: readonly unknown[]; readonly lit: Lit } | undefined;
  #colouring: { readonly key: readonly unknown[]; readonly colouring: Colouring } | undefined;
  #axes: { readonly key: readonly unknown[]; readonly axes: readonly Laid[] } | undefined;

  constructor(texts: RunsTexts) {
    this.#texts = texts;
  }

  compute(facts: TabFacts): void {
    const { shown, objective } = facts;
    const isNew = shown !== this.facts?.shown || objective !== this.facts.objective;
    this.facts = facts;
    if (!isNew) return;
    // A run that only holds others together has nothing that can be compared.
    this.runs = shown.filter(({ params, metrics }) => hasAny(params) || hasAny(metrics));
    this.#indices = new Map(this.runs.map(({ runId }, index) => [runId, index]));
    this.#laid.clear();
    this.chosen = chooseRelations(this.runs, objective);
  }

  get view(): RelationsView | undefined {
    return this.facts?.view.relations;
  }

  /** What the parallel coordinates and the matrix show. */
  get axes(): readonly Laid[] {
    const axes = this.view?.axes ?? this.chosen.axes;
    const key = [axes, this.runs];
    if (!isSame(this.#axes?.key, key)) this.#axes = { key, axes: axes.flatMap((axis) => this.lay(axis) ?? []) };
    return this.#axes?.axes ?? [];
  }

  lay(axis: RelationAxis): Laid | undefined {
    const { column: id, scale, isReversed } = axis;
    const key = JSON.stringify([id, scale, isReversed]);
    const known = this.#laid.get(key);
    if (known !== undefined) return known;
    const column = toColumn(id);
    if (column === undefined) return undefined;
    const format = column.kind === 'time' ? formatTicksOfTime : formatTicks;
    const dimension = toDimension(toVariable(column, this.runs), { scale: scale ?? undefined, format });
    const { name, detail } = nameColumn(column, this.#texts);
    const ends = dimension.range === null ? [] : [dimension.range.min, dimension.range.max];
    const rangeWords = column.kind === 'time' ? formatTicksOfTime(ends) : ends.map(formatValue);
    const { range } = dimension;
    const canLog = range !== null && range.min > 0 && range.max > range.min;
    const laid = {
      axis,
      column,
      isReversed,
      dimension,
      canLog,
      rangeWords,
      name: detail === '' ? name : `${name} (${detail})`,
    };
    this.#laid.set(key, laid);
    return laid;
  }

  layId(column: string | null): Laid | undefined {
    return column === null ? undefined : this.lay({ column, scale: null, isReversed: false });
  }

  indexOf(runId: string): number {
    return this.#indices.get(runId) ?? -1;
  }

  /** With these brushes: while one is drawn it is not in the view yet. */
  litBy(brushes: readonly RelationBrush[]): Lit {
    const selected = this.facts?.selected ?? [];
    const key = [brushes, selected, this.runs];
    if (isSame(this.#lit?.key, key) && this.#lit !== undefined) return this.#lit.lit;
    const lit = this.#light(brushes, selected);
    this.#lit = { key, lit };
    return lit;
  }

  #light(brushes: readonly RelationBrush[], selected: readonly RunSummary[]): Lit {
    const picked = selected.map(({ runId }) => this.indexOf(runId)).filter((index) => index >= 0);
    const all = new Uint8Array(this.runs.length).fill(1);
    if (brushes.length === 0) {
      if (picked.length === 0) return { flags: all, count: all.length, by: 'all', marked: [] };
      const flags = new Uint8Array(this.runs.length);
      for (const index of picked) flags[index] = 1;
      return { flags, count: picked.length, by: 'selection', marked: [] };
    }
    const columns = [...new Set(brushes.map(({ column }) => column))];
    const laid = columns.map((column) => ({ column, dimension: this.layId(column)?.dimension ?? nothing }));
    const flags = brushRuns(
      laid.map(({ dimension }) => dimension),
      placeBrushes(brushes, laid),
      this.runs.length,
    );
    const count = flags.reduce((sum, flag) => sum + flag, 0);
    const isSaid = picked.length === count && picked.every((index) => flags[index] === 1);
    return { flags, count, by: 'brush', marked: isSaid ? [] : picked };
  }

  /** By the column that is chosen, else the metric by which runs are judged. */
  colour(theme: Theme): Colouring {
    const laid = this.layId(this.view?.colour ?? this.chosen.metric);
    const key = [laid, theme, this.runs];
    if (isSame(this.#colouring?.key, key) && this.#colouring !== undefined) return this.#colouring.colouring;
    const colouring = { laid, ...colourRuns(laid, this.runs.length, theme) };
    this.#colouring = { key, colouring };
    return colouring;
  }
}

const nothing: Dimension = toDimension({ name: '', values: [] });
const hasAny = (part: Readonly<Record<string, unknown>>): boolean => {
  for (const name in part) if (Object.hasOwn(part, name)) return true;
  return false;
};
const isSame = (a: readonly unknown[] | undefined, b: readonly unknown[]): boolean =>
  a?.length === b.length && a.every((value, i) => value === b[i]);

const toneOf = ({ kind }: Theme): 'dark' | 'light' => (kind.endsWith('light') ? 'light' : 'dark');

function colourRuns(
  laid: Laid | undefined,
  runs: number,
  theme: Theme,
): { readonly bins: Uint8Array; readonly palette: readonly string[] } {
  if (laid === undefined) return { bins: new Uint8Array(runs), palette: [theme.series(0), theme.dim] };
  const { kind, names, places } = laid.dimension;
  const isCategory = kind === 'category';
  const hues = Math.min(mostHues, names.length);
  const palette = isCategory
    ? Array.from({ length: hues }, (_, index) => theme.series(index))
    : Array.from({ length: rampSteps }, (_, index) => rampColor(index / (rampSteps - 1), toneOf(theme)));
  const steps = isCategory ? names.length - 1 : rampSteps - 1;
  const bins = Uint8Array.from(places, (place) => {
    if (Number.isNaN(place)) return palette.length;
    const index = Math.round(place * Math.max(0, steps));
    return isCategory ? index % hues : index;
  });
  return { bins, palette: [...palette, theme.dim] };
}
