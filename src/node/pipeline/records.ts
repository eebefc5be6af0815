import type { Stage } from '../../core/pipeline/pipeline.ts';
import { identifySelf } from '../processes/processes.ts';
import type { Project } from '../project/project.ts';
import { writeRunning, type RunningStage } from './memory.ts';

/** The files that all stages of a run write to: one stage after the other, however many run side by side. */
export class RunRecords {
  readonly #project: Project;
  readonly #places: ReadonlyMap<string, number>;
  readonly #running = new Map<string, RunningStage>();
  readonly #added: Stage[] = [];
  #last: Promise<unknown> = Promise.resolve();

  /** `order`: that in which the stages would run one after the other. */
  constructor(project: Project, order: readonly Stage[]) {
    this.#project = project;
    this.#places = new Map(order.map(({ name }, index) => [name, index]));
  }

  /** Does the work when all that was asked for before is done. Not to be called from inside such work. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Tells others that the stage runs, and as which process. */
  async show(running: RunningStage): Promise<void> {
    this.#running.set(running.stage, running);
    await this.#writeRunning();
  }

  async hide(stage: string): Promise<void> {
    this.#running.delete(stage);
    await this.#writeRunning();
  }

  /**
   * The stage whose entry a new entry of `stage` must stand before in their dvc.lock, so that the file does not tell which stage
   * happened to end first; undefined: at the end. From now on it counts as written.
   */
  enterLock(stage: Stage): string | undefined {
    const placeOf = ({ name }: Stage): number => this.#places.get(name) ?? Infinity;
    const later = this.#added.filter(
      (other) => other.place.file === stage.place.file && placeOf(other) > placeOf(stage),
    );
    this.#added.push(stage);
    return later.toSorted((a, b) => placeOf(a) - placeOf(b))[0]?.key;
  }

  async #writeRunning(): Promise<void> {
    await this.inTurn(async () => {
      await writeRunning(this.#project, { runner: await identifySelf(), stages: [...this.#running.values()] });
    });
  }
}
