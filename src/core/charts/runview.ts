import type { PageNotice, RunChoice, RunEvent, RunFacts, SeriesPoints, ToRunPage } from '../../protocol/charts.ts';
import { GrowingSeries, type Series } from './series.ts';

export interface ShownRun {
  readonly facts: RunFacts;
  readonly series: ReadonlyMap<string, Series>;
  readonly events: readonly RunEvent[];
}

/**
 * The page's half: what it has received so far. `receive` tells what to do with a message: draw, ask for everything again, or
 * nothing (a message of the past).
 */
export class RunView {
  #sequence: number | undefined;
  #facts: RunFacts | undefined;
  #notice: PageNotice | undefined;
  #series = new Map<string, GrowingSeries>();
  #events: RunEvent[] = [];
  #runs: readonly RunChoice[] = [];

  /** Undefined while there is nothing to draw; then {@link notice} says why, if that is known yet. */
  get run(): ShownRun | undefined {
    if (this.#facts === undefined) return undefined;
    const series = new Map([...this.#series].map(([name, growing]) => [name, growing.series]));
    return { facts: this.#facts, series, events: this.#events };
  }

  get notice(): PageNotice | undefined {
    return this.#notice;
  }

  get runs(): readonly RunChoice[] {
    return this.#runs;
  }

  receive(message: ToRunPage): 'draw' | 'resync' {
    const expected = this.#sequence === undefined ? undefined : this.#sequence + 1;
    this.#sequence = message.sequence;
    if (message.runs !== undefined) this.#runs = message.runs;
    switch (message.type) {
      case 'notice':
        this.#facts = undefined;
        this.#notice = message.notice;
        return 'draw';
      case 'snapshot': {
        const { run, series, events } = message.snapshot;
        [this.#facts, this.#notice, this.#events] = [run, undefined, [...events]];
        this.#series = new Map();
        for (const points of series) this.#append(points);
        return 'draw';
      }
      case 'append': {
        if (this.#facts === undefined || message.sequence !== expected) return 'resync';
        this.#facts = message.change.run ?? this.#facts;
        this.#events.push(...message.change.events);
        return message.change.series.every((points) => this.#append(points)) ? 'draw' : 'resync';
      }
    }
  }

  #append(points: SeriesPoints): boolean {
    const target = this.#series.get(points.name) ?? new GrowingSeries();
    this.#series.set(points.name, target);
    return target.replaceFrom(points) !== undefined;
  }
}
