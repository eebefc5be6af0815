import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { badInput } from '../../protocol/errors.ts';
import type { ComparePanels } from '../panels/compareRuns.ts';
import type { Projects } from '../projects.ts';
import { openCodeDiff } from '../rundiffs.ts';
import type { CommandTypes } from './commands.ts';
import { pickProject, pickRun, pickRuns, pickRunsFolder } from './pick.ts';
import { runsOf } from './target.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly comparisons: Pick<ComparePanels, 'show'>;
}

type ComparingCommands = Pick<CommandTypes, 'mlops.compareRuns' | 'mlops.compareCode'>;

/** Runs beside each other: what they have not in common on a page, their code in the editor's own diffs. */
export function createComparingCommands({ engine, projects, comparisons }: Parts): ComparingCommands {
  return {
    async 'mlops.compareRuns'(target) {
      const project = await pickRunsFolder(projects, target);
      if (project === undefined) return;
      const chosen = await chooseRuns(engine, project, target);
      if (chosen === undefined) return;
      if (chosen.length < 2) throw badInput(vscode.l10n.t('Choose two runs or more to compare.'));
      comparisons.show(project, await oldestFirst(engine, project, chosen));
    },
    async 'mlops.compareCode'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const pair = await choosePair(engine, project, target);
      if (pair !== undefined) await openCodeDiff(engine, project, pair);
    },
  };
}

/** Those that are selected; else the one that the command was called on, and others that are picked. */
async function chooseRuns(
  engine: EngineClient,
  project: string,
  target: Target | undefined,
): Promise<readonly string[] | undefined> {
  const given = target?.kind === 'run' ? runsOf(target) : [];
  if (given.length > 1) return given;
  const title = given.length === 0 ? vscode.l10n.t('Runs to compare') : vscode.l10n.t('Runs to compare with');
  const picked = await pickRuns(engine, project, { title, filter: ({ runId }) => !given.includes(runId) });
  return picked === undefined ? undefined : [...given, ...picked];
}

async function choosePair(
  engine: EngineClient,
  project: string,
  target: Target | undefined,
): Promise<readonly [string, string] | undefined> {
  const given = target?.kind === 'run' ? runsOf(target) : [];
  if (given.length === 2) {
    const [before = '', after = ''] = await oldestFirst(engine, project, given);
    return [before, after];
  }
  const title = vscode.l10n.t('Run');
  const after = target?.kind === 'run' ? target.runId : await pickRun(engine, project, { title });
  if (after === undefined) return undefined;
  const other = vscode.l10n.t('Run to compare with');
  const before = await pickRun(engine, project, { title: other, filter: ({ runId }) => runId !== after });
  return before === undefined ? undefined : [before, after];
}

/** What was there before is what the others are measured by. */
async function oldestFirst(
  engine: EngineClient,
  project: string,
  runIds: readonly string[],
): Promise<readonly string[]> {
  const { runs } = await engine.request('listRuns', { project });
  const started = new Map(runs.map(({ runId, startTime }) => [runId, startTime]));
  return [...runIds].sort((a, b) => (started.get(a) ?? 0) - (started.get(b) ?? 0));
}
