import { expect, it } from 'vitest';
import { toRunEntries } from '../../../../src/core/trees/trees.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

const t = (message: string, ...values: (string | number | boolean)[]): string =>
  message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)]));
const point = { value: 0.081, step: 14 };
const live: RunSummary = {
  runId: 'elk',
  name: 'elk',
  experiment: 'x',
  status: 'RUNNING',
  startTime: 1,
  endTime: null,
  parentRunId: null,
  params: { 'training.num_epochs': '24' },
  tags: { 'mlops.paused': 'at epoch 14, batch 900' },
  metrics: { val_loss: { points: 14, last: point, min: point, max: point, best: null } },
  lost: false,
  artifacts: null,
};

it.each<[string, Partial<RunSummary>, (string | undefined)[]]>([
  ['paused', {}, ['debug-pause', 'paused · val_loss 0.0810 · epoch 14/24', 'run paused']],
  ['going on', { tags: {} }, ['sync~spin', 'val_loss 0.0810 · epoch 14/24', 'run running']],
  ['lost', { lost: true }, ['debug-disconnect', 'lost: its process is gone', 'run lost']],
  ['ended', { status: 'FAILED' }, ['error', 'failed', 'run failed']],
])('a run with the tag of a pause is shown as it is: %s', (_, more, expected) => {
  const [entry] = toRunEntries({ runs: [{ ...live, ...more }], unreadable: [] }, '/w/digits', t);
  expect([entry?.icon?.id, entry?.description, entry?.context]).toEqual(expected);
});
