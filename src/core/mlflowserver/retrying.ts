/** An attempt that came to nothing. */
interface FailedAttempt {
  /** From 1. */
  readonly attempt: number;
  /** Null: no whole answer came. */
  readonly status: number | null;
  /** Value of the answer's Retry-After. */
  readonly retryAfter: string | undefined;
}

const BASE_MS = 500;
const LONGEST_MS = 30_000;
const passing: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Milliseconds until the next attempt, or undefined when another would not help or there were enough. What the server asks for is
 * kept to, unless it asks for more than anybody waits. `now`: milliseconds since 1970.
 */
export function waitBeforeRetry(failed: FailedAttempt, most: number, now: number): number | undefined {
  const { attempt, status, retryAfter } = failed;
  if (attempt >= most || (status !== null && !passing.has(status))) return undefined;
  const asked = retryAfter === undefined ? undefined : toMilliseconds(retryAfter, now);
  if (asked !== undefined) return asked > LONGEST_MS ? undefined : asked;
  return Math.min(LONGEST_MS, BASE_MS * 2 ** (attempt - 1));
}

/** Seconds, or a date. */
function toMilliseconds(text: string, now: number): number | undefined {
  const value = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(value) ? Math.max(0, value) : undefined;
}
