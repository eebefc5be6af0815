import { homedir } from 'node:os';
import path from 'node:path';

/** The repository's root. */
export const root = path.dirname(import.meta.dirname);

export const dist = path.join(root, 'dist');

/** Results of the layers, pictures, traces: ignored by git, kept by CI. */
export const results = path.join(root, 'test-results');

/** For Node on our own TypeScript: package.json names no module system (the bundles are CommonJS), and Node would remark on each file. */
export const nodeFlags = ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON'];

/** Shared by all clones of this repository: what takes long to install and is the same for each. */
export function cacheFolder(): string {
  const { XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  const base =
    XDG_CACHE_HOME !== undefined && path.isAbsolute(XDG_CACHE_HOME)
      ? XDG_CACHE_HOME
      : process.platform === 'win32' && LOCALAPPDATA !== undefined
        ? LOCALAPPDATA
        : process.platform === 'darwin'
          ? path.join(homedir(), 'Library', 'Caches')
          : path.join(homedir(), '.cache');
  return path.join(base, 'mlops-workflow');
}
