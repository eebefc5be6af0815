import {
  chartProtocolVersion,
  type PageNotice,
  type RunChange,
  type RunChoice,
  type RunEvent,
  type RunFacts,
  type RunSnapshot,
  type ToRunPage,
} from '../../protocol/charts.ts';
import { GrowingPoints } from './points.ts';

interface ShownRun {
  facts: RunFacts;
  readonly series: Map<string, GrowingPoints>;
  readonly events: RunEvent[];
}

/** What the page lacks of the run that it shows. */
interface Unsent {
  facts: boolean;
  runs: boolean;
  /** Index of the first event that is new to the page. */
  events: number;
  /** Series → index of the first point that is new to the page. */
  readonly series: Map<string, number>;
}

/**
 * The extension's half of a Run chart page: knows what the page has and what it lacks, and gives out one message at a time.
 * Knows no clock and no channel: whoever owns it sends what {@link next} returns, after each call that changes something.
 */
export class RunPageSession {
  #content: ShownRun | PageNotice;
  #runs: readonly RunChoice[] = [];
  #isReady = false;
  #needsAll = true;
  #unsent: Unsent = nothingUnsent(0);
  #sequence = 0;
  #inFlight: number | undefined;

  constructor(notice: PageNotice) {
    this.#content = notice;
  }

  /** The page has been loaded (again), or has lost something: it gets everything. */
  begin(): void {
    this.#isReady = true;
    this.#inFlight = undefined;
    this.#needsAll = true;
  }

  /** The page has drawn a message. Numbers of an earlier page are ignored. */
  acknowledge(sequence: number): void {
    if (sequence === this.#inFlight) this.#inFlight = undefined;
  }

  get isWaiting(): boolean {
    return this.#inFlight !== undefined;
  }

  showNotice(notice: PageNotice): void {
    this.#content = notice;
    this.#needsAll = true;
  }

  showRuns(runs: readonly RunChoice[]): void {
    this.#runs = runs;
    this.#unsent.runs = true;
  }

  showRun({ run, series, events }: RunSnapshot): void {
    const shown: ShownRun = { facts: run, series: new Map(), events: [...events] };
    for (const points of series) seriesOf(shown, points.name).replaceFrom({ ...points, from: 0 });
    this.#content = shown;
    this.#needsAll = true;
  }

  /** Takes over a change. False when it does not fit what is known (points are missing between): a new snapshot is needed. */
  change({ run, series, events }: RunChange): boolean {
    const shown = this.#content;
    if ('kind' in shown) return false;
    if (run !== undefined) {
      shown.facts = run;
      this.#unsent.facts = true;
    }
    shown.events.push(...events.filter((event) => !shown.events.some((known) => isSame(known, event))));
    return series.every((points) => {
      const target = seriesOf(shown, points.name);
      const [before, changed] = [target.length, target.replaceFrom(points)];
      if (changed === undefined) return false;
      if (changed < before || changed < target.length)
        this.#unsent.series.set(points.name, Math.min(changed, this.#unsent.series.get(points.name) ?? Infinity));
      return true;
    });
  }

  /** The next message for the page, or undefined while it is still drawing the last one, is not there, or has everything. */
  next(): ToRunPage | undefined {
    if (!this.#isReady || this.#inFlight !== undefined || !(this.#needsAll || this.#hasUnsent())) return undefined;
    this.#sequence += 1;
    this.#inFlight = this.#sequence;
    const head = { protocol: chartProtocolVersion, sequence: this.#sequence } as const;
    const content = this.#content;
    const message: ToRunPage =
      'kind' in content
        ? { ...head, type: 'notice', notice: content, runs: this.#runs }
        : this.#needsAll
          ? { ...head, type: 'snapshot', snapshot: snapshotOf(content), runs: this.#runs }
          : { ...head, type: 'append', ...this.#unsentOf(content) };
    this.#needsAll = false;
    this.#unsent = nothingUnsent('kind' in content ? 0 : content.events.length);
    return message;
  }

  #hasUnsent(): boolean {
    const { facts, runs, series, events } = this.#unsent;
    const known = 'kind' in this.#content ? 0 : this.#content.events.length;
    return facts || runs || series.size > 0 || events < known;
  }

  #unsentOf(content: ShownRun): { change: RunChange; runs?: readonly RunChoice[] } {
    const { facts, runs, series, events } = this.#unsent;
    return {
      change: {
        ...(facts ? { run: content.facts } : {}),
        series: [...series].map(([name, from]) => seriesOf(content, name).copyFrom(name, from)),
        events: content.events.slice(events),
      },
      ...(runs ? { runs: this.#runs } : {}),
    };
  }
}

/** A change may repeat what the snapshot had already. */
function isSame(a: RunEvent, b: RunEvent): boolean {
  return a.time === b.time && a.step === b.step && a.kind === b.kind && a.text === b.text;
}

function nothingUnsent(events: number): Unsent {
  return { facts: false, runs: false, events, series: new Map() };
}

function seriesOf(shown: ShownRun, name: string): GrowingPoints {
  const known = shown.series.get(name) ?? new GrowingPoints();
  shown.series.set(name, known);
  return known;
}

function snapshotOf({ facts, series, events }: ShownRun): RunSnapshot {
  return {
    run: facts,
    series: [...series].map(([name, points]) => points.copyFrom(name, 0)),
    events: [...events],
  };
}
