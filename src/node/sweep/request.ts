import type { Strategy } from '../../core/sweep/sweep.ts';
import type { Installation } from '../installation/installation.ts';

export interface SweepRequest {
  /** Path of the config, from `cwd` or from the project. */
  readonly config: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly installation: Installation;
  /** Of the config, as `training.backend=wasm`; they hold for every trial. */
  readonly overrides: readonly string[];
  readonly strategy: Strategy | undefined;
  readonly trials: number | undefined;
  /** Trials that are trained at a time. */
  readonly jobs: number;
  /** No trial is begun after so many seconds. */
  readonly seconds: number | undefined;
  readonly store: string | undefined;
  /** The sweep to go on with: id, unique prefix, `@last`. */
  readonly resume: string | undefined;
}
