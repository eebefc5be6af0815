import type { Tensor, TensorFlow } from '../tensorflow.ts';
import type { StepBatch } from '../trainingSteps.ts';
import type { GraphResult } from './program.ts';
import { variablesOf, type Moment, type TracedModel, type TracedStep } from './tracing.ts';

/** As parts of the loss, and of what a variable moved in the step. With oneDNN a graph rounds otherwise than its operations do. */
const MOST_LOSS = 1e-3;
const MOST_CHANGE = 0.1;

/**
 * What the graph makes of the batch and moment of a trial must be what the operations made of it; nothing is changed. Gives the end of the
 * sentence that says what is wrong.
 */
export function findMistake(
  { tf, backend }: TracedModel,
  { states, trial }: TracedStep,
  program: { run(batch: StepBatch, moment: Moment): GraphResult },
  batch: StepBatch,
): string | undefined {
  const { results, changes } = program.run(batch, trial.moment);
  const found = new Map(changes.map(([{ name }, made]) => [name, backend.createOutputTensor(made)]));
  try {
    const loss = results[0]?.[0] ?? NaN;
    if (!isNear(loss, trial.loss, MOST_LOSS * Math.abs(trial.loss)))
      return `its graph gives a loss of ${loss}, its operations give ${trial.loss}`;
    const variables = variablesOf(states);
    const wrong = states.find(({ name }, index) => {
      const [value, variable, wanted] = [found.get(name), variables[index], trial.after.values[index]];
      if (value === undefined || variable === undefined || wanted === undefined) return false;
      return !isNear(distance(tf, value, wanted), 0, MOST_CHANGE * distance(tf, variable, wanted));
    });
    return wrong && `its graph gives "${wrong.name}" other numbers than its operations do`;
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
