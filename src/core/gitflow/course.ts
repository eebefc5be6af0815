import type { GitStep } from './steps.ts';

/** Steps that are put together one after the other, with the checkouts between them. */
export interface Course {
  readonly steps: GitStep[];
  /** What is checked out at that point. */
  at(): string | undefined;
  /** Checks the branch out, unless it is at that point. */
  to(branch: string): void;
  /** A step that works on the branch that is checked out. */
  on(branch: string, ...steps: readonly GitStep[]): void;
  /** Makes a branch, which is checked out then. */
  start(branch: string, from: string): void;
}

export function beginCourse(current: string | undefined): Course {
  const steps: GitStep[] = [];
  let at = current;
  const to = (branch: string): void => {
    if (at !== branch) steps.push({ kind: 'checkout', branch });
    at = branch;
  };
  return {
    steps,
    at: () => at,
    to,
    on(branch, ...more) {
      if (more.length === 0) return;
      to(branch);
      steps.push(...more);
    },
    start(branch, from) {
      steps.push({ kind: 'start-branch', branch, from });
      at = branch;
    },
  };
}
