import { compareRuns } from '../../core/tracking/tracking.ts';
import { exitCodes } from '../../protocol/errors.ts';
import type { ComparedValue, RunComparison } from '../../protocol/tracking.ts';
import { takePositionals, type Command, type Output } from '../commandline/commandline.ts';
import { openStoreOf, readObjectivesOf, storeOption } from './chosenstore.ts';
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
    const runs = await Promise.all(texts.map((text) => store.findRun(text)));
    const comparison = compareRuns(runs, await readObjectivesOf(invocation));
    invocation.output.result(comparison, () => formatComparison(comparison, invocation.output));
    return exitCodes.done;
  },
};

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
