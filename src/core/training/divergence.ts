/** So many times the loss of a model that has learnt nothing yet is no bad luck. */
const DIVERGED = 1000;
const WAY_ON = 'A smaller training.learning_rate, or training.gradient_clipping, may help.';

/**
 * What is said of a training that ended well although its losses tell that nothing was learnt; undefined where they don't. `first`: of the first
 * batch, before anything is learnt; one below zero is no size, and says nothing.
 */
export function findDivergence(first: number | null, latest: ReadonlyMap<string, number>): string | undefined {
  for (const [name, value] of latest) {
    if (!Number.isFinite(value)) return `${name} is ${value} at the end: the model has diverged. ${WAY_ON}`;
    if (first !== null && first > 0 && value > DIVERGED * first)
      return `${name} is ${value.toPrecision(4)} at the end, and was ${first.toPrecision(4)} in the first batch: the model has diverged. ${WAY_ON}`;
  }
  return undefined;
}
