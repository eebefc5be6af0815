import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  chartProtocolVersion,
  type RunChange,
  type RunFacts,
  type RunSnapshot,
  type SeriesPoints,
} from '../../../../src/protocol/charts.ts';
import { parseToRunPage } from '../../../../src/protocol/chartcodec.ts';
import { ExpectedError, unknownName } from '../../../../src/protocol/errors.ts';
import type { RunAnswers } from '../../../../src/vscode/panels/runAnswers.ts';
import type { RunFeed } from '../../../../src/vscode/panels/feed.ts';
import { FakePanel, forget, told, trustGranted, workspace } from '../editor.ts';
import { settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { registerRunCharts } = await import('../../../../src/vscode/panels/runChart.ts');

const facts: RunFacts = {
  runId: 'a',
  name: 'warm-fox',
  model: null,
  experiment: 'x',
  status: 'RUNNING',
  lost: false,
  paused: false,
  reason: null,
  startTime: 0,
  endTime: null,
  epochs: null,
  examplesPerSecond: null,
  objective: null,
  params: [],
  details: [],
  parent: null,
  sweep: null,
  answers: null,
};
const loss = (from: number, ...values: number[]): SeriesPoints => ({
  name: 'loss',
  from,
  steps: Float64Array.from(values, (_, i) => from + i + 1),
  values: Float64Array.from(values),
});

function createFeed(snapshot: RunSnapshot) {
  const state = {
    snapshot,
    listeners: new Set<(change: RunChange) => void>(),
    asked: [] as string[],
    failure: undefined as Error | undefined,
  };
  const feed: RunFeed = {
    snapshot: (_root, runId) => {
      state.asked.push(`snapshot ${runId}`);
      return state.failure === undefined ? Promise.resolve(state.snapshot) : Promise.reject(state.failure);
    },
    follow: (_root, _runId, listener) => {
      state.listeners.add(listener);
      return { dispose: () => void state.listeners.delete(listener) };
    },
    runs: () => Promise.resolve([]),
    stop: (_root, runId) => {
      state.asked.push(`stop ${runId}`);
      return Promise.reject(new Error('It is gone.'));
    },
    steer: (_root, runId, steering) => {
      state.asked.push(`${JSON.stringify(steering)} ${runId}`);
      return Promise.resolve();
    },
    openLog: (_root, runId) => {
      state.asked.push(`log ${runId}`);
      return Promise.resolve();
    },
  };
  const tell = (change: Partial<RunChange>): void => {
    for (const listener of [...state.listeners]) listener({ series: [], events: [], ...change });
  };
  return { feed, state, tell };
}

describe('the Run chart panel', () => {
  const log = { warn: vi.fn(), error: vi.fn() };
  beforeEach(() => {
    forget();
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.clearAllMocks();
  });

  const answers = vi.fn<RunAnswers>((_root, { type, runId }) =>
    type === 'openConfig'
      ? Promise.reject(new ExpectedError('unknown-name', 'There is no commit.'))
      : Promise.resolve({
          protocol: chartProtocolVersion,
          type: 'artifacts',
          runId,
          folder: '',
          entries: [],
          trouble: null,
        }),
  );

  async function show(snapshot: RunSnapshot = { run: facts, series: [loss(0, 3)], events: [] }) {
    const bench = createFeed(snapshot);
    const charts = registerRunCharts({ extensionUri: {}, feed: bench.feed, answers, log } as unknown as Parameters<
      typeof registerRunCharts
    >[0]);
    charts.show('/project', 'a');
    const panel = told.panels[0]!;
    await settle();
    return { ...bench, charts, panel };
  }

  it('sends a snapshot when the page is ready, then what is new', async () => {
    const { panel, tell } = await show();
    expect(panel.sent).toEqual([]);
    panel.ready();
    expect(panel.last).toMatchObject({ type: 'snapshot', snapshot: { series: [loss(0, 3)] } });
    tell({ series: [loss(1, 2)] });
    expect(panel.sent).toHaveLength(1);
    panel.acknowledge();
    expect(panel.last).toMatchObject({ type: 'append', change: { series: [loss(1, 2)] } });
    expect(panel.title).toBe('warm-fox');
  });

  it('loses nothing that comes while the run is being read', async () => {
    const bench = createFeed({ run: facts, series: [loss(0, 3)], events: [] });
    const charts = registerRunCharts({ extensionUri: {}, feed: bench.feed, answers, log } as unknown as Parameters<
      typeof registerRunCharts
    >[0]);
    charts.show('/project', 'a');
    bench.tell({ series: [loss(1, 2)] });
    await settle();
    const panel = told.panels[0]!;
    panel.ready();
    expect(panel.last).toMatchObject({ snapshot: { series: [loss(0, 3, 2)] } });
  });

  it('reads everything again when points are missing, and once more when the run has ended', async () => {
    const { panel, state, tell } = await show();
    panel.ready();
    panel.acknowledge();
    state.snapshot = { run: facts, series: [loss(0, 3, 2, 1)], events: [] };
    tell({ series: [loss(2, 1)] });
    await settle();
    expect(panel.last).toMatchObject({ type: 'snapshot', snapshot: { series: [loss(0, 3, 2, 1)] } });
    panel.acknowledge();
    panel.acknowledge();
    const ended = { ...facts, status: 'FINISHED', endTime: 9 } as const;
    state.snapshot = { run: ended, series: [loss(0, 3, 2, 1, 0.5)], events: [] };
    tell({ run: ended });
    await settle();
    tell({ run: ended });
    await settle();
    expect(state.asked).toEqual(['snapshot a', 'snapshot a', 'snapshot a']);
    expect(panel.last).toMatchObject({ snapshot: { series: [loss(0, 3, 2, 1, 0.5)] } });
    expect(state.listeners.size).toBe(1);
  });

  it('reads a run once more that was resumed and has ended again', async () => {
    const ended = { ...facts, status: 'KILLED', endTime: 9 } as const;
    const { state, tell } = await show({ run: ended, series: [loss(0, 3)], events: [] });
    tell({ run: facts });
    await settle();
    expect(state.asked).toHaveLength(1);
    tell({ run: ended });
    await settle();
    expect(state.asked).toHaveLength(2);
  });

  it('sends everything again to a page that came back, and to one that stays silent', async () => {
    const { panel } = await show();
    panel.ready();
    panel.ready();
    expect(panel.sent.map(({ type }) => type)).toEqual(['snapshot', 'snapshot']);
    vi.advanceTimersByTime(10_000);
    expect(panel.sent).toHaveLength(3);
    panel.visible = false;
    vi.advanceTimersByTime(60_000);
    expect(panel.sent).toHaveLength(3);
  });

  it('says why a run can’t be read, and reads it again on demand', async () => {
    const { panel, state } = await show();
    panel.ready();
    panel.acknowledge();
    state.failure = unknownName('run', 'b', []);
    panel.post({ type: 'setRun', runId: 'b' });
    await settle();
    expect(panel.last).toMatchObject({ type: 'notice', notice: { kind: 'loading' } });
    panel.acknowledge();
    expect(panel.last).toMatchObject({
      notice: { kind: 'broken', action: 'retry', text: 'The run can’t be read. There is no run "b".' },
    });
    expect(log.error).not.toHaveBeenCalled();
    state.failure = undefined;
    panel.post({ type: 'resync' });
    await settle();
    panel.acknowledge();
    expect(panel.sent.slice(-2).map(({ type }) => type)).toContain('snapshot');
    expect(state.asked).toEqual(['snapshot a', 'snapshot b', 'snapshot b']);
  });

  it('does what the page asks for, tells of failure, ignores garbage', async () => {
    const { panel, state } = await show();
    panel.post({ type: 'stopRun', runId: 'a' });
    panel.post({ type: 'openLog', runId: 'a' });
    for (const garbage of [null, 'stopRun', { type: 'stopRun' }, { type: 'setRun', runId: 3 }, { type: 'toString' }])
      panel.post(garbage);
    await settle();
    expect(state.asked).toEqual(['snapshot a', 'stop a', 'log a']);
    expect(told.errors).toEqual(['It is gone.']);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('answers what the page asks beside the curves, and tells of failure', async () => {
    const { panel } = await show();
    panel.ready();
    panel.post({ type: 'listArtifacts', runId: 'a', folder: '' });
    await settle();
    expect(parseToRunPage(panel.last)).toMatchObject({ type: 'artifacts', runId: 'a', entries: [] });
    expect(answers).toHaveBeenCalledWith('/project', { type: 'listArtifacts', runId: 'a', folder: '' });
    panel.post({ type: 'openConfig', runId: 'a' });
    await settle();
    expect(told.errors).toEqual(['There is no commit.']);
  });

  it('steers, and tells the page when that is over, whatever came of it', async () => {
    const { panel, state, feed } = await show();
    const steering = { type: 'setLearningRate', value: 0.5 } as const;
    panel.post({ type: 'steerRun', runId: 'a', steering });
    await settle();
    expect(state.asked.at(-1)).toBe('{"type":"setLearningRate","value":0.5} a');
    expect(parseToRunPage(panel.last)).toMatchObject({ type: 'steered', runId: 'a' });
    for (const garbage of [{ type: 'fly' }, { ...steering, value: -1 }, { type: 'stop', when: 'later' }, null])
      panel.post({ type: 'steerRun', runId: 'a', steering: garbage });
    await settle();
    expect(state.asked).toHaveLength(2);
    const sent = panel.sent.length;
    feed.steer = () => Promise.reject(new ExpectedError('not-live', 'It has ended.'));
    panel.post({ type: 'steerRun', runId: 'a', steering: { type: 'pause' } });
    await settle();
    expect(panel.sent.slice(sent)).toMatchObject([{ type: 'steered', runId: 'a' }]);
  });

  it('tells the page that a run could not be stopped, while there is a page', async () => {
    const { panel } = await show();
    panel.post({ type: 'stopRun', runId: 'a' });
    await settle();
    expect(parseToRunPage(panel.last)).toMatchObject({ type: 'stopRefused', runId: 'a' });
    const before = panel.sent.length;
    panel.post({ type: 'stopRun', runId: 'a' });
    panel.dispose();
    await settle();
    expect(panel.sent).toHaveLength(before);
  });

  it('lets the page stop runs once the folder is trusted', async () => {
    const contextOf = (panel: FakePanel): unknown =>
      JSON.parse((/data-context="([^"]+)"/.exec(panel.webview.html)?.[1] ?? '').replaceAll('&quot;', '"'));
    workspace.isTrusted = false;
    const { panel } = await show();
    expect(contextOf(panel)).toEqual({ root: '/project', runId: 'a', mayStop: false });
    workspace.isTrusted = true;
    trustGranted.fire(undefined);
    expect(contextOf(panel)).toEqual({ root: '/project', runId: 'a', mayStop: true });
    panel.dispose();
    trustGranted.fire(undefined);
  });

  it('shows a run in the panel that has it, and comes back after a reload', async () => {
    const { charts, panel, state } = await show();
    charts.show('/project', 'a');
    expect([told.panels.length, panel.revealed]).toEqual([1, 1]);
    charts.show('/project', 'other');
    expect(told.panels).toHaveLength(2);
    const restored = new FakePanel();
    await told.serializers[0]?.deserializeWebviewPanel(restored, {
      root: '/project',
      runId: 'a',
      log: [],
    });
    await settle();
    restored.ready();
    expect(restored.last).toMatchObject({ type: 'snapshot' });
    expect(state.listeners.size).toBe(3);
    charts.dispose();
    expect(state.listeners.size).toBe(0);
  });

  it('closes a panel whose state is of no use', async () => {
    await show();
    for (const kept of [undefined, null, {}, { root: 1, runId: 'a' }, { root: '/project' }]) {
      const panel = new FakePanel();
      const closed = vi.spyOn(panel, 'dispose');
      await told.serializers[0]?.deserializeWebviewPanel(panel, kept);
      expect(closed).toHaveBeenCalledOnce();
    }
  });

  it('gives the page a policy without anything unsafe', async () => {
    const { panel } = await show();
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(panel.webview.html)?.[1];
    expect(policy?.replace(/[0-9a-f]{32}/g, 'NONCE')).toBe(
      `default-src 'none'; script-src 'nonce-NONCE'; style-src https://pages 'nonce-NONCE'; img-src blob:; worker-src blob:; font-src https://pages; base-uri 'none'; form-action 'none'`,
    );
    expect(panel.webview.options).toMatchObject({
      enableScripts: true,
      localResourceRoots: [expect.anything()],
      retainContextWhenHidden: false,
    });
  });
});
