import { fillIn, formatCount, formatValue } from '../../src/core/charts/charts.ts';
import type { AnswerFacts, AnswerTexts, CalibrationBinFacts, CalibrationFacts } from '../../src/protocol/answers.ts';
import { createDropdown } from '../shared/controls.ts';
import { element, setText } from '../shared/dom.ts';
import { withAlpha, type Theme } from '../shared/theme.ts';
import { createSquare, diagonal, dot, polyline, type Place } from './square.ts';

interface CalibrationView {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts, className: string | null, theme: Theme): void;
}

interface CalibrationOptions {
  readonly texts: AnswerTexts;
  /** Null: the answers of all classes. */
  readonly onClass: (className: string | null) => void;
}

/** In the list of classes; no class is called so, since their names follow a letter. */
const everyClass = 'all';

/** A reliability diagram: what a probability says against what was observed, with the number of examples behind each point. */
export function createCalibration({ texts, onClass }: CalibrationOptions): CalibrationView {
  const square = createSquare({ x: texts.probability, y: texts.observed });
  const heights = element('div', { 'class': 'heights', 'aria-hidden': 'true' });
  const diagram = element('div', { class: 'diagram' }, square.root, heights);
  const classes = createDropdown(texts.curveClass, (value) => onClass(value === everyClass ? null : value.slice(1)));
  const error = element('p');
  const leaning = element('p', { class: 'dim' });
  const table = element('div', {
    'class': 'numbers',
    'role': 'region',
    'tabindex': '0',
    'aria-label': texts.calibrationName,
  });
  const side = element('div', { class: 'words' }, classes.root, error, leaning, table);
  return {
    root: element('div', { class: 'curves' }, diagram, side),
    draw(answers, className, theme) {
      const index = className === null ? -1 : answers.classes.indexOf(className);
      const facts = answers.curves[index]?.calibration ?? answers.calibration;
      if (facts === null) return;
      const choices = answers.classes.map((name) => ({ value: `=${name}`, label: name }));
      const chosen = index < 0 ? everyClass : `=${answers.classes[index] ?? ''}`;
      classes.update([{ value: everyClass, label: texts.allClasses }, ...choices], chosen);
      const color = theme.series(Math.max(0, index));
      const words = fillIn(texts.calibrationError, formatValue(facts.error ?? NaN));
      setText(error, words);
      setText(leaning, wordsOfLeaning(facts, texts));
      square.draw(`${texts.calibrationName}. ${words}`, marksOf(facts, color, theme), theme);
      drawHeights(heights, facts, withAlpha(color, 0.5));
      drawTable(table, facts, { texts, isOfClass: index >= 0 });
    },
  };
}

const filled = ({ bins }: CalibrationFacts): readonly CalibrationBinFacts[] => bins.filter(([count]) => count > 0);

/** The way from each point to where it should be says how far off it is. */
function marksOf(facts: CalibrationFacts, color: string, theme: Theme): readonly SVGElement[] {
  const bins = filled(facts);
  const places = bins.map(([, predicted, observed]): Place => [predicted, observed]);
  const gaps = places.map(([x, y]) =>
    polyline(
      [
        [x, x],
        [x, y],
      ],
      { color: withAlpha(color, 0.5), width: 1 },
    ),
  );
  return [
    diagonal(theme),
    ...gaps,
    polyline(places, { color, width: 1.75 }),
    ...places.flatMap((place) => dot(place, color, theme, 6)),
  ];
}

/** How many examples are in each bin, below the diagram. */
function drawHeights(root: HTMLElement, { bins }: CalibrationFacts, color: string): void {
  const most = Math.max(1, ...bins.map(([count]) => count));
  root.replaceChildren(
    ...bins.map(([count]) => {
      const bar = element('span');
      bar.style.height = count === 0 ? '0' : `max(1px, ${((100 * count) / most).toFixed(1)}%)`;
      bar.style.background = color;
      return bar;
    }),
  );
}

function wordsOfLeaning(facts: CalibrationFacts, texts: AnswerTexts): string {
  const bins = filled(facts);
  const total = bins.reduce((sum, [count]) => sum + count, 0);
  if (total === 0) return '';
  const mean = (of: 1 | 2): number => bins.reduce((sum, bin) => sum + bin[0] * bin[of], 0) / total;
  const [predicted, observed] = [mean(1), mean(2)];
  return fillIn(predicted > observed ? texts.tooSure : texts.tooUnsure, formatValue(predicted), formatValue(observed));
}

function drawTable(
  root: HTMLElement,
  { bins }: CalibrationFacts,
  { texts, isOfClass }: { readonly texts: AnswerTexts; readonly isOfClass: boolean },
): void {
  const head = [texts.probability, texts.support, texts.binMean, isOfClass ? texts.observed : texts.partRight];
  const rows = bins.map(([count, predicted, observed], i) => {
    const values = count === 0 ? ['', ''] : [formatValue(predicted), formatValue(observed)];
    const range = `${edge(i, bins.length)} – ${edge(i + 1, bins.length)}`;
    const cells = [formatCount(count), ...values].map((text) => element('td', { class: 'number' }, text));
    return element('tr', {}, element('th', { scope: 'row' }, range), ...cells);
  });
  const columns = head.map((text, i) => element('th', { scope: 'col', ...(i === 0 ? {} : { class: 'number' }) }, text));
  root.replaceChildren(
    element('table', {}, element('thead', {}, element('tr', {}, ...columns)), element('tbody', {}, ...rows)),
  );
}

const edge = (index: number, count: number): string => String(Number((index / count).toFixed(3)));
