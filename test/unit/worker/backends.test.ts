import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ExpectedError } from '../../../src/protocol/errors.ts';
import { explainDeviceFailure } from '../../../src/worker/backends.ts';
import { startNative } from '../../../src/worker/native.ts';
import { trainOneStep } from '../../../src/worker/verification.ts';
import { startWebGpu } from '../../../src/worker/webgpu.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-ladder-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function addPackage(root: string, name: string, source: string, type = 'commonjs'): Promise<void> {
  const home = path.join(root, 'node_modules', name);
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'index.js', type }));
  await writeFile(path.join(home, 'index.js'), source);
}

/** As much of tfjs-node as is asked for before it computes. */
const working = (version: string, more = ''): string => `
  if (require('node:util').isNullOrUndefined(undefined) !== true) throw new Error('no mended util');
  module.exports = {
    env: () => ({ set() {} }),
    setBackend: async () => true,
    ready: async () => undefined,
    // Mended already.
    getKernel: () => ({}),
    getGradient: () => undefined,
    registerGradient: () => undefined,
    backend: () => ({ binding: { TF_Version: '${version}' } }),
    version: { 'tfjs-node': '4.22.0' },
    ${more}
  };`;

const broken = `throw new Error('libtensorflow.so.2: cannot open shared object file\\nmore');`;

describe('native TensorFlow', () => {
  type Case = readonly [ofProject: string | null, inCache: string | null, expected: string | RegExp];
  const cases: Record<string, Case> = {
    'the package of the project goes first': [working('2.9.1'), working('2.21.0'), '2.9.1'],
    'then the installation in the cache': [null, working('2.21.0'), '2.21.0'],
    'also when that of the project is broken': [broken, working('2.21.0'), '2.21.0'],
    'neither': [null, null, /tfjs-node is not installed\. "mlops backends install tensorflow" installs/],
    'a broken one of the project': [
      broken,
      null,
      /^libtensorflow\.so\.2: cannot open shared object file "mlops backends/,
    ],
    'both broken: what the project has is told': [broken, 'throw new Error("second")', /^libtensorflow\.so\.2/],
    'a start that is refused': [working('2.9.1', 'setBackend: async () => false,'), null, /could not be started/],
  };
  test.each(Object.entries(cases))('%s', async (_, [ofProject, inCache, expected]) => {
    const [project, cache] = [path.join(folder, 'project'), path.join(folder, 'cache')];
    if (ofProject !== null) await addPackage(project, '@tensorflow/tfjs-node', ofProject);
    if (inCache !== null) await addPackage(cache, '@tensorflow/tfjs-node', inCache);
    const starting = startNative(
      'cpu',
      { projectRoot: project, installed: inCache === null ? undefined : cache },
      'linux',
    );
    if (typeof expected === 'string') expect(await starting).toMatchObject({ version: expected, device: 'CPU' });
    else await expect(starting).rejects.toThrow(expected);
  });
});

test('elsewhere than on Linux the next step is npm', async () => {
  const starting = startNative('gpu', { projectRoot: folder, installed: undefined }, 'win32');
  await expect(starting).rejects.toThrow('"npm install @tensorflow/tfjs-node-gpu" in the project');
});

describe('WebGPU', () => {
  const dawn = (adapter: string): string =>
    `export const globals = {}; export const create = () => ({ requestAdapter: async () => (${adapter}) });`;
  type Case = readonly [dawn: string | null, reason: RegExp];
  const cases: Record<string, Case> = {
    'no packages': [
      null,
      /The packages webgpu and @tensorflow\/tfjs-backend-webgpu are not installed: "npm install webgpu/,
    ],
    'no adapter': [dawn('null'), /no GPU that WebGPU can use/],
    'a fallback': [dawn('{ info: { isFallbackAdapter: true } }'), /only a software renderer/],
    'a renderer in software': [dawn('{ info: { vendor: "google", architecture: "swiftshader" } }'), /only a software/],
    'a library that does not load': [`throw new Error('GLIBC_2.38 not found');`, /GLIBC_2\.38 not found/],
    'a GPU, and a backend that registers nothing': [
      dawn('{ info: { vendor: "nvidia" } }'),
      /webgpu. not found in registry/,
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [source, reason]) => {
    if (source !== null) {
      await addPackage(folder, 'webgpu', source, 'module');
      await addPackage(folder, '@tensorflow/tfjs-backend-webgpu', 'exports.version_webgpu = "4.22.0";');
    }
    await expect(startWebGpu(folder)).rejects.toThrow(reason);
  });

  test('one package of two', async () => {
    await addPackage(folder, 'webgpu', '', 'module');
    await expect(startWebGpu(folder)).rejects.toThrow('The package @tensorflow/tfjs-backend-webgpu is not installed');
  });
});

describe('a device that gives up is told in a sentence', () => {
  const cases: Record<string, [message: string, sentence: RegExp | undefined]> = {
    'memory of a GPU': [
      'OOM when allocating tensor with shape[128,64,26,26] and type float on /device:GPU:0',
      /memory of the device is used up.*batch_size.*OOM when/,
    ],
    'memory by its code': ['CUDA_ERROR_OUT_OF_MEMORY: out of memory', /memory of the device/],
    'a lost device of WebGPU': ['Device was lost: reset', /The GPU was lost.*Device was lost/],
    'a driver that failed': ['failed call: CUDA_ERROR_ILLEGAL_ADDRESS', /The GPU was lost/],
    'memory of JavaScript': [
      'RangeError: Array buffer allocation failed',
      /^There is not so much memory\..*allocation failed/,
    ],
    'anything else': ['Shapes do not match', undefined],
  };
  test.each(Object.entries(cases))('%s', (_, [message, sentence]) => {
    const error = new ExpectedError('training-failed', message, [
      { file: 'src/models/m/train.ts', line: 3, column: 1, severity: 'error', message },
    ]);
    const told = explainDeviceFailure(error);
    if (sentence === undefined) {
      expect(told).toBe(error);
      return;
    }
    expect((told as ExpectedError).message).toMatch(sentence);
    expect((told as ExpectedError).problems).toEqual(error.problems);
  });
});

test('verifying really trains: it notices a backend whose steps change nothing', async () => {
  const tf = await import('@tensorflow/tfjs-layers').then(async (layers) => ({
    ...(await import('@tensorflow/tfjs-core')),
    ...layers,
  }));
  await import('@tensorflow/tfjs-backend-cpu');
  await tf.setBackend('cpu');
  await trainOneStep(tf);
  const still = { ...tf, sequential: (given: never) => Object.assign(tf.sequential(given), { trainOnBatch: () => 1 }) };
  await expect(trainOneStep(still as never)).rejects.toThrow('changed no weight');
  const blind = {
    ...tf,
    sequential: (given: never) => Object.assign(tf.sequential(given), { trainOnBatch: () => NaN }),
  };
  await expect(trainOneStep(blind as never)).rejects.toThrow('no number');
});
