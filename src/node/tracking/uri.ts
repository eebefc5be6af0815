import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ModelConfig } from '../../core/config/config.ts';
import type { StoreKind } from '../../protocol/tracking.ts';
import { exists, isDirectory, isInside } from '../files/files.ts';
import { credentialsForMlflow } from '../mlflowserver/mlflowserver.ts';
import type { Project } from '../project/project.ts';
import { readProjectSettings } from './settings.ts';

/** Everything that may name a store, first come first served: `--store`, MLFLOW_TRACKING_URI, the config, the project. */
export interface StoreChoice {
  readonly project?: Project | undefined;
  /** Value of `--store`: a URI or a path. */
  readonly option?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly config?: Pick<ModelConfig, 'mlflow'> | undefined;
  /** Where relative paths of the option and the environment start; default: the process's own folder. */
  readonly cwd?: string;
}

export const DEFAULT_STORE = 'file:models/mlruns';

/** The absolute URI of the chosen store: `file:///…`, or another scheme as it was given. Without a project, a store below `cwd`. */
export async function resolveStoreUri(choice: StoreChoice): Promise<string> {
  const { project, option, env, config, cwd = process.cwd() } = choice;
  const given = firstText(option, userTrackingUri(env));
  if (given !== undefined) return toAbsoluteUri(given, cwd);
  if (project === undefined) return (await findStoresOutside(cwd))[0] ?? '';
  const configured =
    firstText(config?.mlflow.tracking_uri, config?.mlflow.mlruns_path) ??
    firstText((await readProjectSettings(project)).trackingUri ?? undefined);
  return toAbsoluteUri(configured ?? DEFAULT_STORE, project.root);
}

/** Variables that tell a stage the store: for MLflow in any language, who asks it, and whether it was the engine who chose it. */
export function storeEnvironment(uri: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    MLFLOW_TRACKING_URI: uri,
    ...(firstText(userTrackingUri(env)) === undefined ? { MLOPS_PROJECT_STORE: uri } : {}),
    ...(uri.startsWith('file:') ? { MLFLOW_ALLOW_FILE_STORE: 'true' } : {}),
    ...credentialsForMlflow(uri, env),
  };
}

/** How `uri` begins → what it is. A folder may also be a plain path. */
const kinds: readonly (readonly [RegExp, StoreKind])[] = [
  [/^sqlite:/i, 'database'],
  [/^https?:/i, 'server'],
  [/^dvclive:/i, 'dvclive'],
  [/^tensorboard:/i, 'tensorboard'],
  [/^git:/i, 'git'],
];

export function kindOfUri(uri: string): StoreKind {
  return kinds.find(([pattern]) => pattern.test(uri))?.[1] ?? 'folder';
}

/** As people call a store: its path from `root` where it lies there or near, else the whole path, or the server's name. */
export function labelOfUri(uri: string, root: string): string {
  const place = placeOfUri(uri);
  if (kindOfUri(uri) === 'git') return ['git', ...chosenRevisions(uri)].join(' ');
  if (place !== undefined) {
    const relative = toRelative(root, place);
    // Farther up, or on another drive, the whole path says more.
    return path.isAbsolute(relative) || relative.startsWith('../../..') ? place : relative || path.basename(root);
  }
  return URL.canParse(uri) ? new URL(uri).host || uri : uri;
}

/** How a store is written into a file of the project: from its root where it lies there, so that a clone finds it. */
export function toStoredUri(uri: string, root: string): string {
  const place = placeOfUri(uri);
  if (place === undefined || !isInside(root, place)) return uri;
  const relative = toRelative(root, place);
  if (databaseOfUri(uri) !== undefined) return `sqlite:///${relative}`;
  const scheme = prefixOf(uri) ?? 'file';
  if (scheme === 'git') return ['git:', chosenRevisions(uri).join(',')].filter((part) => part !== '').join('#');
  return `${scheme}:${encodeURI(relative === '' ? '.' : relative)}`;
}

/** Passwords in URIs are never shown. */
export function withoutUserInfo(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//');
}

/** The folder of a store that another program than MLflow keeps in one: `dvclive:file:///…`. */
export function prefixedFolderOfUri(uri: string): string | undefined {
  const prefix = prefixOf(uri);
  return prefix === undefined ? undefined : folderOfUri(uri.slice(prefix.length + 1));
}

/** Stores in folders that are not in MLflow's layout: the word says in whose. */
const prefixes = ['dvclive', 'tensorboard', 'git'] as const;

function prefixOf(uri: string): (typeof prefixes)[number] | undefined {
  return prefixes.find((prefix) => uri.toLowerCase().startsWith(`${prefix}:`));
}

/** The folder or file that a store is kept in; undefined for one on a server. */
export function placeOfUri(uri: string): string | undefined {
  return prefixedFolderOfUri(uri) ?? folderOfUri(uri) ?? databaseOfUri(uri);
}

function toRelative(root: string, place: string): string {
  return path.relative(root, place).split(path.sep).join('/');
}

/** What the user has set. The engine's own word to its stages is the project's default, so a model's config goes before it. */
export function userTrackingUri(env: NodeJS.ProcessEnv): string | undefined {
  const uri = env['MLFLOW_TRACKING_URI'];
  return uri === env['MLOPS_PROJECT_STORE'] ? undefined : uri;
}

/** The folder of a `file:` URI (or of an absolute path) without dots and last slash, or undefined for another scheme. */
export function folderOfUri(uri: string): string | undefined {
  if (path.isAbsolute(uri)) return path.resolve(uri);
  if (!/^file:/i.test(uri)) return undefined;
  try {
    return path.resolve(fileURLToPath(uri));
  } catch {
    // Not a path of this machine (another host, a broken escape): no store of ours.
    return undefined;
  }
}

/** Throws `not-supported` for artifacts in another machine's storage (`s3:`, `mlflow-artifacts:` …): they are read by its own server. */
export function refuseDistant(artifactUri: string): void {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(artifactUri)?.[1]?.toLowerCase();
  if (scheme === undefined || scheme === 'file') return;
  throw new ExpectedError(
    'not-supported',
    `The artifacts of this run are kept at ${withoutUserInfo(artifactUri)}, not on this machine: open its MLflow server as a store to see them.`,
  );
}

/** The file of a `sqlite:` URI, absolute; undefined for another scheme. As in SQLAlchemy's URLs the path begins after three slashes. */
export function databaseOfUri(uri: string): string | undefined {
  const place = /^sqlite:\/\/\/([^?]+)/i.exec(uri)?.[1];
  return place === undefined ? undefined : path.resolve(place);
}

function toDatabaseUri(file: string): string {
  return `sqlite:///${file.split(path.sep).join('/')}`;
}

/**
 * `file:models/mlruns`, `file:///a/b`, `models/mlruns`, `C:\a`, `sqlite:///mlflow.db`, `dvclive:logs`, `tensorboard:runs`, `http://…`. Every way to write a folder gives the same URI, so
 * that stores can be compared by theirs.
 */
export function toAbsoluteUri(text: string, base: string): string {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(text) ?? [];
  if (scheme === undefined) return pathToFileURL(path.resolve(base, text)).href;
  if (scheme.toLowerCase() === 'sqlite' && /^\/\/\/[^/?]/.test(rest))
    return toDatabaseUri(path.resolve(base, rest.slice('///'.length)));
  const prefix = prefixOf(text);
  if (prefix === 'git') return toRevisionsUri(rest, base);
  if (prefix !== undefined) return `${prefix}:${toAbsoluteUri(rest, base)}`;
  if (scheme.toLowerCase() !== 'file') return text;
  const folder = rest.startsWith('//') ? folderOfUri(text) : path.resolve(base, decode(rest));
  return folder === undefined ? text : pathToFileURL(folder).href;
}

/** `git:`, or `git:#REV,REV` for revisions beside branches, tags and experiments; the repository is that of the folder. */
function toRevisionsUri(rest: string, base: string): string {
  const [place = '', ...chosen] = rest.split('#');
  return [`git:${toAbsoluteUri(place, base)}`, ...chosen].join('#');
}

/** Revisions that a `git:` URI chooses. */
export function chosenRevisions(uri: string): readonly string[] {
  const list = uri.includes('#') ? uri.slice(uri.indexOf('#') + 1) : '';
  return list.split(',').filter((revision) => revision !== '');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that escapes nothing stands for itself.
    return text;
  }
}

/** Stores that lie in a folder under the names that MLflow gives them, whoever made them. */
export async function findStoresIn(folder: string): Promise<readonly string[]> {
  const folders = [folder, path.join(folder, 'models', 'mlruns'), path.join(folder, 'mlruns')];
  const found = await Promise.all(
    folders.map(async (place) => ((await isStore(place)) ? [pathToFileURL(place).href] : [])),
  );
  const database = path.join(folder, 'mlflow.db');
  return [...found.flat(), ...((await exists(database)) ? [toDatabaseUri(database)] : [])];
}

/** A folder with only a tracking store has no project; its runs are shown all the same. */
export async function findStoresOutside(cwd: string): Promise<readonly string[]> {
  const found = await findStoresIn(cwd);
  if (found.length > 0) return found;
  throw new ExpectedError(
    'not-a-project',
    `${cwd} is in no project and holds no tracking store. Name a store with --store, or a project with --project.`,
  );
}

async function isStore(folder: string): Promise<boolean> {
  if (!(await isDirectory(folder))) return false;
  const names = await readdir(folder);
  const found = await Promise.all(
    names.filter((name) => /^\d+$/.test(name)).map((name) => exists(path.join(folder, name, 'meta.yaml'))),
  );
  return found.includes(true);
}

export function firstText(...texts: readonly (string | undefined)[]): string | undefined {
  return texts.find((text) => text !== undefined && text !== '');
}
