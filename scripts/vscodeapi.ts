import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Plugin } from 'esbuild';

const NAME = 'vscode';

/**
 * Lets a bundle read the API of VS Code once. By itself esbuild copies its some three hundred properties, most of them getters,
 * for each file that imports it: with forty files, half of the time that loading the extension took. `sources` is the folder
 * whose files write `vscode.Name`; a name that is not written so is an error of the build.
 */
export function vscodeApi(sources: string): Plugin {
  return {
    name: 'vscode-api',
    setup(build) {
      build.onResolve({ filter: /^vscode$/ }, ({ namespace }) =>
        namespace === NAME ? { path: NAME, external: true } : { path: NAME, namespace: NAME },
      );
      build.onLoad({ filter: /^/, namespace: NAME }, async () => {
        const names = await listNames(sources);
        const lines = names.map((name) => `export const ${name} = api.${name};`);
        return { contents: [`const api = require('vscode');`, ...lines].join('\n') };
      });
    },
  };
}

async function listNames(sources: string): Promise<readonly string[]> {
  const files = await readdir(sources, { recursive: true });
  const texts = files.filter((file) => file.endsWith('.ts')).map((file) => readFile(path.join(sources, file), 'utf8'));
  const names = (await Promise.all(texts)).flatMap((text) =>
    Array.from(text.matchAll(/\bvscode\.([A-Za-z]\w*)/g), ([, name = '']) => name),
  );
  return [...new Set(names)].sort();
}
