import { expect, test } from 'vitest';
import {
  buildStep,
  formatGraph,
  isSameGraph,
  parseModel,
  type StepGraph,
} from '../../../../src/core/compiled/compiled.ts';
import { GraphBuilder, withoutDead } from '../../../../src/core/compiled/graph.ts';

interface Changes {
  readonly units?: number;
  readonly rate?: number;
  readonly prefix?: string;
  readonly optimizer?: 'sgd' | 'adam';
  readonly isTraining?: boolean;
}

function graphOf({
  units = 3,
  rate = 0.5,
  prefix = 'a',
  optimizer = 'sgd',
  isTraining = true,
}: Changes = {}): StepGraph {
  const dropout = { class_name: 'Dropout', config: { name: `${prefix}_drop`, rate, batch_input_shape: [null, 4] } };
  const dense = { class_name: 'Dense', config: { name: 'd', units, activation: 'softmax', use_bias: false } };
  const training = {
    ...{ optimizer, trained: new Set(['d/kernel']), added: new Map<string, number>() },
    clipping: { norm: null, value: null },
  };
  const graph = buildStep({
    model: parseModel({ class_name: 'Sequential', config: { layers: [dropout, dense] } }),
    shapes: new Map([['d/kernel', [4, units]]]),
    ...{ capacity: 8, targetWidth: units, loss: 'categoricalCrossentropy', metrics: ['categoricalAccuracy'] },
    training: isTraining ? training : null,
  });
  if ('refusal' in graph) throw new Error(graph.refusal.reason);
  return graph.value;
}

test('a step is told line by line: inputs, states, what is random, operations, results', () => {
  expect(formatGraph(graphOf())).toEqual([
    'input input: f32 examples×4',
    'input target: f32 examples×3',
    'input weights: f32 examples',
    'state d/kernel: f32 4×3',
    'random dropout 0: of seed, layer, step and place',
    '%0 = dropout(x=input, rate=0.5, layer=0): f32 examples×4  # by examples',
    '%1 = packWeights(w=state d/kernel, k=4, n=3): f32 4×8  # by elements',
    '%2 = dense(x=%0, packed=%1, k=4, n=3, rows=1, relu=false): f32 examples×3  # by examples',
    '%3 = softmax(x=%2, rows=1, n=3): f32 examples×3  # by examples',
    '%4, %5 = crossEntropy(p=%3, t=target, weights=weights, rows=1, n=3, isSparse=false, throughSoftmax=true): f64 threads; f32 examples×3  # by examples',
    '%6 = countHits(p=%3, t=target, weights=weights, rows=1, n=3, isSparse=false): f64 threads  # by examples',
    '%7 = packRows(x=%5, rows=1, n=3): f32 8×8  # by examples',
    '%8 = denseWeights(x=%0, panels=%7, k=4, n=3, rows=1): f32 4×3  # by elements',
    '%9 = sgd(w=state d/kernel, g=%8): f32 4×3, state d/kernel  # by elements, last',
    'result output = %3: f32 examples×3',
    'result loss = %4: f64 threads',
    'result metric categoricalAccuracy = %6: f64 threads',
  ]);
});

test('what only looks has nothing random and changes nothing', () => {
  const lines = formatGraph(graphOf({ isTraining: false }));
  expect(lines.filter((line) => /^random|dropout|sgd|, state/.test(line))).toEqual([]);
});

test.each<[string, Changes, boolean]>([
  ['the same model', {}, true],
  ['other names of layers without weights', { prefix: 'b' }, true],
  ['another size', { units: 4 }, false],
  ['another option', { rate: 0.25 }, false],
  ['another optimizer', { optimizer: 'adam' }, false],
  ['a step that looks', { isTraining: false }, false],
])('equality: %s', (_, changes, expected) => {
  expect(isSameGraph(graphOf(), graphOf(changes))).toBe(expected);
});

test('operations on which nothing depends go, those before a state stay', () => {
  const builder = new GraphBuilder();
  const [x, w] = [builder.value('x', 'examples', [2]), builder.value('w', 'state', [2])];
  const add = (name: string, a = x): typeof x => {
    const y = builder.value(name, 'examples', [2]);
    builder.add('add', { a, b: x }, { y }, {});
    return y;
  };
  const wanted = add('wanted', add('before'));
  add('dead', add('dead before'));
  const g = builder.value('g', 'whole', [2]);
  builder.add('sumParts', { part: x }, { sum: g }, {});
  builder.add('sgd', { w, g }, { changed: builder.view(w) }, {});
  const kept = withoutDead(builder.operations, [wanted]).map(({ kind, outputs }) => [
    kind,
    ...Object.values(outputs).map(({ name }) => name),
  ]);
  expect(kept).toEqual([
    ['add', 'before'],
    ['add', 'wanted'],
    ['sumParts', 'g'],
    ['sgd', 'w'],
  ]);
});
