import { rowsOf } from './activations.ts';
import { forAnswers } from './answering.ts';
import type { ModelDescription } from './description.ts';
import { addBackward } from './gradients.ts';
import { GraphBuilder, sizeOf, withoutDead, type AnyOperation, type Value } from './graph.ts';
import { buildLayer } from './layers.ts';
import { orRefusal, refuse, type Refusal } from './refusal.ts';

/** Losses that a step computes, by the names of the packages; the other ones' numbers are the kernels'. */
const lossKinds = {
  categoricalCrossentropy: { kind: 'crossEntropy', isSparse: false },
  sparseCategoricalCrossentropy: { kind: 'crossEntropy', isSparse: true },
  binaryCrossentropy: { kind: 'binaryCrossEntropy', isSparse: false },
  meanSquaredError: { kind: 'squaredError', isSparse: false },
  meanAbsoluteError: { kind: 'absoluteError', isSparse: false },
  meanAbsolutePercentageError: { kind: 'otherLoss', isSparse: false, loss: 1 },
  meanSquaredLogarithmicError: { kind: 'otherLoss', isSparse: false, loss: 2 },
  squaredHinge: { kind: 'otherLoss', isSparse: false, loss: 3 },
  hinge: { kind: 'otherLoss', isSparse: false, loss: 4 },
  categoricalHinge: { kind: 'otherLoss', isSparse: false, loss: 5 },
  logcosh: { kind: 'otherLoss', isSparse: false, loss: 6 },
  kullbackLeiblerDivergence: { kind: 'otherLoss', isSparse: false, loss: 7 },
  poisson: { kind: 'otherLoss', isSparse: false, loss: 8 },
  cosineProximity: { kind: 'otherLoss', isSparse: false, loss: 9 },
} as const;

/** Metrics that a step computes. */
const metricKinds = {
  categoricalAccuracy: { kind: 'countHits', isSparse: false },
  sparseCategoricalAccuracy: { kind: 'countHits', isSparse: true },
  binaryAccuracy: { kind: 'countSides', isSparse: false },
  categoricalCrossentropy: { kind: 'measureCrossEntropy', isSparse: false },
  binaryCrossentropy: { kind: 'measureBinaryCrossEntropy', isSparse: false },
  meanSquaredError: { kind: 'measureSquaredError', isSparse: false },
  meanAbsoluteError: { kind: 'measureAbsoluteError', isSparse: false },
} as const;

export type StepMetric = keyof typeof metricKinds;

export function isStepMetric(name: string): name is StepMetric {
  return Object.hasOwn(metricKinds, name);
}

/** Numbers of a target that a metric of such answers takes; with others the packages' functions do what they do. */
export function targetWidthOf(metric: StepMetric, outputShape: readonly number[]): number {
  return sizeOf(metricKinds[metric].isSparse ? outputShape.slice(0, -1) : outputShape);
}

/** Slots that an optimizer keeps beside each weight. */
const optimizerSlots = {
  sgd: [],
  momentum: ['velocity'],
  adam: ['mean', 'square'],
  rmsprop: ['square', 'velocity'],
  centeredRmsprop: ['square', 'velocity', 'mean'],
  adagrad: ['square'],
  adamax: ['mean', 'most'],
  adadelta: ['square', 'moved'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

export type StepOptimizer = keyof typeof optimizerSlots;

export interface StepRequest {
  readonly model: ModelDescription;
  /** Shapes of the model's weights by their names, as `layer/kernel`. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Examples of a batch, at most. */
  readonly capacity: number;
  /** Numbers of an example's target. */
  readonly targetWidth: number;
  readonly loss: string;
  readonly metrics: readonly StepMetric[];
  /** null: the step only looks, as validation does. */
  readonly training: {
    readonly optimizer: StepOptimizer;
    /** Names of the weights that are trained, as `layer/kernel`. */
    readonly trained: ReadonlySet<string>;
    /** What each layer adds to the loss, counted: its regularizers, or code of its own. */
    readonly added: ReadonlyMap<string, number>;
    readonly clipping: { readonly norm: number | null; readonly value: number | null };
  } | null;
}

export interface State {
  /** `layer/kernel`, or of a slot `layer/kernel/mean`. */
  readonly name: string;
  readonly value: Value;
}

/** A step as data. */
export interface StepGraph {
  readonly capacity: number;
  readonly operations: readonly AnyOperation[];
  readonly input: Value;
  readonly target: Value;
  /** Of the examples. */
  readonly weights: Value;
  readonly output: Value;
  readonly states: readonly State[];
  /** Sums over the batch, to be divided by its rows: examples × `rowsPerExample`. */
  readonly sums: { readonly loss: Value; readonly metrics: readonly Value[] };
  /** Of the weights' sizes; not to be divided. */
  readonly penalties: readonly Value[];
  readonly rowsPerExample: number;
}

/** The graph of a step, or why the model is not compiled. */
export function buildStep(request: StepRequest): { readonly value: StepGraph } | { readonly refusal: Refusal } {
  return orRefusal(() => build(request));
}

interface Penalty {
  readonly weight: Value;
  readonly l1: number;
  readonly l2: number;
}

function build(request: StepRequest): StepGraph {
  const { model, capacity, training } = request;
  const builder = new GraphBuilder();
  const states = new Map<string, State>();
  const penaltiesGiven: Penalty[] = [];
  const input = builder.value('input', 'examples', model.inputShape);
  const stateOf = (name: string, shape: readonly number[]): Value => {
    const state = states.get(name) ?? { name, value: builder.value(name, 'state', shape) };
    states.set(name, state);
    return state.value;
  };
  const output = addForward(builder, model, {
    input,
    isTraining: training !== null,
    shapeOf: (layer, name) => request.shapes.get(`${layer}/${name}`),
    weight: (layer, name, shape) => {
      const found = request.shapes.get(`${layer}/${name}`)?.join('×');
      if (found === shape.join('×')) return stateOf(`${layer}/${name}`, shape);
      throw refuse(layer, `its ${name} is ${found ?? 'missing'}, where ${shape.join('×')} was expected`);
    },
    penalize: (weight, penalty) => penaltiesGiven.push({ weight, ...penalty }),
  });
  const target = builder.value('target', 'examples', [request.targetWidth]);
  const weights = builder.value('weights', 'examples', []);
  const judged = { output, target, weights };
  const { sum: loss, gradient, at } = addLoss(builder, request, judged);
  const metrics = request.metrics.map((name) => addMetric(builder, name, judged));
  const penalties: Value[] = [];
  if (training !== null) {
    const trained = [...states.values()].filter(({ name }) => training.trained.has(name));
    const ids = new Set(trained.map(({ value }) => value.id));
    const gradients = new Map(addBackward(builder, { output: at, gradient }, { trained: ids, capacity }));
    checkAdded(training.added, penaltiesGiven);
    penalties.push(...addPenalties(builder, penaltiesGiven, gradients));
    addClipping(builder, trained, gradients, training.clipping);
    for (const { name, value } of trained) {
      const slots = optimizerSlots[training.optimizer].map((slot) => stateOf(`${name}/${slot}`, value.shape));
      const g = gradients.get(value.id);
      if (g !== undefined) addUpdate(builder, training.optimizer, value, g, slots);
    }
  }
  const wanted = [output, loss, ...metrics, ...penalties];
  const operations = withoutDead(builder.operations, wanted);
  return {
    ...{ capacity, input, target, weights, output, penalties },
    operations: training === null ? forAnswers(builder, operations, wanted) : operations,
    states: [...states.values()],
    sums: { loss, metrics },
    rowsPerExample: rowsOf(output).rows,
  };
}

function addForward(
  builder: GraphBuilder,
  model: ModelDescription,
  {
    input,
    ...context
  }: { readonly input: Value } & Pick<
    Parameters<typeof buildLayer>[2],
    'isTraining' | 'weight' | 'shapeOf' | 'penalize'
  >,
): Value {
  let randoms = 0;
  const answers = new Map<string, Value>();
  for (const layer of model.layers) {
    if (layer.className === 'InputLayer') {
      answers.set(layer.name, input);
      continue;
    }
    const inputs = layer.inputs.map((name) => {
      const answer = answers.get(name);
      if (answer === undefined) throw refuse(layer.name, `its input ${name} is not known`);
      return answer;
    });
    answers.set(layer.name, buildLayer(layer, inputs, { builder, nextRandom: () => randoms++, ...context }));
  }
  const output = answers.get(model.output);
  if (output === undefined || output === input) throw refuse(null, 'the model has no layers');
  return output;
}

interface Judged {
  readonly output: Value;
  readonly target: Value;
  readonly weights: Value;
}

/** The loss and its gradient at a value: the output, or what the last softmax was given. */
function addLoss(
  builder: GraphBuilder,
  { loss, targetWidth }: StepRequest,
  { output, target, weights }: Judged,
): { readonly sum: Value; readonly gradient: Value; readonly at: Value } {
  if (!isLoss(loss)) throw refuse(null, `the loss ${loss} is not known`);
  const known = lossKinds[loss];
  const { kind, isSparse } = known;
  const rows = rowsOf(output);
  if (targetWidth !== (isSparse ? rows.rows : rows.rows * rows.n))
    throw refuse(null, `the loss ${loss} is given ${targetWidth} numbers for each example`);
  const last = builder.producerOf(output);
  const at = kind === 'crossEntropy' && last?.kind === 'softmax' ? last.inputs.x : output;
  const sum = builder.value('loss', 'parts', [], 'f64');
  const d = builder.value(`d ${at.name}`, 'examples', at.shape);
  const inputs = { p: output, t: target, weights };
  if (kind === 'crossEntropy')
    builder.add(kind, inputs, { sum, d }, { ...rows, isSparse, throughSoftmax: at !== output });
  else if (known.kind === 'otherLoss') builder.add('otherLoss', inputs, { sum, d }, { ...rows, loss: known.loss });
  else builder.add(known.kind, inputs, { sum, d }, rows);
  return { sum, gradient: d, at };
}

function isLoss(name: string): name is keyof typeof lossKinds {
  return Object.hasOwn(lossKinds, name);
}

function addMetric(builder: GraphBuilder, name: StepMetric, { output, target, weights }: Judged): Value {
  const { kind, isSparse } = metricKinds[name];
  const sum = builder.value(name, 'parts', [], 'f64');
  const inputs = { p: output, t: target, weights };
  const rows = rowsOf(output);
  if (kind === 'countHits' || kind === 'measureCrossEntropy') builder.add(kind, inputs, { sum }, { ...rows, isSparse });
  else builder.add(kind, inputs, { sum }, rows);
  return sum;
}

/** A penalty that is no regularizer's is a function, which is in no configuration. */
function checkAdded(added: ReadonlyMap<string, number>, given: readonly Penalty[]): void {
  for (const [layer, count] of added) {
    const known = given.filter(({ weight: { name } }) => name.slice(0, name.lastIndexOf('/')) === layer);
    if (known.length !== count) throw refuse(layer, 'it adds a loss of its own');
  }
}

function addPenalties(
  builder: GraphBuilder,
  given: readonly Penalty[],
  gradients: Map<number, Value>,
): readonly Value[] {
  return given.map(({ weight: w, l1, l2 }) => {
    const sum = builder.value(`penalty of ${w.name}`, 'parts', [], 'f64');
    const g = gradients.get(w.id);
    if (g === undefined) {
      builder.add('penalize', { w }, { sum }, { l1, l2 });
      return sum;
    }
    const changed = builder.view(g);
    builder.add('penalizeGradient', { w, g }, { sum, changed }, { l1, l2 });
    gradients.set(w.id, changed);
    return sum;
  });
}

/** `value` bounds every number of a gradient, then `norm` the length of all gradients together. */
function addClipping(
  builder: GraphBuilder,
  trained: readonly State[],
  gradients: Map<number, Value>,
  { norm, value: limit }: { readonly norm: number | null; readonly value: number | null },
): void {
  const change = (make: (g: Value, changed: Value) => void): void => {
    for (const { value } of trained) {
      const g = gradients.get(value.id);
      if (g === undefined) continue;
      const changed = builder.view(g);
      make(g, changed);
      gradients.set(value.id, changed);
    }
  };
  if (limit !== null) change((g, changed) => builder.add('clipValues', { g }, { changed }, { limit }));
  if (norm === null) return;
  let squares = builder.value('squares of gradients', 'parts', [], 'f64');
  for (const { value } of trained) {
    const g = gradients.get(value.id);
    if (g === undefined) continue;
    builder.add('addSquares', { g, squares }, { sum: (squares = builder.view(squares)) }, {});
  }
  change((g, changed) => builder.add('clipLength', { g, squares }, { changed }, { limit: norm }));
}

function addUpdate(
  builder: GraphBuilder,
  optimizer: StepOptimizer,
  w: Value,
  g: Value,
  [first = w, second = w, third = w]: readonly Value[],
): void {
  const outputs = { changed: builder.view(w) };
  switch (optimizer) {
    case 'sgd':
      return void builder.add('sgd', { w, g }, outputs, {});
    case 'momentum':
      return void builder.add('momentum', { w, g, velocity: first }, outputs, {});
    case 'adam':
      return void builder.add('adam', { w, g, mean: first, square: second }, outputs, {});
    case 'rmsprop':
      return void builder.add('rmsprop', { w, g, square: first, velocity: second }, outputs, {});
    case 'centeredRmsprop':
      return void builder.add('rmsprop', { w, g, square: first, velocity: second, mean: third }, outputs, {});
    case 'adagrad':
      return void builder.add('adagrad', { w, g, square: first }, outputs, {});
    case 'adamax':
      return void builder.add('adamax', { w, g, mean: first, most: second }, outputs, {});
    case 'adadelta':
      return void builder.add('adadelta', { w, g, square: first, moved: second }, outputs, {});
  }
}
