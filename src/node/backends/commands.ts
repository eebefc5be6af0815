import path from 'node:path';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { BackendName } from '../../protocol/training.ts';
import { takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import { toEnvironment, type InstalledTensorFlow } from '../tensorflow/tensorflow.ts';
import { probeBackends, verifyBackend } from '../training/training.ts';
import {
  describeStep,
  formatBytes,
  formatProgress,
  installTensorFlow,
  planTensorFlow,
  removeTensorFlow,
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
    const plan = await planTensorFlow(request);
    if (plan.kind === 'installed') {
      const { installed } = plan;
      output.result(
        { ...installed, changed: false },
        () => `TensorFlow ${installed.version} is already installed, in ${installed.folder}.`,
      );
      return exitCodes.done;
    }
    if (options.flag('dry-run')) {
      output.result(plan, () =>
        [
          `Would install TensorFlow ${plan.version}; it takes ${formatBytes(plan.diskBytes)} of free disk while it works:`,
          ...plan.steps.map((step) => `  ${describeStep(step)}`),
        ].join('\n'),
      );
      return exitCodes.done;
    }
    const installed = await installTensorFlow(plan, request, {
      onProgress: (progress) => {
        if (progress.done === 0) output.note(`${describeStep(progress.step)} …`);
        else output.progress(formatProgress(progress));
      },
      verify: (tried) => tryOut(tried, invocation),
    });
    output.result(
      { ...installed, changed: true },
      () => `TensorFlow ${installed.version} is installed, in ${installed.folder}.`,
    );
    return exitCodes.done;
  },
};

/** With the installation in the place of any other, and in a folder that has no package of its own. */
async function tryOut(tried: InstalledTensorFlow, { installation, env, signal }: Invocation): Promise<void> {
  const backend: BackendName = tried.gpu ? 'tfjs-node-gpu' : 'tfjs-node';
  await verifyBackend(backend, { installation, cwd: tried.folder, env: { ...env, ...toEnvironment([tried]) }, signal });
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
