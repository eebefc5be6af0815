import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { PipSettings } from '../../core/backends/backends.ts';
import { ExpectedError } from '../../protocol/errors.ts';

/** Silence of this length ends a connection. */
const IDLE_MS = 60_000;
const MAX_REDIRECTS = 5;
const MAX_PAGE_BYTES = 64 << 20;

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Address that answered, behind all redirects. */
  readonly url: string;
  readonly body: http.IncomingMessage;
}

/** Asks for addresses as the person's pip would: the same certificates, the same proxies. */
export interface Connection {
  /** Resolves when the answer's head is there; rejects with `download-failed` when there is none. */
  get(url: string, headers: http.OutgoingHttpHeaders, signal: AbortSignal): Promise<Answer>;
}

export async function createConnection(
  { certificates }: Pick<PipSettings, 'certificates'>,
  env: NodeJS.ProcessEnv,
): Promise<Connection> {
  const agents = await createAgents(certificates, env);
  return {
    async get(url, headers, signal) {
      let address = url;
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const body = await request(new URL(address), { headers, agents, signal }).catch((error: unknown) => {
          throw toDownloadError(error, address, signal);
        });
        const { location } = body.headers;
        const status = body.statusCode ?? 0;
        if (status < 300 || status >= 400 || location === undefined)
          return { status, headers: body.headers, url: address, body };
        body.resume();
        address = new URL(location, address).href;
      }
      throw downloadFailed(url, `it redirects more than ${MAX_REDIRECTS} times`);
    },
  };
}

/** The whole text of a page; `download-failed` for any status but 200. */
export async function readPage(
  connection: Connection,
  url: string,
  accept: string,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly contentType: string; readonly url: string }> {
  const { status, headers, body, url: address } = await connection.get(url, { accept }, signal);
  if (status !== 200) {
    body.resume();
    throw downloadFailed(url, `it answers with status ${status}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_PAGE_BYTES) throw downloadFailed(url, `it is longer than ${MAX_PAGE_BYTES} bytes`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw toDownloadError(error, url, signal);
  }
  return { text: Buffer.concat(chunks).toString('utf8'), contentType: headers['content-type'] ?? '', url: address };
}

export function downloadFailed(url: string, reason: string): ExpectedError {
  return new ExpectedError('download-failed', `${withoutSecrets(url)} can't be fetched: ${reason}.`);
}

/** A failure of the network as a sentence; the user's stop and our own errors pass unchanged. */
export function toDownloadError(error: unknown, url: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ExpectedError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  return downloadFailed(url, [code, error.message].filter((part) => part !== '').join(', '));
}

/** An address of an index may carry a password. */
function withoutSecrets(url: string): string {
  const address = new URL(url);
  address.username = '';
  address.password = '';
  return address.href;
}

interface Agents {
  readonly 'http:': http.Agent;
  readonly 'https:': https.Agent;
}

async function createAgents(certificates: string | null, env: NodeJS.ProcessEnv): Promise<Agents> {
  // Proxies of the environment; a Node that does not know the option leaves it alone.
  const options = { keepAlive: false, proxyEnv: env } as http.AgentOptions;
  const own = certificates === null ? [] : [await readFile(certificates, 'utf8').catch(() => '')];
  const ca = [...trusted('default'), ...trusted('system'), ...own.filter((text) => text !== '')];
  return { 'http:': new http.Agent(options), 'https:': new https.Agent({ ...options, ca }) };
}

function trusted(kind: 'default' | 'system'): readonly string[] {
  // Older Nodes know their own certificates only.
  const list = (tls as { getCACertificates?: (kind: string) => string[] }).getCACertificates;
  return list === undefined ? (kind === 'default' ? tls.rootCertificates : []) : list(kind);
}

function request(
  url: URL,
  { headers, agents, signal }: { headers: http.OutgoingHttpHeaders; agents: Agents; signal: AbortSignal },
): Promise<http.IncomingMessage> {
  const { protocol } = url;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw downloadFailed(url.href, 'only http and https addresses are known');
  return new Promise((resolve, reject) => {
    const module = protocol === 'http:' ? http : https;
    const outgoing = module.get(url, { headers, agent: agents[protocol], signal, timeout: IDLE_MS }, resolve);
    outgoing.once('timeout', () => outgoing.destroy(new Error(`nothing came for ${IDLE_MS / 1000} s`)));
    outgoing.once('error', reject);
  });
}
