import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { ServerCredentials } from '../../../../src/protocol/servers.ts';
import type { StoreList } from '../../../../src/protocol/tracking.ts';
import { FakeSecrets, answers, forget, told } from '../editor.ts';
import { createEngine, settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createSignInCommands } = await import('../../../../src/vscode/commands/signin.ts');
const { SignIns } = await import('../../../../src/vscode/signins.ts');
const { showFailure } = await import('../../../../src/vscode/failures.ts');

const project = '/w/digits';
const password = 'pass-word 1';
const row = (uri: string, kind: 'server' | 'folder'): StoreList['stores'][number] => ({
  ...{ uri, label: uri.replace(/^\w+:\/\//, ''), kind, source: 'project', namedBy: null, isDefault: false, runs: 3 },
  ...{ problem: null, abilities: { logs: true, edits: true } },
});

function create({ stores = [row('http://host:5000', 'server'), row('file:///runs', 'folder')], refuses = false } = {}) {
  const engine = createEngine({
    listStores: () => ({ stores, notices: [], usesMlflow: false }),
    tryCredentials: ({ uri }) => {
      if (refuses) throw new ExpectedError('not-authorized', `${uri} does not take these credentials.`);
      return { server: uri.replace(/\/$/, '') };
    },
  });
  const secrets = new FakeSecrets();
  const reported: unknown[] = [];
  const signIns = new SignIns({ engine: engine.thread, secrets, report: (error) => reported.push(error) });
  const projects = { whenAllKnown: () => Promise.resolve([{ root: project, name: 'digits', branch: null }]) };
  const commands = createSignInCommands({
    ...{ engine: engine.thread, signIns },
    projects: projects,
  });
  const used = () => engine.asked.filter(({ name }) => name === 'useCredentials').map(({ payload }) => payload);
  return { engine, secrets, signIns, commands, used, reported };
}

beforeEach(forget);

describe('signing in', () => {
  const check = (
    name: string,
    given: { picked: string[]; typed: string[]; server?: string; stores?: StoreList['stores'] },
    expected: { server: string; credentials: ServerCredentials },
  ) =>
    it(name, async () => {
      const { stores, server } = given;
      const { commands, engine, secrets, used } = create(stores === undefined ? {} : { stores: [...stores] });
      Object.assign(answers, { picked: [...given.picked], typedInTurn: [...given.typed] });
      await commands['mlops.signIn'](server === undefined ? undefined : { kind: 'server', project, server });
      const { kind, ...kept } = expected.credentials;
      expect(Object.fromEntries([...secrets.kept].map(([key, text]) => [key, JSON.parse(text) as unknown]))).toEqual({
        [`mlops.server:${expected.server}`]: kept,
      });
      expect(used().at(-1)).toEqual({ servers: { [expected.server]: expected.credentials } });
      expect(engine.asked.find((one) => one.name === 'tryCredentials')?.payload).toMatchObject({
        credentials: { kind },
      });
      const secret = expected.credentials.kind === 'token' ? expected.credentials.token : password;
      expect(JSON.stringify([told.messages, told.errors, told.picks, told.boxes])).not.toContain(secret);
      expect(told.boxes.at(-1)?.password).toBe(true);
    });
  const basic: ServerCredentials = { kind: 'basic', user: 'anna', password };
  check(
    'with a user and a password, at the server of the project',
    { picked: ['host:5000', 'User'], typed: [' anna ', password] },
    { server: 'http://host:5000', credentials: basic },
  );
  check(
    'with a token, as it was copied',
    { picked: ['host:5000', 'Token'], typed: ['a-token\n'] },
    { server: 'http://host:5000', credentials: { kind: 'token', token: 'a-token' } },
  );
  check(
    'at an address that is typed; it is kept by what the engine calls it',
    { picked: ['Another server', 'User'], typed: ['https://other/', 'anna', password] },
    { server: 'https://other', credentials: basic },
  );
  check(
    'at a typed address where no store is a server',
    { picked: ['User'], typed: ['https://other', 'anna', password], stores: [] },
    { server: 'https://other', credentials: basic },
  );
  check(
    'from the row of a server that refuses',
    { picked: ['User'], typed: ['anna', password], server: 'http://row:1' },
    { server: 'http://row:1', credentials: basic },
  );

  it.each([
    [['escape'], []],
    [['host', 'escape'], []],
    [['host', 'User'], []],
    [['host', 'User'], ['anna']],
    [['host', 'Token'], ['  ']],
    [['Another'], []],
  ])('does nothing when a question is closed: %j %j', async (picked, typedInTurn) => {
    const { commands, secrets, engine } = create();
    Object.assign(answers, { picked: [...picked], typedInTurn: [...typedInTurn] });
    await commands['mlops.signIn']();
    expect([secrets.kept.size, engine.asked.map(({ name }) => name)]).toEqual([0, ['listStores']]);
  });

  it('keeps nothing that the server does not take', async () => {
    const { commands, secrets } = create({ refuses: true });
    Object.assign(answers, { picked: ['host', 'User'], typedInTurn: ['anna', password] });
    await expect(commands['mlops.signIn']()).rejects.toMatchObject({ code: 'not-authorized' });
    expect(secrets.kept.size).toBe(0);
  });

  it.each([
    ['http://host', true],
    ['http://localhost.evil.org', true],
    ['http://localhost:5000', false],
    ['http://[::1]:5000', false],
    ['https://host', false],
  ])('says where a password would travel unencrypted: %s', async (server, isSaid) => {
    Object.assign(answers, { picked: ['Token'], typedInTurn: ['abcd'] });
    await create().commands['mlops.signIn']({ kind: 'server', project, server });
    expect(told.boxes.at(-1)?.prompt?.includes('unencrypted')).toBe(isSaid);
  });
});

it('signing out forgets one server, also in the engine', async () => {
  const { commands, secrets, signIns, used } = create();
  await expect(commands['mlops.signOut']()).rejects.toMatchObject({ code: 'unknown-name' });
  await signIns.keep('http://a', { kind: 'token', token: 'aaaa' });
  await signIns.keep('http://b', { kind: 'token', token: 'bbbb' });
  answers.picked = ['escape', 'http://a'];
  await commands['mlops.signOut']();
  expect(secrets.kept.size).toBe(2);
  await commands['mlops.signOut']();
  expect([...secrets.kept.keys()]).toEqual(['mlops.server:http://b']);
  expect(used().at(-1)).toEqual({ servers: { 'http://b': { kind: 'token', token: 'bbbb' } } });
});

it('the engine is told of what is kept at its start, and of what another window changes; broken secrets are none', async () => {
  const engine = createEngine({});
  const restarts: (() => void)[] = [];
  const thread = {
    request: engine.thread.request.bind(engine.thread),
    onRestart: (listener: () => void) => {
      restarts.push(listener);
      return { dispose: () => undefined };
    },
  };
  const secrets = new FakeSecrets();
  secrets.kept.set('mlops.server:http://a', '{"user":"u","password":"pppp"}');
  secrets.kept.set('mlops.server:http://b', '{"user":');
  secrets.kept.set('mlops.server:http://c', '{"user":"u"}');
  secrets.kept.set('other', '{"token":"t"}');
  new SignIns({ engine: thread, secrets, report: (error) => expect.unreachable(String(error)) });
  const servers = { 'http://a': { kind: 'basic', user: 'u', password: 'pppp' } };
  const told_ = (): unknown[] => engine.asked.map(({ payload }) => payload);
  await settle();
  expect(told_()).toEqual([{ servers }]);
  await secrets.store('other', '{"token":"x"}');
  await settle();
  expect(told_()).toHaveLength(1);
  await secrets.store('mlops.server:http://b', '{"token":"tttt"}');
  await settle();
  expect(told_()[1]).toEqual({ servers: { ...servers, 'http://b': { kind: 'token', token: 'tttt' } } });
  restarts.forEach((restart) => restart());
  await settle();
  expect(told_()[2]).toEqual(told_()[1]);
});

it('a keychain that does not open is reported, and the window goes on', async () => {
  const secrets = new FakeSecrets();
  secrets.keys = () => Promise.reject(new Error('The keychain is locked.'));
  const reported: unknown[] = [];
  new SignIns({ engine: createEngine({}).thread, secrets, report: (error) => reported.push(error) });
  await settle();
  expect(String(reported[0])).toContain('locked');
});

it.each([
  ['not-authorized', ['mlops.signIn']],
  ['server-failed', []],
] as const)('a failure offers to sign in where that may help: %s', async (code, executed) => {
  answers.pressed = 'Sign In…';
  const log = { error: () => undefined, show: () => undefined } as unknown as Parameters<typeof showFailure>[1];
  await showFailure(new ExpectedError(code, 'The server refuses.'), log);
  expect([told.errors, told.executed]).toEqual([['The server refuses.'], executed]);
});
