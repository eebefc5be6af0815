import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { StageGround, StageRequest } from '../../../../src/protocol/addstage.ts';
import type { Projects } from '../../../../src/vscode/projects.ts';
import { createEngine, settle } from '../engine.ts';

interface Item {
  readonly label: string;
  readonly value?: unknown;
}
interface Input {
  title: string;
  value: string;
  validationMessage: string | undefined;
  items: readonly Item[];
  selectedItems: readonly Item[];
  activeItems: readonly Item[];
  type(text: string): void;
  back(): void;
  accept(): void;
  hide(): void;
}
interface Editor {
  /** Title's end → what a person does; without one Enter is pressed. */
  acts: Record<string, (input: Input) => void>;
  seen: string[];
  dirty: string[];
  shown: string[];
  changed: (event: { document: unknown }) => void;
  /** As the editor has it when it is opened. */
  document: (fsPath: string) => { fsPath: string; lineCount: number; lineAt: (index: number) => { text: string } };
}
const editor = vi.hoisted((): Editor => ({
  acts: {},
  seen: [],
  dirty: [],
  shown: [],
  changed: () => undefined,
  document: (fsPath) => ({ fsPath, lineCount: 12, lineAt: () => ({ text: '  split:' }) }),
}));

vi.mock('vscode', () => {
  class FakeInput {
    title = '';
    value = '';
    validationMessage: string | undefined = undefined;
    items: readonly Item[] = [];
    activeItems: readonly Item[] = [];
    selectedItems: readonly Item[] = [];
    canSelectMany = false;
    readonly listeners: Record<string, ((value: unknown) => void)[]> = {};
    #on = (name: string) => (listener: (value: unknown) => void) => {
      (this.listeners[name] ??= []).push(listener);
      return { dispose: () => undefined };
    };
    onDidAccept = this.#on('accept');
    onDidHide = this.#on('hide');
    onDidTriggerButton = this.#on('button');
    onDidChangeValue = this.#on('value');
    onDidChangeSelection = this.#on('selection');
    #fire(name: string, value: unknown): void {
      for (const listener of this.listeners[name] ?? []) listener(value);
    }
    type(text: string): void {
      this.value = text;
      this.#fire('value', text);
    }
    back(): void {
      this.#fire('button', 'back');
    }
    hide(): void {
      this.#fire('hide', undefined);
    }
    accept(): void {
      if (!this.canSelectMany && this.items.length > 0 && this.selectedItems.length === 0)
        this.selectedItems = [this.activeItems[0] ?? this.items[0]!];
      this.#fire('selection', this.selectedItems);
      this.#fire('accept', undefined);
    }
    show(): void {
      editor.seen.push(this.title);
      const part = this.title.split(': ').at(-1) ?? '';
      const act = editor.acts[part] ?? ((input: Input) => input.accept());
      act(this);
    }
    dispose = () => undefined;
  }
  return {
    QuickInputButtons: { Back: 'back' },
    QuickPickItemKind: { Separator: -1 },
    ThemeIcon: Object,
    Position: function (this: { line: number }, line: number) {
      this.line = line;
    },
    Range: function (this: { start: unknown }, start: unknown) {
      this.start = start;
    },
    Uri: { file: (fsPath: string) => ({ scheme: 'file', fsPath }) },
    l10n: {
      t: (message: string, ...values: unknown[]) =>
        message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)])),
    },
    workspace: {
      get textDocuments() {
        return editor.dirty.map((fsPath) => ({ uri: { fsPath }, isDirty: true }));
      },
      getWorkspaceFolder: () => undefined,
      openTextDocument: ({ fsPath }: { fsPath: string }) => Promise.resolve(editor.document(fsPath)),
      onDidChangeTextDocument: (listener: (event: { document: unknown }) => void) => {
        editor.changed = listener;
        return { dispose: () => undefined };
      },
    },
    window: {
      activeTextEditor: { document: { uri: { scheme: 'file', fsPath: '/p/src/split.ts' } } },
      createInputBox: () => new FakeInput(),
      createQuickPick: () => new FakeInput(),
      showTextDocument: ({ fsPath }: { fsPath: string }, { selection }: { selection: { start: { line: number } } }) => {
        editor.shown.push(`${fsPath}:${selection.start.line + 1}`);
        return Promise.resolve();
      },
    },
  };
});
const { createAddStageCommand } = await import('../../../../src/vscode/commands/addstage.ts');

const ground: StageGround = {
  stages: [{ name: 'clean', inputs: ['data/raw'], outputs: ['data/clean'] }],
  paths: ['configs/', 'configs/cnn.yaml', 'data/', 'src/', 'src/models/cnn/', 'src/split.ts'],
  params: [{ file: 'configs/cnn.yaml', keys: ['data', 'mlflow', 'model', 'training'] }],
};

describe('Add Stage', () => {
  beforeEach(() => Object.assign(editor, { acts: {}, seen: [], dirty: [], shown: [] }));

  async function add(): Promise<StageRequest | undefined> {
    const engine = createEngine({
      readStageGround: () => ground,
      planStage: ({ stage }) => ({
        addition: { file: 'dvc.yaml', line: 7, text: `  ${stage.name}:\n    cmd: ${stage.cmd}\n` },
        problems: [],
      }),
      addStage: () => ({ file: 'dvc.yaml', line: 7, text: '' }),
    });
    const projects = {
      whenKnown: () => Promise.resolve([{ root: '/p', name: 'p', branch: null }]),
    } as unknown as Projects;
    await createAddStageCommand({ engine: engine.thread, projects })['mlops.addStage']();
    const asked = engine.asked.find(({ name }) => name === 'addStage')?.payload;
    return (asked as { stage: StageRequest } | undefined)?.stage;
  }
  const choose =
    (...labels: string[]) =>
    (input: Input): void => {
      input.selectedItems = input.items.filter(({ label }) => labels.includes(label));
      input.accept();
    };

  const enter =
    (text: string) =>
    (input: Input): void => {
      input.type(text);
      input.accept();
    };

  it('asks in order, with defaults from the file in the editor, and shows the stage afterwards', async () => {
    expect(await add()).toEqual({
      name: 'split',
      cmd: 'mlops exec src/split.ts',
      deps: ['src/split.ts'],
      params: [],
      outs: [],
      desc: '',
    });
    expect(editor.seen).toEqual([
      'Add Stage: Name',
      'Add Stage split: Command',
      'Add Stage split: Dependencies',
      'Add Stage split: Parameters',
      'Add Stage split: Outputs',
      'Add Stage split: Metrics',
      'Add Stage split: Plots',
      'Add Stage split: Description',
      'Add Stage split: Lines to Be Written',
    ]);
    expect(editor.shown).toEqual(['/p/dvc.yaml:7']);
  });

  it('suggests what a training reads and makes', async () => {
    editor.acts['Command'] = choose('mlops train configs/cnn.yaml');
    expect(await add()).toMatchObject({
      deps: ['src/models/cnn'],
      params: [{ file: 'configs/cnn.yaml', keys: ['data', 'model', 'training'] }],
      outs: [{ kind: 'out', path: 'models/cnn', cache: true }],
    });
  });

  it('takes a command that is typed, outputs of other stages, and several paths', async () => {
    editor.acts['Command'] = (input) => {
      input.type('make it');
      choose('make it')(input);
    };
    editor.acts['Dependencies'] = choose('data/clean', 'src/');
    editor.acts['Outputs'] = enter('a, b/ ');
    editor.acts['Metrics'] = enter('m.json');
    expect(await add()).toMatchObject({
      cmd: 'make it',
      deps: ['data/clean', 'src'],
      outs: [
        { kind: 'out', path: 'a', cache: true },
        { kind: 'out', path: 'b', cache: true },
        { kind: 'metric', path: 'm.json', cache: false },
      ],
    });
  });

  it.each([
    ['Name', 'clean', 'There is a stage "clean" already.'],
    ['Outputs', 'data/clean/x', 'overlap'],
    ['Outputs', 'src/split.ts', 'both a dependency and an output'],
    ['Outputs', 'data/raw', ''],
  ])('refuses at the question %s: %s', async (part, text, sentence) => {
    let said: string | undefined;
    editor.acts['Dependencies'] = choose('data/clean', 'src/split.ts');
    editor.acts[part] = (input) => {
      input.type(text);
      input.accept();
      said = input.validationMessage;
      input.hide();
    };
    expect(await add()).toBeUndefined();
    // The last would close a circle: clean reads data/raw, and the new stage reads what clean makes.
    expect(said).toContain(sentence === '' ? 'depend on each other' : sentence);
  });

  it('goes back with the answers kept', async () => {
    let isFirst = true;
    editor.acts['Metrics'] = (input) => {
      if (isFirst) input.back();
      else input.accept();
      isFirst = false;
    };
    let before = '';
    editor.acts['Outputs'] = (input) => {
      before = input.value;
      enter('a')(input);
    };
    expect((await add())?.outs).toEqual([{ kind: 'out', path: 'a', cache: true }]);
    expect(before).toBe('a');
  });

  it('waits for the editor to take in what was written', async () => {
    const document = { fsPath: '/p/dvc.yaml', lineCount: 6, lineAt: () => ({ text: '  split:' }) };
    const { document: before } = editor;
    editor.document = () => document;
    const added = add();
    await vi.waitFor(() => expect(editor.seen.at(-1)).toBe('Add Stage split: Lines to Be Written'));
    await settle();
    expect(editor.shown).toEqual([]);
    document.lineCount = 12;
    editor.changed({ document });
    await added;
    editor.document = before;
    expect(editor.shown).toEqual(['/p/dvc.yaml:7']);
  });

  it('writes nothing while dvc.yaml has changes that are not saved', async () => {
    editor.dirty = ['/p/dvc.yaml'];
    await expect(add()).rejects.toThrow('Save it first');
    expect(editor.seen).toEqual([]);
  });
});
