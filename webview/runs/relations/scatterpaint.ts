import { alongFrame, extentsOf, thinTicks, type Frame } from '../../../src/core/relations/relations.ts';
import type { RelationBrush } from '../../../src/protocol/runsview.ts';
import { withAlpha, type Theme } from '../../shared/theme.ts';
import type { Box } from './boxbrush.ts';
import type { Laid } from './model.ts';
import { fitText, writeOver, type Pen } from '../../shared/pen.ts';

const axisText = 11;
/** Labels along x that stand nearer are left out, in pixels. */
const labelWidth = 64;
const labelHeight = 14;
const stripWidth = 3;

/** Grid, labels and names; no axis lines. */
export function paintScatterAxes(
  pen: Pen,
  { frame, x, y, theme }: { readonly frame: Frame; readonly x: Laid; readonly y: Laid; readonly theme: Theme },
): void {
  pen.font = `${axisText}px ${theme.fontFamily}`;
  const { left, top, right, bottom } = frame;
  pen.textBaseline = 'middle';
  pen.textAlign = 'right';
  const alongY = alongFrame(frame, 'y', y);
  for (const { place, label } of thinTicks(y.dimension.ticks, bottom - top, labelHeight)) {
    pen.fillStyle = theme.grid;
    pen.fillRect(left, Math.round(alongY(place)), right - left, 1);
    pen.fillStyle = theme.dim;
    pen.fillText(fitText(pen, label, left - 12), left - 6, alongY(place));
  }
  pen.textBaseline = 'top';
  pen.textAlign = 'center';
  const alongX = alongFrame(frame, 'x', x);
  const ticks = thinTicks(x.dimension.ticks, right - left, labelWidth);
  for (const { place, label } of ticks) {
    pen.fillStyle = theme.grid;
    pen.fillRect(Math.round(alongX(place)), top, 1, bottom - top);
    pen.fillStyle = theme.dim;
    pen.fillText(
      fitText(pen, label, Math.max(labelWidth, (right - left) / ticks.length - 8)),
      alongX(place),
      bottom + 6,
    );
  }
  paintNames(pen, { frame, x, y, theme });
}

function paintNames(
  pen: Pen,
  { frame, x, y, theme }: { readonly frame: Frame; readonly x: Laid; readonly y: Laid; readonly theme: Theme },
): void {
  const { left, top, right, bottom } = frame;
  pen.font = `600 12px ${theme.fontFamily}`;
  pen.fillStyle = theme.foreground;
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  pen.fillText(fitText(pen, x.name, right - left), (left + right) / 2, bottom + 26);
  pen.textAlign = 'left';
  pen.textBaseline = 'middle';
  writeOver(pen, fitText(pen, y.name, right - 12), { x: 12, y: top - 16, ground: theme.background });
}

/** What is brushed of a column: a strip along the edge of the frame, below or at the left. */
export function paintBrushed(
  pen: Pen,
  { frame, direction, laid }: { readonly frame: Frame; readonly direction: 'x' | 'y'; readonly laid: Laid },
  { brushes, theme }: { readonly brushes: readonly RelationBrush[]; readonly theme: Theme },
): void {
  const along = alongFrame(frame, direction, laid);
  const [first, last] = direction === 'x' ? [frame.left, frame.right] : [frame.top, frame.bottom];
  pen.fillStyle = theme.foreground;
  for (const brush of brushes.filter(({ column }) => column === laid.axis.column))
    for (const extent of extentsOf(laid.dimension, brush)) {
      const ends = [extent.low, extent.high].map((place) => Math.max(first, Math.min(last, along(place))));
      const [from, length] = [Math.min(...ends), Math.max(2, Math.abs((ends[1] ?? 0) - (ends[0] ?? 0)))];
      if (direction === 'x') pen.fillRect(from, frame.bottom, length, stripWidth);
      else pen.fillRect(frame.left - stripWidth, from, stripWidth, length);
    }
}

/** What is being marked. */
export function paintBox(pen: Pen, { from, to }: Box, theme: Theme): void {
  const [x, y] = [Math.min(from.x, to.x), Math.min(from.y, to.y)];
  const [width, height] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  pen.fillStyle = withAlpha(theme.foreground, 0.12);
  pen.fillRect(x, y, width, height);
  pen.strokeStyle = theme.foreground;
  pen.lineWidth = 1;
  pen.strokeRect(x, y, width, height);
}
