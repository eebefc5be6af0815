import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { nodeFlags } from '../../scripts/places.ts';
import type { Trained, Training } from '../unit/worker/trainings.ts';
import type { endedCases, GraphTrained, GraphTraining, SharedTrained, Soaked } from './graphtrainings.ts';
import type { NetTraining, TrainedNet, TrainerRequest } from './trainer.ts';

/** A process that trains on one backend with the engine's own step (trainer.ts); `end` stops it. */
export class Trainer {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  /**
   * On wasm, or on the native TensorFlow of a folder: without the operations of oneDNN, which round in other ways, unless it is to be as users
   * have it.
   */
  constructor(native?: string, { isUsual = false }: { readonly isUsual?: boolean } = {}) {
    this.#child = fork(path.join(import.meta.dirname, 'trainer.ts'), native === undefined ? [] : [native], {
      serialization: 'advanced',
      execArgv: nodeFlags,
      env: { ...process.env, TF_ENABLE_ONEDNN_OPTS: isUsual ? '1' : '0' },
    });
    this.#ended = once(this.#child, 'exit');
  }

  /** `steps`: of native TensorFlow; without it they are the packages' operations. */
  train(training: Training, steps?: 'graphs' | 'operations'): Promise<Trained> {
    return this.#ask({ kind: 'training', training, ...(steps === undefined ? {} : { steps }) });
  }

  trainGraph(training: GraphTraining): Promise<GraphTrained> {
    return this.#ask({ kind: 'graph', training });
  }

  /** Two models that share a layer. */
  trainShared(isTraced: boolean): Promise<SharedTrained> {
    return this.#ask({ kind: 'shared', isTraced });
  }

  /** What is told where a step can't go on. */
  endGraph(name: keyof typeof endedCases): Promise<string> {
    return this.#ask({ kind: 'ended', name });
  }

  soak(steps: number): Promise<Soaked> {
    return this.#ask({ kind: 'soak', steps });
  }

  trainNet(training: NetTraining): Promise<TrainedNet> {
    return this.#ask({ kind: 'net', training });
  }

  async end(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#ended;
  }

  async #ask<Answer>(request: TrainerRequest): Promise<Answer> {
    const answer = once(this.#child, 'message').then(([value]) => value as Answer);
    this.#child.send(request);
    const ended = this.#ended.then((): never => {
      throw new Error('The process that trains ended without an answer.');
    });
    return Promise.race([answer, ended]);
  }
}
