import { parseRunFilter } from '../../core/tracking/tracking.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import { stopMoments, type Steering } from '../../protocol/steering.ts';
import { isPaused, type RunList, type RunSummary } from '../../protocol/tracking.ts';
import { badArguments, takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { SETTINGS_MISTAKEN } from '../settingsnotice/settingsnotice.ts';
import { openStoreOf, storeOption } from './chosenstore.ts';
import { compareCommand } from './comparecommand.ts';
import { exportCommand } from './exportcommand.ts';
import { editCommands } from './editcommands.ts';
import { storeCommands } from './storecommands.ts';
import type { RunQuery } from './store.ts';
import { tableCommand } from './tablecommand.ts';
import { formatNumber, formatTime } from './words.ts';

const TERMINAL_LIMIT = 50;
/** Shown as columns when a run has them. */
const mainMetrics = ['val_loss', 'val_accuracy', 'test_accuracy'] as const;

const noRuns = 'There are no runs yet: "mlops run" or "mlops train CONFIG" makes the first.';
const noneFits = 'No run fits --where; without it all are listed.';

const listCommand: Command = {
  words: ['runs', 'list'],
  summary: 'the runs of all stores of the project, newest first',
  positionals: '',
  example: 'mlops runs list --order -val_accuracy --limit 5',
  options: {
    store: storeOption,
    where: {
      type: 'string',
      value: 'EXPR',
      summary: 'only runs that fit, as "val_loss < 0.3 and model = cnnbased", or in MLflow\'s search syntax',
    },
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
    const { output } = invocation;
    const query = toQuery(invocation);
    const page = await (await openStoreOf(invocation)).listRuns(query);
    const { runs, total, isTotalAtLeast = false, unreadable, warnings = [], stores = [] } = page;
    const { start } = query;
    const left = total - start - runs.length;
    const nextPage = left > 0 ? String(start + runs.length) : null;
    // Mistakes in the project's settings were told with their places when the project was found.
    const told = [...unreadable, ...warnings].filter(({ message }) => message !== SETTINGS_MISTAKEN);
    for (const { file, message } of told) output.note(`warning: ${file}: ${message}`);
    output.result({ nextPage, runs, unreadable, warnings, stores }, () => output.table(toTable(page)));
    if (runs.length + unreadable.length === 0 && start === 0)
      output.note(query.where === undefined ? noRuns : noneFits);
    if (nextPage !== null) output.note(`${isTotalAtLeast ? '' : `${left} `}more: --limit N, or --page ${nextPage}.`);
    return exitCodes.done;
  },
};

function toQuery({ options, output }: Invocation): RunQuery & { readonly start: number } {
  const limit = options.integer('limit', 1) ?? (output.isTerminal && !output.json ? TERMINAL_LIMIT : undefined);
  const where = options.text('where');
  const order = options.text('order');
  return {
    start: options.integer('page', 0) ?? 0,
    ...(limit === undefined ? {} : { limit }),
    ...(order === undefined ? {} : { order }),
    ...(where === undefined ? {} : { where: parseRunFilter(where) }),
  };
}

function toTable({ runs, unreadable, stores = [] }: RunList): { columns: string[]; rows: string[][] } {
  const labels = new Map(stores.map(({ uri, label }) => [uri, label]));
  const hasSeveral = new Set(runs.map(({ store }) => store)).size > 1;
  const storeOf = (uri: string | undefined): string[] => (hasSeveral ? [labels.get(uri ?? '') ?? '-'] : []);
  const metrics = mainMetrics.filter((name) => runs.some((run) => run.metrics[name] !== undefined));
  return {
    columns: [
      'RUN',
      'ID',
      'EXPERIMENT',
      'STATUS',
      'STARTED',
      'SECONDS',
      ...metrics.map((name) => name.toUpperCase()),
      ...(hasSeveral ? ['STORE'] : []),
    ],
    rows: [
      ...runs.map((run) => [
        run.name,
        run.runId.slice(0, 8),
        run.experiment,
        describeStatus(run),
        formatTime(run.startTime),
        run.endTime === null ? '-' : ((run.endTime - run.startTime) / 1000).toFixed(1),
        ...metrics.map((name) => formatNumber(run.metrics[name]?.last.value)),
        ...storeOf(run.store),
      ]),
      ...unreadable.map(({ runId }) => [
        '?',
        runId.slice(0, 8),
        '?',
        'unreadable',
        '-',
        '-',
        ...metrics.map(() => '-'),
        ...storeOf(undefined),
      ]),
    ],
  };
}

const showCommand: Command = {
  words: ['runs', 'show'],
  summary: 'one run: params, metrics, tags, artifacts',
  positionals: 'RUN',
  example: 'mlops runs show @last',
  options: { store: storeOption },
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
        ...(run.store === undefined ? [] : [`Store: ${run.store}`]),
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
  options: { store: storeOption },
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
  options: { store: storeOption },
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

const stopList = stopMoments.join(', ');

/** What each option asks for; `--stop` and `--learning-rate` with the text behind them. */
const steerings: Readonly<Record<string, (text: string) => Steering>> = {
  'pause': () => ({ type: 'pause' }),
  'resume': () => ({ type: 'resume' }),
  'stop': (text) => {
    const when = stopMoments.find((moment) => moment === text);
    if (when === undefined) throw badArguments(`--stop takes ${stopList}, not "${text}".`);
    return { type: 'stop', when };
  },
  'learning-rate': (text) => {
    const value = text.trim() === '' ? NaN : Number(text);
    if (!Number.isFinite(value) || value <= 0)
      throw badArguments(`--learning-rate takes a number greater than 0, not "${text}".`);
    return { type: 'setLearningRate', value };
  },
  'snapshot': () => ({ type: 'snapshot' }),
};

const steerCommand: Command = {
  words: ['runs', 'steer'],
  summary: 'pause, resume, stop a live training, change its learning rate, keep its model as it is now',
  positionals: 'RUN',
  example: 'mlops runs steer @last --learning-rate 0.0005',
  options: {
    'store': storeOption,
    'pause': { type: 'boolean', summary: 'hold it after the batch in hand' },
    'resume': { type: 'boolean', summary: 'let it go on' },
    'stop': { type: 'string', value: 'WHEN', summary: `${stopList}: at once, after its epoch, with its best weights` },
    'learning-rate': { type: 'string', value: 'X', summary: 'of the next batch and all after it' },
    'snapshot': { type: 'boolean', summary: "keep the model as it is now in the run's artifacts" },
  },
  run: async (invocation) => {
    const [text = ''] = takePositionals(invocation, steerCommand);
    const { output, options } = invocation;
    const steering = toSteering(options);
    const run = await (await openStoreOf(invocation)).findRun(text);
    const name = `${run.name} (${run.runId.slice(0, 8)})`;
    if (run.status !== 'RUNNING' || run.lost) throw notLive(name, run);
    if (options.flag('dry-run')) {
      output.result({ runId: run.runId, steering }, () => `Would ask ${name}: ${JSON.stringify(steering)}.`);
      return exitCodes.done;
    }
    const project = await invocation.project();
    // Loaded here: no other command on runs needs what trains.
    const { steerLiveRun } = await import('../training/training.ts');
    const answer = await steerLiveRun(project, run.runId, steering);
    output.result({ runId: run.runId, steering, ...answer }, () => {
      const place = answer.step === null ? '' : ` (epoch ${answer.epoch ?? 0}, batch ${answer.step})`;
      return `${name}: ${answer.text}${place}.`;
    });
    return exitCodes.done;
  },
};

/** Exactly one thing at a time. */
function toSteering(options: Invocation['options']): Steering {
  const asked = Object.entries(steerings).filter(([name]) => options.flag(name) || options.text(name) !== undefined);
  const [only, ...others] = asked;
  if (only === undefined || others.length > 0)
    throw badArguments(
      `Say one of ${Object.keys(steerings)
        .map((name) => `--${name}`)
        .join(', ')}.`,
    );
  const [name, toRequest] = only;
  return toRequest(options.text(name) ?? '');
}

function notLive(name: string, run: RunSummary): ExpectedError {
  const how = run.lost
    ? 'is lost: its process is gone. "mlops runs repair" ends it'
    : `is ${run.status}: only a live run can be steered`;
  return new ExpectedError('not-live', `${name} ${how}.`);
}

function describeStatus(run: RunSummary): string {
  if (run.lost) return 'LOST';
  return isPaused(run) ? 'PAUSED' : run.status;
}

export const commands: readonly Command[] = [
  listCommand,
  showCommand,
  historyCommand,
  compareCommand,
  tableCommand,
  steerCommand,
  ...editCommands,
  exportCommand,
  repairCommand,
  ...storeCommands,
];
