import type { TrainingSection } from '../core/config/config.ts';
import { badInput } from '../protocol/errors.ts';
import type { Measures } from './compilation.ts';
import { readBatches, type Pass } from './batches.ts';
import { isHeld, orderOf, type Examples } from './data.ts';
import type { SplitAnswers } from './scores.ts';
import type { CompiledTraining } from './compiled/steps.ts';
import type { FitSteering } from './steering.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';
import { createEagerEvaluation, type TrainingSteps } from './trainingSteps.ts';

export interface EvaluationOptions {
  readonly tf: TensorFlow;
  readonly training: TrainingSection;
  readonly steering: FitSteering;
  readonly signal: AbortSignal;
  /** What else than the packages' operations tests a batch, and answers to one. */
  readonly steps?: Pick<TrainingSteps, 'evaluate' | 'room'> & Partial<Pick<CompiledTraining, 'predict'>>;
}

/** Loss and metrics over examples, each the mean over the examples, without changing the model; undefined when the user stopped it. */
export async function evaluate(
  model: LayersModel,
  examples: Examples,
  measures: Measures,
  { tf, training, steering, signal, steps }: EvaluationOptions,
): Promise<Record<string, number> | undefined> {
  const keepsOutputs = measures.whole.length > 0;
  const eager = createEagerEvaluation(tf, model, examples, { metrics: measures.metrics, keepsOutputs });
  const names = ['loss', ...measures.names];
  const sums = names.map(() => 0);
  const parts: Float32Array[] = [];
  const targets: Float32Array[] = [];
  const pass = { ...untrained(training), room: steps?.room };
  for await (const batch of readBatches(examples, orderOf(examples), pass)) {
    await steering.between(model, null);
    if (signal.aborted) return undefined;
    const { values, outputs } = await (steps ?? eager).evaluate({ ...batch, number: 0 });
    sums.forEach((sum, index) => (sums[index] = sum + (values[index] ?? NaN) * batch.count));
    if (outputs !== undefined) parts.push(outputs);
    if (keepsOutputs && !isHeld(examples)) targets.push(batch.ys);
  }
  const means = Object.fromEntries(names.map((name, index) => [name, (sums[index] ?? NaN) / examples.count]));
  if (!keepsOutputs) return means;
  const outputs = joinFloats(parts);
  const answers = {
    targets: isHeld(examples) ? examples.ys : joinFloats(targets),
    width: examples.width,
    outputs,
    outputWidth: outputs.length / examples.count,
  };
  return { ...means, ...scoreWhole(measures, answers) };
}

/** A pass that only looks: the same in every epoch. */
export function untrained({ batch_size }: TrainingSection): Pass {
  return { batchSize: batch_size, epoch: 0, seed: 0 };
}

export function joinFloats(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let next = 0;
  for (const part of parts) {
    all.set(part, next);
    next += part.length;
  }
  return all;
}

export function scoreWhole({ whole }: Measures, answers: SplitAnswers): Record<string, number> {
  return Object.fromEntries(
    whole.map(({ name, score }) => {
      const value = score(answers);
      if (value !== undefined) return [name, value];
      throw badInput(
        `training.metrics has ${name}, which needs classes; here are targets of ${answers.width} and answers of ${answers.outputWidth} numbers that tell none.`,
      );
    }),
  );
}
