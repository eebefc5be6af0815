import { setTimeout as sleep } from 'node:timers/promises';
import { waitBeforeRetry, type ServerAddress } from '../../core/mlflowserver/mlflowserver.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ServerCredentials } from '../../protocol/servers.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { findCredentials, findTlsOptions, hideSecrets, toAuthorization } from './credentials.ts';
import { ServerError, quoteSaying } from './servererror.ts';
import { exchange, isUntouched, readBody, type Answer, type Exchange, type RequestBody } from './transport.ts';

/** An answer that is longer is none of MLflow's: its pages have at most some thousand runs. */
const LARGEST_ANSWER = 64 * 1024 * 1024;
const IDLE_MS = 20_000;
const TOTAL_MS = 60_000;
const ATTEMPTS = 4;
const JSON_ROOT = 'api/2.0/mlflow/';

/** One question to the REST interface. */
export interface ServerCall {
  /** Default: GET. */
  readonly method?: Exchange['method'];
  /** Behind `/api/2.0/mlflow/`, as `runs/search`. */
  readonly endpoint: string;
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  /** What becomes JSON. */
  readonly body?: unknown;
  /** True when asking twice does no harm: it is then tried again. Default: what is a GET. */
  readonly repeats?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface ClientOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Most attempts of what may be repeated; 1 for whoever tries again on its own. */
  readonly attempts?: number;
  /** Most milliseconds without a byte, and for a whole answer. */
  readonly idleMs?: number;
  readonly totalMs?: number;
}

/**
 * Asks an MLflow server. Everything it says is taken for text from a stranger: its size, time and form are bounded, and `parse` decides what
 * it means. Fails with {@link ServerError}, and with `stopped` when the signal says so.
 */
export class MlflowClient {
  /** Without user and password: it may be shown. */
  readonly base: string;
  readonly #credentials: ServerCredentials | null;
  readonly #options: ClientOptions;

  constructor(address: ServerAddress, options: ClientOptions) {
    this.base = address.base;
    this.#options = options;
    this.#credentials = findCredentials(address, options.env);
  }

  /** `parse` gives undefined for what MLflow does not answer. */
  async call<T>(asked: ServerCall, parse: (answer: unknown) => T | undefined): Promise<T> {
    const { method = 'GET', endpoint, query = {}, body, repeats = method === 'GET', signal } = asked;
    const text = body === undefined ? undefined : JSON.stringify(body);
    return this.#repeat(repeats, signal, async () => {
      const answer = await this.open({
        ...{ method, path: `${JSON_ROOT}${endpoint}${toQuery(query)}`, signal },
        ...(text === undefined ? {} : { body: text, type: 'application/json' }),
      });
      const parsed = parse(this.#parseJson(await this.#readText(answer, signal)));
      if (parsed === undefined)
        throw new ServerError(
          `${this.base} answers ${endpoint} in a way that MLflow does not. Is it an MLflow server?`,
          {
            kind: 'bad-answer',
          },
        );
      return parsed;
    });
  }

  /** Bytes from `path`, behind the base; `isWhole` is false when there are more than `limit`. */
  async read(
    path: string,
    { limit, signal }: { readonly limit: number; readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly bytes: Buffer; readonly isWhole: boolean }> {
    return this.#repeat(true, signal, async () => {
      const answer = await this.open({ method: 'GET', path, signal });
      return this.#guard(signal, () => readBody(answer, { limit, totalMs: this.#totalMs, signal }));
    });
  }

  /** One attempt; the answer is one that went well, its body not yet read. */
  async open(asked: {
    readonly method: Exchange['method'];
    /** Behind the base, escaped. */
    readonly path: string;
    readonly body?: RequestBody;
    readonly type?: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Answer> {
    const { method, path, body, type, signal } = asked;
    const { env, idleMs = IDLE_MS } = this.#options;
    const answer = await this.#guard(signal, () =>
      exchange({
        ...{
          url: new URL(`${this.base}/${path}`),
          method,
          tls: findTlsOptions(env),
          idleMs,
          totalMs: this.#totalMs,
          signal,
        },
        headers: {
          'accept-encoding': 'identity',
          ...(type === undefined ? {} : { 'content-type': type }),
          ...toAuthorization(this.#credentials),
        },
        ...(body === undefined ? {} : { body }),
      }),
    );
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw await this.#toRefusal(answer, signal);
  }

  get #totalMs(): number {
    const seconds = Number(this.#options.env['MLFLOW_HTTP_REQUEST_TIMEOUT']);
    return this.#options.totalMs ?? (seconds > 0 ? seconds * 1000 : TOTAL_MS);
  }

  async #repeat<T>(repeats: boolean, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
    const most = repeats ? (this.#options.attempts ?? ATTEMPTS) : 1;
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        const wait = waitAfter(error, count, most);
        if (wait === undefined) throw error;
        // Its rejection is that of a stop, told by the next attempt.
        await sleep(wait, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      }
    }
  }

  async #readText(answer: Answer, signal: AbortSignal | undefined): Promise<string> {
    const limits = { limit: LARGEST_ANSWER, totalMs: this.#totalMs, signal };
    const { bytes, isWhole } = await this.#guard(signal, () => readBody(answer, limits));
    if (!isWhole)
      throw new ServerError(
        `${this.base} answers with more than ${LARGEST_ANSWER / 1024 / 1024} MiB. The rest was not read.`,
        {
          kind: 'bad-answer',
        },
      );
    return bytes.toString('utf8');
  }

  #parseJson(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch {
      const what = /^\s*</.test(text)
        ? 'a web page (of a proxy, or to sign in?)'
        : `"${quoteSaying(text.slice(0, 80))}"`;
      throw new ServerError(
        `${this.base} answers with ${what}, not as an MLflow server does. Check the address, and who may ask.`,
        {
          kind: 'bad-answer',
        },
      );
    }
  }

  async #toRefusal(answer: Answer, signal: AbortSignal | undefined): Promise<ServerError> {
    const { status, headers } = answer;
    const { bytes } = await this.#guard(signal, () =>
      readBody(answer, { limit: 64 * 1024, totalMs: this.#totalMs, signal }),
    );
    const { errorCode, saying } = readRefusal(bytes.toString('utf8'));
    const words = hideSecrets(saying === '' ? `status ${status}` : quoteSaying(saying), this.#credentials);
    const error = new ServerError(explainRefusal(this.base, status, words, this.#credentials !== null), {
      ...{ kind: 'refused', status, errorCode, server: this.base },
    });
    retryAfterOf.set(error, headers['retry-after']);
    return error;
  }

  async #guard<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.explain(error, signal);
    }
  }

  /** Makes a sentence of what a connection dies of. */
  explain(error: unknown, signal?: AbortSignal): unknown {
    if (signal?.aborted === true) return new ExpectedError('stopped', 'Stopped.');
    if (error instanceof ExpectedError || !(error instanceof Error)) return error;
    const said = error.message === '' && 'code' in error ? String(error.code) : error.message;
    return new ServerError(
      `${this.base} can't be reached: ${hideSecrets(quoteSaying(said), this.#credentials)}. Is the server running, and is this its address (--store, MLFLOW_TRACKING_URI)?`,
      { kind: 'unreachable', isUntouched: isUntouched(error) },
    );
  }
}

/** A header of refusals that only the next attempt is interested in. */
const retryAfterOf = new WeakMap<ServerError, string | undefined>();

function waitAfter(error: unknown, attempt: number, most: number): number | undefined {
  if (!(error instanceof ServerError)) return undefined;
  const { kind, status, isUntouched: isAway } = error.failure;
  // Where nobody listens, nobody will in a second: people learn it at once.
  if (kind === 'bad-answer' || isAway) return undefined;
  return waitBeforeRetry({ attempt, status, retryAfter: retryAfterOf.get(error) }, most, Date.now());
}

/** MLflow's errors are JSON, those of its security layer and of proxies text or pages. */
function readRefusal(text: string): { readonly errorCode: string | null; readonly saying: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) {
      const { error_code: code, message } = value;
      return { errorCode: typeof code === 'string' ? code : null, saying: typeof message === 'string' ? message : '' };
    }
  } catch {
    // A text, or a page: nobody reads pages.
  }
  return { errorCode: null, saying: /^\s*</.test(text) ? '' : text };
}

function explainRefusal(base: string, status: number, words: string, isKnown: boolean): string {
  if (status !== 401 && status !== 403) return `${base} refuses: ${words}`;
  const way = 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN';
  return status === 401
    ? `${base} ${isKnown ? 'does not take these credentials' : 'wants to know who asks'} (${words}). ${way}.`
    : `${base} forbids it (${words}). If another account may: ${way.replace('Set', 'set')}.`;
}

function toQuery(query: NonNullable<ServerCall['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined
      ? []
      : (typeof value === 'object' ? value : [String(value)]).map((one) => [name, one] as [string, string]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}
