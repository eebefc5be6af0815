import { ExpectedError } from '../protocol/errors.ts';
import type { LoadedCheckpoint } from './checkpoints.ts';
import type { Examples } from './data.ts';
import type { EpochAnswers } from './epochAnswers.ts';
import type { KeptWeights } from './keptWeights.ts';
import { below, digestOf, readAll, valuesOf, type Progress, type SavedFit } from './savedFit.ts';
import type { SeededRandom } from './seeds.ts';
import {
  assignNumbers,
  readOptimizer,
  restoreOptimizer,
  toTensor,
  variablesOf,
  type NamedNumbers,
} from './snapshot.ts';
import { restoreStates, statesOf } from './states.ts';
import type { LayersModel, TensorFlow } from './tensorflow.ts';
import type { TrainingRecord } from './trainingRecord.ts';

/** Everything of a fit that changes while it trains, but its {@link Progress}. */
export interface FitParts {
  readonly tf: TensorFlow;
  readonly model: LayersModel;
  readonly train: Examples;
  readonly validation: Examples | undefined;
  /** Of the examples within the epoch. */
  readonly order: Uint32Array;
  readonly random: { readonly order: SeededRandom; readonly math: SeededRandom };
  readonly record: TrainingRecord;
  readonly answers: EpochAnswers;
  readonly kept: KeptWeights;
}

/** Where a fit stands between two batches, as a checkpoint keeps it. */
export async function readFit(
  parts: FitParts,
  progress: Progress,
): Promise<{ state: SavedFit; numbers: NamedNumbers[] }> {
  const { tf, model, random, record, order, answers, kept } = parts;
  const optimizer = await readOptimizer(tf, model.optimizer);
  const { history, pace, epochs, batches } = record;
  return {
    state: {
      progress,
      record: { history, pace, epochs, batches },
      random: { order: random.order.readState(), math: random.math.readState() },
      optimizer: optimizer.facts,
      data: digestsOf(parts),
    },
    numbers: [
      ...(await readAll('weight', variablesOf(model))),
      ...optimizer.numbers.map((numbers) => ({ ...numbers, name: `optimizer/${numbers.name}` })),
      ...(await kept.read()),
      ...(await readAll('state', statesOf(model))),
      { name: 'order', shape: [order.length], dtype: 'uint32', values: order },
      ...answers.read(progress.examples),
    ],
  };
}

/** Makes the parts what they were, bit for bit. Throws `training-failed` for a checkpoint of another model or other examples. */
export function restoreFit(parts: FitParts, { state, numbers, name }: LoadedCheckpoint): { progress: Progress } {
  const { tf, model, random, record, order, answers, kept } = parts;
  const saved = state as unknown as SavedFit;
  const mistake =
    findOtherExamples(saved, digestsOf(parts)) ??
    assignNumbers(tf, variablesOf(model), below(numbers, 'weight')) ??
    restoreOptimizer(tf, model, { facts: saved.optimizer, numbers: below(numbers, 'optimizer') }) ??
    restoreStates(
      tf,
      model,
      below(numbers, 'state').map((value) => toTensor(tf, value)),
    );
  if (mistake !== undefined)
    throw new ExpectedError('training-failed', `The training can't go on from its checkpoint ${name}: ${mistake}`);
  kept.restore(numbers);
  order.set(valuesOf(numbers, 'order'));
  answers.restore(numbers, saved.progress.examples);
  Object.assign(record, saved.record);
  random.order.restoreState(saved.random.order);
  random.math.restoreState(saved.random.math);
  return { progress: saved.progress };
}

function digestsOf({ train, validation }: FitParts): SavedFit['data'] {
  return { train: digestOf(train), validation: validation === undefined ? null : digestOf(validation) };
}

function findOtherExamples({ data }: SavedFit, found: SavedFit['data']): string | undefined {
  const split = (['train', 'validation'] as const).find((name) => data[name] !== found[name]);
  return split && `the examples of the split "${split}" are not those that it was trained on.`;
}
