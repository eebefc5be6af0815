import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { BackendStatus } from '../../../../src/protocol/training.ts';
import type { Projects } from '../../../../src/vscode/projects.ts';
import { createEngine } from '../engine.ts';

interface Item {
  readonly label: string;
  readonly detail?: string;
}
interface Editor {
  /** Title → the end of the label of what is chosen. */
  picks: Partial<Record<string, string>>;
  items: string[];
  messages: string[];
  progress: { message?: string; increment?: number }[];
  dirty: string[];
  cancel: () => void;
}
const editor = vi.hoisted((): Editor => ({
  picks: {},
  items: [],
  messages: [],
  progress: [],
  dirty: [],
  cancel: () => undefined,
}));

vi.mock('vscode', () => ({
  ProgressLocation: { Notification: 15, Window: 10 },
  Uri: { file: (fsPath: string) => ({ scheme: 'file', fsPath }) },
  l10n: {
    t: (message: string, ...values: unknown[]) =>
      message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)])),
  },
  workspace: {
    get textDocuments() {
      return editor.dirty.map((fsPath) => ({ uri: { fsPath }, isDirty: true }));
    },
  },
  window: {
    showQuickPick: (items: readonly Item[], { title }: { title: string }) => {
      editor.items = items.map(({ label, detail }) => [label, detail].filter((part) => part !== undefined).join(' | '));
      return Promise.resolve(items.find(({ label }) => label.endsWith(editor.picks[title] ?? '—')));
    },
    showInformationMessage: (message: string) => Promise.resolve(void editor.messages.push(message)),
    withProgress: (_: unknown, work: (progress: unknown, token: unknown) => unknown) =>
      work(
        { report: (report: { message?: string; increment?: number }) => editor.progress.push(report) },
        {
          onCancellationRequested: (listener: () => void) => {
            editor.cancel = listener;
            return { dispose: () => undefined };
          },
        },
      ),
  },
}));

const { createBackendCommands } = await import('../../../../src/vscode/commands/backends.ts');
const projects = { whenKnown: () => Promise.resolve([]) } as unknown as Projects;
const config = { kind: 'config', project: '/p', model: 'm', file: 'configs/m.yaml' } as const;
const rung = (name: BackendStatus['name'], reason: string | null): BackendStatus => ({
  ...{ name, available: reason === null, device: reason === null ? 'CPU' : null },
  ...{ version: reason === null ? '4.22.0' : null, reason },
});
const backends = [rung('tfjs-node', 'It is not installed.'), rung('wasm', null), rung('cpu', null)];

beforeEach(() =>
  Object.assign(editor, { picks: {}, items: [], messages: [], progress: [], dirty: [], cancel: () => undefined }),
);

describe('Choose Backend', () => {
  const title = 'Backend of configs/m.yaml';
  const choose = async (pick: string): Promise<unknown> => {
    editor.picks = { [title]: pick };
    const engine = createEngine({ listBackends: () => backends, chooseBackend: () => 4 });
    await createBackendCommands({ engine: engine.thread, projects })['mlops.chooseBackend'](config);
    return engine.asked.find(({ name }) => name === 'chooseBackend')?.payload;
  };

  it('shows the ladder with the reasons, and writes what is chosen into the config', async () => {
    expect(await choose('wasm')).toEqual({ project: '/p', config: 'configs/m.yaml', backend: 'wasm' });
    expect(editor.items).toEqual([
      ...['$(sparkle) auto', '$(circle-slash) tfjs-node | It is not installed.', '$(check) wasm', '$(check) cpu'],
    ]);
    expect(await choose('auto')).toMatchObject({ backend: 'auto' });
    expect(await choose('nothing')).toBeUndefined();
  });

  it('says why one that is not available can’t be chosen', async () => {
    await expect(choose('tfjs-node')).rejects.toThrow('tfjs-node: It is not installed.');
  });

  it('leaves a config with unsaved changes alone', async () => {
    editor.dirty = ['/p/configs/m.yaml'];
    await expect(choose('cpu')).rejects.toThrow('configs/m.yaml has changes that are not saved');
  });
});

describe('Install Native TensorFlow', () => {
  const title = 'Install Native TensorFlow for all your projects';
  const target = { kind: 'project', project: '/p' } as const;
  const installed = { version: '2.21.0', folder: '/c', changed: true };

  it('tells how far it is, step by step', async () => {
    editor.picks = { [title]: 'Processor' };
    const engine = createEngine({
      installTensorFlow: () => {
        for (const [text, percent] of [
          ['download', 40],
          ['download', 90],
          ['unpack', 85],
          ['verify', 95],
        ] as const)
          engine.tell('installing', { text, percent });
        return installed;
      },
    });
    await createBackendCommands({ engine: engine.thread, projects })['mlops.installTensorFlow'](target);
    expect(engine.asked).toEqual([{ name: 'installTensorFlow', payload: { project: '/p', gpu: false } }]);
    expect(editor.progress).toEqual([
      { message: 'download', increment: 40 },
      { message: 'download', increment: 50 },
      { message: 'unpack', increment: 0 },
      { message: 'verify', increment: 5 },
    ]);
    expect(editor.messages).toEqual(['TensorFlow 2.21.0 is installed: trainings use it from now on.']);
  });

  it('for a GPU, and there already', async () => {
    editor.picks = { [title]: 'NVIDIA GPU' };
    const engine = createEngine({ installTensorFlow: () => ({ ...installed, changed: false }) });
    await createBackendCommands({ engine: engine.thread, projects })['mlops.installTensorFlow'](target);
    expect(engine.asked[0]?.payload).toEqual({ project: '/p', gpu: true });
    expect(editor.messages).toEqual(['TensorFlow 2.21.0 is installed already.']);
  });

  it('stops when it is cancelled, without a word; nothing happens when nothing is chosen', async () => {
    editor.picks = { [title]: 'Processor' };
    const engine = createEngine({
      installTensorFlow: () => {
        editor.cancel();
        return Promise.reject(new ExpectedError('stopped', 'Stopped.'));
      },
    });
    const commands = createBackendCommands({ engine: engine.thread, projects });
    await commands['mlops.installTensorFlow'](target);
    expect(engine.asked.map(({ name }) => name)).toEqual(['installTensorFlow', 'stopInstallation']);
    editor.picks = {};
    await commands['mlops.installTensorFlow'](target);
    expect(engine.asked).toHaveLength(2);
    expect(editor.messages).toEqual([]);
  });

  it('other failures are told', async () => {
    editor.picks = { [title]: 'Processor' };
    const engine = createEngine({
      installTensorFlow: () => Promise.reject(new ExpectedError('disk', 'the disk is full')),
    });
    const commands = createBackendCommands({ engine: engine.thread, projects });
    await expect(commands['mlops.installTensorFlow'](target)).rejects.toThrow('the disk is full');
  });
});
