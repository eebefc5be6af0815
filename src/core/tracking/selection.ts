import { findNearest } from '../names/names.ts';
import { unknownName, ExpectedError } from '../../protocol/errors.ts';
import type { Objective, RunSummary } from '../../protocol/tracking.ts';

/**
 * The run that a person means: `@last` (started last), `@best` (by the objective's metric, among the finished ones), a whole id,
 * a name, or a prefix of an id that fits only one. Throws `unknown-name` otherwise, with what was near.
 */
export function selectRun(runs: readonly RunSummary[], text: string, objectiveOf: ObjectiveOf): RunSummary {
  if (text === '@last' || text === '@best') {
    const found = text === '@last' ? lastOf(runs) : bestOf(runs, objectiveOf);
    if (found !== undefined) return found;
    const wanted = text === '@last' ? 'no run yet' : 'no finished run with a value of the objective yet';
    throw new ExpectedError('unknown-name', `${text}: the store has ${wanted}.`);
  }
  return selectByIdOrName(runs, text);
}

/** By a whole id, a name, or a prefix of an id that fits only one. Throws `unknown-name`. */
export function selectByIdOrName<T extends Pick<RunSummary, 'runId' | 'name'>>(runs: readonly T[], text: string): T {
  const exact = runs.filter(({ runId }) => runId === text);
  const named = runs.filter(({ name }) => name === text);
  const prefixed = /^[0-9a-f]+$/i.test(text) ? runs.filter(({ runId }) => runId.startsWith(text.toLowerCase())) : [];
  const candidates = [exact, named, prefixed].find((list) => list.length > 0) ?? [];
  const [found] = candidates;
  if (found === undefined) throw unknownName('run', text, findNearest(text, runs.map(nameOf)));
  if (candidates.length === 1) return found;
  const list = candidates.slice(0, 5).map(({ runId, name }) => `${runId.slice(0, 12)} (${name})`);
  throw new ExpectedError(
    'unknown-name',
    `"${text}" fits ${candidates.length} runs: ${list.join(', ')}${candidates.length > 5 ? ', …' : ''}. Give more of the id.`,
  );
}

/** The objective of one run; null where none is known. */
export type ObjectiveOf = (run: Pick<RunSummary, 'tags'>) => Objective | null;

function nameOf({ name }: Pick<RunSummary, 'name'>): string {
  return name;
}

function lastOf(runs: readonly RunSummary[]): RunSummary | undefined {
  return runs.reduce<RunSummary | undefined>(
    (last, run) => (last === undefined || run.startTime > last.startTime ? run : last),
    undefined,
  );
}

/** Runs with different objectives can't be compared: the newest finished run's decides. */
function bestOf(runs: readonly RunSummary[], objectiveOf: ObjectiveOf): RunSummary | undefined {
  const finished = runs.filter(({ status }) => status === 'FINISHED');
  const newest = lastOf(finished);
  const objective = newest === undefined ? null : objectiveOf(newest);
  if (objective === null) return undefined;
  const sign = objective.direction === 'minimize' ? 1 : -1;
  const scoreOf = (run: RunSummary): number | undefined => {
    const summary = run.metrics[objective.metric];
    const point = objective.direction === 'minimize' ? summary?.min : summary?.max;
    return point === undefined || point === null ? undefined : sign * point.value;
  };
  const scored = finished.flatMap((run) => {
    const score = scoreOf(run);
    return score === undefined ? [] : [{ run, score }];
  });
  return scored.sort((a, b) => a.score - b.score)[0]?.run;
}

/**
 * Runs in the order that `--order` asks for: `startTime`, `name`, `status`, `duration`, a metric or a param, with `desc` behind or `-`
 * in front for descending. Without a key: newest first. Runs without a value come last either way.
 */
export function orderRuns(runs: readonly RunSummary[], key: string | undefined): readonly RunSummary[] {
  const match = /^(-?)(.*?)(?:\s+(asc|desc))?$/i.exec(key ?? '-startTime');
  const [, minus = '', name = '', word = ''] = match ?? [];
  const sign = minus === '-' || word.toLowerCase() === 'desc' ? -1 : 1;
  if (runs.length > 0 && runs.every((run) => orderValue(run, name) === undefined)) {
    const known = [
      ...attributes.keys(),
      ...runs.flatMap((run) => [...Object.keys(run.metrics), ...Object.keys(run.params)]),
    ];
    throw unknownName('metric, param or attribute to order by', name, findNearest(name, known));
  }
  return [...runs].sort((a, b) => compareValues(orderValue(a, name), orderValue(b, name), sign));
}

const attributes = new Map<string, (run: RunSummary) => string | number | null>([
  ['startTime', (run) => run.startTime],
  ['endTime', (run) => run.endTime],
  ['duration', (run) => (run.endTime === null ? null : run.endTime - run.startTime)],
  ['name', (run) => run.name],
  ['experiment', (run) => run.experiment],
  ['status', (run) => run.status],
  ['runId', (run) => run.runId],
]);

function orderValue(run: RunSummary, name: string): string | number | undefined {
  const attribute = attributes.get(name.replace(/^attributes?\./, ''));
  if (attribute !== undefined) return attribute(run) ?? undefined;
  const metric = run.metrics[name] ?? run.metrics[name.replace(/^metrics?\./, '')];
  const value = metric?.last.value;
  if (value !== undefined) return Number.isNaN(value) ? undefined : value;
  const param = run.params[name] ?? run.params[name.replace(/^params?\./, '')];
  if (param === undefined) return undefined;
  return param.trim() !== '' && Number.isFinite(Number(param)) ? Number(param) : param;
}

function compareValues(a: string | number | undefined, b: string | number | undefined, sign: number): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0);
}
