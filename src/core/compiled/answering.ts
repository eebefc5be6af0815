import { lastOf } from './calls.ts';
import { valuesOf, type AnyOperation, type GraphBuilder, type Operation, type Value } from './graph.ts';
import type { Window } from './operations.ts';
import { outSizes } from './windows.ts';

// What is quicker where no gradient is wanted: nobody asks then which place of a window was the greatest, nor what a convolution answered before
// it was pooled.

/** Fewer channels or filters than these hardly fill the products of a tile. */
const WORTH = 16;

type Convolution = Operation<'convolution'>;
type MaxPool = Operation<'maxPool'>;

/** The same answers by other operations, up to rounding. `wanted`: values that are read after the step. */
export function forAnswers(
  builder: GraphBuilder,
  operations: readonly AnyOperation[],
  wanted: readonly Value[],
): readonly AnyOperation[] {
  const uses = [...operations.flatMap(({ inputs }) => valuesOf(inputs)), ...wanted];
  const convolutionOf = ({
    inputs: { x },
    outputs: { y },
    attributes: { window },
  }: MaxPool): Convolution | undefined => {
    const producer = builder.producerOf(x);
    const isOnlyUse = uses.filter(({ id }) => id === x.id).length === 1;
    return producer?.kind === 'convolution' && isOnlyUse && isOfTiles(x, y, window) ? producer : undefined;
  };
  const pooled = new Set(
    operations.flatMap((operation) => (operation.kind === 'maxPool' ? (convolutionOf(operation) ?? []) : [])),
  );
  return operations.flatMap((operation): readonly AnyOperation[] => {
    if (operation.kind === 'convolution') return pooled.has(operation) ? [] : convolve(builder, operation);
    if (operation.kind !== 'maxPool') return [operation];
    const { inputs, outputs, attributes } = operation;
    const convolution = convolutionOf(operation);
    if (convolution !== undefined) return convolve(builder, convolution, outputs.y);
    return added(builder, () => builder.add('greatest', { x: inputs.x }, { y: outputs.y }, attributes));
  });
}

/** Windows of 2 × 2 places side by side, none of which reaches over an edge. */
function isOfTiles(x: Value, y: Value, { height, width, strideY, strideX, top, left }: Window): boolean {
  const [lines = 1, columns = 1] = x.shape;
  const [down = 1, across = 1] = y.shape;
  const isTile = [height, width, strideY, strideX].every((size) => size === 2) && top === 0 && left === 0;
  return isTile && 2 * down <= lines && 2 * across <= columns;
}

/** `pooled`: of each 2 × 2 places of the answer the greatest, in the place of the answer. */
function convolve(builder: GraphBuilder, operation: Convolution, pooled?: Value): readonly AnyOperation[] {
  const { inputs, outputs, attributes } = operation;
  const { window, relu } = attributes;
  const y = pooled ?? outputs.y;
  const isPooled = pooled !== undefined;
  const packing = builder.producerOf(inputs.packed);
  const [channels, filters] = [lastOf(inputs.x), lastOf(outputs.y)];
  const [lines, columns] = outSizes(inputs.x, window);
  if (packing?.kind === 'packWeights' && isThreeByThree(window) && channels % 4 === 0)
    if (Math.min(channels, filters) >= WORTH && Math.min(lines, columns) > 1)
      return added(builder, () => {
        const { w } = packing.inputs;
        const tiles = builder.value(`${w.name} in tiles`, 'whole', [Math.ceil(filters / 8), 16, channels, 8]);
        builder.add('packWinograd', { w }, { tiles }, { k: channels, n: filters });
        const room = builder.value(`${y.name}/tiles`, 'examples', [16, 6, channels + 8]);
        builder.add('winograd', { ...inputs, tiles }, { y, room }, { window, relu, isPooled });
      });
  if (!isPooled) return [operation];
  return added(builder, () => builder.add('pooledConvolution', inputs, { y }, attributes));
}

function isThreeByThree({ height, width, strideY, strideX }: Window): boolean {
  return height === 3 && width === 3 && strideY === 1 && strideX === 1;
}

/** What is added by the way. */
function added(builder: GraphBuilder, add: () => void): readonly AnyOperation[] {
  const before = builder.operations.length;
  add();
  return builder.operations.slice(before);
}
