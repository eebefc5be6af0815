import path from 'node:path';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import { takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { probeBackends } from '../training/training.ts';
import {
  describeStep,
  ensureTensorFlow,
  formatBytes,
  formatProgress,
  planTensorFlow,
  removeTensorFlow,
  type Decision,
  type InstallRequest,
} from './backends.ts';

const list: Command = {
  words: ['backends'],
  summary: 'what can execute tensors here, and why not the rest',
  positionals: '',
  example: 'mlops backends --json',
  options: {},
  run: async (invocation) => {
    takePositionals(invocation, list);
    const { cwd, installation, env, output, signal } = invocation;
    const backends = await probeBackends({ cwd, installation, env, signal });
    output.result(backends, () =>
      output.table({
        columns: ['BACKEND', 'AVAILABLE', 'DEVICE', 'VERSION', 'REASON'],
        rows: backends.map(({ name, available, device, version, reason }) => [
          name,
          available ? 'yes' : 'no',
          device ?? '-',
          version ?? '-',
          reason ?? '',
        ]),
      }),
    );
    return exitCodes.done;
  },
};

const install: Command = {
  words: ['backends', 'install'],
  summary: 'make native TensorFlow work for all your projects: its libraries go into your cache folder',
  positionals: 'tensorflow',
  example: 'mlops backends install tensorflow',
  options: {
    gpu: { type: 'boolean', summary: 'with CUDA, for an NVIDIA GPU (some gigabytes)' },
    from: { type: 'string', value: 'WHEEL', summary: 'a wheel of TensorFlow that is on your disk' },
  },
  run: async (invocation) => {
    requireTensorFlow(invocation, install);
    const { options, output, cwd, env, signal } = invocation;
    const folder = (await invocation.findProject())?.root ?? cwd;
    const from = options.text('from');
    const request: InstallRequest = {
      ...{ folder, env, signal, gpu: options.flag('gpu') },
      from: from === undefined ? undefined : path.resolve(cwd, from),
    };
    if (options.flag('dry-run')) {
      const plan = await planTensorFlow(request);
      output.result(plan, () => describePlan(plan));
      return exitCodes.done;
    }
    const result = await ensureTensorFlow(request, invocation.installation, (progress) => {
      if (progress.done === 0) output.note(`${describeStep(progress.step)} …`);
      else output.progress(formatProgress(progress));
    });
    output.result(
      result,
      () => `TensorFlow ${result.version} is ${result.changed ? '' : 'already '}installed, in ${result.folder}.`,
    );
    return exitCodes.done;
  },
};

function describePlan(plan: Decision): string {
  if (plan.kind === 'installed')
    return `TensorFlow ${plan.installed.version} is already installed, in ${plan.installed.folder}.`;
  return [
    `Would install TensorFlow ${plan.version}; it takes ${formatBytes(plan.diskBytes)} of free disk while it works:`,
    ...plan.steps.map((step) => `  ${describeStep(step)}`),
  ].join('\n');
}

const remove: Command = {
  words: ['backends', 'remove'],
  summary: 'delete the native TensorFlow that "backends install" has put into your cache folder',
  positionals: 'tensorflow',
  example: 'mlops backends remove tensorflow',
  options: {},
  run: async (invocation) => {
    requireTensorFlow(invocation, remove);
    const { output, env, options } = invocation;
    const isDry = options.flag('dry-run');
    const { removed, bytes } = await removeTensorFlow(env, { isDry });
    output.result({ removed, bytes }, () =>
      removed.length === 0
        ? 'There is nothing to remove: TensorFlow is not installed.'
        : `${isDry ? 'Would remove' : 'Removed'} ${removed.join(', ')} (${formatBytes(bytes)}).`,
    );
    return exitCodes.done;
  },
};

function requireTensorFlow(invocation: Invocation, command: Command): void {
  const [name = ''] = takePositionals(invocation, command);
  if (name !== 'tensorflow')
    throw new ExpectedError('bad-arguments', `Only "tensorflow" can be installed and removed, not "${name}".`);
}

export const commands: readonly Command[] = [list, install, remove];
