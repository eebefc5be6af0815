import type { ServerCredentials } from '../../protocol/servers.ts';

/** Where a server is, and what its URI said of who asks. */
export interface ServerAddress {
  /** `http://host:5000` or with a path in front of MLflow's own; no user, no slash at its end. The same server has the same one. */
  readonly base: string;
  readonly credentials: ServerCredentials | null;
}

export function isServerUri(uri: string): boolean {
  return /^https?:\/\//i.test(uri);
}

/** Undefined for what is no address of a server. What stands behind `?` or `#` is left out. */
export function parseServerAddress(uri: string): ServerAddress | undefined {
  if (!isServerUri(uri) || !URL.canParse(uri)) return undefined;
  const url = new URL(uri);
  const user = decode(url.username);
  return {
    base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`,
    credentials: user === '' ? null : { kind: 'basic', user, password: decode(url.password) },
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that escapes nothing stands for itself.
    return text;
  }
}
