import { mkdtemp, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ServerError,
  downloadServerArtifact,
  listServerArtifacts,
  openMlflowClient,
  readServerArtifact,
  uploadServerArtifact,
  type MlflowClient,
} from '../../../../src/node/mlflowserver/mlflowserver.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { isRecord } from '../../../../src/protocol/shapes.ts';
import { sendJson, startStub, type StubServer } from './stub.ts';

let home: string;
let stub: StubServer | undefined;

beforeEach(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'mlops-client-'));
});
afterEach(async () => {
  await stub?.close();
  stub = undefined;
  await rm(home, { recursive: true, force: true });
});

async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  { env = {}, uri = (base: string) => base, idleMs = 20_000, totalMs = 60_000 } = {},
): Promise<MlflowClient> {
  stub = await startStub(answer);
  const client = openMlflowClient(uri(stub.uri), { env: { HOME: home, ...env }, attempts: 2, idleMs, totalMs });
  if (client === undefined) throw new Error('The stub has an address.');
  return client;
}

const parse = (answer: unknown): unknown => (isRecord(answer) && 'ok' in answer ? answer['ok'] : undefined);
const failureOf = async (work: Promise<unknown>): Promise<ExpectedError> => {
  const error = await work.then(
    () => new Error('It went well.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ExpectedError)) throw error instanceof Error ? error : new Error(String(error));
  return error;
};

describe('who asks', () => {
  const basic = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const check = (
    name: string,
    given: { env?: Record<string, string>; user?: string; file?: string; stored?: Record<string, string> },
    expected: string | undefined,
  ) =>
    test(name, async () => {
      if (given.file !== undefined) {
        await mkdir(path.join(home, '.mlflow'));
        await writeFile(path.join(home, '.mlflow', 'credentials'), given.file);
      }
      let seen: string | undefined;
      const answer = (request: IncomingMessage, response: ServerResponse): void => {
        seen = request.headers.authorization;
        sendJson(response, { ok: 1 });
      };
      stub = await startStub(answer);
      const uri = given.user === undefined ? stub.uri : stub.uri.replace('//', `//${given.user}@`);
      const stored =
        given.stored === undefined ? {} : { MLOPS_SERVER_CREDENTIALS: JSON.stringify({ [stub.uri]: given.stored }) };
      const client = openMlflowClient(uri, { env: { HOME: home, ...given.env, ...stored } });
      await client?.call({ endpoint: 'x' }, parse);
      expect(seen).toBe(expected);
      expect(client?.base).toBe(stub.uri);
    });
  const token = { MLFLOW_TRACKING_TOKEN: 'secret-token' };
  const user = { MLFLOW_TRACKING_USERNAME: 'anna', MLFLOW_TRACKING_PASSWORD: 'pass word' };
  const file =
    '[other]\nmlflow_tracking_username = no\n[mlflow]\nmlflow_tracking_username = bob\nmlflow_tracking_password = b=ob\n';
  check('nobody', {}, undefined);
  check('a token', { env: token }, 'Bearer secret-token');
  check('user and password before a token', { env: { ...token, ...user } }, basic('anna', 'pass word'));
  check('the file of MLflow', { file }, basic('bob', 'b=ob'));
  check('variables before the file', { file, env: user }, basic('anna', 'pass word'));
  check('the address before all', { user: 'c%40d:p%3Aw', file, env: { ...user } }, basic('c@d', 'p:w'));
  check(
    'what is said of the server alone before other variables',
    { env: user, stored: { token: 'kept' } },
    'Bearer kept',
  );
});

describe('a server that does not behave', () => {
  const check = (
    name: string,
    answer: (request: IncomingMessage, response: ServerResponse, count: number) => void,
    expected: { text: RegExp; asked: number; code?: string; isSlow?: true },
  ) =>
    test(name, async () => {
      let count = 0;
      const client = await serve((request, response) => answer(request, response, (count += 1)), {
        env: { MLFLOW_TRACKING_TOKEN: 'very-secret' },
        ...(expected.isSlow === true ? { idleMs: 1000, totalMs: 1500 } : {}),
      });
      const error = await failureOf(client.call({ endpoint: 'runs/get' }, parse));
      expect(error.message).toMatch(expected.text);
      expect(error.message).not.toContain('very-secret');
      expect(error.code).toBe(expected.code ?? 'server-failed');
      expect(stub?.asked).toHaveLength(expected.asked);
    });
  check('says nothing', () => undefined, { text: /can't be reached: no answer within/, asked: 2, isSlow: true });
  check(
    'says a byte now and then for ever',
    (_request, response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(timer));
    },
    { text: /no answer within/, asked: 2, isSlow: true },
  );
  check(
    'drops in the middle',
    (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('{"ok"', () => response.destroy());
    },
    { text: /can't be reached/, asked: 2 },
  );
  check(
    'fails inside',
    (_request, response) => sendJson(response, { error_code: 'INTERNAL_ERROR', message: 'no\u001b[31m disk' }, 500),
    {
      text: /refuses: no\\u001b\[31m disk/,
      asked: 2,
    },
  );
  check(
    'asks to wait longer than anybody does',
    (_request, response) => {
      response.writeHead(429, { 'retry-after': '86400' }).end('slow down');
    },
    { text: /refuses: slow down/, asked: 1 },
  );
  check('asks for a name', (_request, response) => void response.writeHead(401).end('<html>very-secret</html>'), {
    text: /does not take these credentials \(status 401\).*MLFLOW_TRACKING_USERNAME/,
    asked: 1,
    code: 'not-authorized',
  });
  check(
    'repeats the secret',
    (_request, response) => sendJson(response, { message: 'Bearer very-secret is bad' }, 400),
    {
      text: /Bearer \*\*\* is bad/,
      asked: 1,
    },
  );
  check('sends a page', (_request, response) => void response.end('<!doctype html><title>Sign in</title>'), {
    text: /answers with a web page/,
    asked: 1,
  });
  check('sends another JSON', (_request, response) => sendJson(response, [1]), {
    text: /in a way that MLflow does not/,
    asked: 1,
  });
  check(
    'sends 10 GB',
    (_request, response) => {
      const block = Buffer.alloc(1 << 20, ' ');
      const more = (): void => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    },
    { text: /answers with more than 64 MiB/, asked: 1 },
  );
  check(
    'sends to itself for ever',
    (_request, response) => void response.writeHead(302, { location: '/again' }).end(),
    {
      text: /sends requests elsewhere/,
      asked: 4,
    },
  );
  check(
    'is overloaded once',
    (_request, response, count) => {
      if (count < 2) response.writeHead(503, { 'retry-after': '0' }).end();
      else sendJson(response, { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no run' }, 404);
    },
    { text: /refuses: no run/, asked: 2 },
  );
});

test('credentials go to no other server, and to the same one after a redirect', async () => {
  const heard: (string | undefined)[] = [];
  const other = await startStub((request, response) => {
    heard.push(request.headers.authorization);
    sendJson(response, { ok: 'other' });
  });
  let target = '';
  const client = await serve(
    (request, response) => {
      if (request.url?.includes('start') === true) response.writeHead(307, { location: target }).end();
      else sendJson(response, { ok: request.headers.authorization });
    },
    { env: { MLFLOW_TRACKING_TOKEN: 'secret' } },
  );
  target = `${other.uri}/api`;
  expect((await failureOf(client.call({ endpoint: 'start' }, parse))).message).toContain(`to ${other.uri}/api`);
  expect(heard).toEqual([]);
  target = '/api/2.0/mlflow/there';
  expect(await client.call({ endpoint: 'start' }, parse)).toBe('Bearer secret');
  expect((await failureOf(client.call({ method: 'POST', endpoint: 'start', body: {} }, parse))).message).toContain(
    'elsewhere',
  );
  await other.close();
});

test('what may not be done twice is asked once; a stop ends the waiting', async () => {
  const client = await serve((_request, response) => void response.writeHead(503).end());
  await failureOf(client.call({ method: 'POST', endpoint: 'runs/create', body: {} }, parse));
  expect(stub?.asked).toHaveLength(1);
  const stop = new AbortController();
  const work = failureOf(client.call({ endpoint: 'runs/get', signal: stop.signal }, parse));
  stop.abort();
  expect((await work).code).toBe('stopped');
});

test('where nobody listens is told at once, without another attempt, as untouched', async () => {
  const client = await serve(() => undefined);
  await stub?.close();
  const error = await failureOf(client.call({ endpoint: 'runs/get' }, parse));
  expect(error).toBeInstanceOf(ServerError);
  expect(error instanceof ServerError && error.failure).toMatchObject({ kind: 'unreachable', isUntouched: true });
});

describe('artifacts', () => {
  const owner = { runId: 'ab', artifactUri: 'mlflow-artifacts:/1/ab/artifacts' };

  test('names that lead out of their folder are left out and counted', async () => {
    const names = ['a.txt', '../../etc/passwd', '/etc/passwd', 'b//c', 'C:\\x', 'd', 'x\u0000y', 'e/../../f'];
    const client = await serve((_request, response) =>
      sendJson(response, { files: names.map((name) => ({ path: name, is_dir: name === 'd', file_size: '3' })) }),
    );
    expect(await listServerArtifacts(client, owner, '')).toEqual({
      items: [
        { path: 'a.txt', isFolder: false, bytes: 3 },
        { path: 'd', isFolder: true, bytes: null },
      ],
      refused: 6,
    });
    expect((await failureOf(listServerArtifacts(client, owner, '..'))).code).toBe('bad-input');
    expect((await failureOf(readServerArtifact(client, owner, '../x', { limit: 1 }))).code).toBe('bad-input');
    expect((await failureOf(uploadServerArtifact(client, owner, { file: '/x', source: home }))).code).toBe('bad-input');
  });

  test('are read up to a limit, downloaded whole or not at all, and sent as they are', async () => {
    let received: Buffer | undefined;
    const client = await serve((request, response) => {
      if (request.method === 'PUT') {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          received = Buffer.concat(chunks);
          response.end('{}');
        });
      } else if (request.url?.includes('cut') === true) {
        response.writeHead(200, { 'content-length': 100 });
        response.write('part', () => response.destroy());
      } else response.end('0123456789');
    });
    const head = await readServerArtifact(client, owner, 'a #1%.txt', { limit: 4 });
    expect([Buffer.from(head.bytes).toString(), head.isWhole]).toEqual(['0123', false]);
    expect(stub?.asked.at(-1)).toBe('GET /get-artifact?run_id=ab&path=a+%231%25.txt');
    const target = path.join(home, 'deep', 'a');
    await downloadServerArtifact(client, owner, { file: 'a', target });
    expect(await readFile(target, 'utf8')).toBe('0123456789');
    await failureOf(downloadServerArtifact(client, owner, { file: 'cut', target: path.join(home, 'deep', 'cut') }));
    expect(await readdir(path.join(home, 'deep'))).toEqual(['a']);
    await uploadServerArtifact(client, owner, { file: 'm/ä #.bin', source: target });
    expect(stub?.asked.at(-1)).toBe('PUT /api/2.0/mlflow-artifacts/artifacts/1/ab/artifacts/m/%C3%A4%20%23.bin');
    expect(received?.toString()).toBe('0123456789');
  });
});
