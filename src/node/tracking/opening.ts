import path from 'node:path';
import type { Gathered, ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { StoreKind } from '../../protocol/tracking.ts';
import { cacheFolder } from '../cachefolder/cachefolder.ts';
import { gatherDvcliveRuns } from '../dvclive/dvclive.ts';
import { openMlflowClient } from '../mlflowserver/mlflowserver.ts';
import type { Project } from '../project/project.ts';
import { gatherRevisions } from '../revisions/revisions.ts';
import { gatherEventRuns } from '../tensorboard/tensorboard.ts';
import { createFileStore } from './filestore.ts';
import { createGatheredStore, type GatheredSource } from './gatheredstore.ts';
import { RunIndex } from './runindex.ts';
import { createServerStore } from './serverstore.ts';
import { readObjectives } from './settings.ts';
import { Spool } from './spool.ts';
import { SpooledStore } from './spooledstore.ts';
import type { RunStore } from './store.ts';
import { createSqliteStore } from './sqlitestore.ts';
import {
  chosenRevisions,
  databaseOfUri,
  folderOfUri,
  kindOfUri,
  prefixedFolderOfUri,
  resolveStoreUri,
  withoutUserInfo,
  type StoreChoice,
} from './uri.ts';

/** Set where no server may be asked, whatever names one. */
export const offlineVariable = 'MLOPS_OFFLINE';

const SEND_MS = 1000;

export interface StoreOptions {
  /** For the `best` value of a run's metrics and `@best`; default: none is known. */
  readonly objectiveOf?: ObjectiveOf;
  /** Of the person whose cache keeps an index of the runs; default: none is kept. */
  readonly env?: NodeJS.ProcessEnv;
  /** Keeps what is on its way to a server, which is written to only from a project. */
  readonly project?: Project | undefined;
  /** How often a live run is sent to its server, in milliseconds. */
  readonly sendMs?: number;
  /** For so many milliseconds the list of a server counts as it was told. Default: it is asked for each time. */
  readonly freshMs?: number | undefined;
}

/** Stores of other programs, which are read as a whole: how, and who changes them. */
const gatheredStores: ReadonlyMap<
  StoreKind,
  Pick<GatheredSource, 'wayOn'> & { gather: (folder: string) => Promise<Gathered> }
> = new Map([
  ['dvclive', { gather: gatherDvcliveRuns, wayOn: 'change what writes these runs (DVCLive)' }],
  ['tensorboard', { gather: gatherEventRuns, wayOn: 'change what writes these runs (a SummaryWriter)' }],
]);

/** Opens the store that an absolute URI names; nothing is read or written yet. */
export function openStore(uri: string, options: StoreOptions = {}): RunStore {
  const store =
    openInMlflowsFormat(uri, options) ??
    openGathered(uri, options) ??
    openRevisions(uri, options) ??
    openServer(uri, options);
  if (store !== undefined) return store;
  throw new ExpectedError(
    'not-supported',
    `The tracking store ${withoutUserInfo(uri)} is not yet supported: folders in MLflow's file layout are, as file:models/mlruns, its databases, as sqlite:///mlflow.db, its servers, as http://host:5000, logs of dvclive:DIR and tensorboard:DIR, and git: (choose one with --store, MLFLOW_TRACKING_URI or mlflow.tracking_uri in the config).`,
  );
}

type Opener = (uri: string, options: StoreOptions) => RunStore | undefined;

const openInMlflowsFormat: Opener = (uri, { objectiveOf = () => null, env }) => {
  const folder = folderOfUri(uri);
  if (folder !== undefined) {
    const index = env === undefined ? undefined : RunIndex.of(folder, path.join(cacheFolder(env), 'runs'));
    return createFileStore(uri, { root: folder, index, objectiveOf });
  }
  const database = databaseOfUri(uri);
  return database === undefined ? undefined : createSqliteStore(database, uri, objectiveOf);
};

const openGathered: Opener = (uri, { objectiveOf = () => null }) => {
  const kind = gatheredStores.get(kindOfUri(uri));
  const folder = prefixedFolderOfUri(uri);
  if (kind === undefined || folder === undefined) return undefined;
  return createGatheredStore({ uri, gather: () => kind.gather(folder), objectiveOf, wayOn: kind.wayOn });
};

const openRevisions: Opener = (uri, { objectiveOf = () => null, env = {} }) => {
  const folder = prefixedFolderOfUri(uri);
  if (kindOfUri(uri) !== 'git' || folder === undefined) return undefined;
  // git reads the repository's configuration: also looking is left to trusted folders.
  if (env[offlineVariable] !== undefined)
    throw new ExpectedError(
      'not-trusted',
      `git is not asked for its revisions here (Restricted Mode, or ${offlineVariable} is set).`,
    );
  const gather = (): Promise<Gathered> => gatherRevisions(folder, chosenRevisions(uri), { env });
  return createGatheredStore({ uri, gather, objectiveOf, wayOn: 'commit what is to change' });
};

const openServer: Opener = (uri, { objectiveOf = () => null, env = {}, project, sendMs = SEND_MS, freshMs }) => {
  const client = openMlflowClient(uri, { env });
  if (client === undefined) return undefined;
  // A folder that nobody trusts may name any server, which would learn of us.
  if (env[offlineVariable] !== undefined)
    throw new ExpectedError(
      'not-trusted',
      `${client.base} is not asked: no network here (Restricted Mode, or ${offlineVariable} is set).`,
    );
  const server = createServerStore(client, { objectiveOf, freshMs });
  if (project === undefined) return server;
  return new SpooledStore({ spool: new Spool(project, client.base), server, client, objectiveOf, env, sendMs });
};

/** The store that a project, an option or the environment chooses, with the project's objectives. */
export async function openChosenStore(choice: StoreChoice): Promise<RunStore> {
  const uri = await resolveStoreUri(choice);
  const objectiveOf = choice.project === undefined ? undefined : await readObjectives(choice.project);
  return openStore(uri, {
    env: choice.env,
    project: choice.project,
    ...(objectiveOf === undefined ? {} : { objectiveOf }),
  });
}

export async function ensureStore(store: RunStore): Promise<void> {
  await store.ensure();
}
