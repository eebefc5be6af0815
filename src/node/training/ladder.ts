import type { BackendName } from '../../protocol/training.ts';

/** Every rung that can execute tensors, best first; the worker takes the first that works. */
export const ladder: readonly BackendName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'];

/** The rungs to try for a config's `training.backend`: all for `auto`. */
export function backendsFor(name: string): readonly BackendName[] {
  return name === 'auto' ? ladder : ladder.filter((candidate) => candidate === name);
}
