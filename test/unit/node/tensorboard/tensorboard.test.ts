import { appendFile, mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  bytesField,
  floatField,
  packedFloats,
  textField,
  varintField,
  type Message,
} from '../../../../src/core/graphdef/protobuf.ts';
import { maskedCrc } from '../../../../src/core/tensorboard/tensorboard.ts';
import { gatherEventRuns, holdsEvents } from '../../../../src/node/tensorboard/tensorboard.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import { doubleField, hparams, simple, tensor, toEventFile, toRecord, type WrittenEvent } from './eventwriter.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-events-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(file: string, bytes: Uint8Array): Promise<string> {
  const place = path.join(root, file);
  await mkdir(path.dirname(place), { recursive: true });
  await writeFile(place, bytes);
  return place;
}

const losses = (...values: readonly number[]): WrittenEvent[] =>
  values.map((value, index) => ({ time: 1000.5 + index, step: index, values: [simple('loss', value)] }));

/** Values of the only run's losses. */
async function read(): Promise<readonly number[] | undefined> {
  const { runs } = await gatherEventRuns(root);
  return runs[0]?.points.get('loss')?.map(({ value }) => value);
}

test('the checksum is that of RFC 3720, masked', () => {
  // 32 bytes of zeros: 0x8a9136aa.
  const crc = 0x8a9136aa;
  expect(maskedCrc(new Uint8Array(32))).toBe((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
});

test('a run is a folder; both forms of scalars, hyperparameters, times in milliseconds', async () => {
  const first = [
    { time: 1000, values: [hparams({ lr: doubleField(2, 0.1), net: textField(3, 'cnn'), deep: varintField(4, 1) })] },
    {
      time: 1001.25,
      step: 1,
      values: [simple('loss', 0.5), tensor('acc', [...varintField(1, 1), ...packedFloats(5, [0.25])], 'scalars')],
    },
    {
      time: 1002,
      step: 2,
      values: [tensor('acc', [...varintField(1, 1), ...bytesField(4, Buffer.from('0000003f', 'hex'))])],
    },
    { time: 1003, step: 3, values: [tensor('words', [...varintField(1, 7), ...textField(8, 'x')], 'text')] },
  ];
  await write('a/events.out.tfevents.1.host', toEventFile(first));
  await write('a/b/c/events.out.tfevents.2.host', toEventFile(losses(1)));
  await write('a/b/notes.txt', Buffer.from('tfevents'));
  const { runs, unreadable, warnings } = await gatherEventRuns(root);
  expect([unreadable, warnings, runs.map(({ run }) => run.name)]).toEqual([[], [], ['a', 'a/b/c']]);
  expect(runs[0]?.run).toMatchObject({
    startTime: 1000_000,
    endTime: 1003_000,
    params: { lr: '0.1', net: 'cnn', deep: 'true' },
    status: 'FINISHED',
  });
  expect(Object.fromEntries(runs[0]?.points ?? [])).toEqual({
    loss: [{ value: 0.5, step: 1, timestamp: 1001_250 }],
    acc: [
      { value: 0.25, step: 1, timestamp: 1001_250 },
      { value: 0.5, step: 2, timestamp: 1002_000 },
    ],
  });
});

test.each<[string, Message, number | undefined]>([
  ['double', [...varintField(1, 2), ...doubleField(6, 0.1)], 0.1],
  ['double, raw', [...varintField(1, 2), ...bytesField(4, Buffer.from('9a9999999999b93f', 'hex'))], 0.1],
  ['int32', [...varintField(1, 3), ...varintField(7, 3)], 3],
  ['int64, raw and negative', [...varintField(1, 9), ...bytesField(4, Buffer.alloc(8, 255))], -1],
  ['bfloat16', [...varintField(1, 14), ...varintField(13, 0x3f80)], 1],
  ['zero, left out', varintField(1, 1), 0],
  ['a vector', [...varintField(1, 1), ...packedFloats(5, [1, 2])], undefined],
  ['a float', [...varintField(1, 1), ...floatField(5, 2)], 2],
  ['a text', [...varintField(1, 7), ...textField(8, 'x')], undefined],
])('a tensor that is a scalar: %s', async (_, parts, expected) => {
  await write('events.out.tfevents.1', toEventFile([{ time: 1, values: [tensor('loss', parts, 'scalars')] }]));
  expect((await read())?.[0]).toBe(expected);
});

test('several files of a folder are one run, in the order of their names; a start forgets what was to come', async () => {
  await write(
    'events.out.tfevents.2',
    toEventFile([
      { time: 2000, step: 1, starts: true },
      { time: 2001, step: 1, values: [simple('loss', 7)] },
    ]),
  );
  await write('events.out.tfevents.1', toEventFile(losses(1, 2, 3)));
  expect(await read()).toEqual([1, 7]);
});

test('what is still being written is read when it is whole, and only what is new is parsed', async () => {
  const bytes = toEventFile(losses(1, 2, 3));
  const file = await write('events.out.tfevents.1', bytes.subarray(0, 0));
  expect(await read()).toBeUndefined();
  for (let length = 1; length <= bytes.length; length += 1) {
    await appendFile(file, bytes.subarray(length - 1, length));
    const whole = Math.floor((length / bytes.length) * 3 + 1e-9);
    expect((await read())?.length ?? 0).toBe(whole);
  }
  // Bytes that were read are not read again.
  const before = await gatherEventRuns(root);
  await appendFile(file, toEventFile(losses(4)));
  expect((await gatherEventRuns(root)).runs[0]?.points.get('loss')).toBe(before.runs[0]?.points.get('loss'));
  // A file that was cut, or is another one, is read anew.
  await truncate(file, bytes.length / 3);
  expect(await read()).toEqual([1]);
  await rm(file);
  await write('events.out.tfevents.1', toEventFile(losses(9, 8)));
  expect(await read()).toEqual([9, 8]);
});

test('a damaged record is left out and said; a damaged length ends the file, and hides no other run', async () => {
  const bytes = toEventFile(losses(1, 2, 3));
  const size = bytes.length / 3;
  for (const [at, expected, words] of [
    [size + 15, [1, 3], '1 of its records'],
    [size + 1, [1], `beyond byte ${size}`],
  ] as const) {
    const broken = Buffer.from(bytes);
    broken[at] = broken[at]! ^ 255;
    await write(`${at}/a/events.out.tfevents.1`, broken);
    await write(`${at}/b/events.out.tfevents.1`, toEventFile(losses(5)));
    const { runs, warnings } = await gatherEventRuns(path.join(root, String(at)));
    expect(runs[0]?.points.get('loss')?.map(({ value }) => value)).toEqual(expected);
    expect([runs.length, warnings.map(({ message }) => message)]).toEqual([2, [expect.stringContaining(words)]]);
  }
});

test('whatever bytes a record holds, nothing is thrown', async () => {
  const event = toEventFile(losses(1)).subarray(12, -4);
  for (let at = 0; at < event.length; at += 1)
    for (const value of [0, 127, 255]) {
      const broken = Buffer.from(event);
      broken[at] = value;
      await rm(path.join(root, 'events.out.tfevents.1'), { force: true });
      await write('events.out.tfevents.1', Buffer.concat([toRecord(broken), toRecord(broken.subarray(0, at))]));
      expect((await gatherEventRuns(root)).runs).toHaveLength(1);
    }
});

test('as a store: listed by name, found by a part of the id, its history, its files; it can only be read', async () => {
  await write('train/events.out.tfevents.1', toEventFile(losses(3, 1, 2)));
  expect([await holdsEvents(root), await holdsEvents(path.join(root, 'nothing'))]).toEqual([true, false]);
  const store = openStore(`tensorboard:file://${root}`, {
    objectiveOf: () => ({ metric: 'loss', direction: 'minimize' }),
  });
  const { runs } = await store.listRuns({ limit: 5 });
  expect(runs[0]).toMatchObject({
    name: 'train',
    experiment: path.basename(root),
    metrics: { loss: { points: 3, best: { value: 1, step: 1 } } },
  });
  const { runId } = await store.findRun(runs[0]!.runId.slice(0, 8));
  expect((await store.readHistory(runId, 'loss')).values).toEqual([3, 1, 2]);
  expect((await store.listArtifacts(runId, '')).map(({ path: name }) => name)).toEqual(['events.out.tfevents.1']);
  expect((await store.readArtifact(runId, 'events.out.tfevents.1', { limit: 4 })).bytes).toHaveLength(4);
  await expect(store.readHistory(runId, 'lss')).rejects.toThrow('Did you mean "loss"?');
  await expect(store.editRun(runId, { name: 'x' })).rejects.toThrow('can only be read here');
});
