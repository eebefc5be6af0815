import { backendNames, type BackendName } from '../../protocol/training.ts';

/** The rungs to try for a config's `training.backend`, best first: all for `auto`. */
export function backendsFor(name: string): readonly BackendName[] {
  return name === 'auto' ? backendNames : backendNames.filter((candidate) => candidate === name);
}
