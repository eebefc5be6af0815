import { describe, expect, test } from 'vitest';
import { readBatches, type Pass } from '../../../src/worker/batches.ts';
import { checkExamples, orderOf, type Batch, type Examples } from '../../../src/worker/data.ts';

const toError = (sentence: string): Error => new Error(`the loader gives ${sentence}`);
const check = (value: unknown): Examples => checkExamples(value, toError);

async function collect(examples: Examples, pass: Partial<Pass> = {}, order = orderOf(examples)): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of readBatches(examples, order, { batchSize: 2, epoch: 1, seed: 42, ...pass }))
    batches.push(batch);
  return batches;
}

const inputsOf = (batches: readonly Batch[]): number[][] => batches.map(({ xs }) => [...xs]);

/** Pieces of one input and one target each. */
function stream(pieces: readonly (readonly number[])[], more: object = {}): Examples {
  const count = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return check({
    ...{ shape: [1], count },
    *batches() {
      for (const piece of pieces) yield { xs: Float32Array.from(piece), ys: Float32Array.from(piece, (x) => -x) };
    },
    ...more,
  });
}

describe('examples in memory', () => {
  test('come in the order that is given, the last batch shorter', async () => {
    const examples = check({ xs: Float32Array.of(0, 1, 2, 3, 4), ys: Float32Array.of(0, -1, -2, -3, -4), shape: [1] });
    const batches = await collect(examples, {}, Uint32Array.of(4, 0, 3, 1, 2));
    expect(inputsOf(batches)).toEqual([[4, 0], [3, 1], [2]]);
    expect(batches.map(({ ys }) => [...ys].map((y) => 0 - y))).toEqual([[4, 0], [3, 1], [2]]);
    expect(inputsOf(await collect(examples, { from: 1 }, Uint32Array.of(4, 0, 3, 1, 2)))).toEqual([[3, 1], [2]]);
  });

  test('bytes stay bytes, and become the floats that they were as such', async () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const ys = new Float32Array(256);
    const examples = check({ xs: bytes, ys, shape: [1], scale: 1 / 255 });
    expect(examples).toMatchObject({ xs: bytes });
    const [batch] = await collect(examples, { batchSize: 256 });
    expect(batch!.xs).toEqual(Float32Array.from(bytes, (byte) => byte / 255));
    const [plain] = await collect(check({ xs: bytes, ys, shape: [1] }), { batchSize: 256 });
    expect(plain!.xs).toEqual(Float32Array.from(bytes));
    const [floats] = await collect(check({ xs: Float32Array.of(3), ys: [1], shape: [1], scale: 0.5 }));
    expect([...floats!.xs]).toEqual([1.5]);
  });
});

describe('a stream', () => {
  const cases: Record<string, number[][]> = {
    'of single examples': [[1], [2], [3], [4], [5]],
    'of everything at once': [[1, 2, 3, 4, 5]],
    'of pieces across batches': [
      [1, 2, 3],
      [4, 5],
    ],
  };
  test.each(Object.entries(cases))('%s is cut to batches', async (_, pieces) => {
    const batches = await collect(stream(pieces));
    expect(inputsOf(batches)).toEqual([[1, 2], [3, 4], [5]]);
    expect(batches.map(({ ys }) => [...ys])).toEqual([[-1, -2], [-3, -4], [-5]]);
    expect(inputsOf(await collect(stream(pieces), { from: 2 }))).toEqual([[5]]);
  });

  test('may be asynchronous, of bytes with a scale, and promised', async () => {
    const examples = stream([], {
      count: 3,
      scale: 2,
      batches: async () => {
        await Promise.resolve();
        return (async function* () {
          yield { xs: Uint8Array.of(1, 2), ys: [0, 0] };
          await Promise.resolve();
          yield { xs: Uint8Array.of(3), ys: [0] };
        })();
      },
    });
    expect(inputsOf(await collect(examples))).toEqual([[2, 4], [6]]);
  });

  test('is told the epoch, and gets the same numbers in the same epoch', async () => {
    const seen: [number, number][] = [];
    const examples = stream([[1]], {
      *batches({ epoch, random }: { epoch: number; random: () => number }) {
        seen.push([epoch, random()]);
        yield { xs: [1], ys: [1] };
      },
    });
    for (const epoch of [1, 2, 1]) await collect(examples, { epoch });
    await collect(examples, { epoch: 1, seed: 43 });
    expect(seen.map(([epoch]) => epoch)).toEqual([1, 2, 1, 1]);
    expect(seen[2]).toEqual(seen[0]);
    expect(new Set(seen.map(([, drawn]) => drawn)).size).toBe(3);
  });

  test('is asked for the next batch while one is trained, and closed when nobody wants more', async () => {
    const events: string[] = [];
    const examples = stream([], {
      count: 8,
      async *batches() {
        try {
          for (let i = 0; i < 4; i++) {
            await Promise.resolve();
            events.push(`made ${i}`);
            yield { xs: [i, i], ys: [0, 0] };
          }
        } finally {
          events.push('closed');
        }
      },
    });
    for await (const { xs } of readBatches(examples, new Uint32Array(0), { batchSize: 2, epoch: 1, seed: 1 })) {
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`trained ${xs[0]}`);
      if (xs[0] === 1) break;
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toEqual(['made 0', 'made 1', 'trained 0', 'made 2', 'trained 1', 'closed']);
  });

  const mistakes: Record<string, [more: object, message: string]> = {
    'fewer than it says': [{ count: 9 }, 'batches of 5 examples, where its "count" says 9.'],
    'more than it says': [{ count: 4 }, 'batches of more than the 4 examples that its "count" says.'],
    'another width': [
      { width: 2 },
      'batches, one of them with 1 targets for each of 2 examples of 1 numbers, where its "width" says 2.',
    ],
    'another size': [
      { shape: [3] },
      'batches, one of them with 2 inputs, which is not a whole number of examples of 3 numbers each (shape 3).',
    ],
    'nothing to iterate over': [
      { batches: () => 7 },
      'batches that give nothing to iterate over: make it a generator.',
    ],
    'a piece of nothing': [
      { batches: () => [null] },
      'batches, one of them with no { xs, ys, shape } with two arrays of numbers',
    ],
    'no count': [{ count: undefined }, 'batches with the count undefined, which must be a whole number above zero.'],
    'batches that are no function': [{ batches: [] }, 'batches that are no function.'],
    'a scale of text': [{ scale: '2' }, 'the scale "2", which must be a number other than 0.'],
  };
  test.each(Object.entries(mistakes))('%s is told', async (_, [more, message]) => {
    await expect(
      (async () =>
        collect(
          stream(
            [
              [1, 2],
              [3, 4, 5],
            ],
            more,
          ),
        ))(),
    ).rejects.toThrow(`the loader gives ${message}`);
  });
});

test('an empty split says where to look', () => {
  expect(() => check({ xs: new Float32Array(0), ys: new Float32Array(0), shape: [2] })).toThrow(
    'the loader gives no examples. Look at the stage that makes the data, or at how they are split.',
  );
});
