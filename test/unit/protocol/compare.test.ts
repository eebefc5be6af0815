import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FromComparePage, ShownComparison, ShownRun, ToComparePage } from '../../../src/protocol/compare.ts';
import { parseFromComparePage, parseToComparePage } from '../../../src/protocol/comparecodec.ts';

const head = { protocol: 1, sequence: 3 };
const run: ShownRun = {
  ...{ runId: 'a', name: '__proto__', experiment: 'e', startTime: 1.5, hasCommit: true, hasConfig: false },
  status: 'FINISHED',
};
const point = { text: 'NaN', step: 1, delta: null };
const comparison: ShownComparison = {
  runs: [run],
  metrics: [{ name: 'm', direction: null, values: [null, { best: null, last: point, change: 'worse' }] }],
  ...{ equalMetrics: 1, params: [{ name: 'p', values: ['1', null] }], tags: [], troubles: ['x'] },
  artifacts: [{ path: 'a', runs: [{ isThere: true, bytes: null }] }],
};
const toPage: readonly ToComparePage[] = [
  { ...head, type: 'comparison', comparison },
  { ...head, type: 'notice', notice: { kind: 'broken', text: 'x', action: 'retry' } },
];
const fromPage: readonly FromComparePage[] = [
  { type: 'ready', protocol: 1 },
  { type: 'resync' },
  { type: 'open', runId: 'a' },
  { type: 'measure', runId: 'a' },
  { type: 'code', runId: 'a' },
  { type: 'config', runId: 'a' },
  { type: 'artifact', runId: 'a', path: 'b' },
  { type: 'error', message: 'x' },
];

it.each([
  ...toPage.map((message) => [message.type, parseToComparePage, message] as const),
  ...fromPage.map((message) => [message.type, parseFromComparePage, message] as const),
])('%s: the message passes, and none that lacks a field or has a wrong one', (_type, parse, message) => {
  expect(parse(message)).toBe(message);
  for (const key of Object.keys(message)) {
    const rest = Object.fromEntries(Object.entries(message).filter(([other]) => other !== key));
    expect(parse(rest), `without ${key}`).toBeUndefined();
    expect(parse({ ...message, [key]: { no: 1 } }), `wrong ${key}`).toBeUndefined();
  }
});

it.each([
  { runs: [{ ...run, status: 'toString' }] },
  { metrics: [{ name: 'm', direction: 'up', values: [] }] },
  { metrics: [{ name: 'm', direction: null, values: [{ best: null, last: { ...point, text: 7 }, change: null }] }] },
  { params: [{ name: 'p', values: [7] }] },
  { artifacts: [{ path: 'a', runs: [null] }] },
])('a comparison with %j is none', (wrong) => {
  expect(parseToComparePage({ ...head, type: 'comparison', comparison: { ...comparison, ...wrong } })).toBeUndefined();
});

it('anything at all is a message or undefined, never an exception', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(() => [parseToComparePage(value), parseFromComparePage(value)]).not.toThrow();
    }),
  );
});
