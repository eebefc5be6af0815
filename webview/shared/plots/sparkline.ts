interface Points {
  readonly steps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

const WIDTH = 96;
const HEIGHT = 20;
/** A value for each other pixel is all that can be seen. */
const MOST = WIDTH / 2;
const SVG = 'http://www.w3.org/2000/svg';

/** The course of a metric, as wide as a word; a value alone is a dot. Its numbers stand beside it, so that it is no picture of its own. */
export function drawSparkline({ steps, values }: Points): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  const points = thin(steps, values);
  line.setAttribute('d', toPath(points));
  if (points.length === 1) line.setAttribute('class', 'dot');
  svg.append(line);
  return svg;
}

type Point = readonly [step: number, value: number];

/** Least and greatest of each stretch, so that a spike is seen. */
function thin(steps: ArrayLike<number>, values: ArrayLike<number>): readonly Point[] {
  const points = Array.from(values, (value, index): Point => [steps[index] ?? index, value]).filter(([, value]) =>
    Number.isFinite(value),
  );
  if (points.length <= MOST) return points;
  const stretch = Math.ceil((2 * points.length) / MOST);
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, index) => {
    const part = points.slice(index * stretch, (index + 1) * stretch).sort(([, a], [, b]) => a - b);
    return [part[0], part.at(-1)].filter((point) => point !== undefined).sort(([a], [b]) => a - b);
  }).flat();
}

function toPath(points: readonly Point[]): string {
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const values = points.map(([, value]) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const x = (step: number): number => 2 + (last === first ? 0.5 : (step - first) / (last - first)) * (WIDTH - 4);
  const y = (value: number): number => 2 + (most === least ? 0.5 : (most - value) / (most - least)) * (HEIGHT - 4);
  const places = points.map(([step, value]) => `${x(step).toFixed(1)} ${y(value).toFixed(1)}`);
  // A line of no length has round ends: a dot.
  return places.length === 0
    ? ''
    : `M${places.length === 1 ? `${places[0] ?? ''}L${places[0] ?? ''}` : places.join('L')}`;
}
