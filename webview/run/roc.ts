import { formatValue, seriesStyle } from '../../src/core/charts/charts.ts';
import type { AnswerFacts, RocFacts, RunTexts } from '../../src/protocol/charts.ts';
import { element } from '../shared/dom.ts';
import type { Theme } from '../shared/theme.ts';

/** Units of the drawing, which is as wide as it is high. */
const size = 200;
const svg = 'http://www.w3.org/2000/svg';

/** Curves of all classes, and a table of the areas under them, the worst class first: those who do not see the curves have the table. */
export function createRoc(texts: RunTexts): {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts, theme: Theme): void;
} {
  const root = element('div', { class: 'roc' });
  return {
    root,
    draw({ classes, curves }, theme) {
      const known = curves
        .map((curve, index) => ({ curve, index, name: classes[index] ?? '' }))
        .sort((a, b) => (a.curve.area ?? 2) - (b.curve.area ?? 2) || a.index - b.index);
      const picture = document.createElementNS(svg, 'svg');
      picture.setAttribute('viewBox', `-2 -2 ${size + 4} ${size + 4}`);
      picture.setAttribute('aria-hidden', 'true');
      picture.append(frame(theme), ...known.toReversed().map(({ curve, index }) => lineOf(curve, index, theme)));
      const rows = known.map(({ curve, index, name }) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row', title: name }, swatchOf(index, theme), name),
          element('td', { class: 'number' }, curve.area === null ? texts.noValue : formatValue(curve.area)),
        ),
      );
      const head = element(
        'tr',
        {},
        element('th', { scope: 'col' }, texts.className),
        element('th', { scope: 'col', class: 'number' }, texts.areaUnder),
      );
      const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
      root.replaceChildren(
        picture,
        element('div', { 'class': 'numbers', 'role': 'region', 'tabindex': '0', 'aria-label': texts.rocName }, table),
      );
    },
  };
}

const placesOf = (points: RocFacts['points']): string =>
  points.map(([x, y]) => `${(x * size).toFixed(2)},${((1 - y) * size).toFixed(2)}`).join(' ');

function polyline(points: RocFacts['points'], color: string, dash: readonly number[]): SVGElement {
  const line = document.createElementNS(svg, 'polyline');
  const attributes = {
    'points': placesOf(points),
    'fill': 'none',
    'stroke': color,
    'stroke-width': '1.75',
    'stroke-dasharray': dash.join(' '),
    'vector-effect': 'non-scaling-stroke',
  };
  for (const [name, value] of Object.entries(attributes)) line.setAttribute(name, value);
  return line;
}

/** The square, and the diagonal on which guessing lies. */
function frame(theme: Theme): SVGElement {
  const group = document.createElementNS(svg, 'g');
  const corners = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 0],
  ] as const;
  group.append(
    polyline(corners, theme.grid, []),
    polyline(
      [
        [0, 0],
        [1, 1],
      ],
      theme.dim,
      [2, 3],
    ),
  );
  return group;
}

function lineOf({ points }: RocFacts, index: number, theme: Theme): SVGElement {
  return polyline(points, theme.series(index), seriesStyle(index).dash);
}

function swatchOf(index: number, theme: Theme): HTMLElement {
  const { dash } = seriesStyle(index);
  const swatch = element('span', {
    class: dash.length === 0 ? 'swatch' : dash[0] === 2 ? 'swatch dotted' : 'swatch dashed',
  });
  swatch.style.borderTopColor = theme.series(index);
  return swatch;
}
