import type { NumberArray } from '../../core/graphdef/graphdef.ts';
import { withBiases, withSmallGradients, type FusedStep, type Step } from '../../core/trace/trace.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { readLearningRate } from '../compilation.ts';
import { cantGoOn, ModelWatch, WAY_ON } from '../compiled/watching.ts';
import { toTensors, type Examples } from '../data.ts';
import { targetShapeFor } from '../fitting.ts';
import { variablesOf, type HeldValues } from '../snapshot.ts';
import {
  createTensorStep,
  evaluateTensors,
  type Batch,
  type StepOptions,
  type StepResult,
  type StepTensors,
} from '../step.ts';
import type { StepBatch } from '../trainingSteps.ts';
import { findMistake } from './checking.ts';
import { HeldProgram } from './heldProgram.ts';
import { TracedProgram } from './program.ts';
import { CannotTrace } from './recorder.ts';
import {
  momentOf,
  prepareOptimizer,
  settingsOf,
  takeNudged,
  traceEvaluation,
  traceStep,
  type Moment,
  type TracedModel,
  type TracedStep,
} from './tracing.ts';

export interface GraphOptions extends StepOptions {
  readonly examples: Examples;
}

/** The graphs of a model's steps, one for each size of batch. `dispose` it. */
export class Graphs {
  readonly #traced: TracedModel;
  readonly #options: GraphOptions;
  readonly #take: (batch: Batch) => StepTensors;
  /** null: such batches are taken operation by operation. */
  readonly #programs = new Map<string, TracedProgram | null>();
  /** Whether graphs are to round as their operations do, which costs time. */
  readonly #isExact = roundsAlike();
  /** Of batches of the size that most have. */
  #held: { readonly key: string; readonly program: HeldProgram } | undefined;
  /** There are weights that nobody has looked at. */
  #isUnchecked = false;
  readonly #watch: ModelWatch;
  /** Of the optimizer, as it was recorded. */
  readonly #settings: string;

  constructor(traced: TracedModel, options: GraphOptions) {
    this.#traced = traced;
    this.#options = options;
    this.#take = createTensorStep(traced.tf, traced.model, options);
    this.#watch = new ModelWatch(traced.model);
    this.#settings = JSON.stringify(settingsOf(traced.model.optimizer));
  }

  /** Traces the batches that a training will have, of made-up examples; gives the step of most of them. Throws with the reason why it can't. */
  prepare(): Step | FusedStep {
    const { training, examples } = this.#options;
    const size = Math.min(training.batch_size, examples.count);
    if (size === 0) throw new CannotTrace('there are no examples');
    prepareOptimizer(this.#traced);
    const whole = this.#makeUp(size);
    const key = keyOf('train', whole);
    const program = this.#traceTraining(whole, (found) => this.#load(found));
    if (program instanceof HeldProgram) this.#held = { key, program };
    else this.#programs.set(key, program);
    const rest = this.#makeUp(examples.count % size);
    if (rest.count > 0) this.#programs.set(keyOf('train', rest), this.#traceSingle(rest));
    return program.step;
  }

  /** Undefined for a batch that there is no graph for, and while the optimizer's settings are others. */
  train(batch: StepBatch): StepResult | undefined {
    const { model, weightDecay } = this.#traced;
    throwFor(this.#watch.findOtherTraining());
    if (JSON.stringify(settingsOf(model.optimizer)) !== this.#settings) {
      this.settle();
      return undefined;
    }
    const key = keyOf('train', batch);
    const moment = momentOf(readLearningRate(model), batch.number, weightDecay);
    let result: StepResult;
    if (key === this.#held?.key) result = this.#toResult(this.#held.program.train(batch, moment));
    else {
      const program = this.#find(key, () => this.#traceSingle(batch));
      if (program === undefined) return undefined;
      result = this.#run(program, batch, moment);
    }
    (model.optimizer as unknown as { incrementIterations(): void }).incrementIterations();
    // A loss that is NaN tells it by itself.
    this.#isUnchecked = !this.#isExact && !Number.isNaN(result.values[0]);
    return result;
  }

  evaluate(batch: StepBatch): StepResult | undefined {
    throwFor(this.#watch.findOtherLoss());
    const program = this.#find(keyOf('evaluate', batch), () => this.#traceEvaluation(batch));
    return program && this.#run(program, batch, {});
  }

  /** The model and its optimizer get the numbers that the graphs have. Throws where weights are none any more. */
  settle(): void {
    this.#held?.program.pull();
    if (!this.#isUnchecked) return;
    this.#isUnchecked = false;
    const unsound = findUnsound(this.#traced);
    if (unsound === undefined) return;
    throw new ExpectedError(
      'training-failed',
      `weights of ${unsound} have become NaN, though the loss is a number; a smaller training.learning_rate may help, unless the data hold NaN themselves`,
    );
  }

  dispose(): void {
    for (const program of this.#programs.values()) program?.dispose();
    this.#programs.clear();
    this.#held?.program.dispose();
    this.#held = undefined;
  }

  /** What is done beside the graph that holds the state is done with its numbers. */
  #find(key: string, trace: () => TracedProgram): TracedProgram | undefined {
    this.settle();
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = orNull(trace);
      this.#programs.set(key, program);
    }
    return program ?? undefined;
  }

  #traceSingle(batch: StepBatch): TracedProgram {
    return this.#traceTraining(batch, (found) => this.#loadSingle(found));
  }

  /** The graph of most batches; it holds the state where it may round otherwise. */
  #load(found: TracedStep): TracedProgram | HeldProgram {
    const isHeld = !this.#isExact && HeldProgram.canHold(this.#traced.model);
    return isHeld ? new HeldProgram(this.#traced, found.step, found.states) : this.#loadSingle(found);
  }

  /** Gives the program that `load` makes of it, when it does what the operations do. */
  #traceTraining<P extends TracedProgram | HeldProgram>(batch: StepBatch, load: (found: TracedStep) => P): P {
    return this.#withTensors(batch, (tensors) => {
      const found = traceStep(this.#traced, this.#take, tensors);
      let program: P | undefined;
      try {
        program = load({ ...found, step: this.#prepareStep(found.step) });
        const nudged = (share: number): HeldValues => takeNudged(this.#traced, this.#take, { batch: tensors, share });
        const mistake = findMistake(this.#traced, found, { program, batch, takeNudged: nudged });
        if (mistake === undefined) return program;
        throw new CannotTrace(mistake);
      } catch (error) {
        program?.dispose();
        throw error;
      } finally {
        found.trial.after.dispose();
      }
    });
  }

  #loadSingle({ step, states }: Pick<TracedStep, 'step' | 'states'>): TracedProgram {
    return new TracedProgram(this.#traced.backend, step, { states, isGuarded: this.#isExact });
  }

  #prepareStep(step: Step): Step {
    return this.#isExact ? step : withSmallGradients(withBiases(step));
  }

  #traceEvaluation(batch: StepBatch): TracedProgram {
    const { tf, model } = this.#traced;
    const take = (tensors: Batch): StepTensors => evaluateTensors(tf, model, tensors, this.#options);
    return this.#withTensors(batch, (tensors) => {
      const { step, states } = traceEvaluation(this.#traced, take, tensors);
      return this.#loadSingle({ step: this.#prepareStep(step), states });
    });
  }

  #run(program: TracedProgram, batch: StepBatch, moment: Moment): StepResult {
    const { results, changes } = program.run(batch, moment);
    for (const [{ read }, made] of changes) {
      const tensor = this.#traced.backend.createOutputTensor(made);
      read()?.assign(tensor);
      tensor.dispose();
    }
    return this.#toResult(results);
  }

  #toResult(results: readonly NumberArray[]): StepResult {
    const outputs = this.#options.keepsOutputs ? (results.at(-1) as Float32Array) : undefined;
    const scalars = this.#options.keepsOutputs ? results.slice(0, -1) : results;
    return { values: scalars.map(([value = NaN]) => value), outputs };
  }

  #withTensors<T>(batch: StepBatch, action: (tensors: Batch) => T): T {
    const { tf, model } = this.#traced;
    const { examples } = this.#options;
    const tensors = {
      ...toTensors(tf, batch, examples.shape, targetShapeFor(model, examples)),
      ...(batch.weights === undefined ? {} : { weights: tf.tensor1d(batch.weights) }),
    };
    try {
      return action(tensors);
    } finally {
      tf.dispose(Object.values(tensors));
    }
  }

  /** Numbers from 0 to 1, targets of 0 and 1: whatever a layer or a loss takes. */
  #makeUp(count: number): StepBatch {
    const { examples, training } = this.#options;
    const size = examples.shape.reduce((product, axis) => product * axis, count);
    return {
      xs: Float32Array.from({ length: size }, (_, index) => ((index * 7919) % 997) / 997),
      ys: Float32Array.from({ length: count * examples.width }, (_, index) => index % 2),
      ...(training.class_weights === null ? {} : { weights: new Float32Array(count).fill(1) }),
      count,
      number: 0,
    };
  }
}

/**
 * Name of a weight that is NaN. TensorFlow takes a product, its bias and a relu as one operation, which makes NaN zero: the loss may be a number all
 * the same.
 */
function findUnsound({ tf, model }: TracedModel): string | undefined {
  const found = variablesOf(model).find(
    (variable) => variable.dtype === 'float32' && tf.tidy(() => tf.any(tf.isNaN(variable)).dataSync()[0] === 1),
  );
  return found?.name;
}

function throwFor(reason: string | undefined): void {
  if (reason !== undefined) throw cantGoOn(reason, WAY_ON);
}

function keyOf(kind: 'train' | 'evaluate', { count, weights }: StepBatch): string {
  return `${kind} ${count} ${weights === undefined ? '' : 'weighted'}`;
}

/**
 * Whether graphs and operations can round alike. With oneDNN, TensorFlow's default, they do not, whatever the graph is, and keeping it from being
 * rewritten would only cost time.
 */
function roundsAlike(): boolean {
  return process.env['TF_ENABLE_ONEDNN_OPTS'] === '0';
}

/** A batch of a size that did not come before: if it can't be traced, its operations do the same. */
function orNull(trace: () => TracedProgram): TracedProgram | null {
  try {
    return trace();
  } catch (error) {
    if (error instanceof CannotTrace) return null;
    throw error;
  }
}
