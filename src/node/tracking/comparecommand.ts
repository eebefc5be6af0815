import { compareRuns } from '../../core/tracking/tracking.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { ComparedValue, RunComparison, RunSummary } from '../../protocol/tracking.ts';
import { takePositionals, type Command, type Invocation, type Output } from '../commandline/commandline.ts';
import { openStoreOf, readObjectivesOf, storeOption } from './chosenstore.ts';
import { findRevision } from '../revisions/revisions.ts';
import type { RunStore } from './store.ts';
import { formatNumber, formatTime } from './words.ts';

export const compareCommand: Command = {
  words: ['runs', 'compare'],
  summary:
    'what two or more runs have not in common: params, tags, metrics; the first is what the others are measured by',
  positionals: 'RUN RUN…',
  example: 'mlops runs compare @best @last',
  options: { store: storeOption },
  run: async (invocation) => {
    const texts = takePositionals(invocation, compareCommand);
    const store = await openStoreOf(invocation);
    const runs = await Promise.all(texts.map((text) => findRunOrRevision(invocation, store, text)));
    const comparison = compareRuns(runs, await readObjectivesOf(invocation));
    invocation.output.result(comparison, () => formatComparison(comparison, invocation.output));
    return exitCodes.done;
  },
};

/** Where there is no such run, a revision of the project's repository (or `workspace`) may be meant, with the metrics and params of its pipeline. */
async function findRunOrRevision(invocation: Invocation, store: RunStore, text: string): Promise<RunSummary> {
  try {
    return await store.findRun(text);
  } catch (error) {
    const project = await invocation.findProject();
    const isUnknown = error instanceof ExpectedError && error.code === 'unknown-name';
    if (!isUnknown || project === undefined || text.startsWith('@')) throw error;
    return await findRevision(project.root, text, invocation).then(
      ({ run }) => run,
      (reason: unknown) => {
        // What was asked for was a run in the first place.
        throw reason instanceof ExpectedError ? error : reason;
      },
    );
  }
}

/** Four tables, those without rows left out. */
function formatComparison({ runs, params, tags, metrics }: RunComparison, output: Output): string {
  const names = runs.map(({ name }) => name);
  const part = (title: string, head: string, rows: readonly (readonly string[])[]): readonly string[] =>
    rows.length === 0 ? [] : [`${title}\n${output.table({ columns: [head, ...names], rows })}`];
  const toRow = ({
    name,
    values,
  }: {
    readonly name: string;
    readonly values: readonly (string | null)[];
  }): string[] => [name, ...values.map((value) => value ?? '-')];
  return [
    ...part('Runs', 'RUN', [
      ['id', ...runs.map(({ runId }) => runId.slice(0, 8))],
      ['started', ...runs.map(({ startTime }) => formatTime(startTime))],
      ['status', ...runs.map(({ status }) => status)],
    ]),
    ...part(
      '\nMetrics',
      'METRIC',
      metrics.map(({ name, values }) => [name, ...values.map(formatCompared)]),
    ),
    ...part('\nParams', 'PARAM', params.map(toRow)),
    ...part('\nTags', 'TAG', tags.map(toRow)),
  ].join('\n');
}

/** `0.125 at 7 (-0.375, better)`: the best point where a direction is known, else the last one. */
function formatCompared(value: ComparedValue | null): string {
  if (value === null) return '-';
  const { last, best, lastDelta, bestDelta, change } = value;
  const point = best === null ? formatNumber(last.value) : `${formatNumber(best.value)} at ${best.step}`;
  const delta = best === null ? lastDelta : bestDelta;
  if (delta === null) return point;
  if (delta === 0) return `${point} (same)`;
  const signed = `${delta > 0 ? '+' : ''}${formatNumber(delta)}`;
  return `${point} (${change === null ? signed : `${signed}, ${change}`})`;
}
