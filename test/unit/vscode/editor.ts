import path from 'node:path';
import { chartProtocolVersion } from '../../../src/protocol/charts.ts';

// The part of `vscode` that adapters under test use, in plain objects:
//   vi.mock('vscode', () => import('./editor.ts'))
// What the editor would be asked is answered from `answers`; what it was told stands in `told`. `forget()` before each test.

export const answers = {
  workspaceFolder: undefined as string | undefined,
  chosenFiles: undefined as Promise<readonly { fsPath: string }[]> | undefined,
  pressed: undefined as string | undefined,
  /** The place that is chosen for a new file. */
  saved: undefined as string | undefined,
  existing: [] as string[],
  /** Beginnings of the labels that are picked, one for each question; `escape` picks nothing. Without any left the last choice is taken. Where several may be picked they are its labels. */
  picked: [] as string[],
  typed: undefined as string | undefined,
  /** What is typed into one box after the other; without any left `typed` is. */
  typedInTurn: [] as string[],
};
export const told = {
  documents: [] as string[],
  tasks: [] as { readonly name: string; readonly definition: object }[],
  errors: [] as string[],
  messages: [] as string[],
  /** Places that were proposed for a new file. */
  proposed: [] as string[],
  panels: [] as FakePanel[],
  serializers: [] as { deserializeWebviewPanel(panel: FakePanel, state: unknown): Promise<void> }[],
  collections: [] as FakeDiagnostics[],
  items: [] as FakeStatusBarItem[],
  fileSystems: [] as { readonly scheme: string; readonly provider: unknown }[],
  picks: [] as (readonly { readonly label: string }[])[],
  copied: [] as string[],
  /** Opened by the system, outside of the editor. */
  opened: [] as string[],
  /** Boxes that were shown to type into. */
  boxes: [] as { readonly title?: string; readonly prompt?: string; readonly password?: boolean }[],
  executed: [] as string[],
};

export function forget(): void {
  for (const list of Object.values(told)) list.length = 0;
  Object.assign(answers, {
    workspaceFolder: undefined,
    chosenFiles: undefined,
    pressed: undefined,
    saved: undefined,
    existing: [],
  });
  Object.assign(answers, { picked: [], typed: undefined, typedInTurn: [] });
  workspace.isTrusted = true;
  workspace.textDocuments = [];
}

const nothing = { dispose: () => undefined };
const silent = () => nothing;

export class EventEmitter<T> {
  readonly #listeners = new Set<(value: T) => void>();
  readonly event = (listener: (value: T) => void): { dispose(): void } => {
    this.#listeners.add(listener);
    return { dispose: () => void this.#listeners.delete(listener) };
  };
  fire(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

/** Presses the button of whatever shows its progress. */
export const cancelled = new EventEmitter<undefined>();
export const changedDocuments = new EventEmitter<{ readonly document: Document }>();
export const trustGranted = new EventEmitter<undefined>();
export const closedTerminals = new EventEmitter<{ readonly exitStatus: { readonly reason: number } }>();

interface Message {
  readonly type: string;
  readonly sequence?: number;
}

export interface FakeStatusBarItem {
  text: string;
  tooltip: string;
  isShown: boolean;
}

/** A panel that is as strict as VS Code's once it is gone. */
export class FakePanel {
  title = '';
  visible = true;
  active = true;
  revealed = 0;
  isGone = false;
  readonly sent: Message[] = [];
  readonly #messages = new EventEmitter<unknown>();
  readonly #gone = new EventEmitter<undefined>();
  readonly #seen = new EventEmitter<undefined>();
  readonly #webview = {
    cspSource: 'https://pages',
    options: {},
    html: '',
    asWebviewUri: (uri: unknown) => uri,
    onDidReceiveMessage: this.#messages.event,
    postMessage: (message: Message) => Promise.resolve(this.sent.push(message) > 0),
  };
  readonly onDidDispose = this.#gone.event;
  readonly onDidChangeViewState = this.#seen.event;
  get webview() {
    this.#check();
    return this.#webview;
  }
  reveal(): void {
    this.#check();
    this.revealed += 1;
  }
  dispose(): void {
    this.isGone = true;
    this.#gone.fire(undefined);
  }
  setVisible(visible: boolean): void {
    this.visible = visible;
    this.#seen.fire(undefined);
  }
  /** What the page says. */
  post(message: unknown): void {
    this.#messages.fire(message);
  }
  ready(protocol = chartProtocolVersion): void {
    this.post({ type: 'ready', protocol });
  }
  acknowledge(): void {
    this.post({ type: 'ack', sequence: this.last?.sequence });
  }
  get last(): Message | undefined {
    return this.sent.at(-1);
  }
  #check(): void {
    if (this.isGone) throw new Error('Webview is disposed');
  }
}

export class FakeDiagnostics {
  readonly byFile = new Map<string, readonly Diagnostic[]>();
  set({ fsPath }: { fsPath: string }, diagnostics: readonly Diagnostic[]): void {
    this.byFile.set(fsPath, diagnostics);
  }
  delete({ fsPath }: { fsPath: string }): void {
    this.byFile.delete(fsPath);
  }
  dispose(): void {
    this.byFile.clear();
  }
}

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    [this.line, this.character] = [line, character];
  }
  translate(lines: number, characters: number): Position {
    return new Position(this.line + lines, this.character + characters);
  }
}

export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(...[line, character, endLine, endCharacter]: readonly [number, number, number, number]) {
    [this.start, this.end] = [new Position(line, character), new Position(endLine, endCharacter)];
  }
  intersection({ start, end }: Range): Range | undefined {
    return end.line < this.start.line || start.line > this.end.line ? undefined : this;
  }
}

export class Location {
  readonly uri: unknown;
  readonly range: unknown;
  constructor(uri: unknown, range: unknown) {
    [this.uri, this.range] = [uri, range];
  }
}

export class DiagnosticRelatedInformation {
  readonly location: Location;
  readonly message: string;
  constructor(location: Location, message: string) {
    [this.location, this.message] = [location, message];
  }
}

/** The editor's keychain. */
export class FakeSecrets {
  readonly kept = new Map<string, string>();
  readonly #changed = new EventEmitter<{ readonly key: string }>();
  readonly onDidChange = this.#changed.event;
  keys(): Promise<string[]> {
    return Promise.resolve([...this.kept.keys()]);
  }
  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.kept.get(key));
  }
  store(key: string, value: string): Promise<void> {
    this.kept.set(key, value);
    this.#changed.fire({ key });
    return Promise.resolve();
  }
  delete(key: string): Promise<void> {
    this.kept.delete(key);
    this.#changed.fire({ key });
    return Promise.resolve();
  }
}

/** A text that is open, and not saved as soon as something was typed. */
export class Document {
  readonly uri: ReturnType<typeof Uri.file>;
  version = 1;
  isDirty = false;
  #text: string;
  constructor(file: string, text: string) {
    this.uri = Uri.file(file);
    this.#text = text;
  }
  getText(): string {
    return this.#text;
  }
  type(text: string): void {
    this.#text = text;
    this.version += 1;
    this.isDirty = true;
  }
}

export class Diagnostic {
  readonly range: Range;
  readonly message: string;
  source = '';
  relatedInformation: readonly DiagnosticRelatedInformation[] = [];
  constructor(range: Range, message: string) {
    [this.range, this.message] = [range, message];
  }
}

export class Task {
  readonly definition: object;
  readonly name: string;
  constructor(definition: object, _scope: unknown, name: string) {
    [this.definition, this.name] = [definition, name];
  }
}

export class CustomExecution {
  readonly open: unknown;
  constructor(open: unknown) {
    this.open = open;
  }
}

export const Disposable = {
  from: (...parts: readonly { dispose(): unknown }[]) => ({ dispose: () => parts.forEach((part) => part.dispose()) }),
};
export const DiagnosticSeverity = { Error: 0, Warning: 1 };
export const TerminalExitReason = { Unknown: 0, User: 3 };
export const ViewColumn = { Active: -1 };
export const QuickPickItemKind = { Separator: -1 };
export const TaskScope = { Workspace: 2 };
export const TaskRevealKind = { Always: 1 };
export const TaskPanelKind = { Dedicated: 2 };
export const ProgressLocation = { Window: 10 };
export const env = {
  language: 'en',
  openExternal: (target: string | { fsPath: string }) =>
    Promise.resolve(told.opened.push(typeof target === 'string' ? target : target.fsPath)),
  clipboard: { writeText: (text: string) => Promise.resolve(void told.copied.push(text)) },
};
export class ThemeColor {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}
export class ThemeIcon extends ThemeColor {}
export const Uri = {
  parse: (text: string) => ({ fsPath: text, toString: () => text }),
  file: (fsPath: string) => ({ scheme: 'file', fsPath, toString: () => fsPath }),
  from: (parts: Readonly<Record<string, string>>) => parts,
  joinPath: (base: { readonly fsPath?: string }, ...parts: string[]) => ({
    fsPath: [base.fsPath ?? '', ...parts].join('/'),
    toString: () => parts.join('/'),
  }),
};
/** Failures of files, with their kind as the message. */
export const FileSystemError = {
  FileNotFound: () => new Error('FileNotFound'),
  NoPermissions: () => new Error('NoPermissions'),
};
export const FileType = { File: 1 };
export const FilePermission = { Readonly: 1 };
export const l10n = {
  t: (message: string, ...values: string[]) =>
    message.replaceAll(/\{(\d)\}/g, (hole, index: string) => values[Number(index)] ?? hole),
};
export const languages = {
  createDiagnosticCollection: () => {
    const collection = new FakeDiagnostics();
    told.collections.push(collection);
    return collection;
  },
};
export const tasks = {
  executeTask: (task: Task) => Promise.resolve(told.tasks.push({ name: task.name, definition: task.definition })),
  onDidEndTask: silent,
};
export const StatusBarAlignment = { Left: 1 };
export const commands = { executeCommand: (id: string) => Promise.resolve(void told.executed.push(id)) };
export const window = {
  createStatusBarItem: () => {
    const item = { text: '', tooltip: '', isShown: false };
    told.items.push(item);
    return {
      ...nothing,
      set text(text: string) {
        item.text = text;
      },
      show: () => (item.isShown = true),
      hide: () => (item.isShown = false),
    };
  },
  onDidCloseTerminal: closedTerminals.event,
  createWebviewPanel: () => {
    const panel = new FakePanel();
    told.panels.push(panel);
    return panel;
  },
  registerWebviewPanelSerializer: (_type: string, serializer: (typeof told.serializers)[number]) => {
    told.serializers.push(serializer);
    return nothing;
  },
  showErrorMessage: (message: string, ...ways: string[]) => {
    told.errors.push(message);
    return Promise.resolve(ways.find((way) => way === answers.pressed));
  },
  showWarningMessage: (message: string) => {
    told.messages.push(message);
    return Promise.resolve(answers.pressed);
  },
  setStatusBarMessage: (message: string) => told.messages.push(message),
  showOpenDialog: () => answers.chosenFiles ?? Promise.resolve(undefined),
  showSaveDialog: ({ defaultUri }: { defaultUri: { fsPath: string } }) => {
    told.proposed.push(defaultUri.fsPath);
    return Promise.resolve(answers.saved === undefined ? undefined : Uri.file(answers.saved));
  },
  showInformationMessage: (message: string) => {
    told.messages.push(message);
    return Promise.resolve(answers.pressed);
  },
  showTextDocument: ({ fsPath }: { fsPath: string }) => Promise.resolve(told.documents.push(fsPath)),
  showQuickPick: (
    choices: readonly { readonly label: string }[],
    options: { readonly canPickMany?: boolean } = {},
  ): Promise<unknown> => {
    told.picks.push(choices);
    if (options.canPickMany === true) {
      const picked = answers.picked.splice(0);
      return Promise.resolve(
        picked.includes('escape') ? undefined : choices.filter(({ label }) => picked.includes(label)),
      );
    }
    const wanted = answers.picked.shift();
    if (wanted === undefined) return Promise.resolve(choices.at(-1));
    const found = choices.find(({ label }) => label.replace(/^\$\([\w-]+\) /, '').startsWith(wanted));
    if (found === undefined && wanted !== 'escape') throw new Error(`There is nothing "${wanted}" to pick.`);
    return Promise.resolve(found);
  },
  showInputBox: ({
    validateInput,
    ...box
  }: (typeof told.boxes)[number] & { validateInput?: (text: string) => string | undefined }) => {
    told.boxes.push(box);
    const typed = answers.typedInTurn.shift() ?? answers.typed;
    return Promise.resolve(typed === undefined || validateInput?.(typed) !== undefined ? undefined : typed);
  },
  withProgress: (_options: unknown, work: (progress: unknown, token: unknown) => Promise<unknown>) =>
    work({ report: () => undefined }, { isCancellationRequested: false, onCancellationRequested: cancelled.event }),
};
export const workspace = {
  isTrusted: true,
  onDidGrantWorkspaceTrust: trustGranted.event,
  textDocuments: [] as Document[],
  onDidChangeTextDocument: changedDocuments.event,
  onDidCloseTextDocument: silent,
  registerFileSystemProvider: (scheme: string, provider: unknown) => {
    told.fileSystems.push({ scheme, provider });
    return nothing;
  },
  getConfiguration: () => ({ get: (_key: string, fallback: unknown) => fallback }),
  getWorkspaceFolder: ({ fsPath }: { fsPath: string }) => {
    const root = answers.workspaceFolder;
    const isInside = root !== undefined && !path.relative(root, fsPath).startsWith('..');
    return isInside ? { uri: Uri.file(root) } : undefined;
  },
  fs: {
    stat: ({ fsPath }: { fsPath: string }) =>
      answers.existing.includes(fsPath) ? Promise.resolve({ size: 3 }) : Promise.reject(new Error('It is not there.')),
    readFile: () => Promise.resolve(Uint8Array.of(1, 2, 3)),
  },
};
