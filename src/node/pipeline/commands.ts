import { exitCodes } from '../../protocol/errors.ts';
import type { StageOutcome } from '../../protocol/outcome.ts';
import type { RunDocument, StageResult, StageState, StaleReason, StatusDocument } from '../../protocol/pipeline.ts';
import { formatProblem } from '../../protocol/problem.ts';
import { escapeControls } from '../../core/names/names.ts';
import { toSourceStage } from '../../core/data/data.ts';
import { summariseReasons, toDvcStatus, type RunPlan } from '../../core/pipeline/pipeline.ts';
import {
  badArguments,
  takePositionals,
  type Command,
  type Invocation,
  type Output,
} from '../commandline/commandline.ts';
import type { Project } from '../project/project.ts';
import { loadPipeline, lockedStage } from './load.ts';
import { planRun, runPipeline, type PipelineRunOptions } from './run.ts';
import type { PipelineReporter } from './stagecontext.ts';
import { displayPath, readStatus, refuseProblems } from './status.ts';

const noStages =
  'There are no stages: dvc.yaml names none. Add one with "mlops stage add" ("mlops stage add --help" has an example).';

const status = {
  words: ['status'],
  positionals: '[STAGE…]',
  summary: 'what is fresh or stale, and why',
  example: 'mlops status train@cnnbased',
  options: { format: { type: 'string', value: 'dvc', summary: 'print what "dvc status --json" prints' } },
  async run(invocation) {
    const stages = takePositionals(invocation, status);
    const format = invocation.options.text('format');
    if (format !== undefined && format !== 'dvc') throw badArguments(`--format takes "dvc", not "${format}".`);
    const project = await invocation.project();
    const { env, signal, output } = invocation;
    const document = await readStatus(project, { stages, env, signal });
    refuseProblems(document);
    if (format === 'dvc') return printDvcStatus(document, project, invocation);
    for (const problem of document.problems) output.note(formatProblem(problem));
    output.result(document, () => formatStatus(document, output));
    if (document.stages.length + document.data.length === 0) output.note(noStages);
    return exitCodes.done;
  },
} as const satisfies Command;

function formatStatus({ stages, data }: StatusDocument, output: Output): string {
  if (stages.length + data.length === 0) return '';
  return output.table({
    columns: ['STAGE', 'STATE', 'WHY'],
    rows: [...stages, ...data.map(({ path: name, ...rest }) => ({ name, ...rest }))].map(({ name, state, reasons }) => [
      name,
      state,
      toWhy(state, reasons),
    ]),
  });
}

/** Of a stage that never ran the reasons would only repeat everything that it names. */
function toWhy(state: StageState, reasons: readonly StaleReason[]): string {
  return state === 'never-run' ? '' : summariseReasons(reasons, { isLocked: true });
}

async function printDvcStatus(
  { stages, data }: StatusDocument,
  project: Project,
  { cwd, env, output }: Invocation,
): Promise<number> {
  const { graph, data: files } = await loadPipeline(project, { env });
  const known = stages.flatMap(({ name, reasons }) => {
    const stage = graph.byName.get(name);
    return stage === undefined ? [] : [{ stage, reasons }];
  });
  const sources = data.flatMap(({ path: name, reasons }) =>
    files.filter((file) => file.name === name).map((file) => ({ stage: toSourceStage(file), reasons })),
  );
  const document = toDvcStatus([...known, ...sources], displayPath(project, cwd));
  output.result(document, () => JSON.stringify(document));
  return exitCodes.done;
}

const run = {
  words: ['run'],
  positionals: '[STAGE…]',
  summary: 'run what is stale',
  example: 'mlops run train@cnnbased',
  options: {
    'single': { type: 'boolean', summary: 'the named stages only, not what they need' },
    'downstream': { type: 'boolean', summary: 'the named stages and everything that needs them' },
    'force': { type: 'boolean', summary: 'also what is fresh' },
    'keep-going': { type: 'boolean', summary: 'after a failure go on with what does not need it' },
    'jobs': { type: 'string', value: 'N', summary: 'stages at the same time (default 1)' },
    'keep-outputs': { type: 'boolean', summary: 'a stage that fails or is stopped gets back the outputs that it had' },
  },
  async run(invocation) {
    const { options, output } = invocation;
    const selection: PipelineRunOptions = {
      stages: takePositionals(invocation, run),
      single: options.flag('single'),
      downstream: options.flag('downstream'),
      force: options.flag('force'),
      keepGoing: options.flag('keep-going'),
      keepOutputs: options.flag('keep-outputs'),
      jobs: options.integer('jobs', 1) ?? 1,
    };
    if (selection.stages.length === 0 && (selection.single || selection.downstream))
      throw badArguments('--single and --downstream need the name of a stage.');
    const project = await invocation.project();
    if (options.flag('dry-run')) return printPlan(await planRun(project, selection, invocation), output);
    const { installation, env, signal } = invocation;
    const document = await runPipeline(project, selection, {
      installation,
      env,
      signal,
      reporter: report(output, selection),
    });
    output.result(document, () => formatRun(document, output));
    if (document.outcome === 'succeeded' && document.stages.length === 0) output.note(noStages);
    if (!selection.keepOutputs && (await hasLostOutputs(project, document, env))) output.note(outputsAreGone);
    return exitOf(document);
  },
} as const satisfies Command;

const outputsAreGone =
  'What a stage that has not ended well had made before is no longer there. "mlops data checkout" brings it back from the cache; with --keep-outputs it comes back by itself.';

/** Whether outputs that dvc.lock has were taken away for a stage that did not make them anew. */
async function hasLostOutputs(
  project: Project,
  { outcome, stages }: RunDocument,
  env: NodeJS.ProcessEnv,
): Promise<boolean> {
  if (outcome === 'succeeded') return false;
  const broken = new Set(stages.filter((one) => ['failed', 'stopped'].includes(one.outcome)).map(({ name }) => name));
  const { graph, ...loaded } = await loadPipeline(project, { env });
  const made = graph.stages.filter((stage) => broken.has(stage.name) && lockedStage(loaded, stage) !== undefined);
  if (made.length === 0) return false;
  const now = await readStatus(project, { stages: made.map(({ name }) => name), env });
  return now.stages.some(({ reasons }) => reasons.some(({ kind }) => kind === 'out'));
}

function exitOf({ outcome }: RunDocument): number {
  if (outcome === 'succeeded') return exitCodes.done;
  return outcome === 'stopped' ? exitCodes.stopped : exitCodes.failed;
}

/**
 * A line when a stage starts and ends, its output in between; every line of it names its stage when there may be several at a time.
 * Stages that are fresh stand in the closing table only.
 */
function report(output: Output, { jobs }: PipelineRunOptions): PipelineReporter {
  const indent = (stage: string): string => (jobs === 1 ? '  ' : `  ${escapeControls(stage)} | `);
  return (event) => {
    switch (event.type) {
      case 'stage-started': {
        output.note(escapeControls(`▶ ${event.stage}${event.why === '' ? '' : ` (${event.why})`}`));
        break;
      }
      case 'command':
        output.note(`${indent(event.stage)}$ ${escapeControls(event.command)}`);
        break;
      case 'output':
        output.note(`${indent(event.stage)}${event.line}`);
        break;
      case 'stage-ended':
        if (event.result.outcome !== 'skipped') output.note(escapeControls(describeResult(event.result)));
        break;
      case 'note':
        output.note(event.text);
        break;
    }
  };
}

const marks: Readonly<Record<StageOutcome, string>> = {
  succeeded: '✓',
  restored: '✓',
  skipped: '–',
  blocked: '–',
  failed: '✗',
  stopped: '✗',
};

function describeResult({ name, outcome, seconds, reason }: StageResult): string {
  const mark = marks[outcome];
  const why = reason === undefined || outcome === 'succeeded' ? '' : `: ${reason}`;
  return `${mark} ${name} ${outcome}${outcome === 'blocked' ? '' : ` in ${seconds.toFixed(1)} s`}${why}`;
}

function formatRun({ stages }: RunDocument, output: Output): string {
  return output.table({
    columns: ['STAGE', 'OUTCOME', 'SECONDS', 'WHY', 'RUN'],
    rows: stages.map(({ name, outcome, seconds, reason, runId }) => [
      name,
      outcome,
      seconds.toFixed(1),
      // Why a stage ran was told when it began; here stands only why one did not.
      outcome === 'succeeded' ? '' : (reason ?? ''),
      runId ?? '',
    ]),
  });
}

function printPlan(plan: RunPlan, output: Output): number {
  output.result(plan, () =>
    output.table({
      columns: ['STAGE', 'WOULD', 'WHY', 'COMMAND'],
      rows: plan.steps.map(({ name, action, reasons, cmd }) => [
        name,
        action === 'check' ? 'run if its inputs change' : action,
        summariseReasons(reasons, { isLocked: true }),
        typeof cmd === 'string' ? cmd : cmd.join('; '),
      ]),
    }),
  );
  if (plan.steps.length === 0) output.note(noStages);
  return exitCodes.done;
}

const dag = {
  words: ['dag'],
  positionals: '',
  summary: 'the graph of the stages',
  example: 'mlops dag --mermaid',
  options: {
    dot: { type: 'boolean', summary: 'for Graphviz' },
    mermaid: { type: 'boolean', summary: 'for Mermaid (README files)' },
  },
  async run(invocation) {
    takePositionals(invocation, dag);
    const loaded = await loadPipeline(await invocation.project(), invocation);
    refuseProblems(loaded);
    const stages = loaded.graph.stages.map(({ name }) => ({ name, needs: loaded.graph.needs.get(name) ?? [] }));
    invocation.output.result({ stages }, () => formatGraph(stages, invocation));
    if (stages.length === 0) invocation.output.note(noStages);
    return exitCodes.done;
  },
} as const satisfies Command;

type Edges = readonly { readonly name: string; readonly needs: readonly string[] }[];

function formatGraph(stages: Edges, { options, output }: Invocation): string {
  const edges = stages.flatMap(({ name, needs }) => needs.map((need) => [need, name] as const));
  if (options.flag('dot')) {
    const nodes = stages.map(({ name }) => `  ${JSON.stringify(name)};`);
    return [
      'digraph pipeline {',
      ...nodes,
      ...edges.map(([a, b]) => `  ${JSON.stringify(a)} -> ${JSON.stringify(b)};`),
      '}',
    ].join('\n');
  }
  if (options.flag('mermaid')) {
    const ids = new Map(stages.map(({ name }, index) => [name, `s${index}`]));
    const label = (name: string): string => name.replaceAll('"', '#quot;');
    const nodes = stages.map(({ name }) => `  ${ids.get(name) ?? ''}["${label(name)}"]`);
    return ['flowchart TD', ...nodes, ...edges.map(([a, b]) => `  ${ids.get(a) ?? ''} --> ${ids.get(b) ?? ''}`)].join(
      '\n',
    );
  }
  return output.table({ columns: ['STAGE', 'NEEDS'], rows: stages.map(({ name, needs }) => [name, needs.join(', ')]) });
}

export const commands: readonly Command[] = [status, run, dag];
