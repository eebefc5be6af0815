// Builds dist/: bundles, pages, launchers, wasm binaries, packaged data. `--watch` keeps the bundles up to date, `--quiet` names only
// what is wrong.
import { cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { compiledBundle, writeCompiledTypes } from './compiledbundle.ts';
import { ensureKernels } from './kernels.ts';
import { pagesBundle } from './pages.ts';
import { quickStart } from './quickstart.ts';
import { buildSamples } from './samples.mjs';
import { vscodeApi } from './vscodeapi.ts';
import { workerBundle } from './workerbundle.ts';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');
const require = createRequire(import.meta.url);
const watch = process.argv.includes('--watch');

const shared = {
  bundle: true,
  absWorkingDir: root,
  sourcemap: 'linked',
  minify: !watch,
  keepNames: true,
  logLevel: process.argv.includes('--quiet') ? 'warning' : 'info',
  legalComments: 'linked',
  metafile: true,
};
/** Where a bundle finds its neighbour, the thread that hashes files. */
const here = { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' };
const forNode = { ...shared, platform: 'node', format: 'cjs', target: 'node22', define: here };
const quick = { ...forNode, ...quickStart, define: { ...here, ...quickStart.define } };

/** npm installs the command line on any Node: an old one gets a sentence instead of an error about syntax or TypeScript. */
const nodeGuard = `'use strict';
{
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) {
    console.error('mlops needs Node 22.18 or newer; this is Node ' + process.versions.node + '.');
    process.exit(2);
  }
}`;

/** Only the extension may see `vscode`; for the others it is unresolvable, and a stray import breaks the build. */
const bundles = [
  {
    ...forNode,
    entryPoints: { extension: 'src/extension.ts' },
    outdir: 'dist',
    plugins: [vscodeApi(path.join(root, 'src'))],
    logOverride: { 'import-is-undefined': 'error' },
  },
  {
    ...quick,
    entryPoints: { engine: 'src/engine.ts' },
    outdir: 'dist',
  },
  { ...forNode, entryPoints: { hasher: 'src/node/cache/hasher.ts' }, outdir: 'dist' },
  { ...shared, ...workerBundle, outdir: 'dist' },
  { ...shared, ...compiledBundle, outdir: 'dist' },
  { ...forNode, entryPoints: { cli: 'src/start.ts' }, outdir: 'dist', banner: { js: nodeGuard } },
  { ...quick, entryPoints: { commandline: 'src/cli.ts' }, outdir: 'dist' },
  { ...shared, ...(await pagesBundle()), outdir: 'dist/webview' },
];

async function copyStatic() {
  await cp(path.join(root, 'scripts/launchers'), path.join(dist, 'bin'), { recursive: true });
  const wasm = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'));
  for (const name of await readdir(path.join(wasm, 'wasm-out'))) {
    if (name.endsWith('.wasm')) await cp(path.join(wasm, 'wasm-out', name), path.join(dist, 'wasm', name));
  }
  await writeFile(path.join(dist, 'compiled.d.ts'), await writeCompiledTypes());
  await cp(await ensureKernels(), path.join(dist, 'wasm'), { recursive: true });
}

await mkdir(dist, { recursive: true });
if (!watch) await rm(path.join(dist, 'webview'), { recursive: true, force: true });
await Promise.all([copyStatic(), buildSamples(path.join(dist, 'samples'))]);
if (watch) {
  for (const options of bundles) await (await esbuild.context(options)).watch();
} else {
  await Promise.all(bundles.map((options) => esbuild.build(options)));
}
