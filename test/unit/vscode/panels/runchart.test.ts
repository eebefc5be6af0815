import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  chartProtocolVersion,
  type RunChange,
  type RunFacts,
  type RunSnapshot,
  type SeriesPoints,
  type ToRunPage,
} from '../../../../src/protocol/charts.ts';
import { unknownName } from '../../../../src/protocol/errors.ts';
import type { RunFeed } from '../../../../src/vscode/panels/feed.ts';

interface Serializer {
  deserializeWebviewPanel(panel: FakePanel, state: unknown): Promise<void>;
}

const editor = vi.hoisted(() => ({ serializers: [] as unknown[], panels: [] as unknown[], errors: [] as string[] }));

vi.mock('vscode', () => ({
  ViewColumn: { Active: -1 },
  Uri: { joinPath: (_: unknown, ...parts: string[]) => ({ toString: () => parts.join('/') }) },
  env: { language: 'en' },
  l10n: { t: (message: string, ...values: string[]) => message.replace('{0}', values[0] ?? '{0}') },
  window: {
    registerWebviewPanelSerializer: (_: string, serializer: unknown) => {
      editor.serializers.push(serializer);
      return { dispose: () => undefined };
    },
    createWebviewPanel: () => {
      const panel = new FakePanel();
      editor.panels.push(panel);
      return panel;
    },
    showErrorMessage: (message: string) => editor.errors.push(message),
  },
}));

const { registerRunCharts } = await import('../../../../src/vscode/panels/runChart.ts');

/** A panel whose page answers when the test says so. */
class FakePanel {
  title = '';
  visible = true;
  html = '';
  revealed = 0;
  readonly sent: ToRunPage[] = [];
  readonly #onMessage: ((message: unknown) => void)[] = [];
  readonly #onDispose: (() => void)[] = [];
  readonly webview = {
    cspSource: 'https://pages',
    options: {},
    html: '',
    asWebviewUri: (uri: unknown) => uri,
    onDidReceiveMessage: (listener: (message: unknown) => void) => {
      this.#onMessage.push(listener);
      return { dispose: () => undefined };
    },
    postMessage: (message: ToRunPage) => {
      this.sent.push(message);
      return Promise.resolve(true);
    },
  };
  onDidDispose(listener: () => void): void {
    this.#onDispose.push(listener);
  }
  reveal(): void {
    this.revealed += 1;
  }
  dispose(): void {
    for (const listener of this.#onDispose) listener();
  }
  post(message: unknown): void {
    for (const listener of this.#onMessage) listener(message);
  }
  ready(): void {
    this.post({ type: 'ready', protocol: chartProtocolVersion });
  }
  get last(): ToRunPage | undefined {
    return this.sent.at(-1);
  }
  acknowledge(): void {
    this.post({ type: 'ack', sequence: this.last?.sequence });
  }
}

const facts: RunFacts = {
  runId: 'a',
  name: 'warm-fox',
  model: null,
  experiment: 'x',
  status: 'RUNNING',
  lost: false,
  reason: null,
  startTime: 0,
  endTime: null,
  epochs: null,
  examplesPerSecond: null,
  objective: null,
  params: [],
  details: [],
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

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

describe('the Run chart panel', () => {
  const log = { warn: vi.fn(), error: vi.fn() };
  beforeEach(() => {
    for (const list of Object.values(editor)) list.length = 0;
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.clearAllMocks();
  });

  async function show(snapshot: RunSnapshot = { run: facts, series: [loss(0, 3)], events: [] }) {
    const bench = createFeed(snapshot);
    const charts = registerRunCharts({ extensionUri: {}, feed: bench.feed, log } as unknown as Parameters<
      typeof registerRunCharts
    >[0]);
    charts.show('/project', 'a');
    const panel = editor.panels[0] as FakePanel;
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
    const charts = registerRunCharts({ extensionUri: {}, feed: bench.feed, log } as unknown as Parameters<
      typeof registerRunCharts
    >[0]);
    charts.show('/project', 'a');
    bench.tell({ series: [loss(1, 2)] });
    await settle();
    const panel = editor.panels[0] as FakePanel;
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
    expect(editor.errors).toEqual(['It is gone.']);
    expect(log.warn).toHaveBeenCalledTimes(1);
  });

  it('shows a run in the panel that has it, and comes back after a reload', async () => {
    const { charts, panel, state } = await show();
    charts.show('/project', 'a');
    expect([editor.panels.length, panel.revealed]).toEqual([1, 1]);
    charts.show('/project', 'other');
    expect(editor.panels).toHaveLength(2);
    const restored = new FakePanel();
    await (editor.serializers[0] as Serializer).deserializeWebviewPanel(restored, {
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
      await (editor.serializers[0] as Serializer).deserializeWebviewPanel(panel, kept);
      expect(closed).toHaveBeenCalledOnce();
    }
  });

  it('gives the page a policy without anything unsafe', async () => {
    const { panel } = await show();
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(panel.webview.html)?.[1];
    expect(policy?.replace(/[0-9a-f]{32}/g, 'NONCE')).toBe(
      `default-src 'none'; script-src 'nonce-NONCE'; style-src https://pages 'nonce-NONCE'; img-src blob:; font-src https://pages; base-uri 'none'; form-action 'none'`,
    );
    expect(panel.webview.options).toMatchObject({
      enableScripts: true,
      localResourceRoots: [expect.anything()],
      retainContextWhenHidden: false,
    });
  });
});
