import { confusionRates } from '../../src/core/classification/classification.ts';
import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import type { AnswerFacts, AnswerTexts } from '../../src/protocol/answers.ts';
import { element, setText } from '../shared/dom.ts';
import type { Cell } from './examples.ts';
import { withAlpha, type Theme } from '../shared/theme.ts';

/** What a cell says: how many examples, or which part of its row (the true class), its column (the prediction), or of all they are. */
export const cellKinds = ['counts', 'row', 'column', 'all'] as const;
export type CellKind = (typeof cellKinds)[number];

interface Matrix {
  readonly root: HTMLElement;
  /** What the cell at the cursor says. */
  readonly reading: HTMLElement;
  draw(answers: AnswerFacts, kind: CellKind, look: { readonly theme: Theme; readonly chosen: Cell | undefined }): void;
}

/** In more classes than these a cell has no room for its number; it is said at the cursor. */
const mostWithNumbers = 14;
const moves: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** The confusion matrix as a table: errors are loud, zeros are not there at all. The arrow keys and the mouse read its cells. */
export function createMatrix(
  texts: AnswerTexts,
  { onSay, onCell }: { readonly onSay: (words: string) => void; readonly onCell: (cell: Cell) => void },
): Matrix {
  const reading = element('p', { class: 'dim' });
  const holder = element('div', { 'class': 'cells', 'tabindex': '0', 'role': 'region', 'aria-label': texts.confusion });
  let answers: AnswerFacts = { split: '', classes: [], counts: [], curves: [], calibration: null };
  let kind: CellKind = 'counts';
  let rates: Float64Array = new Float64Array(0);
  let cells: HTMLElement[] = [];
  let at = -1;
  const point = (index: number, isSpoken: boolean): void => {
    cells[at]?.classList.remove('at');
    at = index;
    cells[at]?.classList.add('at');
    const words = index < 0 ? '' : wordsOf(answers, { rates, kind }, index, texts);
    setText(reading, words);
    if (isSpoken) onSay(words);
  };
  const choose = (index: number): void => {
    if ((answers.counts[index] ?? 0) === 0) return;
    for (const [i, cell] of cells.entries()) cell.classList.toggle('chosen', i === index);
    const [row, column] = [Math.floor(index / answers.classes.length), index % answers.classes.length];
    onCell({ actual: answers.classes[row] ?? '', predicted: answers.classes[column] ?? '' });
  };
  holder.addEventListener('click', ({ target }) => choose(cells.indexOf(target as HTMLElement)));
  holder.addEventListener('keydown', (event) => {
    const move = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
    const size = answers.classes.length;
    if (event.key === 'Escape') point(-1, false);
    else if (event.key === 'Enter' || event.key === ' ') choose(at);
    else if (move === undefined) return;
    else {
      const [row, column] = at < 0 ? [0, 0] : [Math.floor(at / size) + move[0], (at % size) + move[1]];
      if (row >= 0 && column >= 0 && row < size && column < size) point(row * size + column, true);
    }
    event.preventDefault();
  });
  holder.addEventListener('pointermove', ({ target }) => {
    const index = cells.indexOf(target as HTMLElement);
    if (index !== at) point(index, false);
  });
  holder.addEventListener('pointerleave', () => point(-1, false));
  return {
    root: element('div', { class: 'matrix' }, holder),
    reading,
    draw(next, nextKind, { theme, chosen }) {
      [answers, kind, rates, at] = [next, nextKind, ratesOf(next, nextKind), -1];
      setText(reading, '');
      const size = next.classes.length;
      const hasNumber = size <= mostWithNumbers;
      const shades = kind === 'all' ? ratesOf(next, 'counts') : rates;
      cells = next.counts.map((count, index) => {
        const [row, column] = [Math.floor(index / size), index % size];
        const text = count === 0 ? '' : kind === 'counts' ? formatCount(count) : percent(rates[index] ?? NaN);
        const isChosen = chosen?.actual === next.classes[row] && chosen?.predicted === next.classes[column];
        const looks = count === 0 ? '' : isChosen ? 'full chosen' : 'full';
        const cell = element('td', { class: looks }, hasNumber ? text : element('span', { class: 'spoken' }, text));
        if (count > 0)
          cell.style.background = colorOf(theme, shades[index] ?? 0, { isRight: row === column, hasNumber });
        return cell;
      });
      holder.replaceChildren(...layOut(next.classes, cells, texts));
    },
  };
}

/** Names of the axes, and the cells between the names of the classes. */
function layOut(classes: readonly string[], cells: readonly HTMLElement[], texts: AnswerTexts): HTMLElement[] {
  const size = classes.length;
  const names = classes.map((name) =>
    element(
      'th',
      { scope: 'col', title: name },
      size > mostWithNumbers ? element('span', { class: 'spoken' }, name) : name,
    ),
  );
  const rows = classes.map((name, row) =>
    element('tr', {}, element('th', { scope: 'row', title: name }, name), ...cells.slice(row * size, (row + 1) * size)),
  );
  const table = element(
    'table',
    { class: size > mostWithNumbers ? 'dense' : '' },
    element('caption', { class: 'spoken' }, `${texts.trueClass}, ${texts.predictedClass}`),
    element('thead', {}, element('tr', {}, element('td', { class: 'corner' }), ...names)),
    element('tbody', {}, ...rows),
  );
  const across = element('div', { 'class': 'across dim', 'aria-hidden': 'true' }, texts.predictedClass);
  const down = element('div', { 'class': 'down dim', 'aria-hidden': 'true' }, texts.trueClass);
  return [down, element('div', {}, across, table)];
}

export const countsOf = ({ classes, counts }: AnswerFacts): { classes: readonly string[]; counts: Uint32Array } => ({
  classes,
  counts: Uint32Array.from(counts),
});

/** `0.0512` → `5.1 %`, and nothing of a class without examples. */
function percent(rate: number): string {
  return Number.isNaN(rate) ? '' : `${(100 * rate).toFixed(1)}\u202f%`;
}

const ratesOf = (answers: AnswerFacts, kind: CellKind): Float64Array =>
  confusionRates(countsOf(answers), kind === 'counts' ? 'row' : kind);

/** A number must be read over it, so that neither colour covers the background; where none is, both may. A single error of many is seen all the same. */
function colorOf(
  theme: Theme,
  rate: number,
  { isRight, hasNumber }: { readonly isRight: boolean; readonly hasNumber: boolean },
): string {
  const most = hasNumber ? 0.35 : 0.85;
  return isRight
    ? withAlpha(theme.series(0), 0.1 + (most - 0.1) * rate)
    : withAlpha(theme.series(1), Math.min(most + 0.05, 0.25 + 2 * rate));
}

/** `true 4, predicted 9: 5 of 98 (5.1 %)`; of what, that is what the cells are parts of. */
function wordsOf(
  { classes, counts }: AnswerFacts,
  { rates, kind }: { readonly rates: Float64Array; readonly kind: CellKind },
  index: number,
  texts: AnswerTexts,
): string {
  const size = classes.length;
  const [row, column] = [Math.floor(index / size), index % size];
  const isCounted = (_: number, at: number): boolean =>
    kind === 'all' || (kind === 'column' ? at % size === column : Math.floor(at / size) === row);
  const all = counts.filter(isCounted).reduce((sum, count) => sum + count, 0);
  const names = [classes[row] ?? '', classes[column] ?? ''] as const;
  const words = fillIn(texts.cellOf, ...names, formatCount(counts[index] ?? 0), formatCount(all));
  const rate = percent(rates[index] ?? NaN);
  return rate === '' ? words : `${words} (${rate})`;
}
