import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import type {
  PictureAnswer,
  PictureQuestion,
  PictureText,
  RunPictures,
  SteppedPictures,
} from '../../../src/protocol/pictures.ts';
import { createSlider } from '../controls.ts';
import { element, setHidden, setText } from '../dom.ts';
import { createFigure, type Figure } from './figure.ts';
import { createShownPictures } from './shown.ts';

/** A run whose pictures stand beside those of others. */
export interface PicturedRun {
  readonly runId: string;
  readonly name: string;
}

export interface BoardOptions {
  readonly texts: Readonly<Record<PictureText, string>>;
  readonly post: (question: PictureQuestion) => void;
  /** The step that is looked at, for all pictures; null: the last one. */
  readonly step: () => number | null;
  readonly onStep: (step: number | null) => void;
  readonly say: (words: string) => void;
}

/**
 * Pictures that runs have left step by step: a row for each name, the runs beside each other, one step for all. A run without a picture at the step shows its last
 * one before it, and says of which step it is.
 */
export class PictureBoard {
  readonly root: HTMLElement;
  readonly #options: BoardOptions;
  readonly #lists = new Map<string, RunPictures>();
  readonly #asked = new Set<string>();
  readonly #pictures: ReturnType<typeof createShownPictures>;
  readonly #figures: Figure[] = [];
  readonly #note = element('p', { class: 'dim', role: 'status' });
  readonly #rows = element('div', { class: 'rows', tabindex: '0' });
  readonly #bar = element('div', { class: 'picture-bar' });
  readonly #watcher = new IntersectionObserver((entries) => this.#look(entries), { rootMargin: '200px' });
  #slider: ReturnType<typeof createSlider> | undefined;
  #runs: readonly PicturedRun[] = [];
  #steps: readonly number[] = [];
  #drawn = '';

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#pictures = createShownPictures((wanted) => options.post({ type: 'readPicture', ...wanted }));
    this.root = element('div', { class: 'picture-board' }, this.#bar, this.#note, this.#rows);
  }

  draw(runs: readonly PicturedRun[]): void {
    this.#runs = runs;
    for (const { runId } of runs) {
      if (this.#asked.has(runId)) continue;
      this.#asked.add(runId);
      this.#options.post({ type: 'listPictures', runId });
    }
    this.#drawAll();
  }

  receive(answer: PictureAnswer): void {
    if (answer.type === 'pictures') {
      this.#lists.set(answer.runId, answer.found);
      this.#drawAll();
      return;
    }
    this.#pictures.receive(answer, answer.picture);
    this.#show();
  }

  /** Nobody looks any more: the bytes of the pictures are given back. */
  leave(): void {
    this.#pictures.clear();
    for (const figure of this.#figures) figure.clear();
  }

  /** What runs have left is looked up anew when it is drawn. */
  forget(): void {
    this.#asked.clear();
  }

  get #step(): number {
    const { step } = this.#options;
    return this.#steps.findLast((own) => own <= (step() ?? Infinity)) ?? this.#steps[0] ?? 0;
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const figure = this.#figures.find(({ root }) => root === target);
      if (figure !== undefined) figure.isSeen = isIntersecting;
    }
    this.#show();
  }

  #show(): void {
    const step = this.#step;
    const seen = this.#figures.filter(({ isSeen }) => isSeen);
    this.#pictures.want(seen.flatMap((figure) => figure.wantedAt(step) ?? []));
    for (const figure of this.#figures) figure.draw(step, (wanted) => this.#pictures.addressOf(wanted));
  }

  #move(index: number): void {
    const { texts, onStep, say } = this.#options;
    // Who looks at the last step looks at it when there is another one as well.
    onStep(index === this.#steps.length - 1 ? null : (this.#steps[index] ?? null));
    this.#show();
    say(fillIn(texts.pictureStepOf, formatCount(this.#step)));
  }

  #drawAll(): void {
    this.#layOut();
    this.#slider?.set(Math.max(0, this.#steps.indexOf(this.#step)));
    setHidden(this.#bar, this.#steps.length < 2);
    setHidden(this.#rows, this.#steps.length === 0);
    setText(this.#note, this.#words());
    setHidden(this.#note, this.#note.textContent === '');
    this.#show();
  }

  /** The rows stand for as long as the same runs have the same names and pictures. */
  #layOut(): void {
    const known = this.#runs.flatMap((run) => {
      const list = this.#lists.get(run.runId);
      return list === undefined ? [] : list.groups.map((group) => ({ run, group }));
    });
    const next = JSON.stringify(known);
    if (next === this.#drawn) return;
    this.#drawn = next;
    const steps = known.flatMap(({ group }) => group.pictures.map(({ step }) => step));
    this.#steps = [...new Set(steps)].sort((a, b) => a - b);
    this.#watcher.disconnect();
    this.#figures.length = 0;
    const keys = [...new Set(known.map(({ group }) => group.key))].sort();
    this.#rows.replaceChildren(...keys.map((key) => this.#rowOf(known.filter(({ group }) => group.key === key))));
    this.#slider = createSlider(this.#options.texts.pictureStep, {
      ...{ most: Math.max(0, this.#steps.length - 1), step: 1, onInput: (index) => this.#move(index) },
      format: (index) => fillIn(this.#options.texts.pictureStepOf, formatCount(this.#steps[index] ?? 0)),
    });
    this.#bar.replaceChildren(this.#slider.root);
  }

  #rowOf(row: readonly { readonly run: PicturedRun; readonly group: SteppedPictures }[]): HTMLElement {
    const made = row.map(({ run, group }) => createFigure({ run, group, texts: this.#options.texts }));
    this.#figures.push(...made);
    for (const { root } of made) this.#watcher.observe(root);
    const beside = element('div', { class: 'beside' }, ...made.map(({ root }) => root));
    return element('section', {}, element('h3', {}, row[0]?.group.key ?? ''), beside);
  }

  #words(): string {
    const { texts } = this.#options;
    const known = this.#runs.flatMap(({ runId }) => this.#lists.get(runId) ?? []);
    if (known.length < this.#runs.length) return texts.readingPictures;
    const troubles = new Set(known.flatMap(({ trouble }) => (trouble === null ? [] : [trouble])));
    const isNothing = this.#steps.length === 0 && troubles.size === 0;
    const isCut = known.some((list) => list.isCut);
    return [...troubles, ...(isNothing ? [texts.noPictures] : []), ...(isCut ? [texts.picturesCut] : [])].join(' ');
  }
}
