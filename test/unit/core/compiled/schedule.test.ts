import { expect, test } from 'vitest';
import { buildStep, parseModel } from '../../../../src/core/compiled/compiled.ts';
import { valuesOf, type AnyOperation, type Value } from '../../../../src/core/compiled/graph.ts';
import { schedule } from '../../../../src/core/compiled/schedule.ts';

interface Changes {
  readonly clipping?: { readonly norm: number | null; readonly value: number | null };
  readonly regularizer?: object;
}

/** For each weight that moves: whether right after its gradient, or in the last level of all; and how many levels there are. */
function movesOf({ clipping = { norm: null, value: null }, regularizer }: Changes = {}): {
  readonly moves: Readonly<Record<string, string>>;
  readonly levels: number;
} {
  const dense = (name: string, config: object): object => ({
    class_name: 'Dense',
    config: { name, units: 3, ...config },
  });
  const layers = [
    dense('a', { activation: 'relu', batch_input_shape: [null, 4], kernel_regularizer: regularizer }),
    dense('b', { activation: 'softmax' }),
  ];
  const shapes = new Map([
    ['a/kernel', [4, 3]],
    ['a/bias', [3]],
    ['b/kernel', [3, 3]],
    ['b/bias', [3]],
  ]);
  const graph = buildStep({
    model: parseModel({ class_name: 'Sequential', config: { layers } }),
    ...{ shapes, capacity: 8, targetWidth: 3, loss: 'categoricalCrossentropy', metrics: [] },
    training: {
      optimizer: 'adam',
      trained: new Set(shapes.keys()),
      added: new Map(regularizer === undefined ? [] : [['a', 1]]),
      clipping,
    },
  });
  if ('refusal' in graph) throw new Error(graph.refusal.reason);
  const levels = schedule(graph.value.operations);
  const places = levels.flatMap((level, number) => {
    const operations = level.flatMap((stretch) => stretch.operations);
    return operations.flatMap((operation, index) =>
      operation.kind === 'adam'
        ? [[operation.inputs.w.name, placeOf(operation.inputs.g, operations[index - 1], number)] as const]
        : [],
    );
  });
  const placeOfLast = `level ${levels.length - 1}`;
  const named = places.map(([name, place]) => [name, place === placeOfLast ? 'last' : place] as const);
  return { moves: Object.fromEntries(named), levels: levels.length };
}

function placeOf(g: Value, before: AnyOperation | undefined, level: number): string {
  const makers = before === undefined ? [] : valuesOf(before.outputs);
  return makers.some(({ storage }) => storage === g.storage) ? 'after its gradient' : `level ${level}`;
}

const all = (place: string): object => ({ 'a/kernel': place, 'a/bias': place, 'b/kernel': place, 'b/bias': place });

test('weights move right after their gradients, without a meeting of the threads', () => {
  expect(movesOf()).toEqual({ moves: all('after its gradient'), levels: 3 });
});

test('gradients that are clipped together are all known before a weight moves', () => {
  expect(movesOf({ clipping: { norm: 1, value: null } }).moves).toEqual(all('last'));
});

test('a weight whose gradient is changed moves last, and no other', () => {
  const regularizer = { class_name: 'L1L2', config: { l1: 0, l2: 0.1 } };
  expect(movesOf({ regularizer }).moves).toEqual({ ...all('after its gradient'), 'a/kernel': 'last' });
});
