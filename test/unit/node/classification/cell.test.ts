import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readCell } from '../../../../src/node/classification/classification.ts';
import { commands } from '../../../../src/node/classification/commands.ts';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import type { CellExamples } from '../../../../src/protocol/answers.ts';
import { useGround } from '../training/ground.ts';

const ground = useGround('cell');

/** Ten pictures of 2 × 2 pixels, labels 0 1 0 1 …; the first pixel says which one it is. */
const pictures = `
export async function load(split: string) {
  const xs = Float32Array.from({ length: 40 }, (_, i) => (i % 4 === 0 ? i / 40 : i % 2));
  return { xs, ys: Float32Array.from({ length: 10 }, (_, i) => i % 2), shape: [2, 2, 1], split };
}
`;
const rows = `
export const load = async () => ({ xs: [[5.1, 3.5, 1.4], [4.9, NaN, 2]].flat(), ys: [0, 1], shape: [3] });
`;
/** Pieces of three; whoever asks for a fourth one gets an error. */
const stream = `
export const load = async () => ({
  shape: [2, 2], count: 1000, width: 2, scale: 1 / 255,
  async *batches() {
    for (let piece = 0; piece < 100; piece++) {
      if (piece > 85) throw new Error('too much was read');
      yield {
        xs: new Uint8Array(12).fill(piece),
        ys: Float32Array.from([0, 1, 2].flatMap((i) => ((piece * 3 + i) % 2 === 0 ? [1, 0] : [0, 1]))),
      };
    }
  },
});
`;

async function makeRun(dataloader: string, predictions: readonly string[], tags: Record<string, string> = {}) {
  const { root } = ground.current;
  await ground.current.write('src/models/m/dataloader.ts', dataloader);
  const config =
    'data: { dataset_path: data/ }\nmodel: { name: m }\ntraining: { batch_size: 8, num_epochs: 1, loss_function: mae, metric: mse }\nmlflow: { mlruns_path: "file:models/mlruns", experiment_name: e }\n';
  await ground.current.write('configs/m.yaml', config);
  const store = await ground.current.openStore();
  const kept = { 'mlops.config': 'configs/m.yaml', ...tags };
  const writer = await store.createRun({ experiment: 'e', user: 'u', startTime: 1, params: {}, tags: kept });
  await mkdir(path.join(writer.artifacts, 'model'), { recursive: true });
  const text = ['split,label,predicted,probabilities', ...predictions, ''].join('\n');
  await writeFile(path.join(writer.artifacts, 'model', 'predictions.csv'), text);
  return { root, store, run: await store.findRun(writer.runId) };
}

async function check(
  dataloader: string,
  predictions: readonly string[],
  { tags = {}, isTrusted = true, cell = { actual: '0', predicted: '1' } } = {},
): Promise<CellExamples> {
  const { root, store, run } = await makeRun(dataloader, predictions, tags);
  const { installation, env } = ground.current;
  const signal = new AbortController().signal;
  return readCell({ root }, { store, run, cell }, { most: 24, installation, env, isTrusted, signal });
}

const ten = Array.from({ length: 10 }, (_, i) => `test,${i % 2},${i === 4 || i === 6 ? 1 : i % 2},`);

describe('examples of a cell', () => {
  test('have the pictures that the dataloader gives', async () => {
    const { note, total, split, examples } = await check(pictures, ten);
    expect({ note, total, split }).toEqual({ note: null, total: 2, split: 'test' });
    expect(examples.map(({ number, picture }) => [number, [...(picture?.pixels ?? [])]])).toEqual([
      [4, [102, 255, 0, 255]],
      [6, [153, 255, 0, 255]],
    ]);
    expect(examples[0]?.picture).toMatchObject({ width: 2, height: 2, channels: 1 });
  });

  test('have numbers where they are no pictures', async () => {
    const { examples } = await check(rows, ['test,0,1,', 'test,1,1,'], { cell: { actual: '1', predicted: '1' } });
    expect(examples).toEqual([
      { number: 1, probability: null, picture: null, values: Float64Array.from([4.9, NaN, 2], Math.fround) },
    ]);
  });

  test('are read from a stream no further than it takes', async () => {
    const answers = Array.from({ length: 1000 }, (_, i) => `test,${i % 2},${i === 200 ? 1 : i % 2},`);
    const { note, examples } = await check(stream, answers);
    expect(note).toBeNull();
    expect(examples.map(({ number, picture }) => [number, picture?.pixels[0]])).toEqual([[200, 66]]);
  });

  test.each([
    [
      'more examples',
      [...ten, 'test,0,0,'],
      /^They can’t be read\. The test split is not what the run was tested on any more: it has 10 examples, the run answered 11\.$/,
    ],
    ['other labels', ten.map((line, i) => (i === 9 ? 'test,0,0,' : line)), /its labels are others/],
    ['a line that can’t be read', ['test,?,0,', ...ten], /Not all of the run’s answers can be read/],
    [
      'another split',
      ten.map((line) => line.replace('test', 'holdout')),
      /The split "holdout" is none that a dataloader/,
    ],
  ])('are told by number alone, and why, where the run had %s', async (what, answers, expected) => {
    const { note, examples, total } = await check(pictures, answers);
    expect(note).toMatch(expected);
    expect([total, examples.length]).toEqual([2, 2]);
    expect(examples.every(({ picture }) => (picture === null) === (what !== 'a line that can’t be read'))).toBe(true);
  });

  test('are told by number alone where nobody trusts the folder, code fails, or says not which code it is', async () => {
    const failing = 'export const load = () => { throw new Error("the disk is gone"); };';
    expect(await check(pictures, ten, { isTrusted: false })).toMatchObject({
      total: 2,
      note: expect.stringMatching(/trusted folder/),
    });
    expect((await check(failing, ten)).note).toMatch(/They can’t be read\. .*the disk is gone/);
    expect((await check(pictures, ten, { tags: { 'mlops.config': 'configs/gone.yaml' } })).note).toMatch(
      /no config "configs\/gone.yaml"/i,
    );
    expect(await check(failing, ten, { cell: { actual: '1', predicted: '0' } })).toMatchObject({
      total: 0,
      note: null,
    });
    await expect(check(pictures, ten, { cell: { actual: '1', predicted: '7' } })).rejects.toThrow(/no class "7"/);
    await expect(check(pictures, [])).rejects.toThrow(/no predictions\.csv with classes/);
  });
});

test('mlops runs examples lists the numbers of a cell', async () => {
  const { root, run } = await makeRun(pictures, ['test,0,1,0.4 0.6', 'test,1,1,0.1 0.9', 'test,0,1,0.2 0.8']);
  const printed = { out: '', err: '' };
  const streamOf = (key: 'out' | 'err') => ({ write: (text: string) => void (printed[key] += text), isTTY: false });
  const call = async (...args: string[]): Promise<number> => {
    Object.assign(printed, { out: '', err: '' });
    return runCommandLine(
      ['runs', 'examples', ...args],
      [{ firstWords: ['runs'], load: () => Promise.resolve(commands) }],
      {
        cwd: root,
        env: { MLFLOW_TRACKING_URI: '' },
        streams: { stdout: streamOf('out'), stderr: streamOf('err') } as never,
        signal: new AbortController().signal,
        installation: ground.current.installation,
        isFollowed: false,
      },
    );
  };
  expect(await call(run.runId, '--true', '0', '--predicted', '1', '--json', '--limit', '1')).toBe(0);
  expect(JSON.parse(printed.out)).toEqual({
    ...{ runId: run.runId, split: 'test', actual: '0', predicted: '1', total: 2 },
    examples: [{ number: 2, probability: 0.8 }],
  });
  expect(printed.err).toMatch(/1 more/);
  expect(await call(run.runId, '--true', '0', '--predicted', '1')).toBe(0);
  expect(
    printed.out
      .split('\n')
      .slice(0, 2)
      .map((line) => line.trim().split(/\s+/)),
  ).toEqual([
    ['2', '0.8000'],
    ['0', '0.6000'],
  ]);
  expect(await call(run.runId, '--true', '0')).toBe(2);
  expect(await call(run.runId, '--true', '0', '--predicted', 'x')).toBe(4);
});
