/** Work in folders that somebody may stop. */
export interface Stops {
  run<T>(folder: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** All that runs there; nothing where nothing does. */
  stop(folder: string): void;
}

export function createStops(): Stops {
  const running = new Map<string, Set<AbortController>>();
  return {
    async run(folder, work) {
      const controller = new AbortController();
      const own = running.get(folder) ?? new Set();
      running.set(folder, own.add(controller));
      try {
        return await work(controller.signal);
      } finally {
        own.delete(controller);
        if (own.size === 0) running.delete(folder);
      }
    },
    stop(folder) {
      for (const controller of running.get(folder) ?? []) controller.abort();
    },
  };
}
