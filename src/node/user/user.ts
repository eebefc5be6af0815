import os from 'node:os';

/** Who runs this; the account's name, where the system knows one. */
export function readUser(env: NodeJS.ProcessEnv): string {
  try {
    return os.userInfo().username;
  } catch {
    // A container's user may have no account.
    return env['USER'] ?? env['USERNAME'] ?? 'unknown';
  }
}
