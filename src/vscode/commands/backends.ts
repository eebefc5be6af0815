import * as vscode from 'vscode';
import { ExpectedError } from '../../protocol/errors.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import type { BackendChoice, BackendStatus } from '../../protocol/training.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickConfig, pickProject } from './pick.ts';
import { refuseUnsaved } from './unsaved.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
}

export function createBackendCommands({
  engine,
  projects,
}: Parts): Pick<CommandTypes, 'mlops.installTensorFlow' | 'mlops.chooseBackend'> {
  return {
    async 'mlops.installTensorFlow'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const gpu = await pickDevice();
      if (gpu !== undefined) await install(engine, project, gpu);
    },
    async 'mlops.chooseBackend'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const config = target?.kind === 'config' ? target : await pickConfig(engine, project);
      if (config === undefined) return;
      const backend = await pickBackend(engine, project, config.file);
      if (backend === undefined) return;
      refuseUnsaved(project, config.file);
      await engine.request('chooseBackend', { project, config: config.file, backend });
    },
  };
}

async function pickDevice(): Promise<boolean | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t('Processor'),
        detail: vscode.l10n.t('About 300 MB to download, 1.1 GB on the disk'),
        gpu: false,
      },
      {
        label: vscode.l10n.t('NVIDIA GPU'),
        detail: vscode.l10n.t('With CUDA: several gigabytes. The driver of the GPU must be installed'),
        gpu: true,
      },
    ],
    { title: vscode.l10n.t('Install Native TensorFlow for all your projects') },
  );
  return picked?.gpu;
}

async function install(engine: EngineClient, project: string, gpu: boolean): Promise<void> {
  const title = vscode.l10n.t('Installing native TensorFlow');
  const location = vscode.ProgressLocation.Notification;
  const installed = await vscode.window.withProgress(
    { location, title, cancellable: true },
    async (progress, token) => {
      let shown = 0;
      const hearing = engine.onEvent('installing', ({ text, percent }) => {
        progress.report({ message: text, increment: Math.max(0, percent - shown) });
        shown = Math.max(percent, shown);
      });
      const cancelling = token.onCancellationRequested(() => void engine.request('stopInstallation', null));
      try {
        return await engine.request('installTensorFlow', { project, gpu });
      } catch (error) {
        // Stopped by the person, who knows.
        if (error instanceof ExpectedError && error.code === 'stopped') return undefined;
        throw error;
      } finally {
        hearing.dispose();
        cancelling.dispose();
      }
    },
  );
  if (installed === undefined) return;
  const { version, changed } = installed;
  void vscode.window.showInformationMessage(
    changed
      ? vscode.l10n.t('TensorFlow {0} is installed: trainings use it from now on.', version)
      : vscode.l10n.t('TensorFlow {0} is installed already.', version),
  );
}

async function pickBackend(engine: EngineClient, project: string, config: string): Promise<BackendChoice | undefined> {
  const title = vscode.l10n.t('Backend of {0}', config);
  const backends = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Looking for backends …') },
    () => engine.request('listBackends', { project }),
  );
  const best = backends.find(({ available }) => available)?.name;
  const auto = {
    label: '$(sparkle) auto',
    description: best === undefined ? '' : vscode.l10n.t('the best that works; now {0}', best),
  };
  const picked = await vscode.window.showQuickPick<Rung>([auto, ...backends.map(toItem)], {
    title,
    matchOnDetail: true,
  });
  if (picked === undefined) return undefined;
  const { status } = picked;
  if (status === undefined) return 'auto';
  if (!status.available) throw new ExpectedError('not-supported', `${status.name}: ${status.reason ?? ''}`);
  return status.name;
}

/** Without a status: `auto`. */
interface Rung extends vscode.QuickPickItem {
  readonly status?: BackendStatus;
}

function toItem(status: BackendStatus): Rung {
  const { name, available, device, version, reason } = status;
  return {
    label: `$(${available ? 'check' : 'circle-slash'}) ${name}`,
    description: [device, version].filter((part) => part !== null).join(' · '),
    ...(reason === null ? {} : { detail: reason }),
    status,
  };
}
