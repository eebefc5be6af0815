import { orderRuns } from '../../core/tracking/tracking.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { RunSummary, UnreadableRun } from '../../protocol/tracking.ts';
import { takePositionals, type Command, type Invocation, type OptionSpec } from '../commandline/commandline.ts';
import { openChosenStore, type RunStore } from './tracking.ts';

const TERMINAL_LIMIT = 50;
/** Shown as columns when a run has them. */
const mainMetrics = ['val_loss', 'val_accuracy', 'test_accuracy'] as const;

const store: OptionSpec = { type: 'string', value: 'URI', summary: "the tracking store (default: the project's)" };

async function openStoreOf(invocation: Invocation): Promise<RunStore> {
  const { options, env, cwd } = invocation;
  return openChosenStore({ project: await invocation.findProject(), option: options.text('store'), env, cwd });
}

const listCommand: Command = {
  words: ['runs', 'list'],
  summary: 'the runs of the store, newest first',
  positionals: '',
  example: 'mlops runs list --order -val_accuracy --limit 5',
  options: {
    store,
    where: { type: 'string', value: 'EXPR', summary: 'not yet supported' },
    order: {
      type: 'string',
      value: 'KEY',
      summary: 'a metric, a param, startTime, duration, name or status; -KEY for descending',
    },
    limit: { type: 'string', value: 'N', summary: `at most so many (default: ${TERMINAL_LIMIT} on a terminal)` },
    page: { type: 'string', value: 'TOKEN', summary: 'go on where a page with this nextPage ended' },
  },
  run: async (invocation) => {
    takePositionals(invocation, listCommand);
    const { options, output } = invocation;
    if (options.text('where') !== undefined)
      throw new ExpectedError('not-supported', '--where is not yet supported; --order and --limit are.');
    const limit = options.integer('limit', 1) ?? (output.isTerminal && !output.json ? TERMINAL_LIMIT : Infinity);
    const start = options.integer('page', 0) ?? 0;
    const { runs, unreadable, warnings = [] } = await (await openStoreOf(invocation)).listRuns();
    const ordered = orderRuns(runs, options.text('order'));
    const page = ordered.slice(start, start + limit);
    const nextPage = start + page.length < ordered.length ? String(start + page.length) : null;
    for (const { file, message } of [...unreadable, ...warnings]) output.note(`warning: ${file}: ${message}`);
    output.result({ nextPage, runs: page, unreadable, warnings }, () => output.table(toTable(page, unreadable)));
    if (nextPage !== null)
      output.note(`${ordered.length - start - page.length} more: --limit N, or --page ${nextPage}.`);
    return exitCodes.done;
  },
};

function toTable(
  runs: readonly RunSummary[],
  unreadable: readonly UnreadableRun[],
): { columns: string[]; rows: string[][] } {
  const metrics = mainMetrics.filter((name) => runs.some((run) => run.metrics[name] !== undefined));
  return {
    columns: ['RUN', 'ID', 'EXPERIMENT', 'STATUS', 'STARTED', 'SECONDS', ...metrics.map((name) => name.toUpperCase())],
    rows: [
      ...runs.map((run) => [
        run.name,
        run.runId.slice(0, 8),
        run.experiment,
        describeStatus(run),
        formatTime(run.startTime),
        run.endTime === null ? '-' : ((run.endTime - run.startTime) / 1000).toFixed(1),
        ...metrics.map((name) => formatNumber(run.metrics[name]?.last.value)),
      ]),
      ...unreadable.map(({ runId }) => [
        '?',
        runId.slice(0, 8),
        '?',
        'unreadable',
        '-',
        '-',
        ...metrics.map(() => '-'),
      ]),
    ],
  };
}

const showCommand: Command = {
  words: ['runs', 'show'],
  summary: 'one run: params, metrics, tags, artifacts',
  positionals: 'RUN',
  example: 'mlops runs show @last',
  options: { store },
  run: async (invocation) => {
    const [text = ''] = takePositionals(invocation, showCommand);
    const run = await (await openStoreOf(invocation)).findRun(text);
    const { output } = invocation;
    output.result(run, () => {
      const head = `${run.name} (${run.runId})  ${describeStatus(run)}  ${run.experiment}  ${formatTime(run.startTime)}`;
      const params = Object.entries(run.params);
      const metrics = Object.entries(run.metrics).map(
        ([name, { last, min, max }]) =>
          [
            name,
            `${formatNumber(last.value)} at step ${last.step} (min ${formatNumber(min?.value)}, max ${formatNumber(max?.value)})`,
          ] as const,
      );
      const part = (title: string, entries: readonly (readonly [string, string])[]): string =>
        `\n${title}\n${output.table({ columns: ['NAME', 'VALUE'], rows: entries.map(([name, value]) => [name, value]) })}`;
      return [
        head,
        part('Params', params),
        part('Metrics', metrics),
        part('Tags', Object.entries(run.tags)),
        `\nArtifacts: ${run.artifacts ?? '-'}`,
      ].join('\n');
    });
    return exitCodes.done;
  },
};

const historyCommand: Command = {
  words: ['runs', 'history'],
  summary: 'every point of one metric',
  positionals: 'RUN METRIC',
  example: 'mlops runs history @last val_loss --json',
  options: { store },
  run: async (invocation) => {
    const [text = '', metric = ''] = takePositionals(invocation, historyCommand);
    const runs = await openStoreOf(invocation);
    const { runId } = await runs.findRun(text);
    const history = await runs.readHistory(runId, metric);
    invocation.output.result(history, () =>
      invocation.output.table({
        columns: ['STEP', 'VALUE', 'TIME'],
        rows: history.steps.map((step, index) => [
          String(step),
          String(history.values[index]),
          formatTime(history.timestamps[index] ?? 0),
        ]),
      }),
    );
    return exitCodes.done;
  },
};

const repairCommand: Command = {
  words: ['runs', 'repair'],
  summary: 'end lost runs and move torn bytes of metrics aside',
  positionals: '[RUN…]',
  example: 'mlops runs repair',
  options: { store },
  run: async (invocation) => {
    const runs = await openStoreOf(invocation);
    const { positionals, output, options } = invocation;
    const chosen = await Promise.all(positionals.map(async (text) => (await runs.findRun(text)).runId));
    const dryRun = options.flag('dry-run');
    const repairs = await runs.repair(chosen.length === 0 ? undefined : chosen, { dryRun });
    output.result({ repairs }, () =>
      repairs.length === 0
        ? 'Nothing to repair.'
        : repairs.map(({ runId, action }) => `${runId.slice(0, 8)}  ${action}`).join('\n'),
    );
    return exitCodes.done;
  },
};

function describeStatus({ status, lost }: RunSummary): string {
  return lost ? 'LOST' : status;
}

function formatTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

function formatNumber(value: number | undefined): string {
  if (value === undefined) return '-';
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value);
}

export const commands: readonly Command[] = [listCommand, showCommand, historyCommand, repairCommand];
