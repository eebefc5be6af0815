import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { DrawnPlot } from '../../../src/protocol/plots.ts';
import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { Theme } from '../../shared/theme.ts';
import type { ShownRevision } from './revisions.ts';

/** What all plots are drawn with. */
export interface PlotLook {
  readonly theme: Theme;
  readonly revisions: readonly ShownRevision[];
  readonly names: ReadonlyMap<string, string>;
  /** Weight of smoothing that a person has chosen; null: as the template says. */
  readonly smoothing: number | null;
}

export interface CardTools {
  readonly texts: RunsTexts;
  readonly say: (words: string) => void;
  /** False in Restricted Mode. */
  readonly isTrusted: boolean;
}

/** The inside of a card that draws plots of some kinds. */
export interface Body<P extends DrawnPlot> {
  readonly root: HTMLElement;
  draw(plot: P, look: PlotLook): void;
  destroy?(): void;
}

/** `K`: one of the kinds that are drawn alike. */
export type BodyOf<K extends DrawnPlot['kind']> = Body<DrawnOf<K>>;

type DrawnOf<K extends DrawnPlot['kind'], P = DrawnPlot> = P extends { readonly kind: infer Kinds }
  ? K extends Kinds
    ? P
    : never
  : never;

/** Head and frame of one plot. What is no number, or nothing at all, is said in the place of the picture. */
export class PlotFrame {
  readonly root: HTMLElement;
  readonly #texts: RunsTexts;
  readonly #title = element('h2');
  readonly #drawn = element('span', { class: 'drawn dim' });
  readonly #empty = element('p', { class: 'dim', hidden: '' });

  constructor(texts: RunsTexts, ...children: readonly HTMLElement[]) {
    this.#texts = texts;
    const head = element('div', { class: 'plot-head' }, this.#title, this.#drawn);
    this.root = element('section', { class: 'plot-card' }, head, this.#empty, ...children);
  }

  draw({ kind, title, xLabel, yLabel, left }: DrawnPlot, isEmpty: boolean): void {
    const texts = this.#texts;
    setText(this.#title, title);
    this.#title.title = title;
    const axes = kind === 'images' || xLabel === '' || yLabel === '' ? '' : fillIn(texts.plotsAgainst, yLabel, xLabel);
    const rest = left === 0 ? '' : fillIn(texts.plotsLeft, formatCount(left));
    setText(this.#drawn, [axes, rest].filter((words) => words !== '').join(' · '));
    this.root.classList.toggle('flat', isEmpty);
    setHidden(this.#empty, !isEmpty);
    setText(this.#empty, isEmpty ? texts.plotsEmpty : '');
  }
}

/** A short piece of a line, as a series is drawn. */
export function createSwatch({ colour, dash }: Pick<ShownRevision, 'colour' | 'dash'>): HTMLElement {
  const swatch = element('span', { class: dash.length === 0 ? 'swatch' : 'swatch dashed' });
  swatch.style.borderTopColor = colour;
  return swatch;
}

/** `main` or, where several series are of a revision, `main · val.tsv`. */
export function nameOfSeries(
  { revision, label }: { readonly revision: string; readonly label: string },
  { names }: PlotLook,
): string {
  const name = names.get(revision) ?? revision;
  return label === '' ? name : `${name} · ${label}`;
}

const dashes = [[], [6, 3], [2, 3], [8, 3, 2, 3]] as const;

/** Colour of the revision, dashes by what tells its series apart. */
export function lookOfSeries(
  { revision, label }: { readonly revision: string; readonly label: string },
  labels: readonly string[],
  { revisions, theme }: PlotLook,
): { readonly colour: string; readonly dash: readonly number[] } {
  const own = revisions.find((one) => one.revision === revision);
  const place = labels.indexOf(label);
  const dash = labels.length > 1 ? (dashes[place % dashes.length] ?? []) : (own?.dash ?? []);
  return { colour: own?.colour ?? theme.dim, dash };
}

export const labelsOf = (series: readonly { readonly label: string }[]): readonly string[] => [
  ...new Set(series.map(({ label }) => label)),
];
