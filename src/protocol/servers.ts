import { isRecord } from './shapes.ts';

/** Who asks a tracking server: MLflow's servers know a user with a password, proxies before them mostly a token. */
export type ServerCredentials =
  | { readonly kind: 'basic'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** By the base of the server, as `http://host:5000`. */
export type CredentialsByServer = Readonly<Record<string, ServerCredentials>>;

/** `{"token"}` or `{"user", "password"}`: how credentials are kept, and handed to other processes. */
export function formatCredentials(credentials: ServerCredentials): Readonly<Record<string, string>> {
  if (credentials.kind === 'token') return { token: credentials.token };
  const { user, password } = credentials;
  return { user, password };
}

/** Undefined for what is neither of the two. */
export function parseCredentials(kept: unknown): ServerCredentials | undefined {
  if (!isRecord(kept)) return undefined;
  const { token, user, password } = kept;
  if (typeof token === 'string') return { kind: 'token', token };
  return typeof user === 'string' && typeof password === 'string' ? { kind: 'basic', user, password } : undefined;
}

/** Those of a record that are credentials. */
export function parseCredentialsByServer(kept: unknown): CredentialsByServer {
  const pairs = isRecord(kept) ? Object.entries(kept) : [];
  return Object.fromEntries(
    pairs.flatMap(([server, value]) => {
      const credentials = parseCredentials(value);
      return credentials === undefined ? [] : [[server, credentials]];
    }),
  );
}
