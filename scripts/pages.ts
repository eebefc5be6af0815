import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { root } from './places.ts';

/** Entry points of the pages, by their names: each folder of `webview` but what they share. */
export async function listPages(): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(path.join(root, 'webview'), { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name !== 'shared').map(({ name }) => name);
  return Object.fromEntries(names.map((name) => [name, `webview/${name}/main.ts`]));
}
