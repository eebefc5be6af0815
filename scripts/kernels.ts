import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { main } from './assemblyscript.mjs';
import { writeMicrokernels } from './microkernels.ts';

// Builds the kernels of compiled training steps: twice the same code, with the instruction that multiplies and adds at once, which not every
// processor's WebAssembly has, and without.

const sources = path.join(path.dirname(import.meta.dirname), 'src/worker/compiled/assembly');

/** File → whether it uses the relaxed vector instructions. */
const modules = { 'steps-fma.wasm': true, 'steps.wasm': false } as const;

const flags = [
  ...['-O3', '--runtime', 'stub', '--noAssert', '--importMemory', '--sharedMemory'],
  // Memory is laid out by the program; the first page is left to what the language puts there.
  ...['--initialMemory', '1', '--maximumMemory', '65536', '--enable', 'simd', '--enable', 'threads'],
];

/** Folder of the kernels as the sources are now; they are compiled when nobody has done so before. */
export async function ensureKernels(): Promise<string> {
  const cache = path.join(path.dirname(import.meta.dirname), 'node_modules/.cache/kernels');
  const folder = path.join(cache, await digestSources());
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const staging = await mkdtemp(path.join(cache, 'building-'));
  for (const [name, isRelaxed] of Object.entries(modules)) {
    const relaxed = isRelaxed ? ['--enable', 'relaxed-simd'] : [];
    await writeFile(path.join(staging, name), await compile([...flags, ...relaxed]));
  }
  await rename(staging, folder).catch(async (error: unknown) => {
    await rm(staging, { recursive: true, force: true });
    // Another process was quicker.
    if (!(await exists(folder))) throw error;
  });
  return folder;
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function digestSources(): Promise<string> {
  const hash = createHash('sha256').update(writeMicrokernels()).update(flags.join(' '));
  for (const name of (await readdir(sources)).sort())
    hash.update(name).update(await readFile(path.join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}

async function compile(options: readonly string[]): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await main(['kernels.ts', '-o', 'kernels.wasm', ...options], {
    readFile: (name) =>
      name === 'microkernels.ts' ? writeMicrokernels() : readFile(path.join(sources, name), 'utf8').catch(() => null),
    writeFile: (name, contents) => {
      if (name === 'kernels.wasm' && typeof contents !== 'string') binary = contents;
    },
    listFiles: () => null,
  });
  if (error !== null || binary === undefined)
    throw new Error(`The kernels do not compile.\n${stderr.toString()}`, { cause: error });
  return binary;
}
