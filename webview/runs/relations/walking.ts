import type { KindHost } from './kind.ts';
import type { Lit } from './model.ts';

interface WalkOptions {
  readonly host: KindHost;
  /** Shows and tells a run. */
  readonly point: (run: number) => void;
  readonly order: () => Lit | undefined;
  /** Places by which the runs are walked, from small to great. */
  readonly sortBy: () => Float64Array | undefined;
}

/** Walks the runs of a chart by keys, and selects and opens what is pointed at, also by the mouse. */
export function createWalk({ host, point, order, sortBy }: WalkOptions) {
  let at = -1;
  let known: { readonly lit: Lit; readonly by: Float64Array | undefined; readonly runs: readonly number[] } | undefined;
  const list = (): readonly number[] => {
    const [lit, by] = [order(), sortBy()];
    if (lit === undefined) return [];
    if (known?.lit !== lit || known.by !== by) known = { lit, by, runs: sortRuns(lit, by) };
    return known.runs;
  };
  const go = (index: number): void => {
    const runs = list();
    const run = runs[Math.max(0, Math.min(runs.length - 1, index))];
    if (run !== undefined) point(run);
  };
  const press = (run: number, adds: boolean): void => {
    const own = host.model.runs[run];
    const selected = host.model.facts?.selected.map(({ runId }) => runId) ?? [];
    if (own === undefined) return;
    if (!adds) host.select([own.runId]);
    else if (selected.includes(own.runId)) host.select(selected.filter((id) => id !== own.runId));
    else host.select([...selected, own.runId]);
  };
  const steps: Readonly<Record<string, (index: number) => number>> = {
    ArrowUp: (index) => index + 1,
    ArrowDown: (index) => (index === -1 ? 0 : index - 1),
    ArrowRight: (index) => index + 1,
    ArrowLeft: (index) => (index === -1 ? 0 : index - 1),
    PageUp: (index) => index + 10,
    PageDown: (index) => index - 10,
    Home: () => 0,
    End: () => Infinity,
  };
  return {
    stand(run: number): void {
      at = run;
    },
    press: (run: number, { ctrlKey, metaKey }: MouseEvent) => press(run, ctrlKey || metaKey),
    key(event: KeyboardEvent): void {
      const step = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
      const run = host.model.runs[at];
      if (step !== undefined) go(step(list().indexOf(at)));
      else if (event.key === ' ') press(at, true);
      else if (event.key === 'Enter' && run !== undefined) host.open(run.runId);
      else if (event.key === 'Escape') point(-1);
      else return;
      event.preventDefault();
    },
  };
}

function sortRuns({ flags }: Lit, by: Float64Array | undefined): readonly number[] {
  const runs = [...flags.keys()].filter((run) => flags[run] === 1);
  const placeOf = (run: number): number => {
    const place = by?.[run] ?? NaN;
    return Number.isNaN(place) ? Infinity : place;
  };
  return runs.sort((a, b) => Number(placeOf(a) > placeOf(b)) - Number(placeOf(a) < placeOf(b)) || a - b);
}
