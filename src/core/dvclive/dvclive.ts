import { parsePythonFloat, toGatheredRun, type GatheredRun, type TimedPoint } from '../tracking/tracking.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';

/** What a folder of DVCLive holds; texts as they were read, null where a file is not there. */
export interface DvcliveFacts {
  readonly runId: string;
  readonly name: string;
  readonly experiment: string;
  /** Absolute path. */
  readonly folder: string;
  readonly metrics: string | null;
  readonly params: string | null;
  /** Tables below `plots/metrics`: the metric's name, the text, when the file was changed last (milliseconds since 1970). */
  readonly tables: readonly { readonly name: string; readonly text: string; readonly time: number }[];
  /** When the first and the last of its files were changed. */
  readonly times: readonly [first: number, last: number];
}

interface DvcliveReading {
  readonly gathered: GatheredRun;
  /** What was left out, and why. */
  readonly warnings: readonly { readonly file: string; readonly message: string }[];
}

/** One run as DVCLive 3 leaves it: `metrics.json` (the newest values, nested by slashes), `params.yaml`, and a table of each metric's points. */
export function toDvcliveRun(facts: DvcliveFacts): DvcliveReading {
  const { runId, name, experiment, folder, times } = facts;
  const points = new Map<string, readonly TimedPoint[]>();
  const warnings: { file: string; message: string }[] = [];
  for (const { name: metric, text, time } of facts.tables) {
    const { points: own, badLines } = parseTable(text, time);
    if (own.length > 0) points.set(metric, own);
    if (badLines > 0)
      warnings.push({
        file: `plots/metrics/${metric}.tsv`,
        message: `${badLines} of its lines are no points and left out.`,
      });
  }
  const { values, step, problem } = parseMetrics(facts.metrics);
  if (problem !== null) warnings.push({ file: 'metrics.json', message: problem });
  for (const [metric, value] of values)
    if (!points.has(metric)) points.set(metric, [{ value, step, timestamp: times[1] }]);
  const params = parseParams(facts.params);
  if (params.problem !== null) warnings.push({ file: 'params.yaml', message: params.problem });
  const stamps = [...points.values()].flatMap((own) => own.map(({ timestamp }) => timestamp));
  const startTime = stamps.reduce((least, time) => Math.min(least, time), times[0]);
  return {
    gathered: toGatheredRun({
      ...{ runId, name, experiment, startTime, endTime: times[1], tags: {}, artifacts: folder },
      ...{ params: params.values, points },
    }),
    warnings,
  };
}

/** `timestamp` (milliseconds, where it was asked for), `step` and the value, separated by tabs, below their names. */
function parseTable(text: string, time: number): { readonly points: readonly TimedPoint[]; readonly badLines: number } {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [head = '', ...lines] = whole.split(/\r?\n/).filter((line) => line !== '');
  const columns = head.split('\t');
  const [stepAt, timeAt] = [columns.indexOf('step'), columns.indexOf('timestamp')];
  const valueAt = columns.findLastIndex((_, index) => index !== stepAt && index !== timeAt);
  const points = lines.flatMap((line) => {
    const cells = line.split('\t');
    const value = parsePythonFloat(cells[valueAt] ?? '');
    const step = Number(cells[stepAt]);
    const timestamp = timeAt === -1 ? time : Number(cells[timeAt]);
    return value !== undefined && Number.isSafeInteger(step) && Number.isFinite(timestamp)
      ? [{ value, step, timestamp }]
      : [];
  });
  return { points, badLines: lines.length - points.length };
}

interface Metrics {
  readonly values: ReadonlyMap<string, number>;
  /** Of the values; 0 where DVCLive has made no step. */
  readonly step: number;
  readonly problem: string | null;
}

function parseMetrics(text: string | null): Metrics {
  if (text === null) return { values: new Map(), step: 0, problem: null };
  try {
    // Python writes NaN and infinities as bare words.
    const bare = /(?<=[:[,]\s*)(-?Infinity|NaN)(?=\s*[,}\]])/g;
    const value: unknown = JSON.parse(text.replaceAll(bare, '"$1"'));
    const values = new Map(
      flatten(value, '/').flatMap(([name, leaf]): readonly (readonly [string, number])[] => toNumber(name, leaf)),
    );
    const step = values.get('step') ?? 0;
    values.delete('step');
    return { values, step, problem: null };
  } catch (error) {
    return { values: new Map(), step: 0, problem: error instanceof Error ? error.message : String(error) };
  }
}

function toNumber(name: string, leaf: unknown): readonly (readonly [string, number])[] {
  const value = typeof leaf === 'number' ? leaf : typeof leaf === 'string' ? parsePythonFloat(leaf) : undefined;
  return value === undefined ? [] : [[name, value]];
}

function parseParams(text: string | null): {
  readonly values: Readonly<Record<string, string>>;
  readonly problem: string | null;
} {
  if (text === null) return { values: {}, problem: null };
  const { value: yaml, problems } = parseYaml(text, 'params.yaml');
  const values = yaml === undefined ? [] : flatten(yaml.value, '.');
  return {
    values: Object.fromEntries(values.map(([name, leaf]) => [name, toParam(leaf)])),
    problem: yaml === undefined ? (problems[0]?.message ?? null) : null,
  };
}

/** As a param of a run of ours is written: a text as it is, else as JSON. */
function toParam(leaf: unknown): string {
  return typeof leaf === 'string' ? leaf : JSON.stringify(leaf);
}

/** Leaves of mappings in mappings, with their names joined. */
function flatten(
  value: unknown,
  separator: string,
  parents: readonly string[] = [],
): readonly (readonly [string, unknown])[] {
  if (!isMapping(value)) return parents.length === 0 ? [] : [[parents.join(separator), value]];
  return Object.entries(value).flatMap(([key, item]) => flatten(item, separator, [...parents, key]));
}
