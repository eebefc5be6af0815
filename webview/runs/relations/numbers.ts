import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element } from '../../shared/dom.ts';
import type { NumbersTable } from './kind.ts';

/** The numbers behind a chart, for those who do not see it and those who want to know exactly. */
export function createNumbers(texts: RunsTexts) {
  const root = element('div', {
    'class': 'numbers',
    'data-part': 'numbers-table',
    'role': 'region',
    'tabindex': '0',
    'aria-label': texts.numbers,
    'hidden': '',
  });
  return {
    root,
    draw({ head, rows, more }: NumbersTable): void {
      const cells = (row: readonly string[]): HTMLElement[] =>
        row.map((text, i) =>
          i === 0
            ? element('th', { scope: 'row', dir: 'auto', title: text }, text)
            : element('td', { class: 'number', dir: 'auto' }, text),
        );
      const names = head.map((text, i) =>
        element('th', { scope: 'col', dir: 'auto', ...(i === 0 ? {} : { class: 'number' }) }, text),
      );
      const table = element(
        'table',
        {},
        element('thead', {}, element('tr', {}, ...names)),
        element('tbody', {}, ...rows.map((row) => element('tr', {}, ...cells(row)))),
      );
      const rest = more === 0 ? [] : [element('p', { class: 'dim' }, fillIn(texts.moreRows, formatCount(more)))];
      root.replaceChildren(table, ...rest);
    },
  };
}
