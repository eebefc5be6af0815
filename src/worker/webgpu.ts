import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { startRegistered, type StartedTensorFlow } from './bundled.ts';

// WebGPU in Node, from packages that the project has installed: Dawn (`webgpu`) and TensorFlow.js' backend on it.

const dawn = 'webgpu';
const backend = '@tensorflow/tfjs-backend-webgpu';

interface Dawn {
  readonly create: (options: readonly string[]) => Gpu;
  readonly globals: Readonly<Record<string, unknown>>;
}

interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

interface Adapter {
  readonly isFallbackAdapter?: boolean;
  readonly info?: {
    readonly isFallbackAdapter?: boolean;
    readonly vendor?: string;
    readonly architecture?: string;
    readonly description?: string;
    readonly adapterType?: string;
  };
}

/** Starts the backend, or throws an error that says why not. */
export async function startWebGpu(projectRoot: string): Promise<StartedTensorFlow> {
  const require = createRequire(path.join(projectRoot, 'package.json'));
  const places = [dawn, backend].map((name) => resolve(require, name));
  const missing = [dawn, backend].filter((_, index) => places[index] === undefined);
  if (missing.length > 0)
    throw new Error(
      `${missing.length === 1 ? `The package ${missing.join()} is` : `The packages ${missing.join(' and ')} are`} not installed: "npm install ${missing.join(' ')}" in the project.`,
    );
  const { create, globals } = (await import(pathToFileURL(places[0] ?? '').href)) as Dawn;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null)
    throw new Error('There is no GPU that WebGPU can use: its driver (on Linux Vulkan’s) is missing.');
  const { info } = adapter;
  if (info?.isFallbackAdapter === true || adapter.isFallbackAdapter === true || isSoftware(info))
    throw new Error('WebGPU has only a software renderer here, which is slower than wasm.');
  Object.assign(globalThis, globals);
  // The backend asks for it as in a browser, while it is being loaded.
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  require(backend);
  const { version } = require(`${backend}/package.json`) as { readonly version?: string };
  const tf = await startRegistered('webgpu');
  const device = [info?.vendor, info?.architecture, info?.description].filter(
    (part) => part !== undefined && part !== '',
  );
  return { tf, version: version ?? 'unknown', device: `GPU (${device.join(', ') || 'WebGPU'})`, threads: 0 };
}

/** Dawn does not mark every renderer in software as a fallback. */
function isSoftware(info: Adapter['info']): boolean {
  return info?.adapterType === 'CPU' || /swiftshader|llvmpipe|lavapipe/i.test(Object.values({ ...info }).join(' '));
}

function resolve(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name);
  } catch {
    // Not installed: that is the reason that is told.
    return undefined;
  }
}
