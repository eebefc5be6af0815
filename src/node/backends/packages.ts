import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { tfjsVersion } from '../../core/backends/backends.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { packagesIn, type Packages } from '../tensorflow/tensorflow.ts';
import { runTool } from './tools.ts';

/** tfjs-node with what it needs, and the headers of N-API, so that nobody has to look for those of a Node. */
const dependencies = { '@tensorflow/tfjs-node': tfjsVersion, 'node-api-headers': '1.9.0' } as const;
/** Lines of npm's that say what went wrong. */
const MAX_LINES = 3;

/** By the person's own npm with the person's own settings. No script of a package runs: its own one would fetch a library of 2022. */
export async function installPackages(
  npm: string,
  folder: string,
  { env, signal }: { env: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<Packages> {
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }));
  const args = ['install', '--ignore-scripts', '--omit=dev', '--no-audit', '--no-fund', '--no-package-lock'];
  const { code, stderr, stdout } = await runTool(npm, args, { cwd: folder, env, signal });
  if (code !== 0) {
    const lines = `${stderr}\n${stdout}`.split('\n').filter((line) => /^npm (error|ERR!)/.test(line));
    const told = lines.slice(0, MAX_LINES).map((line) => line.replace(/^npm (error|ERR!)\s*/, ''));
    throw new ExpectedError(
      'download-failed',
      `npm could not install TensorFlow.js: ${told.join('; ') || `exit code ${String(code)}`}`,
    );
  }
  await removeMaps(folder);
  return packagesIn(folder);
}

/** Source maps are two thirds of what npm brings, and nobody debugs TensorFlow.js here. */
async function removeMaps(folder: string): Promise<void> {
  for (const name of await readdir(folder, { recursive: true }))
    if (name.endsWith('.map')) await rm(path.join(folder, name), { force: true });
}

/** Where the package's own install script would take a finished addon from; undefined where it does not say. */
export async function readPrebuiltAddress(tfjs: string, arch: string): Promise<string | undefined> {
  const { binary, version } = JSON.parse(await readFile(path.join(tfjs, 'package.json'), 'utf8')) as {
    binary?: { host?: string };
    version?: string;
  };
  // Its authors have built it for x64 alone.
  if (binary?.host === undefined || version === undefined || arch !== 'x64') return undefined;
  return `${binary.host}/napi-v8/${version}/CPU-linux-${version}.tar.gz`;
}
