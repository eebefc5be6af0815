import { confirmStep, withoutDeadCode, type Feed, type Recording, type Step } from '../../core/trace/trace.ts';
import type { SeededRandom } from '../seeds.ts';
import { readLearningRate, setLearningRate } from '../compilation.ts';
import { innerOf } from '../models.ts';
import { HeldValues, variablesOf as allWeightsOf } from '../snapshot.ts';
import { shareKept, type Batch, type StepTensors } from '../step.ts';
import type { LayersModel, Optimizer, Tensor, TensorFlow, Variable } from '../tensorflow.ts';
import type { Draws } from './draws.ts';
import { idOf, typeOf, type NativeBackend } from './native.ts';
import { CannotTrace, Recorder, toDataType } from './recorder.ts';
import { listFixed, listStates, type StateVariable } from './states.ts';

// A step is taken twice while the recorder listens, at two made-up moments, and everything is as it was afterwards: no step is applied that an
// uninterrupted or resumed training would not apply.

export interface TracedModel {
  readonly tf: TensorFlow;
  readonly backend: NativeBackend;
  readonly model: LayersModel;
  readonly draws: Draws;
  /** In the place of Math.random. */
  readonly random: SeededRandom;
  readonly weightDecay: number | null;
}

/** The numbers by which a step differs from the one before, by their names. */
export type Moment = Recording['moments'];

/** `rate`: undefined for an optimizer without one. */
export function momentOf(rate: number | undefined, step: number, weightDecay: number | null): Moment {
  if (rate === undefined) return { step };
  const kept = weightDecay === null ? {} : { 'share kept': shareKept(weightDecay, rate) };
  return { rate, 'rate, negative': -rate, ...kept, step };
}

/** Neither is any other number of a step. */
const trials = [
  { rate: 0.007_843_141, step: 271_828_182 },
  { rate: 0.013_725_497, step: 314_159_265 },
] as const;

/** What came of the first trial. */
interface Trial {
  readonly moment: Moment;
  readonly loss: number;
  /** What the variables were after it; the caller disposes it. */
  readonly after: HeldValues;
}

export interface TracedStep {
  readonly step: Step;
  readonly states: readonly StateVariable[];
  readonly trial: Trial;
}

/** What `take` does to such a batch, as data. Throws CannotTrace with the reason when it can't be. */
export function traceStep(traced: TracedModel, take: (batch: Batch) => StepTensors, batch: Batch): TracedStep {
  return untouched(traced, () => {
    const [one, other] = trials;
    const settings = settingsOf(traced.model.optimizer);
    const first = recordTrial(traced, take, batch, one);
    try {
      const counted = findChanged(settings, settingsOf(traced.model.optimizer));
      if (counted !== undefined) throw new CannotTrace(`its optimizer counts in "${counted}", which no graph does`);
      const second = recordTrial(traced, take, batch, other);
      second.trial.after.dispose();
      const found = confirmStep(first.recording, second.recording);
      if ('reason' in found) throw new CannotTrace(found.reason);
      return { step: withoutDeadCode(found.step), states: first.states, trial: first.trial };
    } catch (error) {
      first.trial.after.dispose();
      throw error;
    }
  });
}

/** The same of a step that changes nothing: of two recordings at any moment. */
export function traceEvaluation(
  traced: TracedModel,
  take: (batch: Batch) => StepTensors,
  batch: Batch,
): Pick<TracedStep, 'step' | 'states'> {
  const { step, states, trial } = traceStep(traced, take, batch);
  trial.after.dispose();
  return { step, states };
}

/**
 * What the first trial makes of weights each of which is greater by such a share; the caller disposes it. What it moves otherwise then is moved
 * by nothing but rounding.
 */
export function takeNudged(
  traced: TracedModel,
  take: (batch: Batch) => StepTensors,
  { batch, share }: { readonly batch: Batch; readonly share: number },
): HeldValues {
  return untouched(traced, () => {
    const { tf, model } = traced;
    for (const variable of allWeightsOf(model)) {
      if (variable.dtype !== 'float32') continue;
      const nudged = tf.mul<Tensor>(variable, 1 + share);
      variable.assign(nudged);
      nudged.dispose();
    }
    return recordTrial(traced, take, batch, trials[0]).trial.after;
  });
}

/**
 * Has the optimizer make its variables, by an update of nothing that is taken back. They begin with the numbers that they were made with.
 */
export function prepareOptimizer(traced: TracedModel): void {
  const { tf, model } = traced;
  const engine = tf.engine();
  const makeVariable = engine.makeVariable.bind(engine);
  const made: (readonly [variable: Variable, start: Tensor])[] = [];
  untouched(traced, () => {
    engine.makeVariable = (...args) => {
      const variable = makeVariable(...args);
      made.push([variable, tf.keep(variable.clone())]);
      return variable;
    };
    try {
      tf.tidy(() => {
        const trained = innerOf(model).collectedTrainableWeights.map((weight) => weight.read());
        const nothing = trained.map((variable) => ({ name: variable.name, tensor: tf.zerosLike<Tensor>(variable) }));
        model.optimizer.applyGradients(nothing);
      });
    } finally {
      // What the class itself does is underneath.
      Reflect.deleteProperty(engine, 'makeVariable');
    }
  });
  for (const [variable, start] of made) {
    if (!variable.isDisposed) variable.assign(start);
    start.dispose();
  }
}

/** Numbers and flags of an optimizer that are no moments: what was recorded holds for these alone. */
export function settingsOf(optimizer: Optimizer): Readonly<Record<string, unknown>> {
  const settings = Object.entries(optimizer).filter(
    ([name, value]) => ['number', 'boolean'].includes(typeof value) && !moments.includes(name),
  );
  return Object.fromEntries(settings);
}

function findChanged(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): string | undefined {
  return Object.keys(after).find((name) => !Object.is(before[name], after[name]));
}

/** Told to a step each time; `iterations_` only counts. */
const moments: readonly string[] = ['learningRate', 'iterations_'];

/** Does something that trains, and undoes it. */
function untouched<T>({ tf, model, draws, random }: TracedModel, action: () => T): T {
  const { optimizer } = model;
  // Undefined before the first step: it counts from 0 then.
  const { iterations_: iterations } = optimizer as unknown as { readonly iterations_: number | undefined };
  const kept = { rate: readLearningRate(model), settings: settingsOf(optimizer), random: random.readState() };
  const held = new HeldValues(tf, variablesOf(listStates(tf, model)));
  try {
    return action();
  } finally {
    held.putBack();
    held.dispose();
    if (kept.rate !== undefined) setLearningRate(model, kept.rate);
    Object.assign(optimizer, kept.settings, { iterations_: iterations });
    random.restoreState(kept.random);
    draws.begin(0);
  }
}

interface Recorded {
  readonly recording: Recording;
  readonly states: readonly StateVariable[];
  readonly trial: Trial;
}

/** One step on the state as it is, which is put back. */
function recordTrial(
  traced: TracedModel,
  take: (batch: Batch) => StepTensors,
  batch: Batch,
  trial: (typeof trials)[number],
): Recorded {
  const { tf, backend, model, draws, weightDecay } = traced;
  const hasRate = readLearningRate(model) !== undefined;
  if (hasRate) setLearningRate(model, trial.rate);
  draws.begin(trial.step);
  const states = listStates(tf, model);
  const variables = variablesOf(states);
  separate(backend, variables);
  const before = new Map(states.map(({ name }, index) => [name, variables[index]?.dataId]));
  const held = new HeldValues(tf, variables);
  const others = watchOthers(tf, variables);
  const recorder = new Recorder(tf, backend, feedsOf(backend, batch, states), fixedOf(traced));
  let given: StepTensors | undefined;
  try {
    given = recordInScope(tf, recorder, () => take(batch));
    others.check();
    const { scalars, outputs } = given;
    const results = [...scalars, ...(outputs === undefined ? [] : [outputs])];
    const moments = momentOf(hasRate ? trial.rate : undefined, trial.step, weightDecay);
    const recording = {
      moments,
      operations: recorder.operations,
      results: results.map((tensor) => recorder.operandOf(idOf(backend, tensor))),
      changes: states.flatMap(({ name }, index) => {
        const variable = variables[index];
        if (variable === undefined || variable.dataId === before.get(name)) return [];
        return [{ name, next: recorder.operandOf(idOf(backend, variable)) }];
      }),
    };
    const loss = scalars[0]?.dataSync()[0] ?? NaN;
    return { recording, states, trial: { moment: moments, loss, after: new HeldValues(tf, variables) } };
  } finally {
    if (given !== undefined) disposeTensors(tf, given);
    held.putBack();
    held.dispose();
  }
}

/** Of a step that breaks off nothing is left. */
function recordInScope(tf: TensorFlow, recorder: Recorder, take: () => StepTensors): StepTensors {
  const engine = tf.engine();
  engine.startScope('trial');
  let given: StepTensors | undefined;
  try {
    given = recorder.record(take);
    return given;
  } finally {
    if (given === undefined) disposeTape(tf);
    engine.endScope(given && [...given.scalars, ...(given.outputs === undefined ? [] : [given.outputs])]);
  }
}

/** What TensorFlow.js has kept for the way back, and forgets when it is not gone. */
function disposeTape(tf: TensorFlow): void {
  const { state } = tf.engine() as unknown as { readonly state: { activeTape: { saved?: Tensor[] }[] | null } };
  for (const { saved = [] } of state.activeTape ?? []) tf.dispose(saved);
  state.activeTape = null;
}

export function variablesOf(states: readonly StateVariable[]): readonly Variable[] {
  return states.map(({ name, read }) => {
    const variable = read();
    if (variable === undefined) throw new CannotTrace(`its variable "${name}" is gone`);
    return variable;
  });
}

function feedsOf(backend: NativeBackend, batch: Batch, states: readonly StateVariable[]): ReadonlyMap<number, Feed> {
  const named: readonly (readonly [Feed['source'], string, Tensor | undefined])[] = [
    ...Object.entries(batch).map(([name, tensor]) => ['input', name, tensor as Tensor] as const),
    ...states.map(({ name, read }) => ['state', name, read()] as const),
  ];
  return new Map(
    named.flatMap(([source, name, tensor]) =>
      tensor === undefined ? [] : [[idOf(backend, tensor), toFeed(source, name, tensor)] as const],
    ),
  );
}

function toFeed(source: Feed['source'], name: string, { dtype, shape }: Tensor): Feed {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new CannotTrace(`its ${source} ${name} is of the type ${dtype}`);
  return { source, name, dtype, shape };
}

function fixedOf({ tf, backend, model }: TracedModel): ReadonlySet<number> {
  return new Set(listFixed(tf, model).map((tensor) => idOf(backend, tensor)));
}

/** Variables may begin with the same numbers in the same place; by its tensor each has to be known from the others. */
function separate(backend: NativeBackend, variables: readonly Variable[]): void {
  const seen = new Set<number>();
  for (const variable of variables) {
    const id = idOf(backend, variable);
    if (!seen.has(id)) {
      seen.add(id);
      continue;
    }
    const { binding } = backend;
    const type = typeOf(backend, variable.dtype as 'float32');
    const [copy] = binding.executeOp('Identity', [{ name: 'T', type: binding.TF_ATTR_TYPE, value: type }], [id], 1);
    if (copy === undefined) throw new Error('Identity gives a tensor.');
    toDataType(binding, copy.dtype);
    const tensor = backend.createOutputTensor(copy);
    variable.assign(tensor);
    tensor.dispose();
  }
}

/** Variables that are neither the model's nor its optimizer's must stay as they are, and no more may come. */
function watchOthers(tf: TensorFlow, own: readonly Variable[]): { readonly check: () => void } {
  const idsOf = (): ReadonlyMap<string, unknown> =>
    new Map(
      Object.values(tf.engine().registeredVariables)
        .filter((variable) => !own.includes(variable))
        .map(({ name, dataId }) => [name, dataId]),
    );
  const before = idsOf();
  return {
    check: () => {
      for (const [name, id] of idsOf()) {
        if (!before.has(name)) throw new CannotTrace(`it makes a variable ("${name}") each time`);
        if (before.get(name) !== id) throw new CannotTrace(`it sets the variable "${name}", which is not the model's`);
      }
    },
  };
}

function disposeTensors(tf: TensorFlow, { scalars, outputs }: StepTensors): void {
  tf.dispose([...scalars, ...(outputs === undefined ? [] : [outputs])]);
}
