import { fillIn, formatCount, formatValue } from '../../../src/core/charts/charts.ts';
import { element } from '../../shared/dom.ts';
import { withAlpha } from '../../shared/theme.ts';
import { labelsOf, lookOfSeries, nameOfSeries, type BodyOf, type CardTools } from './card.ts';

/** Bars in a table: names, and below each other a bar with its value for every revision. Whoever does not see bars reads the table. */
export function createBars({ texts }: CardTools): BodyOf<'bars'> {
  const root = element('div', { class: 'bars', role: 'region', tabindex: '0' });
  return {
    root,
    draw({ title, names, series }, look) {
      const labels = labelsOf(series);
      const all = series.flatMap(({ values }) => [...values].filter(Number.isFinite));
      const greatest = Math.max(0, ...all.map(Math.abs));
      root.setAttribute(
        'aria-label',
        fillIn(texts.plotsFigure, title, fillIn(texts.plotsRows, formatCount(names.length))),
      );
      const rows = names.map((name, index) => {
        const bars = series.flatMap((one) => {
          const value = one.values[index] ?? NaN;
          if (Number.isNaN(value)) return [];
          const bar = element('span', { class: 'bar-length' });
          const { colour } = lookOfSeries(one, labels, look);
          bar.style.width = `${greatest === 0 ? 0 : (100 * Math.min(greatest, Math.abs(value))) / greatest}%`;
          bar.style.background = withAlpha(colour, 0.55);
          bar.style.borderColor = colour;
          const words = element('span', { class: 'spoken' }, `${nameOfSeries(one, look)}: `);
          const track = element('span', { class: 'bar-track' }, bar);
          return [
            element(
              'div',
              { class: 'bar-line', title: nameOfSeries(one, look) },
              track,
              words,
              element('span', { class: 'bar-value' }, formatValue(value)),
            ),
          ];
        });
        return element('tr', {}, element('th', { scope: 'row', title: name }, name), element('td', {}, ...bars));
      });
      root.replaceChildren(element('table', {}, element('tbody', {}, ...rows)));
    },
  };
}
