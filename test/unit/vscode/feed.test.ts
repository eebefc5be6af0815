import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunChange, RunEvent } from '../../../src/protocol/charts.ts';
import type { LiveProcess, RunDetails } from '../../../src/protocol/engine.ts';
import { emptyRunsView } from '../../../src/protocol/runsview.ts';
import { createEngine, settle } from './engine.ts';

vi.mock('vscode', () => import('./editor.ts'));
const { createRunFeed, createRunsFeed } = await import('../../../src/vscode/feed.ts');

const root = '/w/digits';
const live = (steering: LiveProcess['steering'], runId = 'r'): LiveProcess => ({
  id: '7:1',
  pid: 7,
  command: 'train x',
  since: 0,
  kind: 'training',
  stages: [],
  runId,
  model: 'x',
  log: null,
  steering,
});
const event: RunEvent = { time: 1, step: 2, kind: 'steering', text: 'paused' };

describe('a run that is followed', () => {
  let changes: RunChange[] = [];
  beforeEach(() => {
    changes = [];
  });

  async function check(first: readonly LiveProcess[], then: readonly (readonly LiveProcess[])[]): Promise<number> {
    const run = { runId: 'r', name: 'elk', experiment: 'x', status: 'RUNNING', params: {}, tags: {}, metrics: {} };
    const details = { run, histories: [], events: [event], sweep: null, answers: null } as unknown as RunDetails;
    const engine = createEngine({ listProcesses: () => first, readRun: () => details });
    const report = (error: unknown): never => {
      throw error;
    };
    const feed = createRunFeed(engine.thread, { openLog: () => Promise.resolve(), report });
    const following = feed.follow(root, 'r', (change) => changes.push(change));
    await settle();
    for (const processes of then) {
      engine.tell('processes', { project: root, processes });
      await settle();
    }
    following.dispose();
    return changes.length;
  }

  const sweep = (...trials: string[]): LiveProcess[] => [
    { ...live(null), kind: 'sweep' },
    ...trials.map((runId): LiveProcess => ({ ...live(null, runId), kind: 'trial' })),
  ];
  const steered = (paused: boolean, count: number) => [live({ paused, count })];
  const cases: Record<string, [first: readonly LiveProcess[], then: (readonly LiveProcess[])[], reads: number]> = {
    'nothing happens': [steered(false, 0), [steered(false, 0), steered(false, 0)], 0],
    'it is paused, and goes on': [steered(false, 0), [steered(true, 1), steered(false, 2)], 2],
    'its learning rate is changed': [steered(false, 0), [steered(false, 1)], 1],
    'it begins, and ends': [[], [steered(false, 0), []], 2],
    'it can not be steered, and ends': [[live(null)], [[live(null)], []], 1],
    'another is steered': [[], [[live({ paused: true, count: 1 }, 'other')]], 0],
    'a sweep begins a trial, and another': [sweep(), [sweep('a'), sweep('a'), sweep('b')], 2],
  };
  it.each(Object.entries(cases))('is read again when something is new: %s', async (_, [first, then, reads]) => {
    expect(await check(first, then)).toBe(reads);
  });

  it('tells the events as well', async () => {
    await check(steered(false, 0), [steered(true, 1)]);
    expect(changes).toMatchObject([{ run: { runId: 'r' }, events: [event], series: [] }]);
  });
});

describe('a run that is stopped from its page', () => {
  const sweep: LiveProcess = { ...live(null, 'sweep'), kind: 'sweep' };
  const trial: LiveProcess = { ...live({ paused: false, count: 0 }, 'trial'), kind: 'trial' };
  it.each([
    ['sweep', 'stopProcess', { project: root, id: '7:1' }],
    ['trial', 'steerRun', { project: root, runId: 'trial', steering: { type: 'stop', when: 'now' } }],
  ])('a %s, by %s', async (runId, name, payload) => {
    const engine = createEngine({ listProcesses: () => [sweep, trial] });
    const feed = createRunFeed(engine.thread, { openLog: () => Promise.resolve(), report: () => undefined });
    await feed.stop(root, runId);
    expect(engine.asked.at(-1)).toEqual({ name, payload });
  });
});

it('the trials of a live sweep are read again when runs have changed, those of any other run are not', async () => {
  for (const [kind, reads] of [
    ['sweep', 1],
    ['training', 0],
  ] as const) {
    const process: LiveProcess = { ...live(null), kind };
    const run = { runId: 'r', name: 'elk', experiment: 'x', status: 'RUNNING', params: {}, tags: {}, metrics: {} };
    const details = { run, histories: [], events: [], sweep: null, answers: null } as unknown as RunDetails;
    const engine = createEngine({ listProcesses: () => [process], readRun: () => details });
    const feed = createRunFeed(engine.thread, { openLog: () => Promise.resolve(), report: () => undefined });
    const following = feed.follow(root, 'r', () => undefined);
    await settle();
    // While it is being read it is not read a second time.
    for (let i = 0; i < 2; i += 1) engine.tell('changed', { project: root, areas: ['runs'] });
    engine.tell('changed', { project: root, areas: ['configs'] });
    engine.tell('changed', { project: '/elsewhere', areas: ['runs'] });
    await settle();
    expect(engine.asked.filter(({ name }) => name === 'readRun')).toHaveLength(reads);
    following.dispose();
  }
});

it('the table of runs is told what may have changed in its own project', async () => {
  const engine = createEngine({});
  const feed = createRunsFeed(engine.thread, { act: () => Promise.resolve() });
  let told = 0;
  const following = feed.follow(root, () => (told += 1));
  engine.tell('changed', { project: root, areas: ['runs'] });
  engine.tell('changed', { project: root, areas: ['processes', 'pipeline'] });
  engine.tell('changed', { project: root, areas: ['data'] });
  engine.tell('changed', { project: '/other', areas: ['runs'] });
  following.dispose();
  engine.tell('changed', { project: root, areas: ['runs'] });
  expect(told).toBe(2);
  const since = { epoch: 'e', version: 1 };
  await feed.read(root, since);
  await feed.views(root);
  await feed.saveView(root, 'a', emptyRunsView);
  await feed.deleteView(root, 'a');
  expect(engine.asked).toEqual([
    { name: 'readRunTable', payload: { project: root, since } },
    { name: 'listViews', payload: { project: root } },
    { name: 'saveView', payload: { project: root, name: 'a', view: emptyRunsView } },
    { name: 'deleteView', payload: { project: root, name: 'a' } },
  ]);
});
