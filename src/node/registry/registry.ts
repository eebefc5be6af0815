import {
  checkAlias,
  checkModelName,
  checkRegistryTag,
  defaultAlias,
  parseHistory,
  planMove,
  planUndo,
} from '../../core/registry/registry.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { AliasChange, AliasMove, ModelVersion, RegisteredModel, RegistryList } from '../../protocol/registry.ts';
import type { Project } from '../project/project.ts';
import { offlineVariable, openChosenStore, type RunStore, type StoreChoice } from '../tracking/tracking.ts';
import { readUser } from '../user/user.ts';
import { findRegistrable, findVersion, type FoundVersion } from './finding.ts';
import { openChosenRegistry } from './opening.ts';
import { listReleasedModels } from './releases.ts';
import type { ModelRegistry, RegistryEdit } from './store.ts';

export { readModelCard } from './card.ts';
export { namesVersion } from './finding.ts';
export { findModelPlace } from './places.ts';
export { chooseFrom, registryOptions } from './words.ts';
export type { RegistryEdit } from './store.ts';

/** A registry with the runs that its versions come from. Nothing is opened before it is asked for. */
export interface OpenRegistry {
  readonly registry: ModelRegistry;
  readonly runs: RunStore;
  readonly choice: StoreChoice;
}

export async function openRegistryOf(choice: StoreChoice): Promise<OpenRegistry> {
  const [registry, runs] = await Promise.all([openChosenRegistry(choice), openChosenStore(choice)]);
  return { registry, runs, choice };
}

/** All registered models: those of the store, then those that releases in git name. Reading needs no run. */
export async function listRegisteredModels(choice: StoreChoice): Promise<RegistryList> {
  const [stored, released] = await Promise.all([
    openChosenRegistry(choice).then((registry) => registry.listModels()),
    choice.project === undefined ? { models: [], problems: [] } : listReleasedModels(choice.project, choice.env),
  ]);
  return {
    models: [...stored.models, ...released.models],
    problems: [...stored.problems, ...released.problems],
  };
}

/** A registered model with the moves of its aliases, oldest first. */
export interface ModelDocument extends RegisteredModel {
  readonly history: readonly AliasMove[];
}

export function toModelDocument(model: RegisteredModel): ModelDocument {
  return { ...model, history: parseHistory(model.tags) };
}

export function findRegisteredVersion({ registry, runs }: OpenRegistry, text: string): Promise<FoundVersion> {
  return findVersion(registry, runs, text);
}

export interface Promotion {
  /** `digits`, `digits@challenger`, `digits/2`, or a run. */
  readonly model: string;
  /** Default: champion. */
  readonly alias?: string | undefined;
  readonly reason?: string | undefined;
}

/** What a promotion would do. Throws `unknown-name`, `bad-input`. */
export async function planPromotion(open: OpenRegistry, { model, alias, reason }: Promotion): Promise<AliasChange> {
  const found = await findRegisteredVersion(open, model);
  return planMove(found.model, alias ?? defaultAlias, found.version.version, { ...whoAndWhen(open), reason });
}

/** As {@link planPromotion}, for an alias that is taken away. */
export async function planRemoval(
  open: OpenRegistry,
  name: string,
  alias: string,
  reason?: string,
): Promise<AliasChange> {
  return planMove(await open.registry.readModel(name), alias, null, { ...whoAndWhen(open), reason });
}

/** What taking the last move back would do: of one alias, or of the one that was moved last. */
export async function planTakingBack(
  open: OpenRegistry,
  {
    name,
    alias,
    reason,
  }: { readonly name: string; readonly alias?: string | undefined; readonly reason?: string | undefined },
): Promise<AliasChange> {
  return planUndo(await open.registry.readModel(name), alias, { ...whoAndWhen(open), reason });
}

function whoAndWhen({ choice }: OpenRegistry): { user: string; time: number } {
  return { user: readUser(choice.env), time: Date.now() };
}

export async function moveAlias({ registry }: OpenRegistry, change: AliasChange): Promise<void> {
  await registry.moveAlias(change);
}

export interface Registration {
  /** A run, a folder, or the name of a trained model of the project. */
  readonly model: string;
  /** Default: the model's own name, where something tells it. */
  readonly name?: string | undefined;
  /** Among the run's artifacts. Default: model. */
  readonly artifactPath?: string | undefined;
  readonly alias?: string | undefined;
  readonly description?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What a registration will make: `mlops models register --dry-run --json`. */
export interface RegistrationPlan {
  readonly name: string;
  readonly runId: string | null;
  readonly source: string | null;
  readonly artifactPath: string;
  readonly alias: string | null;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly warning: string | null;
}

/** `mlops models register --json`. */
export interface RegistrationDocument extends ModelVersion {
  readonly name: string;
  readonly alias: string | null;
}

/** Throws `unknown-name`, `missing-file`, `bad-input`, before anything is written. */
export async function planRegistration(
  { runs, choice }: OpenRegistry,
  { model, name, artifactPath = 'model', alias, description, tags = {} }: Registration,
): Promise<RegistrationPlan> {
  const { cwd = process.cwd(), project } = choice;
  const { suggestion, ...found } = await findRegistrable(runs, {
    model,
    artifactPath,
    cwd,
    projectRoot: project?.root,
  });
  const chosen = name ?? suggestion;
  if (chosen === null)
    throw new ExpectedError('missing-answer', '--name NAME is missing: the registered model that gets the version.');
  checkModelName(chosen);
  if (alias !== undefined) checkAlias(alias);
  for (const [tag, value] of Object.entries(tags)) checkRegistryTag(tag, value);
  return { ...found, name: chosen, alias: alias ?? null, description: description ?? null, tags };
}

export async function register(open: OpenRegistry, plan: RegistrationPlan): Promise<RegistrationDocument> {
  const { name, alias } = plan;
  const version = await open.registry.createVersion(plan);
  if (alias !== null) {
    const model = await open.registry.readModel(name);
    await open.registry.moveAlias(
      planMove(model, alias, version.version, { ...whoAndWhen(open), reason: 'registered' }),
    );
  }
  return { name, ...version, alias };
}

/** Description and tags, of a registered model or of one version. */
export async function editRegistry(
  { registry }: OpenRegistry,
  name: string,
  version: string | null,
  edit: RegistryEdit,
): Promise<void> {
  await registry.edit(name, version, edit);
}

/** How a window looks at a project's registry: a folder that nobody trusts may name any server, which would learn of us. */
export interface RegistryView {
  readonly env: NodeJS.ProcessEnv;
  readonly trusted: boolean;
}

/** The registry that a window shows of a project. */
export function toRegistryChoice(project: Project, { env, trusted }: RegistryView): StoreChoice {
  return { project, env: trusted ? env : { ...env, [offlineVariable]: 'true' }, cwd: project.root };
}

/**
 * As {@link listRegisteredModels}; a registry that can't be read is told in its place, for the trained models stand beside it. git reads the
 * repository's configuration, so releases are left to trusted folders.
 */
export async function listRegistryOf(project: Project, view: RegistryView): Promise<RegistryList> {
  const choice = toRegistryChoice(project, view);
  try {
    return await (view.trusted ? listRegisteredModels(choice) : (await openChosenRegistry(choice)).listModels());
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { models: [], problems: [{ file: '', message: error.message }] };
  }
}

/** Plans and makes it. */
export async function registerModel(choice: StoreChoice, registration: Registration): Promise<RegistrationDocument> {
  const open = await openRegistryOf(choice);
  return register(open, await planRegistration(open, registration));
}

export async function promote(choice: StoreChoice, promotion: Promotion): Promise<AliasChange> {
  const open = await openRegistryOf(choice);
  const change = await planPromotion(open, promotion);
  await moveAlias(open, change);
  return change;
}

export async function takeBack(
  choice: StoreChoice,
  asked: { readonly name: string; readonly alias: string },
): Promise<AliasChange> {
  const open = await openRegistryOf(choice);
  const change = await planTakingBack(open, asked);
  await moveAlias(open, change);
  return change;
}
