import type { DvcGuard } from './dvcguard.ts';

/**
 * When DVC's lock of the project is ours: while any stage puts files in order, and whenever no stage is at work. While all of those
 * that are at work are in their commands, DVC may work here, too; DVC itself lets go of its lock for the time of a command.
 */
export class DvcTurns {
  #guard: DvcGuard | undefined;
  #atWork = 0;
  #inCommands = 0;
  #last: Promise<void> = Promise.resolve();

  /** From now on that lock is held, and let go, as is right. */
  async take(guard: DvcGuard): Promise<void> {
    this.#guard = guard;
    await this.#settle();
  }

  /** Around all that is done for a stage. */
  async atWork<T>(work: () => Promise<T>): Promise<T> {
    this.#atWork += 1;
    await this.#settle();
    return work().finally(() => {
      this.#atWork -= 1;
      return this.#settle();
    });
  }

  /** Around a stage's commands. */
  async inCommands<T>(work: () => Promise<T>): Promise<T> {
    this.#inCommands += 1;
    await this.#settle();
    return work().finally(() => {
      this.#inCommands -= 1;
      return this.#settle();
    });
  }

  /** One change after the other: taking the lock may have to wait. */
  async #settle(): Promise<void> {
    if (this.#guard === undefined) return;
    const settle = async (): Promise<void> => {
      const isFree = this.#atWork > 0 && this.#atWork === this.#inCommands;
      await (isFree ? this.#guard?.letGo() : this.#guard?.hold());
    };
    const settled = this.#last.then(settle);
    this.#last = settled.catch(() => undefined);
    await settled;
  }
}
