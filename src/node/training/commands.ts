import path from 'node:path';
import { exitCodes } from '../../protocol/errors.ts';
import type { Prediction } from '../../protocol/training.ts';
import { takePositionals, type Command, type Output } from '../commandline/commandline.ts';
import { execute } from './exec.ts';
import { explainTraining, type ExplainDocument } from './explain.ts';
import { predict } from './predict.ts';
import { createReporter, formatNumber } from './reporting.ts';
import { planTraining, train, type TrainDocument, type TrainPlan, type TrainRequest } from './training.ts';

const store = { type: 'string', value: 'URI', summary: 'the tracking store (default: as the config says)' } as const;

const trainCommand: Command = {
  words: ['train'],
  summary: 'train one model, tracked as a run',
  positionals: 'CONFIG',
  example: 'mlops train configs/cnnbased.yaml --set training.num_epochs=5',
  options: {
    'set': { type: 'string', multiple: true, value: 'KEY=VALUE', summary: 'set a key of the config for this run' },
    'backend': { type: 'string', value: 'NAME', summary: 'what executes tensors (see "mlops backends")' },
    'seed': { type: 'string', value: 'N', summary: 'seed of weights and shuffles' },
    'no-compile': { type: 'boolean', summary: 'train operation by operation, not by compiled steps (wasm)' },
    'explain': { type: 'boolean', summary: 'print what a training step does, and train nothing' },
    'resume': {
      type: 'string',
      value: 'RUN',
      summary: 'go on with a run that was stopped, failed or lost, from its last checkpoint',
    },
    store,
  },
  run: async (invocation) => {
    const [config = ''] = takePositionals(invocation, trainCommand);
    const { options, output, signal } = invocation;
    const seed = options.integer('seed', 0);
    const backend = options.text('backend');
    const request: TrainRequest = {
      config,
      cwd: invocation.cwd,
      installation: invocation.installation,
      env: invocation.env,
      store: options.text('store'),
      resume: options.text('resume'),
      overrides: [
        ...options.list('set'),
        ...(backend === undefined ? [] : [`training.backend=${backend}`]),
        ...(seed === undefined ? [] : [`training.seed=${seed}`]),
        ...(options.flag('no-compile') ? ['training.compile=false'] : []),
      ],
    };
    const project = await invocation.project();
    if (options.flag('dry-run')) {
      const plan = await planTraining(project, request);
      output.result(plan, () => `Would ${describePlan(plan)} "${plan.experiment}" in ${plan.store}.`);
      return exitCodes.done;
    }
    if (options.flag('explain')) {
      const explained = await explainTraining(project, request, signal);
      output.result(explained, () => formatExplanation(explained));
      return exitCodes.done;
    }
    const document = await train(project, request, createReporter(output), signal);
    output.result(document, () => formatResult(document));
    return { succeeded: exitCodes.done, failed: exitCodes.failed, stopped: exitCodes.stopped }[document.outcome];
  },
};

function formatExplanation({ config, backend, lines }: ExplainDocument): string {
  return [`${config} on ${backend ?? '?'}: ${lines[0] ?? ''}`, ...lines.slice(1)].join('\n');
}

function describePlan({ model, config, resumes }: TrainPlan): string {
  if (resumes === null) return `train ${model} (${config}) as a run of`;
  const from = resumes.checkpoint === null ? 'the first epoch' : `its checkpoint ${resumes.checkpoint}`;
  return `go on with the run ${resumes.runId.slice(0, 8)} of ${model} (${config}) from ${from}, in`;
}

function formatResult(document: TrainDocument): string {
  const tests = Object.entries(document.metrics)
    .filter(([name]) => name.startsWith('test_'))
    .map(([name, { last }]) => `${name} ${formatNumber(last.value)}`);
  return [
    `${document.name} (${document.runId.slice(0, 8)}) ${document.outcome}${document.reason === null ? '' : `: ${document.reason}`}`,
    ...(tests.length === 0 ? [] : [tests.join('  ')]),
    ...(document.examplesPerSecond === null
      ? []
      : [`${Math.round(document.examplesPerSecond)} examples/s on ${document.backend ?? '?'}`]),
    ...(document.modelPath === null ? [] : [`model: ${document.modelPath}`]),
  ].join('\n');
}

const execCommand: Command = {
  words: ['exec'],
  summary: "run a TypeScript or JavaScript module in the engine's Node, exactly as node FILE.ts ARG…",
  positionals: 'FILE.ts [ARG…]',
  example: 'mlops exec src/data/ingestion.ts',
  options: {},
  passThrough: true,
  run: (invocation) => {
    const [file = '', ...args] = takePositionals(invocation, execCommand);
    const { cwd, installation, env, signal } = invocation;
    return execute({ file, args, cwd, installation, env }, signal);
  },
};

const predictCommand: Command = {
  words: ['predict'],
  summary: 'run a trained model on images from outside the data set',
  positionals: 'MODEL IMAGE…',
  example: 'mlops predict cnnbased data/external/test/7_1.png',
  options: { store },
  run: async (invocation) => {
    const [model = '', ...images] = takePositionals(invocation, predictCommand);
    const { cwd, installation, env, output, options, signal } = invocation;
    const predictions = await predict(
      await invocation.project(),
      { model, images, cwd, installation, env, store: options.text('store'), onLog: (text) => output.note(text) },
      signal,
    );
    output.result(predictions, () => formatPredictions(predictions, cwd, output));
    return exitCodes.done;
  },
};

function formatPredictions(predictions: readonly Prediction[], cwd: string, output: Output): string {
  return output.table({
    columns: ['IMAGE', 'LABEL', 'PROBABILITIES'],
    rows: predictions.map(({ image, label, probabilities }) => [
      path.relative(cwd, image),
      label,
      Object.entries(probabilities)
        .sort(([, a], [, b]) => b - a)
        .slice(0, 3)
        .map(([name, value]) => `${name} ${(100 * value).toFixed(1)} %`)
        .join('  '),
    ]),
  });
}

export const commands: readonly Command[] = [trainCommand, execCommand, predictCommand];
