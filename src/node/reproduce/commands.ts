import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import { takePositionals, type Command, type Invocation, type Output } from '../commandline/commandline.ts';
import type { PlannedReproduction, ReproduceRequest, ReproductionDocument } from './reproduce.ts';

const reproduceCommand: Command = {
  words: ['runs', 'reproduce'],
  summary: 'train a run again from its commit, changes, data and seed, and say whether its metrics come out the same',
  positionals: 'RUN',
  example: 'mlops runs reproduce @best --keep',
  options: {
    store: { type: 'string', value: 'URI', summary: "the tracking store (default: the project's)" },
    into: { type: 'string', value: 'DIR', summary: 'where to check the commit out (default: beside the repository)' },
    tolerance: {
      type: 'string',
      value: 'X',
      summary: 'greatest relative difference that counts as the same (default: 1e-6 on cpu and wasm, 0.01 elsewhere)',
    },
    keep: { type: 'boolean', summary: 'leave the checked-out folder where it is' },
  },
  run: async (invocation) => {
    const [run = ''] = takePositionals(invocation, reproduceCommand);
    const request = toRequest(invocation, run);
    const project = await invocation.project();
    const { output, options, signal } = invocation;
    // Loaded here: no other command on runs needs what trains.
    const [{ planOnly, reproduce }, { createReporter }, { refuseMissing }] = await Promise.all([
      import('./reproduce.ts'),
      import('../training/training.ts'),
      import('./facts.ts'),
    ]);
    if (options.flag('dry-run')) {
      const plan = await planOnly(project, request, signal);
      output.result(plan, () => formatPlan(plan));
      refuseMissing(plan.name, plan.missing);
      return exitCodes.done;
    }
    const document = await reproduce(project, request, createReporter(output), signal);
    output.result(document, () => formatDocument(document, output));
    return toExitCode(document);
  },
};

function toRequest({ options, cwd, env, installation }: Invocation, run: string): ReproduceRequest {
  const text = options.text('tolerance');
  const tolerance = text === undefined || text.trim() === '' ? undefined : Number(text);
  if (text !== undefined && !(tolerance !== undefined && tolerance >= 0))
    throw new ExpectedError('bad-arguments', `--tolerance takes a number of at least 0, not "${text}".`);
  const [store, into] = [options.text('store'), options.text('into')];
  return { run, into, tolerance, store, keeps: options.flag('keep'), cwd, env, installation };
}

function toExitCode({ outcome, verdict }: ReproductionDocument): number {
  if (outcome === 'stopped') return exitCodes.stopped;
  const isSame = verdict === 'equal' || verdict === 'agrees';
  return outcome === 'succeeded' && isSame ? exitCodes.done : exitCodes.failed;
}

function formatPlan(plan: PlannedReproduction): string {
  const { name, runId, commit, config, patch, data, seed, backend, threads, folder } = plan;
  const lines: readonly (readonly [string, string | null])[] = [
    ['Commit', commit === '' ? null : commit],
    ['Config', config === '' ? null : config],
    ['Changes', patch ? 'mlops/dirty.patch' : 'none'],
    ['Data', data.length === 0 ? null : data.map(({ path, md5 }) => `${path} (${md5})`).join(', ')],
    ['Seed', seed],
    ['Backend', backend === null ? null : `${backend}${threads === null ? '' : `, threads ${threads}`}`],
    ['Folder', folder],
    ['Tolerance', String(plan.tolerance)],
  ];
  return [
    `Would reproduce ${name} (${runId.slice(0, 8)}):`,
    ...lines.flatMap(([title, text]) => (text === null ? [] : [`  ${title.padEnd(10)} ${text}`])),
    ...plan.notes.map((note) => `  Note: ${note}`),
  ].join('\n');
}

const verdicts: Readonly<Record<ReproductionDocument['verdict'], string>> = {
  equal: 'is the same as the old one, to the last bit',
  agrees: 'agrees with the old one',
  differs: 'differs from the old one',
  nothing: 'has nothing to be compared with: the old one has logged no metric',
};

function formatDocument(document: ReproductionDocument, output: Output): string {
  const { runId, outcome, reason, verdict, tolerance, metrics } = document;
  if (outcome !== 'succeeded')
    return `The new run ${runId.slice(0, 8)} ${outcome}${reason === null ? '' : `: ${reason}`}`;
  const table = output.table({
    columns: ['METRIC', 'BEFORE', 'AFTER', 'DIFFERENCE', 'STEP'],
    rows: metrics.map(({ metric, before, after, difference, step }) => [
      metric,
      String(before),
      after === null ? '-' : String(after),
      difference === 0 ? '0' : difference.toExponential(1),
      step === null ? '-' : String(step),
    ]),
  });
  return [`The new run ${runId.slice(0, 8)} ${verdicts[verdict]} (tolerance ${tolerance}).`, table].join('\n');
}

export const commands: readonly Command[] = [reproduceCommand];
