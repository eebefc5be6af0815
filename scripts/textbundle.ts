import path from 'node:path';
import { build, type Plugin } from 'esbuild';

/**
 * `import source from './worker.ts?bundle'`: the bundle of that file as text. A page may start a worker from a blob only, which has no
 * files beside it.
 */
export function textBundle({ minify = true }: { readonly minify?: boolean } = {}): Plugin {
  return {
    name: 'text-bundle',
    setup(own) {
      own.onResolve({ filter: /\?bundle$/ }, ({ path: name, resolveDir }) => ({
        path: path.join(resolveDir, name.replace(/\?bundle$/, '')),
        namespace: 'text-bundle',
      }));
      own.onLoad({ filter: /./, namespace: 'text-bundle' }, async ({ path: file }) => {
        const { outputFiles, metafile } = await build({
          ...{ entryPoints: [file], bundle: true, minify, write: false, metafile: true },
          ...{ platform: 'browser', format: 'iife', target: 'chrome128', logLevel: 'silent' },
        });
        const watchFiles = Object.keys(metafile.inputs).map((input) => path.resolve(input));
        return { contents: outputFiles[0]?.text ?? '', loader: 'text', watchFiles };
      });
    },
  };
}
