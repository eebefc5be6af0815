import type { Theme } from '../theme.ts';
import { createCanvas, pixels, toBytes } from './charts.ts';

/** What is drawn of an element now, canvases and words, with its background; undefined where nothing is drawn. */
export async function takeSnapshot(root: HTMLElement, theme: Theme): Promise<Uint8Array | undefined> {
  const canvases = [...root.querySelectorAll('canvas')].filter(isSeen);
  if (canvases.length === 0) return undefined;
  const frame = frameOf(canvases);
  const picture = createCanvas(frame.width, frame.height);
  const context = picture.getContext('2d');
  if (context === null) return undefined;
  context.scale(pixels, pixels);
  context.fillStyle = theme.background;
  context.fillRect(0, 0, frame.width, frame.height);
  context.translate(-frame.left, -frame.top);
  for (const canvas of canvases) {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    context.globalAlpha = Number(getComputedStyle(canvas).opacity);
    context.drawImage(canvas, left, top, width, height);
  }
  context.globalAlpha = 1;
  for (const { words, range, style } of wordsIn(root)) {
    const { left, top, height, width } = range.getBoundingClientRect();
    if (width === 0 || left > frame.right || left + width < frame.left || top > frame.bottom) continue;
    context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    context.fillStyle = style.color;
    context.textBaseline = 'middle';
    context.fillText(words, left, top + height / 2);
  }
  return toBytes(picture);
}

/** All canvases, and room for the words around them. */
function frameOf(canvases: readonly HTMLCanvasElement[]): DOMRect {
  const margin = 12;
  const rects = canvases.map((canvas) => canvas.getBoundingClientRect());
  const left = Math.min(...rects.map((rect) => rect.left)) - margin;
  const top = Math.min(...rects.map((rect) => rect.top)) - margin;
  const right = Math.max(...rects.map((rect) => rect.right)) + margin;
  const bottom = Math.max(...rects.map((rect) => rect.bottom)) + margin;
  return new DOMRect(left, top, right - left, bottom - top);
}

interface Words {
  readonly words: string;
  readonly range: Range;
  readonly style: CSSStyleDeclaration;
}

/** Words that are seen; what is only for a screen reader is not, and what can be pressed is no part of a picture. */
function wordsIn(root: HTMLElement): readonly Words[] {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const found: Words[] = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement;
    const words = (node.textContent ?? '').trim();
    if (parent === null || words === '' || !isSeen(parent)) continue;
    if (parent.closest('.spoken, button, input, table, vscode-dropdown, [role="tooltip"]') !== null) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    found.push({ words, range, style: getComputedStyle(parent) });
  }
  return found;
}

function isSeen(element: HTMLElement): boolean {
  const { width, height } = element.getBoundingClientRect();
  return width > 1 && height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
}
