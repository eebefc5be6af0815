import path from 'node:path';
import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { emptyRunsView, type RunsView } from '../../protocol/runsview.ts';
import { colourTag, hiddenTag, runColours, starTag, type PageExport } from '../../protocol/runtable.ts';
import type { RunEdit, RunSummary } from '../../protocol/tracking.ts';
import { copyReport, exportReport } from '../exporting.ts';
import type { ExportFeed } from '../panels/feed.ts';
import type { RunsTables } from '../panels/runsTable.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickRun, pickRunsFolder } from './pick.ts';
import { runsOf } from './target.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly tables: Pick<RunsTables, 'show' | 'copy' | 'takeAway'>;
  readonly exports: ExportFeed;
}

type RunsTableCommands = Pick<
  CommandTypes,
  | 'mlops.showRunsCharts'
  | 'mlops.showRunsTable'
  | 'mlops.tagRun'
  | 'mlops.starRun'
  | 'mlops.colourRun'
  | 'mlops.hideRun'
  | 'mlops.copyRunsAsCsv'
  | 'mlops.copyRunsAsMarkdown'
  | 'mlops.copyRunsAsJson'
  | 'mlops.exportReport'
  | 'mlops.copyReport'
  | 'mlops.exportChartsAsPng'
  | 'mlops.exportChartsAsSvg'
  | 'mlops.exportPoints'
>;

/** The table of runs, and what is done with several runs at once. */
export function createRunsTableCommands({ engine, projects, tables, exports }: Parts): RunsTableCommands {
  /** Asks what to change, or gives undefined: then nothing happens. */
  const editRuns =
    (title: string, ask: (runs: readonly RunSummary[]) => Promise<RunEdit | undefined>): CommandTypes['mlops.tagRun'] =>
    async (target) => {
      const found = await findRuns({ engine, projects }, target, title);
      const edit = found === undefined || found.runs.length === 0 ? undefined : await ask(found.runs);
      if (found === undefined || edit === undefined) return;
      await editAll(engine, found.project, { runs: found.runs, edit });
    };
  /** On for all of them, unless all have it. */
  const toggle = (title: string, tag: string): CommandTypes['mlops.tagRun'] =>
    editRuns(title, (runs) => {
      const isOn = runs.every(({ tags }) => Object.hasOwn(tags, tag));
      return Promise.resolve({ tags: { [tag]: isOn ? null : '1' } });
    });
  const showTab =
    (tab: Parameters<RunsTables['show']>[1]): CommandTypes['mlops.showRunsTable'] =>
    async (target) => {
      const project = await pickRunsFolder(projects, target);
      if (project !== undefined) tables.show(project, tab);
    };
  const copyAs = (format: Parameters<RunsTables['copy']>[0]) => (): Promise<void> => {
    tables.copy(format);
    return Promise.resolve();
  };
  const takeAway = (what: PageExport) => (): Promise<void> => {
    tables.takeAway(what);
    return Promise.resolve();
  };
  /** Of what the page in front shows, else of a view that is picked. */
  const report =
    (what: 'report' | 'summary', write: typeof exportReport): CommandTypes['mlops.exportReport'] =>
    async (target) => {
      if (target === undefined && tables.takeAway(what)) return;
      const project = await pickRunsFolder(projects, target);
      const view = project === undefined ? undefined : await pickView(engine, project);
      if (project !== undefined && view !== undefined) await write(exports, project, { ...view, runIds: null });
    };
  return {
    'mlops.showRunsCharts': showTab('charts'),
    'mlops.showRunsTable': showTab('table'),
    'mlops.tagRun': editRuns(vscode.l10n.t('Add Tag to Run'), askTag),
    'mlops.starRun': toggle(vscode.l10n.t('Star Run'), starTag),
    'mlops.hideRun': toggle(vscode.l10n.t('Hide Run'), hiddenTag),
    'mlops.colourRun': editRuns(vscode.l10n.t('Colour of Run'), askColour),
    'mlops.copyRunsAsCsv': copyAs('csv'),
    'mlops.copyRunsAsMarkdown': copyAs('markdown'),
    'mlops.copyRunsAsJson': copyAs('json'),
    'mlops.exportReport': report('report', exportReport),
    'mlops.copyReport': report('summary', copyReport),
    'mlops.exportChartsAsPng': takeAway('png'),
    'mlops.exportChartsAsSvg': takeAway('svg'),
    'mlops.exportPoints': takeAway('csv'),
  };
}

/** All runs, or a view that the project keeps. */
async function pickView(
  engine: EngineClient,
  project: string,
): Promise<{ readonly title: string; readonly view: RunsView } | undefined> {
  const views = (await engine.request('listViews', { project })).flatMap(({ name, view }) =>
    view === null ? [] : [{ label: name, view }],
  );
  const all = { label: vscode.l10n.t('All runs'), view: emptyRunsView };
  const title = vscode.l10n.t('Report of');
  const picked = views.length === 0 ? all : await vscode.window.showQuickPick([all, ...views], { title });
  if (picked === undefined) return undefined;
  const isAll = picked === all;
  return { title: isAll ? vscode.l10n.t('Runs of {0}', path.basename(project)) : picked.label, view: picked.view };
}

interface Found {
  readonly project: string;
  readonly runs: readonly RunSummary[];
}

/** What a command was called on, else the run that is picked. */
export async function findRuns(
  { engine, projects }: Pick<Parts, 'engine' | 'projects'>,
  target: Target | undefined,
  title: string,
): Promise<Found | undefined> {
  const project = await pickRunsFolder(projects, target);
  if (project === undefined) return undefined;
  const picked = target?.kind === 'run' ? undefined : await pickRun(engine, project, { title });
  const runIds = target?.kind === 'run' ? runsOf(target) : picked === undefined ? [] : [picked];
  const wanted = new Set(runIds);
  const { runs } = await engine.request('listRuns', { project });
  return { project, runs: runs.filter(({ runId }) => wanted.has(runId)) };
}

/** One that refuses keeps none of the others; the first reason is told. */
export async function editAll(
  engine: EngineClient,
  project: string,
  { runs, edit }: { readonly runs: readonly Pick<RunSummary, 'runId'>[]; readonly edit: RunEdit },
): Promise<void> {
  const failures: unknown[] = [];
  for (const { runId } of runs) {
    try {
      await engine.request('editRun', { project, runId, edit });
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** `name=value`; nothing behind the sign takes the tag away. */
async function askTag(): Promise<RunEdit | undefined> {
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Add Tag to Run'),
    prompt: vscode.l10n.t('As name=value; a name with = and nothing behind it removes the tag'),
    validateInput: (input) =>
      /^\s*[^\s=][^=]*=/.test(input) ? undefined : vscode.l10n.t('A tag is written as name=value.'),
  });
  if (text === undefined) return undefined;
  const [name = '', ...rest] = text.split('=');
  const value = rest.join('=').trim();
  return { tags: { [name.trim()]: value === '' ? null : value } };
}

async function askColour(): Promise<RunEdit | undefined> {
  const names: Readonly<Record<(typeof runColours)[number], string>> = {
    red: vscode.l10n.t('Red'),
    orange: vscode.l10n.t('Orange'),
    yellow: vscode.l10n.t('Yellow'),
    green: vscode.l10n.t('Green'),
    blue: vscode.l10n.t('Blue'),
    purple: vscode.l10n.t('Purple'),
  };
  const choices = [
    ...runColours.map((value) => ({
      label: names[value],
      iconPath: new vscode.ThemeIcon('circle-filled', new vscode.ThemeColor(`charts.${value}`)),
      value,
    })),
    { label: vscode.l10n.t('No colour'), value: null },
  ];
  const picked = await vscode.window.showQuickPick(choices, { title: vscode.l10n.t('Colour of Run') });
  return picked === undefined ? undefined : { tags: { [colourTag]: picked.value } };
}
