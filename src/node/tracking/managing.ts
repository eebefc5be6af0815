import { stat } from 'node:fs/promises';
import path from 'node:path';
import { addToStores, removeFromStores } from '../../core/tracking/tracking.ts';
import { findNearest } from '../../core/names/names.ts';
import { ExpectedError, badInput, unknownName } from '../../protocol/errors.ts';
import type { Parsed } from '../../protocol/problem.ts';
import type { StoreChange, StoreList, StoreRow } from '../../protocol/tracking.ts';
import { makeFolder, readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { holdsDvclive } from '../dvclive/dvclive.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { SETTINGS_MISTAKEN } from '../settingsnotice/settingsnotice.ts';
import { holdsEvents } from '../tensorboard/tensorboard.ts';
import { usesMlflow } from './mlflowuse.ts';
import { readProjectSettings } from './settings.ts';
import { findStores, type NamedStore, type StoresChoice } from './stores.ts';
import { openStore } from './opening.ts';
import {
  DEFAULT_STORE,
  findStoresIn,
  kindOfUri,
  labelOfUri,
  toAbsoluteUri,
  toStoredUri,
  withoutUserInfo,
} from './uri.ts';

/** Every store of {@link findStores}, with what it can do, how many runs it has or what is wrong with it. */
export async function listStores(choice: StoresChoice): Promise<StoreList> {
  const root = choice.project?.root ?? choice.cwd;
  const found = await findStores(choice);
  const stores = await Promise.all(found.map((named, index) => describe(named, { root, isDefault: index === 0 })));
  return { stores, notices: stores.flatMap((store) => findNotices(store)), usesMlflow: await usesMlflow(root) };
}

async function describe(
  named: NamedStore,
  { root, isDefault }: { root: string; isDefault: boolean },
): Promise<StoreRow> {
  const { source, namedBy } = named;
  const [uri, label] = [withoutUserInfo(named.uri), withoutUserInfo(labelOfUri(named.uri, root))];
  const row = { uri, label, kind: kindOfUri(named.uri), source, namedBy, isDefault };
  try {
    const store = named.open();
    const { abilities } = store;
    try {
      const { total } = await store.listRuns({ limit: 1 });
      return { ...row, abilities, runs: total, problem: null };
    } catch (error) {
      return { ...row, abilities, runs: null, problem: describeFailure(error) };
    }
  } catch (error) {
    return { ...row, abilities: { logs: false, edits: false }, runs: null, problem: describeFailure(error) };
  }
}

function describeFailure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Since MLflow 3.13 a folder of runs is not opened unless asked (specs: maintenance mode of the file store). */
function findNotices({ kind, label, runs }: StoreRow): readonly string[] {
  if (kind !== 'folder' || runs === null || runs === 0) return [];
  return [
    `MLflow 3.13 and newer opens no folder of runs (${label}) by itself. Three ways out: set MLFLOW_ALLOW_FILE_STORE=true for it; ` +
      `make a database of it with "mlflow migrate-filestore --source ${label} --target sqlite:///mlflow.db"; or copy the runs to a server with "mlops runs export --all --to http://host:5000". ` +
      'Here it is read and written as ever.',
  ];
}

interface Asked {
  /** A URI, or a path of a folder or database. */
  readonly uri: string;
  /** Where a relative path starts. */
  readonly cwd: string;
  readonly dryRun?: boolean;
}

/** Adds a store to the project's list. Where new runs go stays as it was. */
export async function addStore(project: Project, { uri: text, cwd, dryRun = false }: Asked): Promise<StoreChange> {
  refuseSecrets(text);
  const uri = await understand(text, cwd);
  // What no store can be made of is told now, not whenever the list is read.
  openStore(uri);
  const file = projectPaths.settings(project);
  const written = toStoredUri(uri, project.root);
  const { stores, trackingUri } = await readProjectSettings(project);
  if (stores.some((store) => toAbsoluteUri(store, project.root) === uri)) return { uri: written, file, changed: false };
  // The first one that takes runs is where new ones go: the default stays so, by being written down.
  const kept = trackingUri === null && toAbsoluteUri(DEFAULT_STORE, project.root) !== uri ? [DEFAULT_STORE] : [];
  const before = await readTextIfExists(file);
  const change = addToStores(before, path.relative(project.root, file), [...kept, written]);
  await writeSettings(project, change, dryRun);
  return { uri: written, file, changed: true };
}

/** Takes a store out of the project's list, by its URI, path or label; the runs in it stay where they are. */
export async function removeStore(project: Project, { uri: text, cwd, dryRun = false }: Asked): Promise<StoreChange> {
  const file = projectPaths.settings(project);
  const { stores } = await readProjectSettings(project);
  const meant = [text, toAbsoluteUri(text, cwd), toAbsoluteUri(text, project.root)];
  const index = stores.findIndex((store) => {
    const uri = toAbsoluteUri(store, project.root);
    return [store, uri, withoutUserInfo(uri), labelOfUri(uri, project.root)].some((name) => meant.includes(name));
  });
  const written = stores[index];
  if (written === undefined) throw await explainUnknown(project, text, stores);
  const before = (await readTextIfExists(file)) ?? '';
  await writeSettings(project, removeFromStores(before, path.relative(project.root, file), index), dryRun);
  return { uri: written, file, changed: true };
}

async function writeSettings(project: Project, change: Parsed<string>, dryRun: boolean): Promise<void> {
  const { value, problems } = change;
  if (value === undefined) throw badInput(SETTINGS_MISTAKEN, problems);
  if (dryRun) return;
  const file = projectPaths.settings(project);
  await makeFolder(path.dirname(file));
  await writeFileAtomic(file, value);
}

/** The list is shared through git. */
function refuseSecrets(text: string): void {
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/@]*@/i.test(text)) return;
  throw badInput(
    `${withoutUserInfo(text)} was given with a name or password, and .mlops/project.yaml is kept in git. Leave it out of the URI, and set ` +
      'MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD (or MLFLOW_TRACKING_TOKEN) in your environment.',
  );
}

/** A path is looked at: what lies there says which kind of store it is. */
async function understand(text: string, cwd: string): Promise<string> {
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return toAbsoluteUri(text, cwd);
  const place = path.resolve(cwd, text);
  const found = await stat(place).catch(() => undefined);
  if (found === undefined)
    throw new ExpectedError(
      'missing-file',
      `${place} is not there. A folder that will hold runs can be added as file:${text}.`,
    );
  if (found.isFile()) return toAbsoluteUri(`sqlite:///${place.split(path.sep).join('/')}`, cwd);
  const [inside] = await findStoresIn(place);
  if (inside !== undefined) return inside;
  if (await holdsDvclive(place)) return toAbsoluteUri(`dvclive:${encodeURI(place)}`, cwd);
  if (await holdsEvents(place)) return toAbsoluteUri(`tensorboard:${encodeURI(place)}`, cwd);
  throw badInput(
    `${place} holds no runs that are known here. A folder that will hold runs can be added as file:${text}.`,
  );
}

async function explainUnknown(project: Project, text: string, stores: readonly string[]): Promise<ExpectedError> {
  const { env, cwd } = { env: {}, cwd: project.root };
  const others = (await findStores({ project, env, cwd })).filter(({ source }) => source !== 'project');
  const other = others.find(({ uri }) => uri === toAbsoluteUri(text, project.root));
  if (other === undefined) return unknownName('store in .mlops/project.yaml', text, findNearest(text, stores));
  const why: Readonly<Partial<Record<NamedStore['source'], string>>> = {
    config: `${other.namedBy ?? 'a config'} names it (mlflow.tracking_uri or mlflow.mlruns_path)`,
    default: 'it is where new runs go when nothing else is said',
    found: 'it lies in the project, where MLflow makes it',
  };
  return badInput(`${text} does not stand in .mlops/project.yaml: ${why[other.source] ?? 'the environment names it'}.`);
}
