import { reportClasses } from '../../src/core/classification/classification.ts';
import { fillIn, formatCount, formatValue } from '../../src/core/charts/charts.ts';
import type { AnswerFacts, AnswerTexts } from '../../src/protocol/answers.ts';
import { element } from '../shared/dom.ts';
import { countsOf } from './matrix.ts';

interface Report {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts): void;
}

type Scores = ReturnType<typeof reportClasses>['macro'];

const columns = ['name', 'precision', 'recall', 'f1', 'support'] as const;
type Column = (typeof columns)[number];

/** Precision, recall and F1 of each class, as scikit-learn has them; by a click on a head in its order, by another in the opposite one. */
export function createReport(texts: AnswerTexts): Report {
  const root = element('div', {
    'class': 'numbers report',
    'role': 'region',
    'tabindex': '0',
    'aria-label': texts.reportName,
  });
  let order: { readonly by: Column; readonly isDescending: boolean } = { by: 'name', isDescending: false };
  let answers: AnswerFacts | undefined;
  const names: Readonly<Record<Column, string>> = { ...texts, name: texts.className };
  const heads = columns.map((column) => {
    const name = fillIn(texts.sortByColumn, names[column]);
    const button = element('button', { 'class': 'word', 'type': 'button', 'aria-label': name }, names[column]);
    button.addEventListener('click', () => {
      // The worst first, where there is a worst.
      const isSame = order.by === column;
      order = { by: column, isDescending: isSame ? !order.isDescending : false };
      draw();
    });
    return { column, cell: element('th', { scope: 'col', ...numberClass(column) }, button) };
  });
  const body = element('tbody');
  const foot = element('tfoot');
  root.append(
    element('table', {}, element('thead', {}, element('tr', {}, ...heads.map(({ cell }) => cell))), body, foot),
  );
  const draw = (): void => {
    if (answers === undefined) return;
    const { perClass, macro } = reportClasses(countsOf(answers));
    for (const { column, cell } of heads)
      cell.setAttribute('aria-sort', column !== order.by ? 'none' : order.isDescending ? 'descending' : 'ascending');
    const places = new Map(perClass.map((scores, index) => [scores, index]));
    const placeOf = (scores: Scores): number => (order.by === 'name' ? (places.get(scores) ?? 0) : scores[order.by]);
    const sign = order.isDescending ? -1 : 1;
    const sorted = perClass.toSorted(
      (a, b) => sign * (placeOf(a) - placeOf(b)) || (places.get(a) ?? 0) - (places.get(b) ?? 0),
    );
    body.replaceChildren(...sorted.map((scores) => rowOf(scores.name, scores)));
    foot.replaceChildren(rowOf(texts.macroMean, macro));
  };
  return {
    root,
    draw(next) {
      answers = next;
      draw();
    },
  };
}

function rowOf(name: string, { precision, recall, f1, support }: Scores): HTMLElement {
  const cells = [...[precision, recall, f1].map(formatValue), formatCount(support)];
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    ...cells.map((text) => element('td', { class: 'number' }, text)),
  );
}

const numberClass = (column: Column): { readonly class?: string } => (column === 'name' ? {} : { class: 'number' });
