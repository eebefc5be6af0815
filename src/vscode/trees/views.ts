import * as vscode from 'vscode';
import {
  toConfigEntries,
  toDataEntries,
  toFailureEntry,
  toModelEntries,
  toProjectEntry,
  toRunEntries,
  toStageEntries,
  type TreeEntry,
} from '../../core/trees/trees.ts';
import type { Area, EngineClient } from '../../protocol/engine.ts';
import { setContext } from '../contextkeys.ts';
import { viewIds, type ContextKey } from '../manifest.ts';
import type { Projects } from '../projects.ts';
import { toTooltip, toTreeItem } from './adapter.ts';

export interface Views {
  refresh(): void;
  /** Entries of a view by its id, as the tree asks for them: for tests. */
  read(id: string): Promise<readonly TreeEntry[]>;
  dispose(): void;
}

interface ViewRow {
  readonly id: string;
  /** Set when the view has been read and has nothing to show. */
  readonly emptyKey: ContextKey;
  /** What it shows is read again when one of these has changed. */
  readonly areas: readonly Area[];
  readonly load: (project: string) => Promise<readonly TreeEntry[]>;
  /** It also shows folders that are no project and only hold runs. */
  readonly ofRuns?: true;
}

/** The five views. A new one is a row here, in the manifest, and a pure `to…Entries` in src/core/trees. */
export function registerViews(engine: EngineClient, projects: Projects, report: (error: unknown) => void): Views {
  const { t } = vscode.l10n;
  const listData = (project: string) => (folder: string) => engine.request('listData', { project, folder });
  const rows: readonly ViewRow[] = [
    {
      id: viewIds.pipeline,
      emptyKey: 'mlops.noStages',
      areas: ['pipeline', 'processes', 'data'],
      load: async (project) => toStageEntries(await engine.request('readStatus', { project }), t),
    },
    {
      id: viewIds.configs,
      emptyKey: 'mlops.noConfigs',
      areas: ['configs'],
      load: async (project) => toConfigEntries(await engine.request('listConfigs', { project }), project, t),
    },
    {
      id: viewIds.data,
      emptyKey: 'mlops.noData',
      areas: ['data', 'pipeline'],
      load: async (project) => {
        const list = listData(project);
        return toDataEntries(await list('data'), project, t, list);
      },
    },
    {
      id: viewIds.runs,
      emptyKey: 'mlops.noRuns',
      areas: ['runs', 'processes'],
      ofRuns: true,
      load: async (project) => toRunEntries(await engine.request('listRuns', { project }), project, t),
    },
    {
      id: viewIds.models,
      emptyKey: 'mlops.noModels',
      areas: ['models', 'runs'],
      load: async (project) => {
        const [folders, registry, { runs }] = await Promise.all([
          engine.request('listModels', { project }),
          engine.request('listRegisteredModels', { project }),
          engine.request('listRuns', { project }),
        ]);
        return toModelEntries({ folders, registry, runs }, project, { t, formatDate });
      },
    },
  ];
  const views = rows.map((row) => new EntryView(row, { engine, projects, report }));
  return {
    refresh: () => views.forEach((view) => view.refresh()),
    read: async (id) => (await views.find((view) => view.id === id)?.getChildren()) ?? [],
    dispose: () => views.forEach((view) => view.dispose()),
  };
}

/** One view: asks the engine when it is looked at and when something that it shows has changed. */
class EntryView implements vscode.TreeDataProvider<TreeEntry> {
  readonly id: string;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #emptyKey: ContextKey;
  readonly #load: ViewRow['load'];
  readonly #isOfRuns: boolean;
  readonly #projects: Projects;
  readonly #report: (error: unknown) => void;
  readonly #view: vscode.TreeView<TreeEntry>;
  readonly #disposables: readonly { dispose(): unknown }[];

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    { id, emptyKey, areas, load, ofRuns }: ViewRow,
    { engine, projects, report }: { engine: EngineClient; projects: Projects; report: (error: unknown) => void },
  ) {
    this.id = id;
    this.#emptyKey = emptyKey;
    this.#load = load;
    this.#isOfRuns = ofRuns === true;
    this.#projects = projects;
    this.#report = report;
    this.#view = vscode.window.createTreeView<TreeEntry>(id, {
      treeDataProvider: this,
      showCollapseAll: true,
      // Only runs are something of which several are meant at once.
      canSelectMany: id === viewIds.runs,
    });
    this.#disposables = [
      this.#changed,
      this.#view,
      projects.onDidChange(() => this.refresh()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#describe()),
      engine.onEvent('changed', (event) => {
        if (event.areas.some((area) => areas.includes(area))) this.refresh();
      }),
    ];
    this.#describe();
  }

  refresh(): void {
    this.#describe();
    this.#changed.fire();
  }

  getTreeItem(entry: TreeEntry): vscode.TreeItem {
    return toTreeItem(entry);
  }

  /** Only what the mouse rests on gets its tooltip: thousands of them take longer to make than everything else of a tree. */
  resolveTreeItem(item: vscode.TreeItem, entry: TreeEntry): vscode.TreeItem {
    item.tooltip = toTooltip(entry.tooltip);
    return item;
  }

  async getChildren(parent?: TreeEntry): Promise<TreeEntry[]> {
    try {
      if (parent !== undefined) return [...((await parent.children?.()) ?? [])];
      const entries = await this.#readRoots();
      await setContext(this.#emptyKey, entries.length === 0);
      return [...entries];
    } catch (error) {
      this.#report(error);
      return [toFailureEntry(error instanceof Error ? error.message : String(error), parent)];
    }
  }

  async #readRoots(): Promise<readonly TreeEntry[]> {
    const projects = await (this.#isOfRuns ? this.#projects.whenAllKnown() : this.#projects.whenKnown());
    const [first, ...others] = projects;
    if (first === undefined) return [];
    if (others.length === 0) return this.#load(first.root);
    return projects.map((project) => toProjectEntry(project, () => this.#load(project.root)));
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

function formatDate(time: number): string {
  return new Date(time).toLocaleString(vscode.env.language, { dateStyle: 'medium', timeStyle: 'short' });
}
