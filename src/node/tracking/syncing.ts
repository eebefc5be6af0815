import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { takeLock, type Lock } from '../locks/locks.ts';
import { openMlflowClient, type MlflowClient } from '../mlflowserver/mlflowserver.ts';
import type { Project } from '../project/project.ts';
import { isWriterGone, readWriter } from './identity.ts';
import { readMeta } from './records.ts';
import { RunSender } from './sending.ts';
import { Spool, listSpoolServers } from './spool.ts';

/** What became of a run that waited for its server. */
export interface SyncedRun {
  readonly runId: string;
  readonly name: string;
  /** `sent`: all of it. `live`: its own process sends it. `lost`: sent so far, and without an end until it is repaired. `waiting`: why, says `message`. */
  readonly state: 'sent' | 'live' | 'lost' | 'waiting';
  readonly message: string | null;
}

export interface SyncedServer {
  readonly server: string;
  readonly runs: readonly SyncedRun[];
}

interface SyncOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Only tells what waits. */
  readonly dryRun?: boolean;
}

/** A sender tries again by itself, and does not let anybody wait for a server that says nothing. */
export function openSenderClient(base: string, env: NodeJS.ProcessEnv): MlflowClient {
  const client = openMlflowClient(base, { env, attempts: 1, idleMs: 10_000, totalMs: 30_000 });
  if (client === undefined) throw new Error(`${base} is no server.`);
  return client;
}

/** Sends what runs have left in the project's spools, each in its order. A server that is away is told with its runs; it holds up no other. */
export async function syncProject(project: Project, options: SyncOptions): Promise<readonly SyncedServer[]> {
  const servers = await listSpoolServers(project);
  const results = await Promise.all(
    servers.map(async (server) => ({
      server,
      runs: await syncSpool(openSenderClient(server, options.env), new Spool(project, server), options),
    })),
  );
  return results.filter(({ runs }) => runs.length > 0);
}

export async function syncSpool(
  client: MlflowClient,
  spool: Spool,
  options: Omit<SyncOptions, 'env'>,
): Promise<readonly SyncedRun[]> {
  const results: SyncedRun[] = [];
  for (const folder of spool.listFolders()) results.push(await syncRun(client, spool, folder, options));
  return results;
}

async function syncRun(
  client: MlflowClient,
  spool: Spool,
  folder: string,
  { signal, dryRun = false }: Omit<SyncOptions, 'env'>,
): Promise<SyncedRun> {
  const { meta, trouble = null } = readMeta(folder) ?? {};
  const told = { runId: path.basename(folder), name: meta?.name ?? '' };
  if (meta === undefined) return { ...told, state: 'waiting', message: trouble };
  const isOpen = meta.status === 'RUNNING';
  if (isOpen && !(await isWriterGone(readWriter(folder)))) return { ...told, state: 'live', message: null };
  if (dryRun) return { ...told, state: isOpen ? 'lost' : 'waiting', message: null };
  try {
    return { ...told, ...(await sendAll(client, spool, folder, signal)) };
  } catch (error) {
    return { ...told, ...toWaiting(error) };
  }
}

function toWaiting(error: unknown): Pick<SyncedRun, 'state' | 'message'> {
  if (!(error instanceof ExpectedError) || error.code === 'stopped') throw error;
  return error.code === 'busy' ? { state: 'live', message: null } : { state: 'waiting', message: error.message };
}

async function sendAll(
  client: MlflowClient,
  spool: Spool,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<Pick<SyncedRun, 'state' | 'message'>> {
  const lock = await lockSending(folder);
  try {
    const warnings: string[] = [];
    const sender = new RunSender(client, folder, { signal, onWarning: (message) => warnings.push(message) });
    await sender.send();
    const { isEnded, refused } = await sender.end();
    const problems = [...warnings, ...refused];
    const message = problems.length === 0 ? null : problems.join(' ');
    if (!isEnded) return { state: 'lost', message };
    if (refused.length > 0) return { state: 'waiting', message };
    await spool.remove(folder);
    return { state: 'sent', message };
  } finally {
    await lock.release();
  }
}

/** Whoever sends a run holds this; throws `busy`. */
export function lockSending(folder: string): Promise<Lock> {
  return takeLock(path.join(folder, 'sender.lock.json'), 'mlops: sending a run to its server');
}
