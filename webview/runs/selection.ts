import type { Line } from '../../src/core/runtable/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';

/** Which lines are selected, by their keys. */
export class Selection {
  keys: ReadonlySet<string> = new Set();
  #anchor: string | undefined;
  #known:
    | { readonly lines: readonly Line[]; readonly keys: ReadonlySet<string>; readonly runs: readonly RunSummary[] }
    | undefined;
  readonly #lines: () => readonly Line[];
  readonly #find: (runId: string) => RunSummary | undefined;
  readonly #onChange: () => void;

  constructor(options: {
    readonly lines: () => readonly Line[];
    /** A run that no line shows now: it stands below a closed one. */
    readonly find: (runId: string) => RunSummary | undefined;
    readonly onChange: () => void;
  }) {
    this.#lines = options.lines;
    this.#find = options.find;
    this.#onChange = options.onChange;
  }

  has(key: string): boolean {
    return this.keys.has(key);
  }

  /** A plain press: this one alone. */
  press(key: string): void {
    this.#set([key], key);
  }

  toggle(key: string): void {
    const next = new Set(this.keys);
    if (!next.delete(key)) next.add(key);
    this.#set(next, key);
  }

  /** These runs, whether or not a line shows them now. */
  choose(runIds: readonly string[]): void {
    this.#set(runIds);
  }

  all(): void {
    this.#set(this.#lines().map(({ key }) => key));
  }

  clear(): void {
    this.#set([]);
  }

  /** What lies between the line that was selected first (else `from`) and this one. */
  extendTo(line: number, from: number): void {
    const lines = this.#lines();
    this.#anchor ??= lines[from]?.key;
    const anchor = lines.findIndex(({ key }) => key === this.#anchor);
    const start = anchor === -1 ? line : anchor;
    const between = lines.slice(Math.max(0, Math.min(start, line)), Math.max(start, line) + 1);
    this.#set(
      between.map(({ key }) => key),
      this.#anchor,
    );
  }

  /** In the order of the lines; of a selected group that is closed all its runs; then those that no line shows. The same until lines or selection change. */
  get runs(): readonly RunSummary[] {
    const lines = this.#lines();
    if (this.#known?.lines !== lines || this.#known.keys !== this.keys)
      this.#known = { lines, keys: this.keys, runs: this.#listRuns(lines) };
    return this.#known.runs;
  }

  #listRuns(lines: readonly Line[]): readonly RunSummary[] {
    if (this.keys.size === 0) return [];
    const runs = lines.flatMap((line) => {
      if (!this.keys.has(line.key)) return [];
      return line.kind === 'run' ? [line.run] : line.isOpen ? [] : line.runs;
    });
    const seen = new Set(lines.map(({ key }) => key));
    const folded = [...this.keys].flatMap((key) => (seen.has(key) ? [] : (this.#find(key) ?? [])));
    return [...new Set([...runs, ...folded])];
  }

  /** What is meant by something that is done on a line: that line, unless it is one of several that are selected. */
  meantBy(line: Line): readonly string[] {
    if (this.keys.has(line.key)) return this.runs.map(({ runId }) => runId);
    return line.kind === 'run' ? [line.key] : line.runs.map(({ runId }) => runId);
  }

  #set(keys: Iterable<string>, anchor?: string): void {
    this.keys = new Set(keys);
    this.#anchor = anchor;
    this.#onChange();
  }
}
