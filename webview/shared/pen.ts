/** What the charts of this tab draw with: the few things of a canvas that they need, so that anything that has them (a writer of SVG) draws the same. Units are CSS pixels. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | 'beginPath'
  | 'moveTo'
  | 'lineTo'
  | 'arc'
  | 'rect'
  | 'stroke'
  | 'fill'
  | 'fillRect'
  | 'strokeRect'
  | 'fillText'
  | 'measureText'
  | 'setLineDash'
> & {
  strokeStyle: CanvasRenderingContext2D['strokeStyle'];
  fillStyle: CanvasRenderingContext2D['fillStyle'];
  lineWidth: number;
  lineJoin: CanvasLineJoin;
  globalAlpha: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
};

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What directs letters or draws nothing: on a canvas it would turn round a name, or show as a box. */
const unseen = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/g;
/** Longer names are not read on a chart. */
const longest = 60;

/** A text that fits into `width`: a dotted name loses what is before its last dot first, then letters in the middle. */
export function fitText(pen: Pick<Pen, 'measureText'>, raw: string, width: number): string {
  const text = raw
    .replaceAll(unseen, ' ')
    .slice(0, 4 * longest)
    .trim();
  const fits = (some: string): boolean => some.length <= longest && pen.measureText(some).width <= width;
  if (fits(text)) return text;
  const tail = text.slice(text.lastIndexOf('.') + 1);
  if (tail.length > 1 && tail !== text && fits(tail)) return tail;
  const letters = Array.from(tail.length > 1 ? tail : text);
  for (let kept = letters.length - 1; kept >= 2; kept -= 1) {
    const shortened = `${letters.slice(0, Math.ceil(kept / 2)).join('')}…${letters.slice(letters.length - Math.floor(kept / 2)).join('')}`;
    if (fits(shortened)) return shortened;
  }
  return '…';
}

/** Of a text of eleven or twelve pixels, about its middle. */
const halfPlate = 7;
const platePadding = 2;

/** Text over lines, at its middle, has a plate of the background under it: a halo of the letters lets lines through between them. */
export function writeOver(
  pen: Pen,
  text: string,
  { x, y, ground }: { readonly x: number; readonly y: number; readonly ground: string },
): void {
  const { fillStyle } = pen;
  const { width } = pen.measureText(text);
  const left = pen.textAlign === 'center' ? x - width / 2 : pen.textAlign === 'right' ? x - width : x;
  pen.fillStyle = ground;
  pen.fillRect(left - platePadding, y - halfPlate, width + 2 * platePadding, 2 * halfPlate);
  pen.fillStyle = fillStyle;
  pen.fillText(text, x, y);
}
