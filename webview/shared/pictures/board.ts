import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import type { PictureAnswer, PictureQuestion, PictureText, RunPictures } from '../../../src/protocol/pictures.ts';
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

export interface Board {
  readonly root: HTMLElement;
  draw(runs: readonly PicturedRun[]): void;
  receive(answer: PictureAnswer): void;
  /** Nobody looks any more: the bytes of the pictures are given back. */
  leave(): void;
  /** What runs have left is looked up anew when it is drawn. */
  forget(): void;
}

/**
 * Pictures that runs have left step by step: a row for each name, the runs beside each other, one step for all. A run without a picture at the step shows its last
 * one before it, and says of which step it is.
 */
export function createBoard({ texts, post, step, onStep, say }: BoardOptions): Board {
  const lists = new Map<string, RunPictures>();
  const asked = new Set<string>();
  const pictures = createShownPictures((wanted) => post({ type: 'readPicture', ...wanted }));
  const figures = new Map<string, Figure>();
  let runs: readonly PicturedRun[] = [];
  let steps: readonly number[] = [];
  let drawn = '';
  const note = element('p', { class: 'dim', role: 'status' });
  const rows = element('div', { class: 'rows', tabindex: '0' });
  const bar = element('div', { class: 'picture-bar' });
  let slider: ReturnType<typeof createSlider> | undefined;
  const now = (): number => steps.findLast((own) => own <= (step() ?? Infinity)) ?? steps[0] ?? 0;
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries)
        for (const figure of figures.values()) if (figure.root === target) figure.isSeen = isIntersecting;
      show();
    },
    { rootMargin: '200px' },
  );
  const show = (): void => {
    const seen = [...figures.values()].filter(({ isSeen }) => isSeen);
    const wanted = seen.flatMap((figure) => figure.wantedAt(now()) ?? []);
    pictures.want(wanted);
    for (const figure of figures.values()) figure.draw(now(), pictures.addressOf);
  };
  const move = (index: number): void => {
    const chosen = steps[index];
    onStep(index === steps.length - 1 ? null : (chosen ?? null));
    show();
    say(fillIn(texts.pictureStepOf, formatCount(now())));
  };
  /** The rows stand for as long as the same runs have the same names and pictures. */
  const layOut = (): void => {
    const known = runs.flatMap((run) => ({ run, list: lists.get(run.runId) })).filter(({ list }) => list !== undefined);
    const next = JSON.stringify(known);
    if (next === drawn) return;
    drawn = next;
    const groups = known.flatMap(({ run, list }) => (list?.groups ?? []).map((group) => ({ run, group })));
    steps = [...new Set(groups.flatMap(({ group }) => group.pictures.map((picture) => picture.step)))].sort(
      (a, b) => a - b,
    );
    for (const figure of figures.values()) watcher.unobserve(figure.root);
    figures.clear();
    const keys = [...new Set(groups.map(({ group }) => group.key))].sort();
    const rowOf = (key: string): HTMLElement => {
      const own = groups.filter(({ group }) => group.key === key);
      const made = own.map(({ run, group }) => {
        const figure = createFigure({ run, group, texts });
        figures.set(JSON.stringify([key, run.runId]), figure);
        watcher.observe(figure.root);
        return figure.root;
      });
      return element('section', {}, element('h3', {}, key), element('div', { class: 'beside' }, ...made));
    };
    rows.replaceChildren(...keys.map(rowOf));
    slider = createSlider(texts.pictureStep, {
      ...{ most: Math.max(0, steps.length - 1), step: 1, onInput: move },
      format: (index) => fillIn(texts.pictureStepOf, formatCount(steps[index] ?? 0)),
    });
    bar.replaceChildren(slider.root);
  };
  const noteNow = (): string => {
    const known = runs.flatMap(({ runId }) => lists.get(runId) ?? []);
    if (known.length < runs.length) return texts.readingPictures;
    const troubles = known.flatMap(({ trouble }) => (trouble === null ? [] : [trouble]));
    if (steps.length === 0)
      return [...new Set(troubles), ...(troubles.length === 0 ? [texts.noPictures] : [])].join(' ');
    return [...new Set(troubles), ...(known.some(({ isCut }) => isCut) ? [texts.picturesCut] : [])].join(' ');
  };
  const drawAll = (): void => {
    layOut();
    slider?.set(Math.max(0, steps.indexOf(now())));
    setHidden(bar, steps.length < 2);
    setHidden(rows, steps.length === 0);
    setText(note, noteNow());
    setHidden(note, note.textContent === '');
    show();
  };
  return {
    root: element('div', { class: 'pictures' }, bar, note, rows),
    draw(next) {
      runs = next;
      for (const { runId } of runs) {
        if (asked.has(runId)) continue;
        asked.add(runId);
        post({ type: 'listPictures', runId });
      }
      drawAll();
    },
    receive(answer) {
      if (answer.type === 'pictures') {
        lists.set(answer.runId, answer.found);
        drawAll();
        return;
      }
      pictures.receive(answer, answer.picture);
      show();
    },
    leave() {
      pictures.clear();
      for (const figure of figures.values()) figure.clear();
    },
    forget() {
      asked.clear();
    },
  };
}
