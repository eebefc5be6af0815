import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FromDagPage, ToDagPage } from '../../../src/protocol/dag.ts';
import { parseFromDagPage, parseToDagPage } from '../../../src/protocol/dagcodec.ts';

const head = { protocol: 1, sequence: 3 };
const stands = { name: '__proto__', state: 'stale', words: 'a', spoken: 'stale, a' } as const;
const graph = { stages: [{ ...stands, group: null, needs: ['x'] }], groups: [stands], warning: null };
const toPage: readonly ToDagPage[] = [
  { ...head, type: 'graph', graph },
  { ...head, type: 'states', states: [stands] },
  { ...head, type: 'notice', notice: { kind: 'empty', text: 'x', action: 'addStage' } },
];
const fromPage: readonly FromDagPage[] = [
  { type: 'ready', protocol: 1 },
  { type: 'resync' },
  { type: 'open', name: 'a' },
  { type: 'run', name: 'a', downstream: true },
  { type: 'addStage' },
  { type: 'error', message: 'x' },
];

it.each([
  ...toPage.map((message) => [message.type, parseToDagPage, message] as const),
  ...fromPage.map((message) => [message.type, parseFromDagPage, message] as const),
])('%s: the message passes, and none that lacks a field or has a wrong one', (_type, parse, message) => {
  expect(parse(message)).toBe(message);
  for (const key of Object.keys(message)) {
    const rest = Object.fromEntries(Object.entries(message).filter(([other]) => other !== key));
    expect(parse(rest), `without ${key}`).toBeUndefined();
    expect(parse({ ...message, [key]: { no: 1 } }), `wrong ${key}`).toBeUndefined();
  }
});

it.each([
  [{ ...head, type: 'graph', graph: { ...graph, stages: [{ ...stands, group: null, needs: [1] }] } }],
  [{ ...head, type: 'states', states: [{ ...stands, state: 'toString' }] }],
  [{ ...head, protocol: 2, type: 'states', states: [] }],
])('%j is no message', (message) => {
  expect(parseToDagPage(message)).toBeUndefined();
});

it('anything at all is a message or undefined, never an exception', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      expect(() => [parseToDagPage(value), parseFromDagPage(value)]).not.toThrow();
    }),
  );
});
