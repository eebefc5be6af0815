import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunChange, RunEvent } from '../../../src/protocol/charts.ts';
import type { LiveProcess, RunDetails } from '../../../src/protocol/engine.ts';
import { createEngine, settle } from './engine.ts';

vi.mock('vscode', () => import('./editor.ts'));
const { createRunFeed } = await import('../../../src/vscode/feed.ts');

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
    const details = { run, histories: [], events: [event] } as unknown as RunDetails;
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

  const steered = (paused: boolean, count: number) => [live({ paused, count })];
  const cases: Record<string, [first: readonly LiveProcess[], then: (readonly LiveProcess[])[], reads: number]> = {
    'nothing happens': [steered(false, 0), [steered(false, 0), steered(false, 0)], 0],
    'it is paused, and goes on': [steered(false, 0), [steered(true, 1), steered(false, 2)], 2],
    'its learning rate is changed': [steered(false, 0), [steered(false, 1)], 1],
    'it begins, and ends': [[], [steered(false, 0), []], 2],
    'it can not be steered, and ends': [[live(null)], [[live(null)], []], 1],
    'another is steered': [[], [[live({ paused: true, count: 1 }, 'other')]], 0],
  };
  it.each(Object.entries(cases))('is read again when something is new: %s', async (_, [first, then, reads]) => {
    expect(await check(first, then)).toBe(reads);
  });

  it('tells the events as well', async () => {
    await check(steered(false, 0), [steered(true, 1)]);
    expect(changes).toMatchObject([{ run: { runId: 'r' }, events: [event], series: [] }]);
  });
});
