import { confusionRates } from '../../../src/core/classification/classification.ts';
import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import type { DrawnMatrix } from '../../../src/protocol/plots.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element } from '../../shared/dom.ts';
import { withAlpha } from '../../shared/theme.ts';
import {
  createSwatch,
  labelsOf,
  lookOfSeries,
  nameOfSeries,
  type BodyOf,
  type CardTools,
  type PlotLook,
} from './card.ts';

/** In more classes than these a cell has no room for its number; it is said at the cursor. */
const mostWithNumbers = 10;
/** More rows and columns nobody reads. */
const mostClasses = 60;

const steps: Readonly<Record<string, (size: number) => number>> = {
  ArrowRight: () => 1,
  ArrowLeft: () => -1,
  ArrowDown: (size) => size,
  ArrowUp: (size) => -size,
};

/** Confusion matrices of all revisions side by side: errors are loud, zeros are not there. */
export function createMatrices({ texts, say }: CardTools): BodyOf<'confusion'> {
  const reading = element('p', { class: 'reading dim' });
  const holder = element('div', { class: 'matrices' });
  const tell = (words: string, isSpoken: boolean): void => {
    reading.textContent = words;
    if (isSpoken) say(words);
  };
  return {
    root: element('div', { class: 'confusions' }, holder, reading),
    draw({ title, matrices, isNormalized }, look) {
      const labels = labelsOf(matrices);
      reading.textContent = isNormalized ? texts.plotsShare : '';
      holder.replaceChildren(
        ...matrices.map((matrix) => {
          const name = nameOfSeries(matrix, look);
          const head = element('h3', {}, createSwatch(lookOfSeries(matrix, labels, look)), name);
          const size = matrix.classes.length;
          if (size > mostClasses)
            return element(
              'div',
              { class: 'matrix' },
              head,
              element('p', { class: 'dim' }, fillIn(texts.plotsManyClasses, formatCount(size), mostClasses)),
            );
          const table = tableOf(matrix, isNormalized, { texts, look });
          const area = element(
            'div',
            { 'class': 'cells', 'tabindex': '0', 'role': 'region', 'aria-label': `${title}, ${name}` },
            table,
          );
          listen(area, size, (index, isSpoken) =>
            tell(index < 0 ? '' : wordsOf(matrix, isNormalized, { index, name, texts }), isSpoken),
          );
          return element(
            'div',
            { class: 'matrix' },
            head,
            area,
            element('p', { class: 'dim' }, truthOf(matrix, texts)),
          );
        }),
      );
    },
  };
}

/** The mouse and the arrow keys read the cells. */
function listen(area: HTMLElement, size: number, tell: (index: number, isSpoken: boolean) => void): void {
  const cells = [...area.querySelectorAll<HTMLElement>('tbody td')];
  let at = -1;
  const point = (index: number, isSpoken: boolean): void => {
    cells[at]?.classList.remove('at');
    at = index;
    cells[at]?.classList.add('at');
    tell(at, isSpoken);
  };
  area.addEventListener('pointermove', ({ target }) => {
    const index = cells.indexOf(target as HTMLElement);
    if (index !== at) point(index, false);
  });
  area.addEventListener('pointerleave', () => point(-1, false));
  area.addEventListener('keydown', (event) => {
    const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (step === undefined) return;
    event.preventDefault();
    const next = at < 0 ? 0 : at + step(size);
    const leavesRow = Math.abs(step(size)) === 1 && at >= 0 && Math.floor(next / size) !== Math.floor(at / size);
    if (next >= 0 && next < cells.length && !leavesRow) point(next, true);
  });
}

interface Words {
  readonly texts: RunsTexts;
  readonly look: PlotLook;
}

function tableOf(matrix: DrawnMatrix, isNormalized: boolean, { texts, look: { theme } }: Words): HTMLElement {
  const { classes, counts } = matrix;
  const size = classes.length;
  const [ofTrue, ofPredicted] = [confusionRates(matrix, 'row'), confusionRates(matrix, 'column')];
  const isDense = size > mostWithNumbers;
  const hidden = (text: string): Node =>
    isDense ? element('span', { class: 'spoken' }, text) : document.createTextNode(text);
  const cells = [...counts].map((count, index) => {
    const share = ofPredicted[index] ?? 0;
    const cell = element('td', {}, hidden(count === 0 ? '' : isNormalized ? share.toFixed(2) : formatCount(count)));
    const isRight = index % (size + 1) === 0;
    const strength = isNormalized ? share : (ofTrue[index] ?? 0);
    const most = isDense ? 0.85 : 0.35;
    if (count > 0)
      cell.style.background = isRight
        ? withAlpha(theme.series(0), 0.1 + (most - 0.1) * strength)
        : withAlpha(theme.series(1), Math.min(most, 0.2 + 2 * strength));
    return cell;
  });
  const rows = classes.map((name, row) =>
    element('tr', {}, element('th', { scope: 'row', title: name }, name), ...cells.slice(row * size, (row + 1) * size)),
  );
  const names = classes.map((name) => element('th', { scope: 'col', title: name }, hidden(name)));
  return element(
    'table',
    { class: isDense ? 'dense' : '' },
    element('caption', { class: 'dim' }, `${texts.plotsActual} ↓  ${texts.plotsPredicted} →`),
    element('thead', {}, element('tr', {}, element('td', {}), ...names)),
    element('tbody', {}, ...rows),
  );
}

interface Cell {
  readonly index: number;
  readonly name: string;
  readonly texts: RunsTexts;
}

function wordsOf(matrix: DrawnMatrix, isNormalized: boolean, { index, name, texts }: Cell): string {
  const { classes, counts } = matrix;
  const [row, column] = [Math.floor(index / classes.length), index % classes.length];
  const count = formatCount(counts[index] ?? 0);
  const share = confusionRates(matrix, 'column')[index] ?? NaN;
  const words = isNormalized && !Number.isNaN(share) ? `${(100 * share).toFixed(1)}\u202f% (${count})` : count;
  return fillIn(texts.plotsCell, name, classes[row] ?? '', classes[column] ?? '', words);
}

function truthOf({ classes, counts }: DrawnMatrix, texts: RunsTexts): string {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const right = classes.reduce((sum, _, index) => sum + (counts[index * (classes.length + 1)] ?? 0), 0);
  return fillIn(texts.plotsTruth, formatCount(right), formatCount(all));
}
