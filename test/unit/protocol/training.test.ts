import { expect, test } from 'vitest';
import {
  encodeFromWorker,
  encodeToWorker,
  MessageDecoder,
  type FromWorker,
  type ToWorker,
  type WorkerTask,
} from '../../../src/protocol/training.ts';

test('the numbers of a config cross the border, also those that JSON can not hold', () => {
  const model = { clip: Infinity, low: -Infinity, none: NaN, list: [1, Infinity], text: 'Infinity', nothing: null };
  const task = { kind: 'train', config: { model } } as unknown as WorkerTask;
  const [message] = new MessageDecoder<ToWorker>().push(encodeToWorker({ type: 'start', task }));
  expect(message).toEqual({ type: 'start', task });
});

test.each<[string, FromWorker]>([
  ['a tag', { type: 'tag', name: 'note', value: 'x'.repeat(1_100_000) }],
  [
    'an error',
    {
      type: 'failed',
      error: { code: 'bug', message: '"'.repeat(1_100_000), problems: [], stack: '\n'.repeat(1_100_000) },
    },
  ],
])('%s of more than a megabyte is cut, so that the message gets through', (_, message) => {
  const [found] = new MessageDecoder<FromWorker>().push(encodeFromWorker(message));
  expect(found?.type).toBe(message.type);
  expect(JSON.stringify(found)).toContain('… (1100000 characters)');
});

test('what fits is not changed', () => {
  const message: FromWorker = { type: 'tag', name: 'note', value: 'x'.repeat(60_000) };
  expect(new MessageDecoder<FromWorker>().push(encodeFromWorker(message))).toEqual([message]);
});
