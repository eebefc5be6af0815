/** How the drawing lies on the page: a point of the drawing is shown at `x + k * its x`, `y + k * its y`. */
export interface View {
  readonly x: number;
  readonly y: number;
  readonly k: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export const zoomSteps = { least: 0.1, most: 3, factor: 1.25 } as const;
const margin = 24;

/** The whole drawing in the middle of the page, never larger than full size. A drawing too large for the least zoom begins at its top. */
export function fitView(drawing: Size, page: Size): View {
  const room = { width: page.width - 2 * margin, height: page.height - 2 * margin };
  const k = clamp(Math.min(1, room.width / drawing.width, room.height / drawing.height));
  const y = drawing.height * k > room.height ? margin : (page.height - drawing.height * k) / 2;
  return rounded({ x: (page.width - drawing.width * k) / 2, y, k });
}

/** Zooms while what stands at the point of the page stays there. */
export function zoomAt(view: View, factor: number, at: { readonly x: number; readonly y: number }): View {
  const k = clamp(view.k * factor);
  const grown = k / view.k;
  return rounded({ x: at.x - (at.x - view.x) * grown, y: at.y - (at.y - view.y) * grown, k });
}

export function pan(view: View, dx: number, dy: number): View {
  return rounded({ ...view, x: view.x + dx, y: view.y + dy });
}

/** Moves no more than it takes for the box to be on the page. */
export function reveal(view: View, box: Box, page: Size): View {
  const shift = (low: number, high: number, size: number): number => {
    if (low < margin || high - low > size - 2 * margin) return margin - low;
    return high > size - margin ? size - margin - high : 0;
  };
  return pan(
    view,
    shift(view.x + box.left * view.k, view.x + box.right * view.k, page.width),
    shift(view.y + box.top * view.k, view.y + box.bottom * view.k, page.height),
  );
}

export function isInView({ x, y, k }: View, box: Box, page: Size): boolean {
  return (
    x + box.right * k >= 0 &&
    x + box.left * k <= page.width &&
    y + box.bottom * k >= 0 &&
    y + box.top * k <= page.height
  );
}

function clamp(k: number): number {
  return Math.min(zoomSteps.most, Math.max(zoomSteps.least, k));
}

const rounded = ({ x, y, k }: View): View => ({ x: round(x), y: round(y), k: Math.round(k * 1e4) / 1e4 });
const round = (value: number): number => Math.round(value * 10) / 10;
