import {
  at,
  atOrNone,
  bit,
  call,
  countOf,
  ends,
  lastOf,
  per,
  share,
  shareOf,
  ROWS,
  type Argument,
  type Call,
  type Lowerings,
  type Table,
} from './calls.ts';
import { sizeOf, type Value } from './graph.ts';
import type { Window } from './operations.ts';
import { outSizes } from './windows.ts';

// Products with weights.

/** Bits of a product's mode, as the kernels have them. */
const BIAS = 1;
const RELU = 4;

export const products = {
  packWeights: ({ inputs: { w }, outputs: { packed }, attributes: { k, n } }) => {
    const rows = share(k, ROWS);
    const [source, target] = [
      { at: w, share: rows, each: n * 4 } as const,
      { at: packed, share: rows, each: 32 } as const,
    ];
    return [call('pack', source, countOf(rows), n, target, k * 32)];
  },
  packTransposed: ({ inputs: { w }, outputs: { packed }, attributes: { k, n, blocks } }) => {
    // Blocks whose rows fill their panels lie as one matrix does.
    if (k % 8 === 0)
      return [call('packTransposed', at(w), k * blocks, n, at(packed), ...ends(share((k * blocks) / 8, 1)))];
    const panels = Math.ceil(k / 8);
    return Array.from({ length: blocks }, (_, block) =>
      call(
        'packTransposed',
        at(w, block * k * n * 4),
        k,
        n,
        at(packed, block * panels * n * 32),
        ...ends(share(panels, 1)),
      ),
    );
  },
  dense: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { k, n, rows, relu } }, capacity) => [
    product(x, packed, y, {
      k,
      n,
      rows: rows * capacity,
      perExample: rows,
      mode: (bias ? BIAS : 0) | (relu ? RELU : 0),
      bias,
    }),
  ],
  denseInput: ({ inputs: { dy, packed }, outputs: { dx }, attributes: { k, n, rows } }, capacity) => [
    product(dy, packed, dx, { k: n, n: k, rows: rows * capacity, perExample: rows, mode: 0, bias: undefined }),
  ],
  packRows: ({ inputs: { x }, outputs: { panels }, attributes: { rows, n } }, capacity) => [
    // Rows of an example begin where those before it end, in each panel.
    call('packFrom', at(x), per(rows), n, at(panels), { first: rows * 32 }, rows * capacity * 32),
  ],
  denseWeights: ({ inputs: { x, panels }, outputs: { dw }, attributes: { k, n, rows } }, capacity) => [
    call(
      ...(['outerOfBatch', at(x), k * 4, at(panels), rows * capacity * 32, { control: 'examples' }, rows] as const),
      ...[at(dw), n, ...ends(share(k, ROWS))],
    ),
  ],
  convolution: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { window, relu } }) => {
    const { channels, line, filters, lines, columns } = facts(x, y, window);
    const mode = (bias ? BIAS : 0) | (relu ? RELU : 0);
    const windows: Table = starts(x, window, lines, columns);
    return [
      call(
        ...([
          'rows',
          at(x),
          { table: windows },
          lines * columns,
          window.width * channels,
          window.height,
          line,
        ] as const),
        ...[
          at(packed),
          filters,
          at(y),
          { table: { every: filters * 4, count: lines * columns } },
          mode,
          atOrNone(bias),
          0,
        ],
      ),
    ];
  },
  pooledConvolution: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { window, relu } }) => {
    const { channels, line, filters, lines, columns } = facts(x, y, window);
    const [cells, segment] = [sizeOf(y.shape) / filters, window.width * channels];
    const windows: Argument = { table: pooledStarts(x, window, lines, columns) };
    const mode = (bias ? BIAS : 0) | (relu ? RELU : 0);
    const product = [at(packed), filters, at(y), mode, atOrNone(bias)];
    return [call('pooledRows', at(x), windows, cells, segment, window.height, line, ...product)];
  },
  packWinograd: ({ inputs: { w }, outputs: { tiles }, attributes: { k, n } }) => [
    call('packWinograd', at(w), k, n, at(tiles), ...ends(share(Math.ceil(n / 8), 1))),
  ],
  winograd: ({ inputs, outputs: { y, room }, attributes: { window, relu, isPooled } }) => {
    const { x, packed, tiles, bias } = inputs;
    const { channels, filters, lines, columns, width } = facts(x, y, window);
    const mode = (bias ? BIAS : 0) | (relu ? RELU : 0);
    const windows = isPooled ? pooledStarts(x, window, lines, columns) : starts(x, window, lines, columns);
    const places = sizeOf(y.shape) / filters;
    return [
      call(
        ...(['winograd', at(x), width, channels, lines, columns, at(tiles), filters, at(y), bit(isPooled)] as const),
        ...[mode, atOrNone(bias), at(room), { table: { every: channels * 4, count: 6 } }, { table: windows }],
        ...[places, at(packed), { table: { every: filters * 4, count: places } }],
      ),
    ];
  },
  convolutionInput: ({ inputs: { dy, packed }, outputs: { dx }, attributes: { window } }) => {
    const { channels, filters, lines, columns, height, width } = facts(dx, dy, window);
    return [
      call(
        ...(['convolutionInput', at(dy), { table: { every: filters * 4, count: lines * columns } }] as const),
        ...[{ table: starts(dx, window, lines, columns) }, lines * columns, filters, at(packed)],
        ...[Math.ceil(channels / 8) * filters * 32, at(dx), height, width, channels, window.height, window.width],
      ),
    ];
  },
  convolutionWeights: ({ inputs: { x, dy }, outputs: { part, panels }, attributes: { window } }) => {
    const { channels, filters, lines, columns, width } = facts(x, dy, window);
    return [
      call(
        ...([
          'convolutionWeights',
          at(x),
          at(dy),
          at(panels),
          at(part),
          width,
          channels,
          lines,
          columns,
          filters,
        ] as const),
        ...[window.height, window.width, window.strideY, window.strideX],
      ),
    ];
  },
  depthwise: ({ inputs: { x, w, bias }, outputs: { y }, attributes: { window, multiplier } }) => {
    const { channels, lines, columns, width } = facts(x, y, window);
    const sizes = [width, channels, multiplier, lines, columns, window.height, window.width];
    return [call('depthwise', at(x), at(w), atOrNone(bias), at(y), ...sizes, window.strideY, window.strideX)];
  },
  depthwiseInput: ({ inputs: { dy, w }, outputs: { dx }, attributes: { window, multiplier } }) => {
    const { channels, lines, columns, height, width } = facts(dx, dy, window);
    const sizes = [height, width, channels, multiplier, lines, columns, window.height, window.width];
    return [call('depthwiseInput', at(dy), at(w), at(dx), ...sizes, window.strideY, window.strideX)];
  },
  depthwiseWeights: ({ inputs: { x, dy }, outputs: { part }, attributes: { window, multiplier } }) => {
    const { channels, lines, columns, width } = facts(x, dy, window);
    const sizes = [width, channels, multiplier, lines, columns, window.height, window.width];
    return [call('depthwiseWeights', at(x), at(dy), at(part), ...sizes, window.strideY, window.strideX)];
  },
  biasPart: ({ inputs: { dy }, outputs: { part }, attributes: { rows, n } }) => [
    call('addColumns', at(dy), per(rows), n, at(part)),
  ],
  sumParts: ({ inputs: { part }, outputs: { sum } }) => {
    const elements = shareOf(part);
    const from: Argument = { firstOf: part };
    return [call('sumPartsFrom', from, { pitchOf: part }, { threads: true }, at(sum), ...ends(elements))];
  },
} satisfies Lowerings;

interface Product {
  readonly k: number;
  readonly n: number;
  /** Of a whole batch, and of an example. */
  readonly rows: number;
  readonly perExample: number;
  readonly mode: number;
  readonly bias: Value | undefined;
}

/** Rows × a matrix in panels. */
function product(x: Value, packed: Value, y: Value, { k, n, rows, perExample, mode, bias }: Product): Call {
  const [every, outEvery] = [k, n].map((numbers) => ({ every: numbers * 4, count: rows }));
  if (every === undefined || outEvery === undefined) throw new Error('There are two tables.');
  const matrix = [at(x), { table: every }, per(perExample), k, 1, 0];
  return call('rows', ...matrix, at(packed), n, at(y), { table: outEvery }, mode, atOrNone(bias), 1);
}

function facts(
  x: Value,
  y: Value,
  window: Window,
): Readonly<Record<'height' | 'width' | 'channels' | 'line' | 'filters' | 'lines' | 'columns', number>> {
  const [height = 1, width = 1, channels = 1] = x.shape;
  const [lines, columns] = outSizes(x, window);
  return { height, width, channels, line: width * channels * 4, filters: lastOf(y), lines, columns };
}

/** The same for 2 × 2 neighbours at a time; a last line or column without one is left out. */
function pooledStarts(x: Value, window: Window, lines: number, columns: number): Table {
  const { lineBytes, columnBytes } = starts(x, window, lines, columns);
  const sizes = [Math.floor(lines / 2), Math.floor(columns / 2), 2, 2];
  return { sizes, strides: [2 * lineBytes, 2 * columnBytes, lineBytes, columnBytes], from: 0 };
}

/** Where the windows of a picture begin. */
function starts(
  x: Value,
  { strideY, strideX }: Window,
  lines: number,
  columns: number,
): Extract<Table, { readonly lines: number }> {
  const [, width = 1, channels = 1] = x.shape;
  return { lines, columns, lineBytes: strideY * width * channels * 4, columnBytes: strideX * channels * 4 };
}
