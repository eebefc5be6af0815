import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { dist, nodeFlags, root } from './places.ts';
import { runProgram } from './programs.ts';

const BUNDLES = [
  'extension.js',
  'engine.js',
  'cli.js',
  'commandline.js',
  'hasher.js',
  'worker.js',
  'preparer.js',
  'stepper.js',
  'compiled.js',
];
const SOURCES = [
  'src',
  'webview',
  'scripts/build.mjs',
  'scripts/compiledbundle.ts',
  'scripts/kernels.ts',
  'scripts/microkernels.ts',
  'scripts/monotonic.mjs',
  'scripts/pages.ts',
  'scripts/quickstart.ts',
  'scripts/samples.mjs',
  'scripts/vscodeapi.ts',
  'scripts/workerbundle.ts',
  'scripts/launchers',
  'package.json',
  'package-lock.json',
];

/** Builds dist/ when a source is newer than a bundle (bundles are what a build writes last). A failed build ends this process. */
export async function ensureBuilt(): Promise<void> {
  const built = await Promise.all(
    BUNDLES.map((name) =>
      stat(path.join(dist, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  if ((await newestOf(SOURCES)) <= Math.min(...built)) return;
  console.log('Building dist/.');
  const build = [...nodeFlags, path.join(root, 'scripts/build.mjs'), '--quiet'];
  const code = await runProgram(process.execPath, build, { cwd: root });
  if (code === 0) return;
  console.error('The build failed; its own message stands above.');
  process.exit(1);
}

/** The latest change among files and folders of the repository, in milliseconds since 1970; 0 for what is not there. */
export async function newestOf(places: readonly string[]): Promise<number> {
  const times = await Promise.all(places.map((place) => newest(path.join(root, place))));
  return Math.max(0, ...times);
}

async function newest(file: string): Promise<number> {
  const stats = await stat(file).catch(() => undefined);
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  const names = await readdir(file);
  // The folder's own time counts too: it is what a removed file changes.
  return Math.max(stats.mtimeMs, ...(await Promise.all(names.map((name) => newest(path.join(file, name))))));
}
