import { homedir } from 'node:os';
import path from 'node:path';

/** A person's folder for what can be made again: the platform's cache folder, and ours in it. Absolute; it need not be there. */
export function cacheFolder(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): string {
  return path.join(findBase(env, platform), 'mlops-workflow');
}

function findBase({ XDG_CACHE_HOME, LOCALAPPDATA }: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (XDG_CACHE_HOME !== undefined && path.isAbsolute(XDG_CACHE_HOME)) return XDG_CACHE_HOME;
  if (platform === 'win32' && LOCALAPPDATA !== undefined) return LOCALAPPDATA;
  return platform === 'darwin' ? path.join(homedir(), 'Library', 'Caches') : path.join(homedir(), '.cache');
}
