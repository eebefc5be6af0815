import { at, call, lastOf, per, type Lowerings, type Table } from './calls.ts';
import { bytesOf, sizeOf, type Value } from './graph.ts';
import type { Spread, Window } from './operations.ts';

// What takes numbers from elsewhere: edges, windows, parts.

export const shapes = {
  pad: ({ inputs: { x }, outputs: { y }, attributes: { top, left } }) => {
    const [height = 1, width = 1, channels = 1] = x.shape;
    const [outHeight = 1, outWidth = 1] = y.shape;
    return [call('pad', at(x), height, width, channels, at(y), top, left, outHeight, outWidth)];
  },
  crop: ({ inputs: { x }, outputs: { y }, attributes: { top, left } }) => {
    const [height = 1, width = 1, channels = 1] = y.shape;
    return [call('crop', at(x), height, width, channels, at(y), top, left, x.shape[1] ?? 1)];
  },
  maxPool: ({ inputs: { x }, outputs: { y, chosen }, attributes: { window } }) => [
    call('maxPool', at(x), ...poolSizes(x, y, window), at(y), at(chosen)),
  ],
  greatest: ({ inputs: { x }, outputs: { y }, attributes: { window } }) => [
    call('maxPool', at(x), ...poolSizes(x, y, window), at(y), 0),
  ],
  maxPoolGradient: ({ inputs: { dy, chosen }, outputs: { dx }, attributes: { window } }) => [
    call('maxPoolGradient', at(dy), at(chosen), ...poolSizes(dx, dy, window), at(dx)),
  ],
  averagePool: ({ inputs: { x }, outputs: { y }, attributes: { window } }) => [
    call('averagePool', at(x), ...poolSizes(x, y, window), at(y)),
  ],
  averagePoolGradient: ({ inputs: { dy }, outputs: { dx }, attributes: { window } }) => [
    call('averagePoolGradient', at(dy), ...poolSizes(dx, dy, window), at(dx)),
  ],
  reshape: () => [],
  join: ({ inputs: { a, b }, outputs: { y } }) => {
    const [first, second] = [lastOf(a) * 4, lastOf(b) * 4];
    const rows = per(sizeOf(a.shape) / lastOf(a));
    return [
      call('copyRuns', at(a), first, at(y), first + second, first, rows),
      call('copyRuns', at(b), second, at(y, first), first + second, second, rows),
    ];
  },
  part: ({ inputs: { x }, outputs: { y }, attributes: { from } }) => {
    const bytes = lastOf(y) * 4;
    return [call('copyRuns', at(x, from * 4), lastOf(x) * 4, at(y), bytes, bytes, per(sizeOf(y.shape) / lastOf(y)))];
  },
  spread: ({ inputs: { x }, outputs: { y }, attributes }) => {
    const { table, runs } = runsOf(attributes);
    return [call('spread', at(x), { table }, runs, attributes.run * 4, at(y))];
  },
  spreadGradient: ({ inputs: { dy }, outputs: { dx }, attributes }) => {
    const { table, runs } = runsOf(attributes);
    return [call('spreadGradient', at(dy), { table }, runs, attributes.run, at(dx), bytesOf(dx))];
  },
} satisfies Lowerings;

function runsOf({ sizes, strides, from }: Spread): { readonly table: Table; readonly runs: number } {
  return { table: { sizes, strides: strides.map((stride) => stride * 4), from: from * 4 }, runs: sizeOf(sizes) };
}

function poolSizes(x: Value, y: Value, window: Window): readonly number[] {
  const [height = 1, width = 1, channels = 1] = x.shape;
  const [lines = 1, columns = 1] = y.shape;
  const { strideY, strideX, top, left } = window;
  return [height, width, channels, window.height, window.width, strideY, strideX, top, left, lines, columns];
}
