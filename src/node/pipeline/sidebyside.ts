/** A stage, or tracked data. */
interface Named {
  readonly name: string;
}

interface Pace {
  /** How many at the same time, at least 1. */
  readonly jobs: number;
  /** For each step earlier ones of the order that must have ended before it starts. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
  readonly signal: AbortSignal;
}

/**
 * Performs every step, up to `jobs` of them side by side, each as early in the order as what it waits for allows. When one of
 * them throws, the others are told to stop and awaited before that is thrown on: nothing goes on behind the caller's back.
 */
export async function performInOrder<T extends Named>(
  steps: readonly T[],
  { jobs, waits, signal }: Pace,
  perform: (step: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const broken = new AbortController();
  const either = AbortSignal.any([signal, broken.signal]);
  const waiting = [...steps];
  const unfinished = new Set(steps.map(({ name }) => name));
  const running = new Set<Promise<void>>();
  const errors: unknown[] = [];
  const isReady = ({ name }: T): boolean => waits.get(name)?.some((other) => unfinished.has(other)) !== true;
  const start = (step: T): void => {
    const work = perform(step, either)
      .catch((error: unknown) => {
        errors.push(error);
        broken.abort(error);
      })
      .finally(() => {
        unfinished.delete(step.name);
        running.delete(work);
      });
    running.add(work);
  };
  while (waiting.length > 0 || running.size > 0) {
    for (let next = 0; running.size < jobs && errors.length === 0 && next !== -1;) {
      next = waiting.findIndex(isReady);
      waiting.splice(next, next === -1 ? 0 : 1).forEach(start);
    }
    if (running.size === 0) break;
    await Promise.race(running);
  }
  if (errors.length > 0) throw errors[0];
}
