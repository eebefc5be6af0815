import { expect, it } from 'vitest';
import { RunTableLog } from '../../../../src/node/window/runtable.ts';
import { unpackRuns } from '../../../../src/protocol/runtablecodec.ts';
import type { RunTablePart } from '../../../../src/protocol/runtable.ts';
import type { RunList, RunSummary } from '../../../../src/protocol/tracking.ts';

const run = (runId: string, name = runId): RunSummary => ({
  ...{ runId, name, experiment: 'x', status: 'FINISHED', startTime: 1, endTime: 2, parentRunId: null },
  ...{ params: {}, tags: {}, metrics: {}, lost: false, artifacts: null },
});
const list = (...runs: readonly RunSummary[]): RunList => ({ runs, unreadable: [] });
const namesOf = ({ parts }: RunTablePart): readonly string[] =>
  parts.flatMap((bytes) => (unpackRuns(bytes) ?? []).map(({ name }) => name));

it('gives everything first, then only what has changed since', () => {
  const log = new RunTableLog();
  const first = log.read(list(run('a'), run('b'), run('c')), null);
  expect([first.isWhole, namesOf(first), first.removed]).toEqual([true, ['a', 'b', 'c'], []]);
  const second = log.read(list(run('a'), run('b', 'B')), first.stamp);
  expect([second.isWhole, namesOf(second), second.removed]).toEqual([false, ['B'], ['c']]);
  const same = list(run('a'), run('b', 'B'));
  const third = log.read(same, second.stamp);
  expect([third.parts, third.removed]).toEqual([[], []]);
  expect(log.read(same, third.stamp).stamp).toEqual(third.stamp);
  const late = log.read(list(run('a'), run('b', 'B'), run('c', 'again')), first.stamp);
  expect([namesOf(late), late.removed]).toEqual([['B', 'again'], []]);
});

it('an empty list is one empty part, so that whoever asked knows', () => {
  const { parts, isWhole } = new RunTableLog().read(list(), null);
  expect([parts.map((bytes) => unpackRuns(bytes)), isWhole]).toEqual([[[]], true]);
});

it('several stores are told by what people call them, one is not told', () => {
  const facts = (uri: string, label: string) =>
    ({ uri, label, kind: 'folder', abilities: { logs: true, edits: true } }) as const;
  const stores = [facts('file:/a', 'a'), facts('file:/b', 'old')];
  const runs = [{ ...run('x'), store: 'file:/b' }];
  const storesOf = (own: RunList): unknown =>
    unpackRuns(new RunTableLog().read(own, null).parts[0]!)?.map(({ store }) => store);
  expect(storesOf({ runs, unreadable: [], stores })).toEqual(['old']);
  expect(storesOf({ runs, unreadable: [], stores: stores.slice(1) })).toEqual([undefined]);
});

it('a stamp of another log counts for nothing', () => {
  const { stamp } = new RunTableLog().read(list(run('a')), null);
  expect(new RunTableLog().read(list(run('a')), stamp)).toMatchObject({ isWhole: true });
});

it('many runs come in parts', () => {
  const many = Array.from({ length: 1201 }, (_, index) => run(String(index)));
  const { parts } = new RunTableLog().read(list(...many), null);
  expect(parts.map((bytes) => unpackRuns(bytes)?.length)).toEqual([500, 500, 201]);
});
