import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { BuildOptions } from 'esbuild';
import { root } from './places.ts';
import { textBundle } from './textbundle.ts';

/** Entry points of the pages, by their names: each folder of `webview` but what they share. */
async function listPages(): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(path.join(root, 'webview'), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, `webview/${name}/main.ts`]));
}

/**
 * How the pages are bundled: as modules, so that what a page needs only for a part of it is a file of its own in `parts`, loaded with
 * `import()` when it is needed, and what several pages need lies there once. The nonce of a page's script holds for what it imports.
 */
export async function pagesBundle(): Promise<BuildOptions> {
  return {
    absWorkingDir: root,
    bundle: true,
    keepNames: true,
    platform: 'browser',
    format: 'esm',
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    target: 'chrome128',
    entryPoints: await listPages(),
    plugins: [textBundle()],
  };
}
