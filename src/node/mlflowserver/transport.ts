import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SecureContextOptions } from 'node:tls';
import { ServerError } from './servererror.ts';

const MOST_REDIRECTS = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What fails before a single byte has gone out. */
const untouchedCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** What is sent; a stream is read once, so such a request is never repeated. */
export type RequestBody = string | { readonly stream: Readable; readonly bytes: number };

export interface Exchange {
  readonly url: URL;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  readonly tls: SecureContextOptions & { readonly rejectUnauthorized: boolean };
  /** So long no byte may come or go. */
  readonly idleMs: number;
  /** So long the answer's head may take, and all of it where `readWhole` reads it. */
  readonly totalMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has still to be read; whoever gets it reads it or calls `destroy`. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: IncomingMessage;
}

/**
 * One request with its redirects. Only a GET follows one, and only on the same server: what says who asks is for no other. Node's own `fetch` can't
 * be told a certificate or to go without.
 */
export async function exchange(asked: Exchange): Promise<Answer> {
  let { url } = asked;
  for (let count = 0; ; count += 1) {
    const answer = await send({ ...asked, url });
    const { location } = answer.headers;
    if (!redirects.has(answer.status) || location === undefined) return answer;
    answer.body.destroy();
    const next = URL.canParse(location, url.href) ? new URL(location, url.href) : undefined;
    if (asked.method !== 'GET' || next?.origin !== url.origin || count >= MOST_REDIRECTS)
      throw new ServerError(
        `${url.origin} sends requests elsewhere${next === undefined ? '' : `, to ${next.origin}${next.pathname}`}. Name that server if it is the right one.`,
        {
          kind: 'bad-answer',
          status: answer.status,
        },
      );
    url = next;
  }
}

function send({ url, method, headers, body, tls, idleMs, totalMs, signal }: Exchange): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = typeof body === 'string' ? Buffer.byteLength(body) : body?.bytes;
    const options = {
      method,
      headers: { ...headers, ...(length === undefined ? {} : { 'content-length': length }) },
      // A connection of an earlier request may be closed by the server in this very moment.
      agent: false,
      ...(url.protocol === 'https:' ? tls : {}),
      ...(signal === undefined ? {} : { signal }),
    };
    const asked = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    // A big file may take its time, as long as it moves.
    const late =
      typeof body === 'object' ? undefined : setTimeout(() => asked.destroy(new TimeoutError(totalMs)), totalMs);
    asked.setTimeout(idleMs, () => asked.destroy(new TimeoutError(idleMs)));
    asked.once('response', (answer) => {
      clearTimeout(late);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
    });
    asked.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    if (typeof body === 'object') pipeline(body.stream, asked).catch((error: unknown) => asked.destroy(toError(error)));
    else asked.end(body);
  });
}

/** The whole body, or `isWhole` false when there is more than `limit` bytes: then as much as that. */
export async function readBody(
  { body }: Answer,
  {
    limit,
    totalMs,
    signal,
  }: { readonly limit: number; readonly totalMs: number; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
  const late = setTimeout(() => body.destroy(new TimeoutError(totalMs)), totalMs);
  const stop = (): void => void body.destroy(toError(signal?.reason));
  signal?.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) return { bytes: Buffer.concat(chunks).subarray(0, limit), isWhole: false };
    }
    // Node takes a connection that breaks before the promised length for an error, but not one without a promise.
    return { bytes: Buffer.concat(chunks), isWhole: true };
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', stop);
    body.destroy();
  }
}

class TimeoutError extends Error {
  constructor(ms: number) {
    super(`no answer within ${Math.round(ms / 1000)} s`);
  }
}

/** True when the request has certainly not come to the server. */
export function isUntouched(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return untouchedCodes.has(code) || /^(CERT_|DEPTH_ZERO_|SELF_SIGNED|UNABLE_TO_|ERR_TLS_)/.test(code);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(typeof error === 'string' ? error : 'stopped');
}
