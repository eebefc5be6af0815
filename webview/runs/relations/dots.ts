import type { Points } from '../../../src/core/relations/relations.ts';
import type { Theme } from '../../shared/theme.ts';
import type { Colouring, Lit } from './model.ts';
import type { Pen } from '../../shared/pen.ts';

/** Points that are drawn in one go. */
const dotsOfSlice = 20_000;
const dotsOfPath = 500;

/** The more dots, the smaller, so that they do not become one blot. */
export function radiusOf(runs: number): number {
  return runs > 3000 ? 1.5 : runs > 600 ? 2.5 : runs > 120 ? 3.5 : 4.5;
}

/** What a drawing of dots depends on. */
export interface Dots {
  readonly points: Points;
  readonly lit: Lit;
  readonly colouring: Colouring;
  readonly theme: Theme;
  readonly radius: number;
}

/** What a brush leaves out below what is in it. */
export function* paintRunDots(pen: Pen, dots: Dots): Generator<void, void> {
  if (dots.lit.by !== 'all') yield* paintFaintDots(pen, dots);
  yield* paintLitDots(pen, dots);
}

/** Runs that are left out, quietly. */
function* paintFaintDots(pen: Pen, { points, lit, theme, radius }: Dots): Generator<void, void> {
  pen.fillStyle = theme.foreground;
  pen.globalAlpha = lit.flags.length > 3000 ? 0.12 : 0.2;
  yield* paintDots(pen, points, radius, (run) => lit.flags[run] === 0);
  pen.globalAlpha = 1;
}

/** Runs that are to be seen well, each in its colour; those without one below the others. */
function* paintLitDots(pen: Pen, { points, lit, colouring, theme, radius }: Dots): Generator<void, void> {
  const { palette, bins } = colouring;
  const withoutColour = palette.length - 1;
  pen.globalAlpha = lit.count > 3000 ? 0.6 : 0.85;
  for (const bin of [withoutColour, ...Array.from({ length: withoutColour }, (_, index) => index)]) {
    pen.fillStyle = palette[bin] ?? theme.foreground;
    yield* paintDots(pen, points, radius, (run) => lit.flags[run] === 1 && bins[run] === bin);
  }
  pen.globalAlpha = 1;
  for (const run of lit.marked) ringDot(pen, points, run, { color: theme.foreground, radius: radius + 1.5 });
}

let since = 0;

function* paintDots(
  pen: Pen,
  { xs, ys }: Points,
  radius: number,
  isMeant: (run: number) => boolean,
): Generator<void, void> {
  let inPath = 0;
  pen.beginPath();
  for (let run = 0; run < xs.length; run += 1) {
    const [x, y] = [xs[run] ?? NaN, ys[run] ?? NaN];
    if (!isMeant(run) || Number.isNaN(x) || Number.isNaN(y)) continue;
    // A small dot is a square: nobody sees the difference, and thousands of them are quick.
    if (radius < 2) pen.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    else {
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, 2 * Math.PI);
    }
    inPath += 1;
    since += 1;
    if (inPath < dotsOfPath) continue;
    pen.fill();
    pen.beginPath();
    inPath = 0;
    if (since < dotsOfSlice) continue;
    since = 0;
    yield;
    pen.beginPath();
  }
  pen.fill();
}

export function ringDot(
  pen: Pen,
  { xs, ys }: Points,
  run: number,
  { color, radius }: { readonly color: string; readonly radius: number },
): void {
  const [x, y] = [xs[run] ?? NaN, ys[run] ?? NaN];
  if (Number.isNaN(x) || Number.isNaN(y)) return;
  pen.strokeStyle = color;
  pen.lineWidth = 1.5;
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.stroke();
}
