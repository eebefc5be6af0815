import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  isSafeArtifactPath,
  joinArtifactPath,
  parseArtifactList,
  type ListedArtifact,
} from '../../core/mlflowserver/mlflowserver.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { toOneLine } from '../../protocol/text.ts';
import { diskError, temporaryBeside } from '../files/files.ts';
import type { MlflowClient } from './client.ts';
import { collectPages } from './pages.ts';

const PROXY_ROOT = 'api/2.0/mlflow-artifacts/artifacts';
/** What a server takes whose artifacts lie where only it can write. */
const LARGEST_UNPROXIED = 10 * 1024 * 1024;

/** The run whose artifacts are meant: a server's own id and place of them. */
export interface ArtifactOwner {
  readonly runId: string;
  readonly artifactUri: string;
}

/**
 * What lies in a folder of a run's artifacts (`''`: their root). Names that are none below the root are left out and counted: they come from
 * elsewhere, and would become files here.
 */
export async function listServerArtifacts(
  client: MlflowClient,
  { runId }: ArtifactOwner,
  folder: string,
  signal?: AbortSignal,
): Promise<{ readonly items: readonly ListedArtifact[]; readonly refused: number }> {
  if (folder !== '') checkPath(folder);
  const { items, unreadable } = await collectPages((token) => {
    const query = { run_id: runId, path: folder === '' ? undefined : folder, page_token: token };
    return client.call({ endpoint: 'artifacts/list', query, signal }, parseArtifactList);
  });
  const fitting = items.filter((item) => isSafeArtifactPath(item.path) && isBelow(folder, item.path));
  const refused = unreadable + items.length - fitting.length;
  return { items: fitting.sort((a, b) => (a.path < b.path ? -1 : 1)), refused };
}

/** At most `limit` bytes of an artifact. */
export async function readServerArtifact(
  client: MlflowClient,
  owner: ArtifactOwner,
  file: string,
  options: { readonly limit: number; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly bytes: Uint8Array; readonly isWhole: boolean }> {
  return client.read(placeOf(owner, file), options);
}

/** Writes an artifact into the file `target`, which appears whole or not at all. Throws `disk`. */
export async function downloadServerArtifact(
  client: MlflowClient,
  owner: ArtifactOwner,
  { file, target, signal }: { readonly file: string; readonly target: string; readonly signal?: AbortSignal },
): Promise<void> {
  const { body } = await client.open({ method: 'GET', path: placeOf(owner, file), signal });
  const temporary = temporaryBeside(target);
  try {
    await mkdir(path.dirname(target), { recursive: true });
    await pipeline(body, createWriteStream(temporary));
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    const trouble = diskError(error, target);
    throw trouble instanceof ExpectedError ? trouble : client.explain(error, signal);
  }
}

/** Sends a file as the artifact `file`; what stood there is replaced. */
export async function uploadServerArtifact(
  client: MlflowClient,
  owner: ArtifactOwner,
  {
    file,
    source,
    signal,
  }: { readonly file: string; readonly source: string; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  checkPath(file);
  const { size } = await stat(source);
  const proxied = proxiedRoot(client, owner.artifactUri);
  if (proxied === undefined && size > LARGEST_UNPROXIED)
    throw new ExpectedError(
      'not-supported',
      `${client.base} keeps artifacts where only it can write (${toOneLine(owner.artifactUri.slice(0, 100))}) and takes files up to ${LARGEST_UNPROXIED / 1024 / 1024} MiB; ${file} has ${size} bytes. Start the server with --artifacts-destination, or keep runs in a folder.`,
    );
  const place =
    proxied === undefined
      ? `ajax-api/2.0/mlflow/upload-artifact?${new URLSearchParams({ run_uuid: owner.runId, path: file }).toString()}`
      : `${PROXY_ROOT}/${joinArtifactPath(proxied, file)}`;
  const body = size === 0 ? '' : { stream: createReadStream(source, { end: size - 1 }), bytes: size };
  const answer = await client.open({
    ...{ method: proxied === undefined ? 'POST' : 'PUT', path: place, body, type: 'application/octet-stream', signal },
  });
  answer.body.resume();
}

function placeOf(owner: ArtifactOwner, file: string): string {
  checkPath(file);
  return `get-artifact?${new URLSearchParams({ run_id: owner.runId, path: file }).toString()}`;
}

function checkPath(file: string): void {
  if (!isSafeArtifactPath(file)) throw badInput(`"${toOneLine(file)}" is no path of an artifact.`);
}

function isBelow(folder: string, file: string): boolean {
  return folder === '' || file.startsWith(`${folder}/`);
}

/** `mlflow-artifacts:/1/ab/artifacts` lies behind the very server; with another host in it, behind another one, which we don't ask. */
function proxiedRoot(client: MlflowClient, uri: string): string | undefined {
  const [, host, root] = /^mlflow-artifacts:(?:\/\/([^/]*))?\/(.*)$/.exec(uri) ?? [];
  if (root === undefined || !(root === '' || isSafeArtifactPath(root.replace(/\/$/, '')))) return undefined;
  return host === undefined || host === '' || host === new URL(client.base).host ? root : undefined;
}
