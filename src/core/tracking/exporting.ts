import type { RunSummary } from '../../protocol/tracking.ts';
import type { TimedPoint } from './metrics.ts';

/** Tag of a run that was copied from another store: its id there. By it a second export finds what is there already. */
const exportedTag = 'mlops.exported_from';

/** What is to be done with one run. */
export interface ExportStep {
  readonly run: RunSummary;
  /** `copy`: it is not there. `go-on`: an earlier copy did not come to its end. `there`: nothing to do. `left`: why, says `reason`. */
  readonly action: 'copy' | 'go-on' | 'there' | 'left';
  /** Its id in the other store, where it has one already. */
  readonly target: string | null;
  readonly reason: string | null;
}

/** What has to be copied, parents before their children. `there`: all runs of the other store. */
export function planExport(runs: readonly RunSummary[], there: readonly RunSummary[]): readonly ExportStep[] {
  const known = new Map(there.flatMap((run) => originsOf(run).map((origin) => [origin, run] as const)));
  return parentsFirst(runs).map((run): ExportStep => {
    const found = originsOf(run).flatMap((origin) => known.get(origin) ?? [])[0];
    const target = found?.runId ?? null;
    if (found !== undefined && found.status !== 'RUNNING') return { run, action: 'there', target, reason: null };
    if (run.status === 'RUNNING' || run.status === 'SCHEDULED')
      return { run, action: 'left', target, reason: toReason(run) };
    return { run, action: found === undefined ? 'copy' : 'go-on', target, reason: null };
  });
}

/** A copy of a copy is known by the first one's id as well. */
function originsOf({ runId, tags }: RunSummary): readonly string[] {
  const origin = tags[exportedTag];
  return origin === undefined ? [runId] : [runId, origin];
}

function toReason({ lost }: RunSummary): string {
  return lost ? 'its process is gone: "mlops runs repair" ends it' : 'it goes on; export it when it has ended';
}

function parentsFirst(runs: readonly RunSummary[]): readonly RunSummary[] {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const ordered = new Set<RunSummary>();
  const place = (run: RunSummary, below: ReadonlySet<RunSummary>): void => {
    const parent = byId.get(run.parentRunId ?? '');
    // A run that is its own ancestor is a mistake of whoever wrote it.
    if (parent !== undefined && !below.has(parent)) place(parent, new Set([...below, run]));
    ordered.add(run);
  };
  for (const run of runs) place(run, new Set([run]));
  return [...ordered];
}

/** Tags of the copy: where it comes from, and its parent's id in the other store where that is known. */
export function toExportedTags(
  { runId, tags }: RunSummary,
  targets: ReadonlyMap<string, string>,
): Record<string, string> {
  const parent = targets.get(tags['mlflow.parentRunId'] ?? '');
  return {
    ...tags,
    ...(parent === undefined ? {} : { 'mlflow.parentRunId': parent }),
    [exportedTag]: tags[exportedTag] ?? runId,
  };
}

/** Points from number `from` on that are not among the known ones; of equal ones as many are known as stand there. */
export function pointsWithout(
  points: readonly TimedPoint[],
  known: readonly TimedPoint[],
  from = 0,
): readonly TimedPoint[] {
  const counts = new Map<string, number>();
  for (const point of known) counts.set(keyOf(point), (counts.get(keyOf(point)) ?? 0) + 1);
  return points.filter((point, at) => {
    const count = counts.get(keyOf(point)) ?? 0;
    if (count > 0) counts.set(keyOf(point), count - 1);
    return count === 0 && at >= from;
  });
}

/** A database keeps infinity as the greatest number. */
function keyOf({ timestamp, value, step }: TimedPoint): string {
  const kept = value === Infinity ? Number.MAX_VALUE : value === -Infinity ? -Number.MAX_VALUE : value;
  return `${timestamp} ${kept} ${step}`;
}

/** Points as lines of CSV, with a head. */
export function formatPointsCsv(rows: readonly (readonly [RunSummary, string, readonly TimedPoint[]])[]): string {
  const lines = rows.flatMap(([{ runId, name }, metric, points]) =>
    points.map(({ step, timestamp, value }) =>
      [runId, name, metric, String(step), String(timestamp), String(value)].map(toCell).join(','),
    ),
  );
  return ['run_id,run_name,metric,step,timestamp,value', ...lines, ''].join('\n');
}

/** A text that a spreadsheet would take for a formula is quoted with a mark before it. */
function toCell(text: string): string {
  const isFormula = /^[=+@\t\r-]/.test(text) && !/^-(?:\d+\.?\d*(?:e[+-]?\d+)?|Infinity)$/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
