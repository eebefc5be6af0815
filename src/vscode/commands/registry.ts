import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import { findAliasMistake, findModelNameMistake } from '../../core/names/names.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { AliasChange, RegisteredModel } from '../../protocol/registry.ts';
import type { Projects } from '../projects.ts';
import type { CommandTypes } from './commands.ts';
import { pickModel, pickProject, pickRun } from './pick.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Projects;
  readonly cards: { show(project: string, model: string): Promise<void> };
}

type RegistryCommands = Pick<
  CommandTypes,
  'mlops.promoteModel' | 'mlops.registerModel' | 'mlops.showModel' | 'mlops.copyModelId'
>;

/** What people call the aliases of a model in use and of its rival: offered before anybody has set one. */
const usualAliases = ['champion', 'challenger'] as const;

/** Commands on registered models. */
export function createRegistryCommands({ engine, projects, cards }: Parts): RegistryCommands {
  /** `name/version` of the entry, or of what is picked. */
  const findVersion = async (
    target: Target | undefined,
  ): Promise<{ project: string; name: string; version: string } | undefined> => {
    const project = await pickProject(projects, target);
    if (project === undefined) return undefined;
    if (target?.kind === 'version') return { project, name: target.name, version: target.version };
    const { models } = await engine.request('listRegisteredModels', { project });
    const named = target?.kind === 'registered' ? models.filter(({ name }) => name === target.name) : models;
    const picked = await pickVersion(named);
    return picked === undefined ? undefined : { project, ...picked };
  };
  const promote = async (target: Target | undefined): Promise<void> => {
    const found = await findVersion(target);
    if (found === undefined) return;
    const { project, name, version } = found;
    const { models } = await engine.request('listRegisteredModels', { project });
    const alias = await pickAlias(models.find((model) => model.name === name)?.aliases ?? {}, `${name}/${version}`);
    if (alias === undefined) return;
    const change = await engine.request('promoteModel', { project, model: `${name}/${version}`, alias });
    await offerUndo(engine, project, change);
  };
  return {
    'mlops.promoteModel': promote,
    async 'mlops.registerModel'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      const model = await chooseRegistered(engine, project, target);
      if (model === undefined) return;
      const name = await vscode.window.showInputBox({
        title: vscode.l10n.t('Name of the registered model'),
        prompt: vscode.l10n.t('A new name makes a new one; of one that is there it becomes the next version.'),
        value: await suggestName(engine, project, target),
        validateInput: (text) => findModelNameMistake(text),
      });
      if (name === undefined) return;
      const { version } = await engine.request('registerModel', { project, model, name });
      const next = vscode.l10n.t('Promote…');
      const message = vscode.l10n.t('{0} has version {1} now.', name, version);
      if ((await vscode.window.showInformationMessage(message, next)) === next)
        await promote({ kind: 'version', project, name, version });
    },
    async 'mlops.showModel'(target) {
      const project = await pickProject(projects, target);
      if (project === undefined) return;
      if (target?.kind === 'model' || target?.kind === 'run') {
        await cards.show(project, target.kind === 'model' ? target.model : target.runId);
        return;
      }
      const found = await findVersion(target);
      if (found !== undefined) await cards.show(project, `${found.name}/${found.version}`);
    },
    async 'mlops.copyModelId'(target) {
      const found = await findVersion(target);
      if (found === undefined) return;
      await vscode.env.clipboard.writeText(`models:/${found.name}/${found.version}`);
    },
  };
}

/** The move stays where it is unless somebody presses Undo; what was moved since is left alone, and told. */
async function offerUndo(engine: EngineClient, project: string, change: AliasChange): Promise<void> {
  const { name, alias, from, to } = change;
  const undo = vscode.l10n.t('Undo');
  const message =
    from === null
      ? vscode.l10n.t('{0} of {1} is version {2} now.', alias, name, to ?? '')
      : vscode.l10n.t('{0} of {1} is version {2} now; it was version {3}.', alias, name, to ?? '', from);
  if ((await vscode.window.showInformationMessage(message, undo)) === undo)
    await engine.request('undoAlias', { project, name, alias });
}

async function pickVersion(
  models: readonly RegisteredModel[],
): Promise<{ readonly name: string; readonly version: string } | undefined> {
  const items = models.flatMap(({ name, versions, aliases }) =>
    versions.map(({ version }) => ({
      label: `${name}/${version}`,
      description: Object.entries(aliases)
        .flatMap(([alias, at]) => (at === version ? [`@${alias}`] : []))
        .join(' '),
      value: { name, version },
    })),
  );
  if (items.length === 0)
    throw new ExpectedError('unknown-name', vscode.l10n.t('No model is registered yet. Register one of a run first.'));
  const title = vscode.l10n.t('Version of a registered model');
  return (await vscode.window.showQuickPick(items, { title, matchOnDescription: true }))?.value;
}

/** Aliases that are there, the usual ones, or another that is typed. */
async function pickAlias(aliases: Readonly<Record<string, string>>, version: string): Promise<string | undefined> {
  const other = vscode.l10n.t('Another alias…');
  const names = [...new Set([...Object.keys(aliases), ...usualAliases])];
  const items = names.map((alias) => ({
    label: alias,
    description: Object.hasOwn(aliases, alias) ? vscode.l10n.t('now version {0}', aliases[alias] ?? '') : '',
  }));
  const title = vscode.l10n.t('Alias that moves to {0}', version);
  const picked = await vscode.window.showQuickPick([...items, { label: other, description: '' }], { title });
  if (picked?.label !== other) return picked?.label;
  return vscode.window.showInputBox({ title, validateInput: (text) => findAliasMistake(text) });
}

/** The run or the trained model that is to be registered. */
async function chooseRegistered(
  engine: EngineClient,
  project: string,
  target: Target | undefined,
): Promise<string | undefined> {
  if (target?.kind === 'run') return target.runId;
  if (target?.kind === 'model') return target.model;
  if ((await engine.request('listModels', { project })).length > 0) return pickModel(engine, project);
  return pickRun(engine, project, { title: vscode.l10n.t('Run whose model is to be registered') });
}

/** A trained model's own name, or that of the run's config. */
async function suggestName(engine: EngineClient, project: string, target: Target | undefined): Promise<string> {
  if (target?.kind === 'model') return target.model;
  if (target?.kind !== 'run') return '';
  const { runs } = await engine.request('listRuns', { project });
  const config = runs.find(({ runId }) => runId === target.runId)?.tags['mlops.config'] ?? '';
  return /([^/]+)\.ya?ml$/.exec(config)?.[1] ?? '';
}
