import type { Tensor, TensorFlow } from '../tensorflow.ts';
import type { HeldValues } from '../snapshot.ts';
import type { StepBatch } from '../trainingSteps.ts';
import type { GraphResult } from './program.ts';
import { variablesOf, type Moment, type TracedModel, type TracedStep } from './tracing.ts';

/** As parts of the loss, and of what a variable moved in the step. With oneDNN a graph rounds otherwise than its operations do. */
const MOST_LOSS = 1e-3;
const MOST_CHANGE = 0.1;
/** How many times as far as the operations, of weights that are other by a rounding, from what they make of the weights as they are. */
const MOST_BLURS = 10;
/** Shares of weights, of two to four units in their last place. */
const nudges: readonly number[] = [2 ** -22, -(2 ** -22), 2 ** -21, -(2 ** -21)];

export interface Checked {
  readonly program: { run(batch: StepBatch, moment: Moment): GraphResult };
  readonly batch: StepBatch;
  /** What the variables become where the weights are other by such a share; the caller disposes it. */
  readonly takeNudged: (share: number) => HeldValues;
}

/**
 * What the graph makes of the batch and moment of a trial must be what the operations made of it; nothing is changed. Gives the end of the
 * sentence that says what is wrong.
 *
 * A gradient that is nothing but rounding, as that of a bias before a batch normalization, moves a weight anywhere where the optimizer divides
 * by its size: what weights that are other by a rounding change as much is not the graph's mistake.
 */
export function findMistake(
  { tf, backend }: TracedModel,
  { states, trial }: TracedStep,
  { program, batch, takeNudged }: Checked,
): string | undefined {
  const { results, changes } = program.run(batch, trial.moment);
  const found = new Map(changes.map(([{ name }, made]) => [name, backend.createOutputTensor(made)]));
  try {
    const loss = results[0]?.[0] ?? NaN;
    if (!isNear(loss, trial.loss, MOST_LOSS * Math.abs(trial.loss)))
      return `its graph gives a loss of ${loss}, its operations give ${trial.loss}`;
    const variables = variablesOf(states);
    let wrong = states.flatMap(({ name }, index) => {
      const [value, variable, wanted] = [found.get(name), variables[index], trial.after.values[index]];
      if (value === undefined || variable === undefined || wanted === undefined) return [];
      const [apart, moved] = [distance(tf, value, wanted), distance(tf, variable, wanted)];
      return isNear(apart, 0, MOST_CHANGE * moved) ? [] : [{ name, index, wanted, apart, moved }];
    });
    for (const share of wrong.length > 0 ? nudges : []) {
      const nudged = takeNudged(share);
      wrong = wrong.filter(({ index, wanted, apart, moved }) => {
        const other = nudged.values[index];
        const blur = other === undefined ? 0 : distance(tf, other, wanted);
        return !isNear(apart, 0, MOST_CHANGE * moved + MOST_BLURS * blur);
      });
      nudged.dispose();
      if (wrong.length === 0) break;
    }
    return wrong[0] && `its graph gives "${wrong[0].name}" other numbers than its operations do`;
  } finally {
    tf.dispose([...found.values()]);
  }
}

function isNear(found: number, wanted: number, tolerance: number): boolean {
  return Object.is(found, wanted) || Number.isNaN(wanted + tolerance) || Math.abs(found - wanted) <= tolerance + 1e-6;
}

/** The mean over all numbers: a gradient that is nothing but rounding moves single ones anywhere. */
function distance(tf: TensorFlow, one: Tensor, other: Tensor): number {
  return tf.tidy(
    () => tf.mean(tf.abs(tf.sub(tf.cast(one, 'float32'), tf.cast(other, 'float32')))).dataSync()[0] ?? NaN,
  );
}
