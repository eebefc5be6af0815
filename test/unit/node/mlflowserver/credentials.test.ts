import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { followLog, isProcessAlive, readExitCode, startProcess } from '../../../../src/node/live/live.ts';
import { keepCredentials, tryCredentials } from '../../../../src/node/mlflowserver/mlflowserver.ts';
import {
  forgetServerLists,
  listStores,
  openStore,
  storeEnvironment,
  syncProject,
} from '../../../../src/node/tracking/tracking.ts';
import { listRunsOfProject, readRunDetails } from '../../../../src/node/window/runs.ts';
import { WindowProjects } from '../../../../src/node/window/window.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { parseCredentialsByServer, type ServerCredentials } from '../../../../src/protocol/servers.ts';
import { startFakeMlflow, type FakeMlflow } from './fakemlflow.ts';
import { startStub, type StubServer } from './stub.ts';

const anna: ServerCredentials = { kind: 'basic', user: 'anna', password: 'pass/word-of-anna' };
const header = `Basic ${Buffer.from('anna:pass/word-of-anna').toString('base64')}`;
/** Every way in which the password may be written down. */
const secrets = ['pass/word-of-anna', encodeURIComponent('pass/word-of-anna'), header.slice('Basic '.length)];

let root: string;
let mlflow: FakeMlflow;
/** Stands before the server and lets only Anna through, as MLflow's own basic auth does. */
let guard: StubServer;
let env: NodeJS.ProcessEnv;
let use: ReturnType<typeof keepCredentials>;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-credentials-'));
  mlflow = await startFakeMlflow();
  guard = await startStub((asked, response) => {
    if (asked.headers.authorization !== header) {
      // One that repeats what it was told, as bad servers do.
      response.writeHead(401, { 'content-type': 'text/plain' }).end(`No: ${asked.headers.authorization ?? 'nobody'}`);
      return;
    }
    const { method, headers, url = '' } = asked;
    const onward = request(`${mlflow.uri}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    asked.pipe(onward);
  });
  await mkdir(path.join(root, '.mlops'));
  await writeFile(path.join(root, '.mlops', 'project.yaml'), `stores: ["${guard.uri}"]\n`);
  env = { HOME: root, XDG_CACHE_HOME: path.join(root, 'cache') };
  use = keepCredentials(env);
  forgetServerLists();
});
afterEach(async () => {
  await guard.close();
  await mlflow.close();
  await rm(root, { recursive: true, force: true, maxRetries: 3 });
});

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => new Error('It went well.'),
    (reason: unknown) => reason,
  );

async function expectNoSecrets(...told: unknown[]): Promise<void> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  expect(files.length).toBeGreaterThan(0);
  for (const secret of secrets) {
    expect([...files, JSON.stringify(told)].filter((text) => text.includes(secret))).toEqual([]);
    expect(files.filter((_, index) => texts[index]?.includes(secret))).toEqual([]);
  }
}

test('a server that wants to know who asks: told with its address, then read, written and left again', async () => {
  const project = { root };
  const before = await listRunsOfProject(project, env);
  expect(before.warnings).toMatchObject([
    { server: guard.uri, message: expect.stringContaining('who asks') as string },
  ]);

  use({ [guard.uri]: anna });
  const start = { experiment: 'e', user: 'u', startTime: 1, params: {}, tags: {} };
  const writer = await openStore(guard.uri, { env, project, sendMs: 20 }).createRun(start);
  await writer.logMetrics([{ name: 'val_loss', step: 1, value: 0.5, timestamp: 1 }]);
  await writer.finish('FINISHED', 2);
  await syncProject(project, { env });
  const { runs, warnings = [] } = await listRunsOfProject(project, env);
  expect([runs.length, runs[0]?.status, warnings]).toEqual([1, 'FINISHED', []]);
  expect(await readRunDetails(project, runs[0]?.runId ?? '', env)).toMatchObject({ run: { experiment: 'e' } });

  use({});
  forgetServerLists();
  expect((await listRunsOfProject(project, env)).warnings).toMatchObject([{ server: guard.uri }]);
  await expectNoSecrets(before, runs);
});

describe('a trial of credentials', () => {
  const check = (name: string, credentials: ServerCredentials, code?: string) =>
    test(name, async () => {
      // What the environment says of who asks does not count, good or bad.
      const surroundings = { ...env, MLFLOW_TRACKING_TOKEN: 'other-token' };
      const work = tryCredentials(`${guard.uri}/`, credentials, surroundings);
      if (code === undefined) {
        expect(await work).toBe(guard.uri);
        return;
      }
      const error = await failureOf(work);
      if (!(error instanceof ExpectedError)) throw new Error(String(error));
      expect(error.code).toBe(code);
      expect(guard.asked).toHaveLength(1);
      const secret = credentials.kind === 'token' ? credentials.token : credentials.password;
      expect(error.message).toContain('***');
      const sent = Buffer.from(`anna:${secret}`).toString('base64');
      for (const form of [secret, sent]) expect(`${error.message} ${error.stack ?? ''}`).not.toContain(form);
    });
  check('that are known', anna);
  check('with another password', { ...anna, password: 'wrong-word' }, 'not-authorized');
  check('with a token', { kind: 'token', token: 'wrong-token' }, 'not-authorized');
});

test('a process that is started gets them by its environment: no file, log or command line has them', async () => {
  use({ [guard.uri]: anna });
  const cli = `
    const kept = JSON.parse(process.env.MLOPS_SERVER_CREDENTIALS);
    console.log(process.argv.slice(2).join(' '), Object.values(kept)[0].user);
    require('node:fs').writeFileSync(process.env.MLOPS_EXIT_FILE, '0\\n');`;
  await writeFile(path.join(root, 'cli.cjs'), cli);
  const places = { worker: '', bin: root, samples: root, templates: root };
  const installation = { node: process.execPath, version: '0', cli: path.join(root, 'cli.cjs'), ...places };
  const { id, log, command } = await startProcess({ root }, ['run', 'train'], { installation, env });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    followLog(log ?? '', 0, () => isProcessAlive(id), {
      onText: (more) => (text += more),
      onEnd: resolve,
      onFailure: reject,
    });
  });
  expect(text).toBe(`run train --project ${root} anna\n`);
  expect(await readExitCode(log ?? '')).toBe(0);
  await expectNoSecrets(command, text);
});

test('in a folder that nobody trusts no server is asked, whoever is signed in', async () => {
  use({ [guard.uri]: anna });
  const window = new WindowProjects({ env, emit: () => undefined });
  await window.configure([], false);
  const { stores } = await listStores({ project: { root }, env: window.env, cwd: root });
  expect(stores.find(({ uri }) => uri === guard.uri)?.problem).toContain('Restricted Mode');
  expect((await listRunsOfProject({ root }, window.env)).runs).toEqual([]);
  expect(guard.asked).toEqual([]);
  await window.configure([], true);
  await listRunsOfProject({ root }, window.env);
  expect(guard.asked).not.toEqual([]);
});

describe('what is held goes beside what the environment had', () => {
  const own = { 'http://a': { token: 'own-a' }, 'http://b': { token: 'own-b' } };
  const check = (name: string, given: string | undefined, held: Record<string, unknown>, expected: unknown) =>
    test(name, () => {
      const given_: NodeJS.ProcessEnv = given === undefined ? {} : { MLOPS_SERVER_CREDENTIALS: given };
      const keep = keepCredentials(given_);
      keep({ 'http://z': { kind: 'token', token: 'of an earlier call' } });
      keep(parseCredentialsByServer(held));
      const text = given_['MLOPS_SERVER_CREDENTIALS'];
      expect(text === undefined ? undefined : (JSON.parse(text) as unknown)).toEqual(expected);
    });
  const basic = { user: 'u', password: 'p' };
  check('none', undefined, {}, undefined);
  check('none, of its own', JSON.stringify(own), {}, own);
  check('one of both', JSON.stringify(own), { 'http://a': basic }, { ...own, 'http://a': basic });
  check(
    'what is no credentials is left out',
    '{',
    { 'http://a': basic, 'http://b': { user: 'u' }, 'http://c': 5 },
    {
      'http://a': basic,
    },
  );
});

describe('MLflow’s variables for a stage', () => {
  const check = (name: string, uri: string, more: NodeJS.ProcessEnv, expected: NodeJS.ProcessEnv) =>
    test(name, () => {
      use({ 'http://host': anna, 'http://other': { kind: 'token', token: 'tttt' } });
      const always = { MLFLOW_TRACKING_URI: uri, MLOPS_PROJECT_STORE: uri };
      expect(storeEnvironment(uri, { ...env, ...more })).toEqual({ ...always, ...expected });
    });
  const user = { MLFLOW_TRACKING_USERNAME: 'anna', MLFLOW_TRACKING_PASSWORD: 'pass/word-of-anna' };
  check('user and password', 'http://host/', {}, { ...user, MLOPS_CREDENTIALS_SERVER: 'http://host' });
  const token = { MLFLOW_TRACKING_TOKEN: 'tttt' };
  check('a token', 'http://other', {}, { ...token, MLOPS_CREDENTIALS_SERVER: 'http://other' });
  check('what is set already stays', 'http://host', { MLFLOW_TRACKING_TOKEN: 'mine' }, {});
  check('an address with its own user', 'http://bob:x@host', {}, {});
  check('a server of which nothing is known', 'http://third', {}, {});
  check('a folder', 'file:///s', {}, { MLFLOW_ALLOW_FILE_STORE: 'true' });

  test('they go to the server that they are of, and to no other', async () => {
    use({ 'http://elsewhere': anna });
    const stage = { ...env, ...storeEnvironment('http://elsewhere', env), MLOPS_SERVER_CREDENTIALS: '' };
    expect(await failureOf(openStore(guard.uri, { env: stage }).listRuns())).toMatchObject({
      message: expect.stringContaining('nobody') as string,
    });
    use({ [guard.uri]: anna });
    const own = { ...env, ...storeEnvironment(guard.uri, env), MLOPS_SERVER_CREDENTIALS: '' };
    expect((await openStore(guard.uri, { env: own }).listRuns()).runs).toEqual([]);
  });
});
