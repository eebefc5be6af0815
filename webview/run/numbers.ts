import { fillIn, formatCount, formatValue, valueAt } from '../../src/core/charts/charts.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import { element } from '../shared/dom.ts';
import type { CardPlan } from './plan.ts';

/** More rows than anybody reads; the newest are kept. */
const mostRows = 500;

/** The numbers of a card as a table: what the chart says to those who do not see it. */
export function createNumbers(texts: RunTexts): { readonly root: HTMLElement; draw(plan: CardPlan): void } {
  const root = element('div', { class: 'numbers', role: 'region', tabindex: '0', hidden: '' });
  const stepNames = { epoch: texts.epochs, batch: texts.batches, trial: texts.trialsEnded };
  let shown = '';
  return {
    root,
    draw(plan) {
      const next = plan.series.map(({ points }) => `${points.steps.length} ${points.values.at(-1) ?? ''}`).join();
      if (next === shown) return;
      shown = next;
      root.setAttribute('aria-label', fillIn(texts.tableOf, plan.title));
      const steps = [...new Set(plan.series.flatMap(({ points }) => [...points.steps.subarray(-mostRows)]))]
        .sort((a, b) => b - a)
        .slice(0, mostRows);
      const total = Math.max(...plan.series.map(({ points }) => points.steps.length));
      const head = [stepNames[plan.axis], ...plan.series.map(({ label }) => label)];
      const rows = steps.map((step) => {
        const values = plan.series.map(({ points }) => valueAt(points, step));
        const cells = values.map((value) =>
          element('td', { class: 'number' }, value === undefined ? '' : formatValue(value)),
        );
        return element('tr', {}, element('th', { scope: 'row', class: 'number' }, formatCount(step)), ...cells);
      });
      const columns = head.map((word) => element('th', { scope: 'col', class: 'number' }, word));
      root.replaceChildren(
        element('table', {}, element('thead', {}, element('tr', {}, ...columns)), element('tbody', {}, ...rows)),
        ...(total > steps.length
          ? [element('p', { class: 'dim' }, fillIn(texts.onlyLast, formatCount(steps.length), formatCount(total)))]
          : []),
      );
    },
  };
}
