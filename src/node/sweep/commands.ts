import {
  describeAssignment,
  describeEpochs,
  nameOfKey,
  strategies,
  type SweepState,
  type Trial,
} from '../../core/sweep/sweep.ts';
import { fillIn, formatDuration } from '../../core/charts/charts.ts';
import { describeSpark } from '../../core/sparks/sparks.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { KeyedSpark } from '../../protocol/sparks.ts';
import { takePositionals, type Command, type Invocation, type Output } from '../commandline/commandline.ts';
import {
  performSweep,
  planOnly,
  type SweepDocument,
  type SweepPreview,
  type SweepReporter,
  type SweepRequest,
} from './sweep.ts';

const SHOWN_TRIALS = 10;

const sweepCommand: Command = {
  words: ['sweep'],
  summary: 'search for good hyperparameters: many trainings, each a run, by what the config wants tried',
  positionals: 'CONFIG',
  example: 'mlops sweep configs/cnnbased.yaml --strategy random --trials 20 --jobs 2',
  options: {
    strategy: {
      type: 'string',
      value: 'NAME',
      summary: `one of ${strategies.join(', ')} (default: as the config says)`,
    },
    trials: { type: 'string', value: 'N', summary: 'how many combinations (default: the whole grid, else 20)' },
    jobs: { type: 'string', value: 'N', summary: 'trials at a time (default 1)' },
    minutes: { type: 'string', value: 'N', summary: 'begin no trial after so many minutes' },
    set: { type: 'string', multiple: true, value: 'KEY=VALUE', summary: 'set a key of the config for every trial' },
    backend: { type: 'string', value: 'NAME', summary: 'what executes tensors (see "mlops backends")' },
    seed: { type: 'string', value: 'N', summary: 'seed of the choice and of every trial' },
    store: { type: 'string', value: 'URI', summary: 'the tracking store (default: as the config says)' },
    on: { type: 'string', value: 'WHERE', summary: 'where trials run: local' },
    resume: {
      type: 'string',
      value: 'SWEEP',
      summary: 'go on with a sweep that was stopped or killed (id, prefix, @last)',
    },
  },
  run: async (invocation) => {
    const request = toRequest(invocation);
    const project = await invocation.project();
    const { output, options, signal } = invocation;
    if (options.flag('dry-run')) {
      const preview = await planOnly(project, request, signal);
      output.result(preview, () => formatPreview(preview, output));
      return exitCodes.done;
    }
    const document = await performSweep(project, request, createReporter(output), signal);
    output.result(document, () => formatSweep(document, output));
    return { succeeded: exitCodes.done, failed: exitCodes.failed, stopped: exitCodes.stopped }[document.outcome];
  },
};

function toRequest(invocation: Invocation): SweepRequest {
  const { options, cwd, env, installation } = invocation;
  const resume = options.text('resume');
  const [config = ''] =
    resume === undefined || invocation.positionals.length > 0 ? takePositionals(invocation, sweepCommand) : [];
  const place = options.text('on') ?? 'local';
  if (place !== 'local')
    throw new ExpectedError('bad-arguments', `--on takes local, not "${place}": trials run on this machine only.`);
  const wanted = options.text('strategy');
  const strategy = strategies.find((name) => name === wanted);
  if (wanted !== undefined && strategy === undefined)
    throw new ExpectedError('bad-arguments', `--strategy takes one of ${strategies.join(', ')}, not "${wanted}".`);
  const [backend, seed, minutes] = [options.text('backend'), options.integer('seed', 0), options.integer('minutes', 1)];
  return {
    ...{ config, cwd, env, installation, strategy, resume },
    overrides: [
      ...options.list('set'),
      ...(backend === undefined ? [] : [`training.backend=${backend}`]),
      ...(seed === undefined ? [] : [`training.seed=${seed}`]),
    ],
    trials: options.integer('trials', 1),
    jobs: options.integer('jobs', 1) ?? 1,
    seconds: minutes === undefined ? undefined : 60 * minutes,
    store: options.text('store'),
  };
}

function createReporter(output: Output): SweepReporter {
  return {
    note: (text) => output.note(text),
    warning: (text) => output.note(`warning: ${text}`),
    started: ({ id, parentRunId, plan, secondsLeft }) => {
      const time =
        secondsLeft === null ? 'how long it takes is known after the first' : `about ${formatDuration(secondsLeft)}`;
      output.note(
        `Sweep ${id} (${parentRunId.slice(0, 8)}): ${plan.assignments.length} trials by ${plan.strategy}, ${time}.`,
      );
    },
    trialStarted: ({ number, values, epochs }) =>
      output.note(`▶ trial ${number}  ${describeAssignment(values)}  ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`),
    trialEnded: (trial, state) => output.note(describeTrial(trial, state)),
  };
}

function describeTrial({ number, outcome, value, seconds, runId }: Trial, { plan }: SweepState): string {
  const mark = outcome === 'succeeded' ? '✓' : '✗';
  const result = value === null ? outcome : `${plan.objective.metric} ${formatValue(value)}`;
  const time = seconds === null ? '' : `  ${seconds.toFixed(1)} s`;
  return `${mark} trial ${number}  ${result}${time}${runId === null ? '' : `  (${runId.slice(0, 8)})`}`;
}

function formatPreview({ plan, secondsLeft, pacedBy, tried }: SweepPreview, output: Output): string {
  const { assignments, strategy, objective } = plan;
  const runs = pacedBy === 1 ? 'the last run' : `the last ${pacedBy} runs`;
  const time =
    secondsLeft === null ? 'no run of this config tells how long' : `about ${formatDuration(secondsLeft)} (by ${runs})`;
  const rows = assignments.slice(0, SHOWN_TRIALS).map((values, index) => [String(index), describeAssignment(values)]);
  return [
    `Would run ${assignments.length} trials by ${strategy} to ${objective.direction} ${objective.metric}, epochs ${describeEpochs(plan)}, ${time}:`,
    output.table({ columns: ['TRIAL', 'VALUES'], rows }),
    ...(assignments.length > SHOWN_TRIALS ? [`and ${assignments.length - SHOWN_TRIALS} more`] : []),
    ...tried.map(formatSpark),
  ].join('\n');
}

/** `learning_rate so far: best 0.003 (val_loss 0.0647), 0.0003 ▆▃▁▃▆█ 0.1 in 12 runs, lower is better` */
function formatSpark(spark: KeyedSpark): string {
  const { key, best, objective } = spark;
  const found = `best ${best.text} (${objective.metric} ${formatValue(best.value)})`;
  return `${nameOfKey(key)} so far: ${found}, ${describeSpark(spark, (sentence, ...values) => fillIn(sentence, ...values.map(String)))}`;
}

function formatSweep({ sweep, trials, best, objective, outcome }: SweepDocument, output: Output): string {
  const rows = trials.map(({ runId, params, epochs, outcome: ended, value }) => [
    runId?.slice(0, 8) ?? '-',
    ended,
    value === null ? '-' : formatValue(value),
    String(epochs),
    describeAssignment(params),
  ]);
  const closing = best === null ? 'No trial has ended well.' : `Best: ${best.slice(0, 8)}.`;
  const further = outcome === 'stopped' ? ` Go on with "mlops sweep --resume ${sweep}".` : '';
  const columns = ['RUN', 'OUTCOME', objective.metric.toUpperCase(), 'EPOCHS', 'VALUES'];
  return `${output.table({ columns, rows })}\n${closing}${further}`;
}

function formatValue(value: number): string {
  return String(Number(value.toPrecision(4)));
}

export const commands: readonly Command[] = [sweepCommand];
