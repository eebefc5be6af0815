import path from 'node:path';
import { exitCodes } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { badArguments, type Command, type Invocation } from '../commandline/commandline.ts';
import { openStoreOf, storeOption } from './chosenstore.ts';
import { exportPoints, exportRuns, type ExportedRun } from './exporting.ts';
import type { RunStore } from './store.ts';
import { openChosenStore } from './tracking.ts';

export const exportCommand: Command = {
  words: ['runs', 'export'],
  summary: 'copy runs into another store, or their points into a CSV file',
  positionals: '[RUN…]',
  example: 'mlops runs export --all --to http://localhost:5000',
  options: {
    store: storeOption,
    to: { type: 'string', value: 'URI', summary: 'the other store: a folder or an MLflow server' },
    all: { type: 'boolean', summary: 'every run of the store' },
    metrics: { type: 'string', value: 'FILE.csv', summary: 'write every point of the runs into this file' },
    only: { type: 'string', value: 'NAMES', summary: 'with --metrics: of these metrics, as val_loss,val_accuracy' },
  },
  run: async (invocation) => {
    const { options } = invocation;
    const [to, metrics] = [options.text('to'), options.text('metrics')];
    if ((to === undefined) === (metrics === undefined))
      throw badArguments('Say one of --to URI and --metrics FILE.csv.');
    if (options.text('only') !== undefined && metrics === undefined)
      throw badArguments('--only goes with --metrics FILE.csv.');
    const store = await openStoreOf(invocation);
    const runs = await chooseRuns(invocation, store);
    return to === undefined ? writePoints(invocation, store, runs, metrics ?? '') : copy(invocation, store, runs, to);
  },
};

async function chooseRuns({ options, positionals }: Invocation, store: RunStore): Promise<readonly RunSummary[]> {
  if (options.flag('all') === positionals.length > 0) throw badArguments('Name runs, or say --all.');
  if (options.flag('all')) return (await store.listRuns()).runs;
  const found: RunSummary[] = [];
  for (const text of positionals) found.push(await store.findRun(text));
  return found;
}

async function copy(
  invocation: Invocation,
  from: RunStore,
  runs: readonly RunSummary[],
  option: string,
): Promise<number> {
  const { env, cwd, output, options, signal } = invocation;
  const project = await invocation.findProject();
  const to = await openChosenStore({ project, option, env, cwd });
  const dryRun = options.flag('dry-run');
  const onWarning = (message: string): void => output.note(`warning: ${message}`);
  const exported = await exportRuns(from, runs, { to, dryRun, signal, onWarning });
  output.result({ to: to.uri, runs: exported }, () => exported.map((run) => describe(run, dryRun)).join('\n'));
  return exported.some(({ message }) => message !== null) ? exitCodes.failed : exitCodes.done;
}

async function writePoints(
  { cwd, output, options }: Invocation,
  store: RunStore,
  runs: readonly RunSummary[],
  name: string,
): Promise<number> {
  if (!/\.csv$/i.test(name)) throw badArguments(`--metrics writes CSV: give a name that ends with .csv, not ${name}.`);
  const file = path.resolve(cwd, name);
  const isDryRun = options.flag('dry-run');
  const points = isDryRun ? null : await exportPoints(store, runs, { file, metrics: splitNames(options.text('only')) });
  output.result({ file, runs: runs.length, points }, () =>
    isDryRun
      ? `Would write the points of ${runs.length} runs to ${file}.`
      : `${points ?? 0} points of ${runs.length} runs: ${file}`,
  );
  return exitCodes.done;
}

/** Null: all. */
function splitNames(text: string | undefined): readonly string[] | null {
  return text?.split(',').map((name) => name.trim()) ?? null;
}

function describe({ runId, name, action, newRunId, message }: ExportedRun, isDryRun: boolean): string {
  const words = {
    'copy': isDryRun ? 'would be copied' : `copied (${(newRunId ?? '').slice(0, 8)})`,
    'go-on': isDryRun ? 'an earlier copy would be ended' : 'an earlier copy is ended',
    'there': 'is there already',
    'left': 'left',
  } as const satisfies Record<ExportedRun['action'], string>;
  return `${runId.slice(0, 8)}  ${name}: ${words[action]}${message === null ? '' : `. ${message}`}`;
}
