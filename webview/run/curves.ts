import { fillIn, formatCount, formatValue, seriesStyle } from '../../src/core/charts/charts.ts';
import { atPoint, pointAt, pointOfBestF1, type AtThreshold } from '../../src/core/classification/classification.ts';
import type { AnswerFacts, AnswerTexts, CurveFacts } from '../../src/protocol/answers.ts';
import { createDropdown } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { withAlpha, type Theme } from '../shared/theme.ts';
import { createSquare, diagonal, dot, polyline, type Place, type Square } from './square.ts';

interface Curves {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts, chosen: CurveChoice, theme: Theme): void;
}

/** The class that is told from the rest, and from which threshold on; null for those that suggest themselves. */
export interface CurveChoice {
  readonly className: string | null;
  readonly threshold: number | null;
}

interface CurveOptions {
  readonly texts: AnswerTexts;
  readonly onChoose: (choice: Partial<CurveChoice>) => void;
}

/** What a person expects of probabilities. */
const usualThreshold = 0.5;

/**
 * ROC and precision–recall of one class against the rest, the other classes faint behind, with a threshold that can be moved: both curves have a point there, and
 * precision, recall, F1 and the four counts follow.
 */
export function createCurves({ texts, onChoose }: CurveOptions): Curves {
  let shown: { readonly answers: AnswerFacts; readonly index: number; readonly theme: Theme } | undefined;
  let at = -1;
  const move = (point: number): void => {
    at = point;
    drawAt();
  };
  const settle = (): void => onChoose({ threshold: threshold() });
  const threshold = (): number => curveNow()?.points[at]?.[0] ?? Infinity;
  const curveNow = (): CurveFacts | undefined => shown?.answers.curves[shown.index];
  const nearest = (of: (at: AtThreshold) => Place) => (place: Place) => {
    const curve = curveNow();
    if (curve !== undefined) move(nearestPoint(curve, place, of));
  };
  const chooseClass = (className: string): void => onChoose({ className, threshold: null });
  const roc = createSquare({ x: texts.falsePositives, y: texts.truePositives, onPoint: nearest(rocPlace) });
  const recall = createSquare({ x: texts.recall, y: texts.precision, onPoint: nearest(recallPlace) });
  for (const { root } of [roc, recall]) root.addEventListener('pointerup', settle);
  const classes = createDropdown(texts.curveClass, chooseClass);
  const slider = createThreshold(texts, { onMove: move, onSettle: settle });
  const best = element('button', { class: 'word', type: 'button' }, texts.bestF1);
  best.addEventListener('click', () => {
    const curve = curveNow();
    move(curve === undefined ? -1 : pointOfBestF1(curve));
    settle();
  });
  const { scores, binary, areas, side } = createSide(texts, [classes.root, slider.root, best]);
  const drawAt = (): void => {
    const curve = curveNow();
    if (shown === undefined || curve === undefined) return;
    const now = atPoint(curve, at);
    const { answers, index, theme } = shown;
    const words = wordsAt(now, texts);
    setText(scores, words);
    slider.set(curve.points.length, at, now.threshold, words);
    const drawing = { answers, index, theme, now, texts };
    drawSquare(roc, drawing, 'roc');
    drawSquare(recall, drawing, 'recall');
    drawBinary(binary, now, answers.classes[index] ?? '', texts);
  };
  return {
    root: element('div', { class: 'curves' }, roc.root, recall.root, side),
    draw(answers, choice, theme) {
      const index = chosenClass(answers, choice.className);
      shown = { answers, index, theme };
      const curve = answers.curves[index];
      if (curve === undefined) return;
      at = pointAt(curve, choice.threshold ?? usualThreshold);
      classes.update(
        answers.classes.map((name) => ({ value: name, label: name })),
        answers.classes[index] ?? '',
      );
      drawAreas(areas, { answers, index, theme, texts }, chooseClass);
      drawAt();
    },
  };
}

/** What stands beside the curves: choice and threshold, then numbers. */
function createSide(texts: AnswerTexts, [classes, slider, best]: readonly [HTMLElement, HTMLElement, HTMLElement]) {
  const scores = element('p');
  const binary = element('div', { class: 'numbers binary' });
  const areas = element('div', {
    'class': 'numbers',
    'role': 'region',
    'tabindex': '0',
    'aria-label': texts.areaUnder,
  });
  const choosing = element('div', { class: 'choosing' }, classes, element('span', { class: 'dim' }, texts.againstRest));
  const moving = element('div', { class: 'choosing' }, slider, best);
  return { scores, binary, areas, side: element('div', { class: 'words' }, choosing, moving, scores, binary, areas) };
}

const wordsAt = ({ precision, recall, f1 }: AtThreshold, { scoresAt }: AnswerTexts): string =>
  fillIn(scoresAt, formatValue(precision), formatValue(recall), formatValue(f1));

/** The one that is asked for; of two the second, which is the positive one by custom; of more the one that is told worst from the rest. */
function chosenClass({ classes, curves }: AnswerFacts, className: string | null): number {
  const known = className === null ? -1 : classes.indexOf(className);
  if (known >= 0) return known;
  if (classes.length === 2) return 1;
  let worst = 0;
  curves.forEach(({ area }, index) => {
    if ((area ?? 2) < (curves[worst]?.area ?? 2)) worst = index;
  });
  return worst;
}

const rocPlace = ({ falsePositiveRate, recall }: AtThreshold): Place => [falsePositiveRate, recall];
const recallPlace = ({ recall, precision }: AtThreshold): Place => [recall, precision];

/** Beginning above all thresholds. */
function placesOf(curve: CurveFacts, of: (at: AtThreshold) => Place): Place[] {
  return Array.from({ length: curve.points.length + 1 }, (_, i) => of(atPoint(curve, i - 1)));
}

function nearestPoint(curve: CurveFacts, [x, y]: Place, of: (at: AtThreshold) => Place): number {
  const distances = placesOf(curve, of).map(([ownX, ownY]) => (ownX - x) ** 2 + (ownY - y) ** 2);
  return distances.indexOf(Math.min(...distances)) - 1;
}

interface Drawing {
  readonly answers: AnswerFacts;
  readonly index: number;
  readonly theme: Theme;
  readonly texts: AnswerTexts;
}

function drawSquare(
  square: Square,
  { answers, index, theme, now, texts }: Drawing & { readonly now: AtThreshold },
  kind: 'roc' | 'recall',
): void {
  const of = kind === 'roc' ? rocPlace : recallPlace;
  const { curves, classes } = answers;
  const isDrawn = (curve: CurveFacts): boolean => (kind === 'roc' ? curve.area : curve.averagePrecision) !== null;
  const line = (curve: CurveFacts, own: number): SVGElement => {
    const color = theme.series(own);
    const style = own === index ? { color, width: 2 } : { color: withAlpha(color, 0.35), width: 1 };
    return polyline(placesOf(curve, of), { ...style, dash: seriesStyle(own).dash });
  };
  const others = curves.flatMap((curve, own) => (own !== index && isDrawn(curve) ? [line(curve, own)] : []));
  const curve = curves[index];
  const name = classes[index] ?? '';
  if (curve === undefined || !isDrawn(curve)) {
    square.draw(fillIn(texts.noCurve, name), others, theme);
    return;
  }
  const value = formatValue((kind === 'roc' ? curve.area : curve.averagePrecision) ?? NaN);
  const own = [line(curve, index), ...dot(of(now), theme.series(index), theme)];
  const guide = kind === 'roc' ? [diagonal(theme)] : [];
  square.draw(fillIn(kind === 'roc' ? texts.rocOf : texts.recallOf, name, value), [...guide, ...others, ...own], theme);
}

/** The confusion matrix of the class and all others, as they would be told apart from the threshold on. */
function drawBinary(root: HTMLElement, now: AtThreshold, name: string, texts: AnswerTexts): void {
  const row = (word: string, counts: readonly number[]): HTMLElement =>
    element(
      'tr',
      {},
      element('th', { scope: 'row' }, word),
      ...counts.map((count) => element('td', { class: 'number' }, formatCount(count))),
    );
  const column = (word: string): HTMLElement => element('th', { scope: 'col', class: 'number' }, word);
  const head = element('tr', {}, element('td', {}), column(fillIn(texts.readAsClass, name)), column(texts.readAsOther));
  const body = [
    row(fillIn(texts.isClass, name), [now.hits, now.misses]),
    row(texts.isOther, [now.alarms, now.rejections]),
  ];
  root.replaceChildren(element('table', {}, element('thead', {}, head), element('tbody', {}, ...body)));
}

/** All classes, the worst first. */
function drawAreas(
  root: HTMLElement,
  { answers: { classes, curves }, index: chosen, theme, texts }: Drawing,
  onChoose: (name: string) => void,
): void {
  setHidden(root, classes.length <= 2);
  const known = curves
    .map((curve, index) => ({ curve, index, name: classes[index] ?? '' }))
    .sort((a, b) => (a.curve.area ?? 2) - (b.curve.area ?? 2) || a.index - b.index);
  const number = (value: number | null): HTMLElement =>
    element('td', { class: 'number' }, value === null ? '–' : formatValue(value));
  const rows = known.map(({ curve, index, name }) => {
    const row = element(
      'tr',
      { class: index === chosen ? 'chosen' : '' },
      element('th', { scope: 'row', title: name }, swatchOf(index, theme), name),
      number(curve.area),
      number(curve.averagePrecision),
    );
    row.addEventListener('click', () => onChoose(name));
    return row;
  });
  const head = [texts.className, texts.areaUnder, texts.averagePrecision].map((word, i) =>
    element('th', { scope: 'col', ...(i === 0 ? {} : { class: 'number' }) }, word),
  );
  root.replaceChildren(
    element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
  );
}

function swatchOf(index: number, theme: Theme): HTMLElement {
  const { dash } = seriesStyle(index);
  const kind = dash.length === 0 ? 'swatch' : dash[0] === 2 ? 'swatch dotted' : 'swatch dashed';
  const swatch = element('span', { class: kind });
  swatch.style.borderTopColor = theme.series(index);
  return swatch;
}

interface Threshold {
  readonly root: HTMLElement;
  set(count: number, at: number, threshold: number, words: string): void;
}

/** Goes from point to point of the curve, so that each number beside it is exact; to the right fewer examples count as of the class. */
function createThreshold(
  texts: AnswerTexts,
  { onMove, onSettle }: { readonly onMove: (at: number) => void; readonly onSettle: () => void },
): Threshold {
  const input = element('input', { 'type': 'range', 'min': '0', 'step': '1', 'aria-label': texts.thresholdName });
  const value = element('span', { 'class': 'number', 'aria-hidden': 'true' });
  let length = 0;
  input.addEventListener('input', () => onMove(length - 1 - input.valueAsNumber));
  input.addEventListener('change', onSettle);
  return {
    root: element('div', { class: 'slider' }, element('span', { class: 'dim' }, texts.threshold), input, value),
    set(count, at, threshold, words) {
      length = count;
      input.max = String(count);
      input.value = String(count - 1 - at);
      const text = Number.isFinite(threshold) ? formatValue(threshold) : texts.noThreshold;
      setText(value, text);
      input.setAttribute('aria-valuetext', fillIn(texts.pointAt, text, words));
    },
  };
}
