import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { webAssembly, type SharedMemory } from './webAssembly.ts';

/** Functions of the module, by name; all take numbers. */
export type Kernels = Readonly<Record<string, (...numbers: readonly number[]) => number>>;

export interface KernelModule {
  readonly module: WebAssembly.Module;
  /** It multiplies and adds by one instruction. */
  readonly isFused: boolean;
}

/**
 * The smallest module that multiplies and adds vectors by one relaxed instruction: whether it is valid tells whether the kernels that do may
 * be used. (func (param v128 v128 v128) (result v128) f32x4.relaxed_madd)
 */
const fusedProbe = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
]);

function hasFusedInstructions(): boolean {
  return webAssembly.validate(fusedProbe);
}

const loaded = new Map<string, Promise<KernelModule>>();

/** The kernels of the folder that fit this processor, compiled once for the process and all its threads. */
export function loadKernels(folder: string, isFused = hasFusedInstructions()): Promise<KernelModule> {
  const file = path.join(folder, isFused ? 'steps-fma.wasm' : 'steps.wasm');
  const known = loaded.get(file);
  if (known !== undefined) return known;
  const loading = compile(file, isFused);
  loaded.set(file, loading);
  // What went wrong once may go well the next time.
  loading.catch(() => loaded.delete(file));
  return loading;
}

async function compile(file: string, isFused: boolean): Promise<KernelModule> {
  tuneCompiler();
  return { module: await webAssembly.compile(await readFile(file)), isFused };
}

/** Node 22 has the better compiler of WebAssembly, but does not use it by itself: a quarter of the speed. Later ones do. */
export function tuneCompiler(): void {
  if (Number(process.versions.node.split('.')[0]) === 22) setFlagsFromString('--turboshaft-wasm');
}

export function instantiate(module: WebAssembly.Module, memory: SharedMemory): Kernels {
  const abort = (): never => {
    throw new Error('A kernel gave up.');
  };
  return new webAssembly.Instance(module, { env: { memory, abort } }).exports as Kernels;
}
