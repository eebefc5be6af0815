import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { SecureContextOptions } from 'node:tls';
import {
  parseServerAddress,
  type ServerAddress,
  type ServerCredentials,
} from '../../core/mlflowserver/mlflowserver.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { badInput } from '../../protocol/errors.ts';

/**
 * Variable with credentials of several servers, which MLflow's own variables have no room for: a JSON object from the base of a server to `{"token"}` or
 * `{"user", "password"}`. Never an argument, which every program of the machine may read.
 */
const credentialsVariable = 'MLOPS_SERVER_CREDENTIALS';

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
    readMlflows(env)
  );
}

/** A URI that names the very server, perhaps with a user: ours are kept without. */
function sameServer(uri: string | undefined, base: string): string {
  return uri !== undefined && parseServerAddress(uri)?.base === base ? uri : '';
}

function readStored(base: string, text: string | undefined): ServerCredentials | null {
  if (text === undefined) return null;
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    // Not what it should be: as if there were nothing.
    return null;
  }
  const own = isRecord(stored) && Object.hasOwn(stored, base) ? stored[base] : undefined;
  if (!isRecord(own)) return null;
  const { token, user, password } = own;
  if (typeof token === 'string') return { kind: 'token', token };
  return typeof user === 'string' && typeof password === 'string' ? { kind: 'basic', user, password } : null;
}

function readMlflows(env: NodeJS.ProcessEnv): ServerCredentials | null {
  const file = readCredentialsFile(env);
  const user = env['MLFLOW_TRACKING_USERNAME'] ?? file.get('mlflow_tracking_username');
  const password = env['MLFLOW_TRACKING_PASSWORD'] ?? file.get('mlflow_tracking_password');
  if (isText(user) && isText(password)) return { kind: 'basic', user, password };
  const token = env['MLFLOW_TRACKING_TOKEN'];
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
  return secret.length < 4 ? text : text.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
}

function isText(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
