import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import { parseServerAddress, type ServerAddress } from '../../core/mlflowserver/mlflowserver.ts';
import { badInput } from '../../protocol/errors.ts';
import {
  formatCredentials,
  parseCredentialsByServer,
  type CredentialsByServer,
  type ServerCredentials,
} from '../../protocol/servers.ts';

/**
 * Variable with credentials of several servers, which MLflow's own variables have no room for: a JSON object from the base of a server to `{"token"}` or
 * `{"user", "password"}`. Never an argument, which every program of the machine may read.
 */
const credentialsVariable = 'MLOPS_SERVER_CREDENTIALS';

/** Says of which server MLflow's variables speak, where it was us who set them for a stage: no other server gets them from us. */
const serverVariable = 'MLOPS_CREDENTIALS_SERVER';

const variables = ['MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD', 'MLFLOW_TRACKING_TOKEN'] as const;

/**
 * Who asks that server: what its URI says, what the environment says of it alone, then MLflow's own variables and its file
 * `~/.mlflow/credentials`, a user with a password before a token.
 */
export function findCredentials(
  { base, credentials }: ServerAddress,
  env: NodeJS.ProcessEnv,
): ServerCredentials | null {
  return (
    credentials ??
    parseServerAddress(sameServer(env['MLFLOW_TRACKING_URI'], base))?.credentials ??
    readStored(base, env[credentialsVariable]) ??
    readMlflows(base, env)
  );
}

/** A URI that names the very server, perhaps with a user: ours are kept without. */
function sameServer(uri: string | undefined, base: string): string {
  return uri !== undefined && parseServerAddress(uri)?.base === base ? uri : '';
}

function readStored(base: string, text: string | undefined): ServerCredentials | null {
  const stored = parseStored(text);
  return (Object.hasOwn(stored, base) ? stored[base] : undefined) ?? null;
}

function parseStored(text: string | undefined): CredentialsByServer {
  try {
    return parseCredentialsByServer(JSON.parse(text ?? '{}'));
  } catch {
    // Not what it should be: as if there were nothing.
    return {};
  }
}

/**
 * Keeps credentials that somebody else holds in an environment, beside those that it had from the start: for whoever asks from this process, and for
 * processes that get the environment. Each call replaces what the one before it has brought.
 */
export function keepCredentials(env: NodeJS.ProcessEnv): (held: CredentialsByServer) => void {
  const own = env[credentialsVariable];
  return (held) => {
    Reflect.deleteProperty(env, credentialsVariable);
    const all = Object.entries({ ...parseStored(own), ...held }).map(
      ([server, credentials]) => [server, formatCredentials(credentials)] as const,
    );
    if (all.length > 0) env[credentialsVariable] = JSON.stringify(Object.fromEntries(all));
  };
}

/** MLflow's own variables for a program that knows no others, when the store is a server of which credentials are kept; what is set already stays. */
export function credentialsForMlflow(uri: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const address = parseServerAddress(uri);
  const isSet = variables.some((variable) => isText(env[variable]));
  if (address?.credentials !== null || isSet) return {};
  const kept = readStored(address.base, env[credentialsVariable]);
  if (kept === null) return {};
  const own = { [serverVariable]: address.base };
  return kept.kind === 'token'
    ? { ...own, MLFLOW_TRACKING_TOKEN: kept.token }
    : { ...own, MLFLOW_TRACKING_USERNAME: kept.user, MLFLOW_TRACKING_PASSWORD: kept.password };
}

function readMlflows(base: string, env: NodeJS.ProcessEnv): ServerCredentials | null {
  const file = readCredentialsFile(env);
  const isOfOther = isText(env[serverVariable]) && env[serverVariable] !== base;
  const [givenUser, givenPassword, token] = variables.map((variable) => (isOfOther ? undefined : env[variable]));
  const user = givenUser ?? file.get('mlflow_tracking_username');
  const password = givenPassword ?? file.get('mlflow_tracking_password');
  if (isText(user) && isText(password)) return { kind: 'basic', user, password };
  return isText(token) ? { kind: 'token', token } : null;
}

/** Section `[mlflow]` of an INI file. */
function readCredentialsFile(env: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? os.homedir();
  let text: string;
  try {
    text = readFileSync(path.join(home, '.mlflow', 'credentials'), 'utf8');
  } catch {
    // Mostly there is none, and one that can't be read knows nobody.
    return new Map();
  }
  const own = /^\s*\[mlflow\]\s*$([^[]*)/m.exec(text)?.[1] ?? '';
  const lines = own.split('\n').map((line) => /^\s*([\w.]+)\s*[=:]\s*(.*?)\s*$/.exec(line));
  return new Map(lines.flatMap((match) => (match === null ? [] : [[(match[1] ?? '').toLowerCase(), match[2] ?? '']])));
}

/** What MLflow's variables say of the connection's security; throws `bad-input` for a certificate that can't be read. */
export function findTlsOptions(
  env: NodeJS.ProcessEnv,
): SecureContextOptions & { readonly rejectUnauthorized: boolean } {
  const read = (variable: string): string | undefined => {
    const file = env[variable];
    if (!isText(file)) return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      throw badInput(
        `${variable} names ${file}, which can't be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  };
  const [ca, own] = [read('MLFLOW_TRACKING_SERVER_CERT_PATH'), read('MLFLOW_TRACKING_CLIENT_CERT_PATH')];
  return {
    rejectUnauthorized: !/^(true|1)$/i.test(env['MLFLOW_TRACKING_INSECURE_TLS'] ?? ''),
    ...(ca === undefined ? {} : { ca }),
    // One file with both, as MLflow takes it.
    ...(own === undefined ? {} : { cert: own, key: own }),
  };
}

export function toAuthorization(credentials: ServerCredentials | null): Readonly<Record<string, string>> {
  if (credentials === null) return {};
  const value =
    credentials.kind === 'token'
      ? `Bearer ${credentials.token}`
      : `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`;
  return { authorization: value };
}

/** A text without what nobody else may read, should a server or a library repeat it. */
export function hideSecrets(text: string, credentials: ServerCredentials | null): string {
  if (credentials === null) return text;
  const secret = credentials.kind === 'token' ? credentials.token : credentials.password;
  const [, sent = ''] = (toAuthorization(credentials)['authorization'] ?? '').split(' ');
  const forms = [sent, secret, encodeURIComponent(secret)].filter((form) => form.length >= 4);
  return forms.reduce((hidden, form) => hidden.replaceAll(form, '***'), text);
}

function isText(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
