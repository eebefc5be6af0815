import { element } from '../shared/dom.ts';
import type { Theme } from '../shared/theme.ts';

// Plots of fractions over fractions: a square from 0 to 1 both ways, with axes whose words stay as large as all others, however large the square is.

/** Units of the drawing, which is as wide as it is high. */
const size = 200;
const svg = 'http://www.w3.org/2000/svg';
/** Room for the half of a line that lies on the edge. */
const margin = 3;

export type Place = readonly [x: number, y: number];

export interface Square {
  readonly root: HTMLElement;
  /** `name`: what it says to those who do not see it. */
  draw(name: string, marks: readonly SVGElement[], theme: Theme): void;
}

interface SquareOptions {
  readonly x: string;
  readonly y: string;
  /** Told where the pointer is while it is down, in fractions. */
  readonly onPoint?: (place: Place) => void;
}

export function createSquare({ x, y, onPoint }: SquareOptions): Square {
  const picture = document.createElementNS(svg, 'svg');
  picture.setAttribute('viewBox', `${-margin} ${-margin} ${size + 2 * margin} ${size + 2 * margin}`);
  picture.setAttribute('role', 'img');
  const ticks = (...words: readonly string[]): HTMLElement[] => words.map((word) => element('span', {}, word));
  const root = element(
    'div',
    { class: 'square' },
    element('div', { 'class': 'down dim', 'aria-hidden': 'true' }, y),
    element('div', { 'class': 'ticks-y dim', 'aria-hidden': 'true' }, ...ticks('1', '0.5', '0')),
    element('div', { 'class': 'ticks-x dim', 'aria-hidden': 'true' }, ...ticks('0', '0.5', '1')),
    element('div', { 'class': 'name-x dim', 'aria-hidden': 'true' }, x),
  );
  root.insertBefore(picture, root.children[2] ?? null);
  const follow = (event: PointerEvent): void => {
    if (event.buttons !== 1) return;
    const box = picture.getBoundingClientRect();
    const unit = box.width / (size + 2 * margin);
    onPoint?.([
      ((event.clientX - box.left) / unit - margin) / size,
      1 - ((event.clientY - box.top) / unit - margin) / size,
    ]);
  };
  if (onPoint !== undefined) {
    picture.classList.add('pointed');
    picture.addEventListener('pointerdown', (event) => {
      picture.setPointerCapture(event.pointerId);
      follow(event);
    });
    picture.addEventListener('pointermove', follow);
  }
  return {
    root,
    draw(name, marks, theme) {
      picture.setAttribute('aria-label', name);
      picture.replaceChildren(frame(theme), ...marks);
    },
  };
}

function frame(theme: Theme): SVGElement {
  const group = document.createElementNS(svg, 'g');
  const corners: readonly Place[] = [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
    [0, 0],
  ];
  const line = (places: readonly Place[]): SVGElement => polyline(places, { color: theme.grid, width: 1 });
  const middle = (at: number, isAcross: boolean): SVGElement =>
    line(
      isAcross
        ? [
            [0, at],
            [1, at],
          ]
        : [
            [at, 0],
            [at, 1],
          ],
    );
  group.append(line(corners), middle(0.5, true), middle(0.5, false));
  return group;
}

/** The line on which guessing lies, or what is as it should be. */
export function diagonal(theme: Theme): SVGElement {
  return polyline(
    [
      [0, 0],
      [1, 1],
    ],
    { color: theme.dim, width: 1, dash: [2, 3] },
  );
}

interface LineStyle {
  readonly color: string;
  readonly width: number;
  readonly dash?: readonly number[];
}

export function polyline(places: readonly Place[], { color, width, dash = [] }: LineStyle): SVGElement {
  const points = places.map(([x, y]) => `${(x * size).toFixed(2)},${((1 - y) * size).toFixed(2)}`).join(' ');
  return shape('polyline', {
    points,
    'fill': 'none',
    'stroke': color,
    'stroke-width': String(width),
    'stroke-dasharray': dash.join(' '),
    'stroke-linejoin': 'round',
    'vector-effect': 'non-scaling-stroke',
  });
}

/** A point of the same size however large the square is, with a halo of the background. */
export function dot([x, y]: Place, color: string, { background }: Theme, width = 9): readonly SVGElement[] {
  const at = `M ${(x * size).toFixed(2)} ${((1 - y) * size).toFixed(2)} h 0.01`;
  const one = (stroke: string, own: number): SVGElement =>
    shape('path', {
      'd': at,
      stroke,
      'fill': 'none',
      'stroke-width': String(own),
      'stroke-linecap': 'round',
      'vector-effect': 'non-scaling-stroke',
    });
  return [one(background, width + 4), one(color, width)];
}

function shape(tag: 'polyline' | 'path', attributes: Readonly<Record<string, string>>): SVGElement {
  const made = document.createElementNS(svg, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}
