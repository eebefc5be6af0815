import { readLearningRate } from '../compilation.ts';
import { toTensors, type Examples } from '../data.ts';
import { targetShapeFor } from '../fitting.ts';
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
import { TracedProgram } from './program.ts';
import { CannotTrace } from './recorder.ts';
import { momentOf, prepareOptimizer, traceEvaluation, traceStep, type Moment, type TracedModel } from './tracing.ts';

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

  constructor(traced: TracedModel, options: GraphOptions) {
    this.#traced = traced;
    this.#options = options;
    this.#take = createTensorStep(traced.tf, traced.model, options);
  }

  /** Traces the batches that a training will have, of made-up examples; gives the first graph. Throws with the reason why it can't. */
  prepare(): TracedProgram {
    const { training, examples } = this.#options;
    const size = Math.min(training.batch_size, examples.count);
    const fixed = this.#traced.model.inputs[0]?.shape[0] ?? 1;
    this.#withTensors(this.#makeUp(fixed), (tensors) => prepareOptimizer(this.#traced, () => this.#take(tensors)));
    const [first] = [size, examples.count % size]
      .filter((count) => count > 0)
      .map((count) => {
        const batch = this.#makeUp(count);
        const program = this.#traceTraining(batch);
        this.#programs.set(keyOf('train', batch), program);
        return program;
      });
    if (first === undefined) throw new CannotTrace('there are no examples');
    return first;
  }

  /** Undefined for a batch that there is no graph for. */
  train(batch: StepBatch): StepResult | undefined {
    const program = this.#find('train', batch, () => this.#traceTraining(batch));
    if (program === undefined) return undefined;
    const { model, weightDecay } = this.#traced;
    const result = this.#run(program, batch, momentOf(readLearningRate(model), batch.number, weightDecay));
    (model.optimizer as unknown as { incrementIterations(): void }).incrementIterations();
    return result;
  }

  evaluate(batch: StepBatch): StepResult | undefined {
    const program = this.#find('evaluate', batch, () => this.#traceEvaluation(batch));
    return program && this.#run(program, batch, {});
  }

  dispose(): void {
    for (const program of this.#programs.values()) program?.dispose();
    this.#programs.clear();
  }

  #find(kind: 'train' | 'evaluate', batch: StepBatch, trace: () => TracedProgram): TracedProgram | undefined {
    const key = keyOf(kind, batch);
    let program = this.#programs.get(key);
    if (program === undefined) {
      program = orNull(trace);
      this.#programs.set(key, program);
    }
    return program ?? undefined;
  }

  #traceTraining(batch: StepBatch): TracedProgram {
    const { backend } = this.#traced;
    return this.#withTensors(batch, (tensors) => {
      const found = traceStep(this.#traced, this.#take, tensors);
      let program: TracedProgram | undefined;
      try {
        program = new TracedProgram(backend, found.step, found.states);
        const mistake = findMistake(this.#traced, found, program, batch);
        if (mistake !== undefined) throw new CannotTrace(mistake);
        return program;
      } catch (error) {
        program?.dispose();
        throw error;
      } finally {
        found.trial.after.dispose();
      }
    });
  }

  #traceEvaluation(batch: StepBatch): TracedProgram {
    const { tf, model, backend } = this.#traced;
    const take = (tensors: Batch): StepTensors => evaluateTensors(tf, model, tensors, this.#options);
    return this.#withTensors(batch, (tensors) => {
      const { step, states } = traceEvaluation(this.#traced, take, tensors);
      return new TracedProgram(backend, step, states);
    });
  }

  #run(program: TracedProgram, batch: StepBatch, moment: Moment): StepResult {
    const { results, changes } = program.run(batch, moment);
    for (const [{ read }, made] of changes) {
      const tensor = this.#traced.backend.createOutputTensor(made);
      read()?.assign(tensor);
      tensor.dispose();
    }
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

function keyOf(kind: 'train' | 'evaluate', { count, weights }: StepBatch): string {
  return `${kind} ${count} ${weights === undefined ? '' : 'weighted'}`;
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
