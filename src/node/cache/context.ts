import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Ignores } from '../ignores/ignores.ts';
import type { HashState } from './hashstate.ts';

export interface HashContext {
  readonly root: string;
  readonly state: HashState;
  readonly ignores: Ignores;
  readonly signal?: AbortSignal | undefined;
}

const TURN_MS = 20;
let turnEnds = 0;

/** Gives others (messages, signals) their turn when this thread has worked for a while. Throws when the work was given up. */
export async function giveTurn({ signal }: Pick<HashContext, 'signal'>): Promise<void> {
  signal?.throwIfAborted();
  if (performance.now() < turnEnds) return;
  await nextTurn();
  signal?.throwIfAborted();
  turnEnds = performance.now() + TURN_MS;
}
