import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { parseConfig } from '../../core/config/config.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { StoreSource } from '../../protocol/tracking.ts';
import { exists, isMissing, readTextIfExists } from '../files/files.ts';
import { projectPaths, type Project } from '../project/project.ts';
import { readObjectives, readProjectSettings } from './settings.ts';
import type { RunStore } from './store.ts';
import { openStore } from './opening.ts';
import { StoreUnion } from './union.ts';
import { DEFAULT_STORE, findStoresIn, findStoresOutside, firstText, toAbsoluteUri, userTrackingUri } from './uri.ts';

/** Everything that may name stores. */
export interface StoresChoice {
  readonly project?: Project | undefined;
  /** Value of `--store`: a URI or a path; it names the only store. */
  readonly option?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Where relative paths of the option and the environment start. */
  readonly cwd: string;
  /** For so many milliseconds the list of a server counts as it was told. */
  readonly freshMs?: number | undefined;
}

/** A store and who names it. */
export interface NamedStore {
  /** Absolute; empty where the settings of the project can't be read. */
  readonly uri: string;
  readonly source: StoreSource;
  /** Absolute path of the file that names it; null where none does. */
  readonly namedBy: string | null;
  /** Throws `not-supported`, or what is wrong with the settings. */
  readonly open: () => RunStore;
}

type Named = Pick<NamedStore, 'uri' | 'source' | 'namedBy'> & { readonly failure?: Error };

/**
 * Every store that the project or one of its configs names, or that lies in it, each once; the first takes new runs. What the
 * environment names comes before all of them. Without a project those that lie in `cwd`.
 */
export async function findStores(choice: StoresChoice): Promise<readonly NamedStore[]> {
  const { project, env, freshMs } = choice;
  const objectiveOf = project === undefined ? undefined : await readObjectives(project);
  const stores = new Map<string, NamedStore>();
  for (const { failure, ...named } of await nameStores(choice)) {
    const open = (): RunStore => {
      if (failure !== undefined) throw failure;
      return openStore(named.uri, { env, project, freshMs, ...(objectiveOf === undefined ? {} : { objectiveOf }) });
    };
    if (!stores.has(named.uri)) stores.set(named.uri, { ...named, open });
  }
  return [...stores.values()];
}

/** All stores of {@link findStores} as one. */
export async function openAllStores(choice: StoresChoice): Promise<StoreUnion> {
  return unite(await findStores(choice), choice);
}

/** The same, but an option, or a variable that the user has set, says that no other is meant. */
export async function openStores(choice: StoresChoice): Promise<StoreUnion> {
  const found = await findStores(choice);
  const [first] = found;
  return unite(first?.source === 'option' || first?.source === 'environment' ? [first] : found, choice);
}

async function unite(stores: readonly NamedStore[], { project, cwd }: StoresChoice): Promise<StoreUnion> {
  const objectiveOf = project === undefined ? () => null : await readObjectives(project);
  return new StoreUnion(stores, { root: project?.root ?? cwd, objectiveOf });
}

async function nameStores({ project, option, env, cwd }: StoresChoice): Promise<readonly Named[]> {
  const given = firstText(option);
  if (given !== undefined) return [{ uri: toAbsoluteUri(given, cwd), source: 'option', namedBy: null }];
  const variable = firstText(userTrackingUri(env));
  const chosen: readonly Named[] =
    variable === undefined ? [] : [{ uri: toAbsoluteUri(variable, cwd), source: 'environment', namedBy: null }];
  const found = async (folder: string): Promise<readonly Named[]> =>
    [...(await findStoresIn(folder)), ...(await findDvcliveIn(folder))].map((uri) => ({
      uri,
      source: 'found',
      namedBy: null,
    }));
  if (project !== undefined)
    return [
      ...chosen,
      ...(await nameOfProject(project)),
      ...(await nameOfConfigs(project)),
      ...(await found(project.root)),
    ];
  if (chosen.length > 0) return [...chosen, ...(await found(cwd))];
  return (await findStoresOutside(cwd)).map((uri) => ({ uri, source: 'found', namedBy: null }));
}

/** Where DVCLive writes unless it is told otherwise. */
async function findDvcliveIn(folder: string): Promise<readonly string[]> {
  const place = path.join(folder, 'dvclive');
  return (await exists(path.join(place, 'metrics.json'))) ? [toAbsoluteUri(`dvclive:${encodeURI(place)}`, folder)] : [];
}

/** Those of `.mlops/project.yaml`, the one that takes new runs first. */
async function nameOfProject(project: Project): Promise<readonly Named[]> {
  const file = projectPaths.settings(project);
  try {
    const { stores, trackingUri } = await readProjectSettings(project);
    const toUri = (text: string): string => toAbsoluteUri(text, project.root);
    return [
      trackingUri === null
        ? { uri: toUri(DEFAULT_STORE), source: 'default', namedBy: null }
        : { uri: toUri(trackingUri), source: 'project', namedBy: file },
      ...stores
        .filter((store) => store !== '')
        .map((store): Named => ({ uri: toUri(store), source: 'project', namedBy: file })),
    ];
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    // The settings of the project are broken, and name no store: told when it is opened.
    return [{ uri: '', source: 'project', namedBy: file, failure: error }];
  }
}

/** Configs that say something, as far as they can be understood. */
async function nameOfConfigs(project: Project): Promise<readonly Named[]> {
  const folder = projectPaths.configs(project);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const files = entries.filter((entry) => !entry.isDirectory() && /\.ya?ml$/.test(entry.name)).map(({ name }) => name);
  const named = await Promise.all(
    files.sort().map(async (name): Promise<readonly Named[]> => {
      const file = path.join(folder, name);
      const { mlflow } = parseConfig((await readTextIfExists(file)) ?? '', name).value ?? {};
      const uri = firstText(mlflow?.tracking_uri, mlflow?.mlruns_path);
      return uri === undefined ? [] : [{ uri: toAbsoluteUri(uri, project.root), source: 'config', namedBy: file }];
    }),
  );
  return named.flat();
}
