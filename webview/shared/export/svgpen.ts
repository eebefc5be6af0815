import { escapeMarkup } from '../../../src/core/report/report.ts';
import type { Pen, Size } from '../pen.ts';
import { toPlainColour } from './charts.ts';

/** One drawing above another, as canvases lie above each other. */
interface Layer {
  readonly opacity: number;
  /** Gives slices where a page would answer in between. */
  readonly paint: ((pen: Pen) => void) | ((pen: Pen) => Generator<void, void>);
}

/** What can be painted by any pen. */
export interface Drawing {
  readonly size: Size;
  readonly background: string;
  readonly layers: readonly Layer[];
}

/** The same drawing as a file of SVG. */
export function drawSvg({ size: { width, height }, background, layers }: Drawing): { text: string } & Size {
  const groups = layers.map(({ opacity, paint }) => {
    const pen = new SvgPen();
    // Nobody waits in between.
    const slices = paint(pen);
    while (slices?.next().done === false);
    return `<g${opacity === 1 ? '' : ` opacity="${opacity}"`}>\n${pen.text}</g>\n`;
  });
  const text = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<rect width="${width}" height="${height}" ${colour('fill', background, 1)}/>
${groups.join('')}</svg>
`;
  return { text, width, height };
}

const round = (value: number): number => Math.round(value * 10) / 10;

function colour(name: 'fill' | 'stroke', style: unknown, alpha: number): string {
  const { colour: plain, opacity } = toPlainColour(String(style));
  const seen = Math.round(opacity * alpha * 1000) / 1000;
  return `${name}="${escapeMarkup(plain)}"${seen === 1 ? '' : ` ${name}-opacity="${seen}"`}`;
}

/** Writes elements instead of setting pixels. Arcs are whole circles: charts draw no others. */
class SvgPen implements Pen {
  strokeStyle: Pen['strokeStyle'] = '#000';
  fillStyle: Pen['fillStyle'] = '#000';
  lineWidth = 1;
  lineJoin: CanvasLineJoin = 'miter';
  globalAlpha = 1;
  font = '10px sans-serif';
  textAlign: CanvasTextAlign = 'left';
  textBaseline: CanvasTextBaseline = 'alphabetic';
  readonly #ruler = document.createElement('canvas').getContext('2d');
  readonly #elements: string[] = [];
  #path: string[] = [];
  #dash: readonly number[] = [];

  get text(): string {
    return this.#elements.map((element) => `${element}\n`).join('');
  }

  beginPath(): void {
    this.#path = [];
  }

  moveTo(x: number, y: number): void {
    this.#path.push(`M${round(x)} ${round(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.#path.push(`L${round(x)} ${round(y)}`);
  }

  arc(x: number, y: number, radius: number): void {
    const [left, right, r] = [round(x - radius), round(x + radius), round(radius)];
    this.#path.push(`M${right} ${round(y)}A${r} ${r} 0 1 1 ${left} ${round(y)}A${r} ${r} 0 1 1 ${right} ${round(y)}Z`);
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push(`M${round(x)} ${round(y)}h${round(width)}v${round(height)}h${round(-width)}Z`);
  }

  stroke(): void {
    this.#add(`<path d="${this.#path.join('')}" fill="none" ${this.#line()}/>`);
  }

  fill(): void {
    this.#add(`<path d="${this.#path.join('')}" ${colour('fill', this.fillStyle, this.globalAlpha)}/>`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#add(`<rect ${toBox(x, y, width, height)} ${colour('fill', this.fillStyle, this.globalAlpha)}/>`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#add(`<rect ${toBox(x, y, width, height)} fill="none" ${this.#line()}/>`);
  }

  fillText(text: string, x: number, y: number): void {
    this.#write(text, { x, y }, colour('fill', this.fillStyle, this.globalAlpha));
  }

  measureText(text: string): TextMetrics {
    if (this.#ruler === null) throw new Error('This browser draws no canvas.');
    this.#ruler.font = this.font;
    return this.#ruler.measureText(text);
  }

  setLineDash(dash: readonly number[]): void {
    this.#dash = dash;
  }

  #line(): string {
    const dash = this.#dash.length === 0 ? '' : ` stroke-dasharray="${this.#dash.join(' ')}"`;
    const join = this.lineJoin === 'miter' ? '' : ` stroke-linejoin="${this.lineJoin}"`;
    return `${colour('stroke', this.strokeStyle, this.globalAlpha)} stroke-width="${this.lineWidth}"${join}${dash}`;
  }

  /** Not every program knows where text hangs or lies in its middle: it stands on a line that is moved. */
  #write(text: string, { x, y }: { readonly x: number; readonly y: number }, paint: string): void {
    const [, weight, size = '10', family = 'sans-serif'] = /^(?:(\d+) )?([\d.]+)px (.*)$/.exec(this.font) ?? [];
    const down = this.textBaseline === 'middle' ? 0.35 : this.textBaseline === 'top' ? 0.85 : 0;
    const anchor = this.textAlign === 'center' ? 'middle' : this.textAlign === 'right' ? 'end' : 'start';
    const bold = weight === undefined ? '' : ` font-weight="${weight}"`;
    const font = `font-family="${escapeMarkup(family)}" font-size="${size}"${bold} text-anchor="${anchor}"`;
    this.#add(
      `<text x="${round(x)}" y="${round(y + down * Number(size))}" ${font} ${paint}>${escapeMarkup(text)}</text>`,
    );
  }

  #add(element: string): void {
    this.#elements.push(element);
  }
}

/** Also of a box that is given from its other corner. */
function toBox(x: number, y: number, width: number, height: number): string {
  const [left, top] = [Math.min(x, x + width), Math.min(y, y + height)];
  return `x="${round(left)}" y="${round(top)}" width="${round(Math.abs(width))}" height="${round(Math.abs(height))}"`;
}
