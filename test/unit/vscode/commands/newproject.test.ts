import type path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type * as vscode from 'vscode';
import type { EngineClient, NewProjectRequest, ProjectFolder, RequestName } from '../../../../src/protocol/engine.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { Projects } from '../../../../src/vscode/projects.ts';

// All of it as on Windows, where the editor writes "c:" and Node "C:".

interface Item {
  readonly label: string;
  readonly value?: unknown;
}

interface Editor {
  /** Titles of the questions, and what else happened, in order. */
  seen: string[];
  /** Title → label of the entry to take in place of the active one. */
  choices: Record<string, string>;
  presses: string;
  workspaceFile: unknown;
}

const editor = vi.hoisted((): Editor => ({ seen: [], choices: {}, presses: '', workspaceFile: undefined }));

vi.mock('node:path', async (original) => ({ default: (await original<typeof path>()).win32 }));

vi.mock('vscode', () => {
  class Input {
    title = '';
    items: readonly Item[] = [];
    activeItems: readonly Item[] = [];
    selectedItems: readonly (Item | undefined)[] = [];
    #accept: () => void = () => undefined;
    onDidAccept(listener: () => void) {
      this.#accept = listener;
      return { dispose: () => undefined };
    }
    onDidHide = () => ({ dispose: () => undefined });
    onDidTriggerButton = this.onDidHide;
    onDidChangeValue = this.onDidHide;
    show(): void {
      editor.seen.push(`asked: ${this.title}`);
      const wanted = this.items.find(({ label }) => label === editor.choices[this.title]);
      this.selectedItems = [wanted ?? this.activeItems[0] ?? this.items[0]];
      this.#accept();
    }
    dispose = () => undefined;
  }
  return {
    ProgressLocation: { Window: 10 },
    QuickInputButtons: { Back: {} },
    QuickPickItemKind: { Separator: -1 },
    ThemeIcon: class {
      static readonly Folder = {};
      static readonly File = {};
      readonly id = '';
    },
    Uri: { file: (file: string) => ({ fsPath: file.replace(/^C:/, 'c:') }) },
    l10n: { t: (message: string, ...values: string[]) => message.replace('{0}', values[0] ?? '{0}') },
    commands: {
      executeCommand: (id: string, argument: unknown) => {
        editor.seen.push(`command: ${id} ${argument === undefined ? '' : JSON.stringify(argument)}`.trimEnd());
        return Promise.resolve();
      },
    },
    workspace: {
      isTrusted: true,
      workspaceFolders: [{ uri: { fsPath: 'c:\\work\\open' } }],
      get workspaceFile() {
        return editor.workspaceFile;
      },
      updateWorkspaceFolders: (start: number, _deleted: number, { uri }: { uri: { fsPath: string } }) => {
        editor.seen.push(`added: ${start} ${uri.fsPath}`);
        return true;
      },
    },
    window: {
      createInputBox: () => new Input(),
      createQuickPick: () => new Input(),
      withProgress: (_: unknown, work: () => Promise<unknown>) => work(),
      showErrorMessage: (message: string) => editor.seen.push(`failed: ${message}`),
      showInformationMessage: (message: string, ...buttons: string[]) => {
        editor.seen.push(`told: ${message}`);
        return Promise.resolve(buttons.find((button) => button === editor.presses));
      },
    },
  };
});

const { createNewProjectCommand, welcomeNewProject } = await import('../../../../src/vscode/commands/newproject.ts');

const NOTE = 'There is no first commit yet.';
const FOLDER = 'asked: New Project: Folder';
const FILES = 'asked: New Project: Files to Be Written';
const OPEN = 'command: vscode.openFolder {"fsPath":"c:\\\\work\\\\digits"}';
const WELCOME = ['command: mlops.pipeline.focus', `told: ${NOTE}`, 'told: digits is ready.'];

/** What VS Code keeps for all windows. */
function createContext(): { context: vscode.ExtensionContext; stored: Map<string, unknown> } {
  const stored = new Map<string, unknown>();
  const globalState = {
    get: (key: string) => stored.get(key),
    update: (key: string, value: unknown) =>
      Promise.resolve(value === undefined ? stored.delete(key) : stored.set(key, value)),
  };
  return { stored, context: { globalState } as unknown as vscode.ExtensionContext };
}

/** Each failure is thrown once, by the request that it stands for. */
function createEngine(failures: Partial<Record<RequestName, Error>>): EngineClient {
  const waiting = new Map(Object.entries(failures));
  const replies: Partial<Record<RequestName, (payload: NewProjectRequest) => unknown>> = {
    readTemplates: () => ({ templates: [{ name: 'blank', title: 'Blank', summary: '' }], author: null }),
    planProject: () => [{ path: 'dvc.yaml', bytes: 1 }],
    newProject: () => ({ root: 'C:\\work\\digits', notes: [NOTE] }),
  };
  const request = (name: RequestName, payload: NewProjectRequest): Promise<unknown> => {
    const failure = waiting.get(name);
    waiting.delete(name);
    return failure === undefined ? Promise.resolve(replies[name]?.(payload)) : Promise.reject(failure);
  };
  return { request } as unknown as EngineClient;
}

const opened = (...roots: readonly string[]): Projects =>
  ({
    whenKnown: () => Promise.resolve(roots.map((root): ProjectFolder => ({ root, name: root, branch: null }))),
  }) as unknown as Projects;

beforeEach(() => Object.assign(editor, { seen: [], choices: {}, presses: '', workspaceFile: undefined }));

/** Makes a project and gives what was seen from the question for its folder on. */
async function make(context: vscode.ExtensionContext, failures: Parameters<typeof createEngine>[0] = {}) {
  const command = createNewProjectCommand({ engine: createEngine(failures), context })['mlops.newProject'];
  const outcome = await command().then(
    () => [],
    (error: unknown) => [String(error)],
  );
  return [...editor.seen.slice(editor.seen.indexOf(FOLDER)), ...outcome];
}

describe('a place where nothing can be written', () => {
  const taken = new ExpectedError('target-exists', 'It exists already.');
  const closed = new ExpectedError('disk', 'Permission denied.');
  const again = [FOLDER, FILES, OPEN];

  it.each<[string, Parameters<typeof createEngine>[0], readonly string[]]>([
    ['known before the files are shown', { planProject: taken }, [FOLDER, `failed: ${taken.message}`, ...again]],
    ['known when they are written', { newProject: taken }, [FOLDER, FILES, `failed: ${taken.message}`, ...again]],
    ['no right to write there', { newProject: closed }, [FOLDER, FILES, `failed: ${closed.message}`, ...again]],
    ['not a matter of the place', { newProject: new Error('a bug') }, [FOLDER, FILES, 'Error: a bug']],
  ])('%s', async (_name, failures, expected) => {
    expect(await make(createContext().context, failures)).toEqual(expected);
  });
});

describe('the welcome', () => {
  it('waits for the window that is opened, with what there is to know', async () => {
    const { context, stored } = createContext();
    expect(await make(context)).toEqual([FOLDER, FILES, OPEN]);
    editor.seen = [];
    editor.presses = 'Train';
    await welcomeNewProject(context, opened('c:\\work\\other'));
    expect([editor.seen, stored.size]).toEqual([[], 1]);
    await welcomeNewProject(context, opened('c:\\work\\other', 'c:\\work\\digits'));
    expect(editor.seen).toEqual([
      ...WELCOME,
      'command: mlops.train {"kind":"project","project":"c:\\\\work\\\\digits"}',
    ]);
    await welcomeNewProject(context, opened('c:\\work\\digits'));
    expect([editor.seen.length, stored.size]).toEqual([4, 0]);
  });

  it('comes at once where the window stays, and leaves nothing for later', async () => {
    const { context, stored } = createContext();
    editor.workspaceFile = {};
    editor.choices['New Project: Files to Be Written'] = 'Create and Add to This Workspace';
    expect(await make(context)).toEqual([FOLDER, FILES, 'added: 1 c:\\work\\digits', ...WELCOME]);
    expect(stored.size).toBe(0);
  });

  it('waits for the reload that a second folder causes', async () => {
    const { context, stored } = createContext();
    editor.choices['New Project: Files to Be Written'] = 'Create and Add to This Workspace';
    expect(await make(context)).toEqual([FOLDER, FILES, 'added: 1 c:\\work\\digits']);
    expect(stored.size).toBe(1);
  });

  it('is forgotten when nobody has opened the project for long', async () => {
    const { context, stored } = createContext();
    await make(context);
    const [[key, waiting] = ['', {}]] = [...stored] as [string, object][];
    stored.set(key, { ...waiting, time: Date.now() - 24 * 3_600_000 });
    editor.seen = [];
    await welcomeNewProject(context, opened('c:\\work\\digits'));
    expect([editor.seen, stored.size]).toEqual([[], 0]);
  });
});
