import { fillIn, formatCount, formatValue, type ChartNumbers } from '../../../src/core/charts/charts.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element } from '../../shared/dom.ts';
import type { AxisWords } from './axis.ts';

/** More than anybody reads; the newest points of the first lines are kept. */
export const mostNumbers = { points: 200, lines: 12 } as const;

interface NumbersFacts {
  readonly title: string;
  readonly axis: AxisWords;
  readonly axisName: string;
  readonly labels: readonly string[];
  /** Lines in all. */
  readonly count: number;
}

/** The numbers of a card as a table: what the chart says to those who do not see it. */
export function createNumbers(texts: RunsTexts): {
  readonly root: HTMLElement;
  draw(numbers: ChartNumbers, facts: NumbersFacts): void;
} {
  const root = element('div', { class: 'numbers', role: 'region', tabindex: '0', hidden: '' });
  return {
    root,
    draw({ x, values, total }, { title, axis, axisName, labels, count }) {
      root.setAttribute('aria-label', fillIn(texts.chartsTableOf, title));
      const rows = Array.from(x, (at, row) => {
        const cells = labels.map((_, line) => {
          const value = values[line * x.length + row] ?? NaN;
          return element('td', { class: 'number' }, Number.isNaN(value) ? '' : formatValue(value));
        });
        return element('tr', {}, element('th', { scope: 'row', class: 'number' }, axis.place(at)), ...cells);
      });
      const head = [axisName, ...labels].map((word) =>
        element('th', { scope: 'col', class: 'number', title: word }, word),
      );
      const isCut = total > x.length || count > labels.length;
      const cut = fillIn(texts.chartsTableCut, ...[x.length, total, labels.length, count].map(formatCount));
      root.replaceChildren(
        element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)),
        ...(isCut ? [element('p', { class: 'dim' }, cut)] : []),
      );
    },
  };
}
