import type { Importance } from '../../../src/core/relations/relations.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import { fitText, type Pen } from '../../shared/pen.ts';
import type { Theme } from '../../shared/theme.ts';

export interface ImportancePicture {
  readonly importance: Importance;
  readonly theme: Theme;
  /** What the bars are about. */
  readonly title: string;
  readonly shareOf: (share: number) => string;
  readonly correlationOf: (correlation: number) => string;
}

/** How the metric goes with a param. */
export type Sign = 'grows' | 'falls' | 'none';

/** From this rank correlation on one grows or falls with the other. */
const plain = 0.1;

export function signOf(correlation: number): Sign {
  if (Number.isNaN(correlation) || Math.abs(correlation) < plain) return 'none';
  return correlation < 0 ? 'falls' : 'grows';
}

const frame = { width: 760, margin: 16, row: 26, names: 220, bars: 220 } as const;

/** The table of importance as a picture: the page has it as a table, which can be read but not be taken away. */
export function toDrawing(picture: ImportancePicture): Drawing {
  const height = 2 * frame.margin + frame.row * (picture.importance.params.length + 1);
  return {
    size: { width: frame.width, height },
    background: picture.theme.background,
    layers: [{ opacity: 1, paint: (pen) => paint(pen, picture) }],
  };
}

/** As the table on the page has it (`style.css`). */
function inkOf(theme: Theme, sign: Sign): string {
  if (sign === 'none') return theme.dim;
  return theme.series(sign === 'grows' ? 0 : 4);
}

function paint(pen: Pen, picture: ImportancePicture): void {
  const { importance, theme, title, shareOf, correlationOf } = picture;
  const { margin, row, names, bars, width } = frame;
  const most = Math.max(...importance.params.map(({ share }) => share), 1e-9);
  const write = (text: string, x: number, line: number, room: number): void =>
    pen.fillText(fitText(pen, text, room), x, margin + (line + 0.5) * row);
  [pen.textBaseline, pen.textAlign] = ['middle', 'left'];
  pen.font = `600 12px ${theme.fontFamily}`;
  pen.fillStyle = theme.foreground;
  write(title, margin, 0, width - 2 * margin);
  pen.font = `12px ${theme.fontFamily}`;
  importance.params.forEach(({ name, share, correlation }, index) => {
    pen.fillStyle = theme.foreground;
    write(name, margin, index + 1, names - 12);
    pen.fillStyle = inkOf(theme, signOf(correlation));
    pen.fillRect(margin + names, margin + (index + 1.3) * row, (bars * share) / most, 0.4 * row);
    pen.fillStyle = theme.dim;
    write(shareOf(share), margin + names + bars + 12, index + 1, 60);
    write(correlationOf(correlation), margin + names + bars + 72, index + 1, width - names - bars - 88);
  });
}
