import * as vscode from 'vscode';
import type { Target } from '../../core/trees/trees.ts';
import type { EngineClient } from '../../protocol/engine.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ServerCredentials } from '../../protocol/servers.ts';
import type { Projects } from '../projects.ts';
import type { SignIns } from '../signins.ts';
import type { CommandTypes } from './commands.ts';

interface Parts {
  readonly engine: EngineClient;
  readonly projects: Pick<Projects, 'whenAllKnown'>;
  readonly signIns: Pick<SignIns, 'list' | 'keep' | 'forget'>;
}

type Asked<T> = Promise<T | undefined>;

/** A question that stays while people look a password up elsewhere. */
const patient = { ignoreFocusOut: true } as const;

/** Who asks the tracking servers: tried once, then kept in the editor's keychain. Every question may be closed, and then nothing has happened. */
export function createSignInCommands({
  engine,
  projects,
  signIns,
}: Parts): Pick<CommandTypes, 'mlops.signIn' | 'mlops.signOut'> {
  return {
    async 'mlops.signIn'(target) {
      const uri = await askServer({ engine, projects }, target);
      const credentials = uri === undefined ? undefined : await askCredentials(uri);
      if (uri === undefined || credentials === undefined) return;
      const { server } = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Signing in…') },
        () => engine.request('tryCredentials', { uri, credentials }),
      );
      await signIns.keep(server, credentials);
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Signed in to {0}. It holds for every window, and for what is started from here.', server),
      );
    },
    async 'mlops.signOut'() {
      const known = await signIns.list();
      if (known.length === 0)
        throw new ExpectedError('unknown-name', vscode.l10n.t('You are signed in to no tracking server.'));
      const title = vscode.l10n.t('Tracking server to sign out of');
      const chosen = await vscode.window.showQuickPick(
        known.map((label) => ({ label })),
        { title },
      );
      if (chosen === undefined) return;
      await signIns.forget(chosen.label);
      void vscode.window.showInformationMessage(vscode.l10n.t('Signed out of {0}.', chosen.label));
    },
  };
}

/** The address of the server that is meant: what a row says, one of those that the projects name, or what is typed. */
async function askServer({ engine, projects }: Omit<Parts, 'signIns'>, target: Target | undefined): Asked<string> {
  if (target?.kind === 'server') return target.server;
  const roots = target === undefined ? (await projects.whenAllKnown()).map(({ root }) => root) : [target.project];
  const lists = await Promise.all(roots.map((project) => engine.request('listStores', { project })));
  const servers = new Map(
    lists.flatMap(({ stores }) => stores.filter(({ kind }) => kind === 'server').map(({ uri, label }) => [uri, label])),
  );
  if (servers.size === 0) return askAddress();
  const other = vscode.l10n.t('Another server…');
  const items = [...[...servers].map(([uri, label]) => ({ label, description: uri, uri })), { label: other }];
  const chosen = await vscode.window.showQuickPick(items, { title: vscode.l10n.t('Tracking server to sign in to') });
  if (chosen === undefined) return undefined;
  return 'uri' in chosen ? chosen.uri : askAddress();
}

function askAddress(): Asked<string> {
  return ask({ title: vscode.l10n.t('Address of the tracking server'), placeHolder: 'https://host:5000' });
}

async function askCredentials(uri: string): Asked<ServerCredentials> {
  const ways = [
    { label: vscode.l10n.t('User and password'), ask: askUser },
    { label: vscode.l10n.t('Token'), ask: askToken },
  ];
  const title = vscode.l10n.t('How {0} knows you', uri);
  return (await vscode.window.showQuickPick(ways, { title, ...patient }))?.ask(uri);
}

async function askUser(uri: string): Asked<ServerCredentials> {
  const user = await ask({ title: vscode.l10n.t('User at {0}', uri) });
  if (user === undefined) return undefined;
  const password = await askSecret(vscode.l10n.t('Password of {0} at {1}', user, uri), uri);
  return password === undefined ? undefined : { kind: 'basic', user, password };
}

async function askToken(uri: string): Asked<ServerCredentials> {
  const token = await askSecret(vscode.l10n.t('Token for {0}', uri), uri);
  // As copied, perhaps with the end of its line.
  return token === undefined ? undefined : { kind: 'token', token: token.trim() };
}

async function ask(options: vscode.InputBoxOptions): Asked<string> {
  const text = (await vscode.window.showInputBox({ ...patient, ...options }))?.trim();
  return text === '' ? undefined : text;
}

/** Shown as dots, and taken as it is typed. */
async function askSecret(title: string, uri: string): Asked<string> {
  const isOpen = /^http:/i.test(uri) && !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|\/|$)/i.test(uri);
  const prompt = isOpen
    ? vscode.l10n.t('It travels unencrypted: the address begins with http, not https.')
    : vscode.l10n.t('It is kept in the keychain of the editor.');
  const secret = await vscode.window.showInputBox({ ...patient, title, prompt, password: true });
  return secret === undefined || secret.trim() === '' ? undefined : secret;
}
