import * as vscode from 'vscode';
import { toFailureEntry, toProjectEntry, type TreeEntry } from '../../core/trees/trees.ts';
import type { Area, EngineClient } from '../../protocol/engine.ts';
import { setContext } from '../contextkeys.ts';
import { viewIds, type ContextKey } from '../manifest.ts';
import type { Projects } from '../projects.ts';
import { toTooltip, toTreeItem } from './adapter.ts';
import { readCourseOf } from './course.ts';

export interface ViewRow {
  readonly id: string;
  /** Set when the view has been read and has nothing to show. */
  readonly emptyKey?: ContextKey;
  /** Set while there is something to show: without it the view is not there. */
  readonly filledKey?: ContextKey;
  /** What it shows is read again when one of these has changed. */
  readonly areas: readonly Area[];
  readonly load: (project: string) => Promise<readonly TreeEntry[]>;
  /** It shows runs: also those of folders that are no project. Only of runs several are meant at once. */
  readonly ofRuns?: true;
}

export interface ViewParts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly report: (error: unknown) => void;
}

/** One view: asks the engine when it is looked at and when something that it shows has changed. */
export class EntryView implements vscode.TreeDataProvider<TreeEntry> {
  readonly id: string;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #row: ViewRow;
  readonly #engine: EngineClient;
  readonly #projects: Projects;
  readonly #report: (error: unknown) => void;
  readonly #view: vscode.TreeView<TreeEntry>;
  readonly #disposables: readonly { dispose(): unknown }[];

  readonly onDidChangeTreeData = this.#changed.event;

  /** Whether it looks for entries although nobody sees it. */
  #isLooking = false;

  constructor(row: ViewRow, { engine, projects, report }: ViewParts) {
    const { id, areas, ofRuns = false } = row;
    this.id = id;
    this.#row = row;
    this.#engine = engine;
    this.#projects = projects;
    this.#report = report;
    this.#view = vscode.window.createTreeView<TreeEntry>(id, {
      treeDataProvider: this,
      showCollapseAll: true,
      canSelectMany: ofRuns,
    });
    this.#disposables = [
      this.#changed,
      this.#view,
      projects.onDidChange(() => this.refresh()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => areas.includes(area))) this.refresh();
      }),
    ];
    this.#describe();
  }

  refresh(): void {
    this.#describe();
    this.#changed.fire();
    if (this.#isLooking && !this.#view.visible) void this.getChildren();
  }

  /** From now on it is known whether there is something to show: a view that is not there is asked for nothing. */
  look(): void {
    if (this.#isLooking || this.#row.filledKey === undefined) return;
    this.#isLooking = true;
    if (!this.#view.visible) void this.getChildren();
  }

  onDidBecomeVisible(listener: () => void): vscode.Disposable {
    if (this.#view.visible) listener();
    return this.#view.onDidChangeVisibility(({ visible }) => {
      if (visible) listener();
    });
  }

  getTreeItem(entry: TreeEntry): vscode.TreeItem {
    return toTreeItem(entry);
  }

  /** Only what the mouse rests on gets its tooltip: thousands of them take longer to make than everything else of a tree. */
  async resolveTreeItem(item: vscode.TreeItem, entry: TreeEntry): Promise<vscode.TreeItem> {
    const { target } = entry;
    const course = target?.kind === 'run' ? await readCourseOf(this.#engine, target, this.#report) : null;
    item.tooltip = toTooltip(entry.tooltip, course);
    return item;
  }

  async getChildren(parent?: TreeEntry): Promise<TreeEntry[]> {
    try {
      if (parent !== undefined) return [...((await parent.children?.()) ?? [])];
      const entries = await this.#readRoots();
      const { emptyKey, filledKey } = this.#row;
      if (emptyKey !== undefined) await setContext(emptyKey, entries.length === 0);
      if (filledKey !== undefined) await setContext(filledKey, entries.length > 0);
      return [...entries];
    } catch (error) {
      this.#report(error);
      return [toFailureEntry(error instanceof Error ? error.message : String(error), parent)];
    }
  }

  async #readRoots(): Promise<readonly TreeEntry[]> {
    const { load, ofRuns, filledKey } = this.#row;
    const projects = await (ofRuns ? this.#projects.whenAllKnown() : this.#projects.whenKnown());
    const [first, ...others] = projects;
    if (first === undefined) return [];
    if (others.length === 0) return load(first.root);
    if (filledKey === undefined) return projects.map((project) => toProjectEntry(project, () => load(project.root)));
    const loaded = await Promise.all(projects.map(async (project) => [project, await load(project.root)] as const));
    return loaded.flatMap(([project, entries]) =>
      entries.length === 0 ? [] : [toProjectEntry(project, () => entries)],
    );
  }

  dispose(): void {
    for (const disposable of this.#disposables) disposable.dispose();
  }

  /** What stands above the entries: the first view speaks for all. */
  #describe(): void {
    if (this.id !== viewIds.pipeline) return;
    const [project, ...others] = this.#projects.list;
    this.#view.description = others.length === 0 ? (project?.branch ?? '') : '';
    const isRestricted = project !== undefined && !vscode.workspace.isTrusted;
    this.#view.message = isRestricted ? vscode.l10n.t('Restricted Mode: everything is shown, nothing is run.') : '';
  }
}
