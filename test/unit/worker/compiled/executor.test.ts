import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ensureKernels } from '../../../../scripts/kernels.ts';
import { buildStep, parseModel, planProgram, type Plan } from '../../../../src/core/compiled/compiled.ts';
import { readBatches } from '../../../../src/worker/batches.ts';
import { Executor } from '../../../../src/worker/compiled/executor.ts';
import { instantiate, loadKernels } from '../../../../src/worker/compiled/kernels.ts';
import type { Batch } from '../../../../src/worker/data.ts';
import { webAssembly } from '../../../../src/worker/compiled/webAssembly.ts';
import { randomNumbers } from '../kernels/backends.ts';
import { threadScript } from './compiling.ts';

const run = promisify(execFile);

/** Of a model with one layer of weights. */
function planOf(threads: number): Plan {
  const config = { name: 'd', units: 3, activation: 'softmax', use_bias: false, batch_input_shape: [null, 4] };
  const layers = [{ class_name: 'Dense', config }];
  const graph = buildStep({
    model: parseModel({ class_name: 'Sequential', config: { layers } }),
    shapes: new Map([['d/kernel', [4, 3]]]),
    ...{ capacity: 8, targetWidth: 3, loss: 'categoricalCrossentropy', metrics: [] },
    training: {
      optimizer: 'sgd',
      trained: new Set(['d/kernel']),
      added: new Map(),
      clipping: { norm: null, value: null },
    },
  });
  if ('refusal' in graph) throw new Error(graph.refusal.reason);
  return planProgram([graph.value], threads);
}

const data = { xs: new Float32Array(32), ys: new Float32Array(24), count: 8, keys: [0, 0], optimizer: [0.1] } as const;

test('a thread that has ended is told, and nothing waits for it', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-threads-'));
  const script = path.join(folder, 'gone.cjs');
  await writeFile(script, "require('node:worker_threads').parentPort.postMessage('ready');");
  const executor = await Executor.start(planOf(2), await loadKernels(await ensureKernels()), script);
  await sleep(500);
  expect(() => executor.run(0, data)).toThrow('a thread of it has ended');
  await executor.dispose();
  await rm(folder, { recursive: true, force: true });
});

test('a thread that does not start is an error', async () => {
  const started = Executor.start(planOf(2), await loadKernels(await ensureKernels()), '/nowhere/thread.js');
  await expect(started).rejects.toThrow();
});

test('the next training has the memory of the last one, as if it were new', async () => {
  const kernels = await loadKernels(await ensureKernels());
  const script = await threadScript();
  const buffers = new Set<unknown>();
  for (const threads of [2, 1, 2]) {
    const executor = await Executor.start(planOf(threads), kernels, script);
    const state = executor.state('d/kernel');
    expect([...state]).toEqual(new Array(12).fill(0));
    state.fill(7);
    executor.run(0, data);
    buffers.add(state.buffer);
    await executor.dispose();
    expect(() => executor.state('d/kernel')).toThrow(
      /^The compiled step can't go on: it has ended, as dispose\(\) was called\. Make another one, or dispose of it later\.$/,
    );
  }
  expect(buffers.size).toBe(1);
});

test('kernels that were not there are looked for again', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-kernels-'));
  await expect(loadKernels(folder, false)).rejects.toThrow('ENOENT');
  await copyFile(path.join(await ensureKernels(), 'steps.wasm'), path.join(folder, 'steps.wasm'));
  await expect(loadKernels(folder, false)).resolves.toMatchObject({ isFused: false });
  await rm(folder, { recursive: true, force: true });
});

// A thread works for six tenths of a second, and nobody may wait longer than two; the whole process is halted for that long.
test.skipIf(process.platform === 'win32')('a process that was halted has lost no thread', async () => {
  const source = (file: string): string => JSON.stringify(new URL(`../../../../src/${file}`, import.meta.url).href);
  const code = `
    import { writeSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    import { instantiate, loadKernels } from ${source('worker/compiled/kernels.ts')};
    const { module } = await loadKernels(${JSON.stringify(await ensureKernels())});
    const memory = new WebAssembly.Memory({ initial: 4, maximum: 4, shared: true });
    const kernels = instantiate(module, memory);
    const late = \`const words = new Int32Array(require('node:worker_threads').workerData);
      for (let i = 0; i < 6; i++) Atomics.wait(words, 0, 0, 100);
      Atomics.add(words, 16385, 1);
      Atomics.notify(words, 16385);\`;
    const thread = new Worker(late, { eval: true, workerData: memory.buffer, execArgv: [] });
    await new Promise((resolve) => thread.once('online', resolve));
    writeSync(1, 'waiting ');
    writeSync(1, 'met ' + kernels.meet(65536, 2, 1, 2, 65552));`;
  const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', code]);
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  let output = first.toString();
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.kill('SIGSTOP');
  await sleep(2300);
  child.kill('SIGCONT');
  await once(child, 'close');
  expect(output).toBe('waiting met 0');
});

test.each(['', 'throw new Error("over");'])('a process ends by itself with idle threads %s', async (end) => {
  const source = (file: string): string => JSON.stringify(new URL(`../../../../src/${file}`, import.meta.url).href);
  const code = `
    import { Executor } from ${source('worker/compiled/executor.ts')};
    import { loadKernels } from ${source('worker/compiled/kernels.ts')};
    const plan = ${JSON.stringify(planOf(3))};
    const kernels = await loadKernels(${JSON.stringify(await ensureKernels())});
    const executor = await Executor.start(plan, kernels, new URL(${source('worker/compiled/thread.ts')}));
    const values = executor.run(0, { xs: new Float32Array(32), ys: new Float32Array(24), count: 8, keys: [0, 0], optimizer: [0.1] });
    console.log('loss', values[0]);
    ${end}`;
  const ended = await run(process.execPath, ['--input-type=module', '--no-warnings', '-e', code]).catch(
    (error: unknown) => error as { stdout: string; stderr: string; code: number },
  );
  expect(ended.stdout, ended.stderr).toBe('loss 0\n');
  expect('code' in ended ? ended.code : 0).toBe(end === '' ? 0 : 1);
});

const sizes = [1, 2, 5, 6, 7, 8, 9, 16, 19];

test.each([true, false])('products of all sizes are right, fused %s', async (isFused) => {
  const { module } = await loadKernels(await ensureKernels(), isFused);
  const memory = new webAssembly.Memory({ initial: 4, maximum: 4, shared: true });
  const kernels = instantiate(module, memory);
  const [floats, words] = [new Float32Array(memory.buffer), new Uint32Array(memory.buffer)];
  kernels['setScratch']?.(1024);
  const [a, b, packed, c, at, ct] = [2048, 16_384, 32_768, 65_536, 131_072, 140_000];
  const random = randomNumbers(5);
  for (const m of sizes)
    for (const n of sizes)
      for (const k of [1, 3, 4, 11]) {
        for (let i = 0; i < m * k; i++) floats[a / 4 + i] = random() - 0.5;
        for (let i = 0; i < k * n; i++) floats[b / 4 + i] = random() - 0.5;
        floats.fill(7, c / 4, c / 4 + m * n + 8);
        for (let i = 0; i < m; i++) [words[at / 4 + i], words[ct / 4 + i]] = [i * k * 4, i * n * 4];
        kernels['pack']?.(b, k, n, packed, k * 32);
        kernels['rows']?.(a, at, m, k, 1, 0, packed, n, c, ct, 0, 0, m % 2);
        let worst = 0;
        for (let i = 0; i < m; i++)
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let l = 0; l < k; l++) sum += floats[a / 4 + i * k + l]! * floats[b / 4 + l * n + j]!;
            worst = Math.max(worst, Math.abs(sum - floats[c / 4 + i * n + j]!));
          }
        expect(worst).toBeLessThan(1e-6);
        expect(floats[c / 4 + m * n]).toBe(7);
      }
});

/** Of each optimizer: numbers of its block, and which of its slots are there. */
const decaying: readonly (readonly [kernel: string, numbers: readonly number[], slots: readonly boolean[]])[] = [
  ['adam', [0.001, 1, 0.9, 0.999, 1e-7, 1, 0.1, 0.001], [true, true]],
  ['adamax', [0.001, 0.9, 0.999, 1e-7, 0.1], [true, true]],
  ['adadelta', [0.001, 0.95, 1e-7, 0.05], [true, true]],
  ['momentum', [0.001, 0.9, 0], [true]],
  ['rmsprop', [0.001, 0.9, 0.9, 1e-7, 0.1], [true, true, false]],
];

test.each(decaying)(
  '%s: what has decayed to nothing is zero, and not a number that takes long',
  async (kernel, h, slots) => {
    const { module } = await loadKernels(await ensureKernels());
    const memory = new webAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const floats = new Float32Array(memory.buffer);
    const [w, g, block, count] = [4096, 8192, 2048, 5];
    const first = 16_384;
    floats.set(h, block / 4);
    // The least number with all its digits, less ones, none, and an ordinary one; five, as what is left of four is done one by one.
    const before = [1.17549435e-38, 1e-40, NaN, 1, 1.17549435e-38];
    slots.forEach((_, slot) => floats.set(before, first / 4 + slot * 1024));
    const addresses = slots.map((isThere, slot) => (isThere ? first + slot * 4096 : 0));
    instantiate(module, memory)[kernel]?.(w, g, ...addresses, count, block);
    for (const address of addresses.filter((each) => each > 0)) {
      const after = [...floats.subarray(address / 4, address / 4 + count)];
      expect(after).toEqual([0, 0, NaN, expect.closeTo(1, 0), 0]);
      expect(after[3]).toBeLessThan(1);
    }
  },
);

test('batches that are put where the program takes them from are the same numbers', async () => {
  const kernels = await loadKernels(await ensureKernels());
  const executor = await Executor.start(planOf(1), kernels, '');
  const room = executor.room(0, 4, 3);
  const random = randomNumbers(5);
  const order = Uint32Array.from({ length: 21 }, (_, index) => (index * 8) % 21);
  const ys = Float32Array.from({ length: 63 }, random);
  const given = [
    { xs: Uint8Array.from({ length: 84 }, () => 256 * random()), scale: 1 / 255 },
    { xs: Float32Array.from({ length: 84 }, random), scale: 1 },
    { xs: Float32Array.from({ length: 84 }, random), scale: 1 / 3 },
  ];
  for (const { xs, scale } of given) {
    const examples = { xs, ys, shape: [4], count: 21, size: 4, width: 3, scale };
    const pass = { batchSize: 8, epoch: 1, seed: 1 };
    const own = [...(readBatches(examples, order, pass) as Iterable<Batch>)];
    let number = 0;
    for (const batch of readBatches(examples, order, { ...pass, room }) as Iterable<Batch>) {
      expect(batch.xs.buffer).toBe(executor.state('d/kernel').buffer);
      expect({ ...batch, xs: [...batch.xs], ys: [...batch.ys] }).toEqual({
        ...own[number],
        xs: [...(own[number]?.xs ?? [])],
        ys: [...(own[number]?.ys ?? [])],
      });
      number += 1;
    }
    expect(number).toBe(3);
  }
  await executor.dispose();
});
