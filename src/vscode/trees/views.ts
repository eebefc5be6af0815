import * as vscode from 'vscode';
import {
  toBranchEntries,
  toConfigEntries,
  toDataEntries,
  toModelEntries,
  toRunEntries,
  toStageEntries,
  toTrialEntries,
  type TreeEntry,
} from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { readFlow } from '../branchstatus.ts';
import { viewIds } from '../manifest.ts';
import type { Projects } from '../projects.ts';
import { EntryView, type ViewRow } from './entryview.ts';
import { createShownSweeps, type ShownSweeps } from './shownsweeps.ts';

export interface Views {
  refresh(): void;
  /** Shows the trials of this sweep, until a newer one begins. */
  showTrials(project: string, runId: string): Promise<void>;
  /** Entries of a view by its id, as the tree asks for them: for tests. */
  read(id: string): Promise<readonly TreeEntry[]>;
  dispose(): void;
}

export function registerViews(engine: EngineClient, projects: Projects, report: (error: unknown) => void): Views {
  const shownSweeps = createShownSweeps(engine);
  const views = createRows(engine, shownSweeps).map((row) => new EntryView(row, { engine, projects, report }));
  const find = (id: string): EntryView | undefined => views.find((view) => view.id === id);
  const look = (): void => views.forEach((view) => view.look());
  const looking = views.map((view) => view.onDidBecomeVisible(look));
  return {
    refresh: () => views.forEach((view) => view.refresh()),
    async showTrials(project, runId) {
      await shownSweeps.choose(project, runId);
      look();
      find(viewIds.trials)?.refresh();
      await vscode.commands.executeCommand(`${viewIds.trials}.focus`);
    },
    read: async (id) => (await find(id)?.getChildren()) ?? [],
    dispose: () => [...looking, ...views].forEach((each) => void each.dispose()),
  };
}

/** The views of the container. A new one is a row here, in the manifest, and a pure `to…Entries` in src/core/trees. */
function createRows(engine: EngineClient, shownSweeps: ShownSweeps): readonly ViewRow[] {
  const { t } = vscode.l10n;
  const listData = (project: string) => (folder: string) => engine.request('listData', { project, folder });
  return [
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
      id: viewIds.trials,
      filledKey: 'mlops.hasSweeps',
      areas: ['runs', 'processes'],
      ofRuns: true,
      load: async (project) => {
        const shown = await shownSweeps.read(project);
        return shown === null ? [] : toTrialEntries(shown, project, t);
      },
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
    {
      id: viewIds.branches,
      emptyKey: 'mlops.noBranches',
      areas: ['branches'],
      load: async (project) => {
        const state = await readFlow(engine, project);
        if (state === null) return [];
        // Runs change by the second while something trains; branches are not read for each of those changes.
        const { runs } = state.topics.length === 0 ? { runs: [] } : await engine.request('listRuns', { project });
        return toBranchEntries(state, project, t, runs);
      },
    },
  ];
}

function formatDate(time: number): string {
  return new Date(time).toLocaleString(vscode.env.language, { dateStyle: 'medium', timeStyle: 'short' });
}
