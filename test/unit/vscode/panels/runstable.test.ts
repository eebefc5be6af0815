import fc from 'fast-check';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunPoints, SeriesMessage } from '../../../../src/protocol/chartfeed.ts';
import type { SeriesQuestion, SeriesReading } from '../../../../src/protocol/chartfeedreading.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { emptyRunsView, type RunsView } from '../../../../src/protocol/runsview.ts';
import { runTableProtocolVersion, type RunTablePart, type SavedView } from '../../../../src/protocol/runtable.ts';
import { answers, forget, told, trustGranted, workspace } from '../editor.ts';
import { settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { registerRunsTables } = await import('../../../../src/vscode/panels/runsTable.ts');

const part = (isWhole: boolean, parts: number, version: number): RunTablePart => ({
  stamp: { epoch: 'e', version },
  isWhole,
  parts: Array.from({ length: parts }, (_, index) => Uint8Array.of(version, index)),
  removed: isWhole ? [] : ['gone'],
  unreadable: [],
});
const filtered = (filter: string): RunsView => ({ ...emptyRunsView, table: { ...emptyRunsView.table, filter } });
const mine: SavedView = { name: 'mine', view: emptyRunsView, problem: null };
const pointsOf = (from: number, ...values: number[]): RunPoints => ({
  ...{ runId: 'a', metric: 'loss', from },
  steps: Float64Array.from(values, (_, index) => from + index),
  values: Float64Array.from(values),
  times: Float64Array.from(values),
});
const reading = (...series: RunPoints[]): SeriesReading => ({
  runs: [{ runId: 'a', mark: 'm', series, events: [], problems: [] }],
  rest: [],
  isGrowing: false,
});
const watch = (number: number, restart = true) => ({
  ...{ type: 'watch', watch: number, restart },
  wanted: { runIds: ['a'], metrics: ['loss'], events: true },
});

describe('the panel of the table of runs', () => {
  const log = { warn: vi.fn(), error: vi.fn() };
  const kept = new Map<string, unknown>();
  const memory = {
    get: (key: string) => kept.get(key),
    update: (key: string, value: unknown) => Promise.resolve(void kept.set(key, value)),
  };
  let change: () => void;
  let views: readonly SavedView[];
  let append: (points: RunPoints) => void;
  let readSeries: () => Promise<SeriesReading>;
  let read: (since: unknown) => Promise<RunTablePart>;
  const feed = {
    read: vi.fn((_root: string, since: unknown) => read(since)),
    views: vi.fn(() => Promise.resolve(views)),
    follow: vi.fn((_root: string, listener: () => void) => {
      change = listener;
      return { dispose: () => (change = () => undefined) };
    }),
    readSeries: vi.fn<(root: string, question: SeriesQuestion) => Promise<SeriesReading>>(() => readSeries()),
    followSeries: vi.fn((_root: string, listener: (points: RunPoints) => void) => {
      append = listener;
      return { dispose: () => (append = () => undefined) };
    }),
    look: vi.fn(() => Promise.resolve()),
    plots: vi.fn(() => Promise.resolve({ plots: [], problems: [] })),
    followPlots: vi.fn(() => ({ dispose: () => undefined })),
    act: vi.fn(() => Promise.resolve()),
    saveView: vi.fn((_root: string, name: string) => {
      views = [...views, { ...mine, name }];
      return Promise.resolve();
    }),
    deleteView: vi.fn(() => Promise.resolve()),
    writeReport: vi.fn(() => Promise.resolve({ bytes: 1, runs: 1, charts: 1, notes: ['x'] })),
    tellReport: vi.fn(() => Promise.resolve('### Runs')),
    writePoints: vi.fn(() => Promise.resolve(7)),
    writeFile: vi.fn(() => Promise.resolve()),
  };
  beforeEach(() => {
    forget();
    vi.clearAllMocks();
    kept.clear();
    views = [mine];
    append = () => undefined;
    readSeries = () => Promise.resolve(reading(pointsOf(0, 3, 2)));
    read = (since) => Promise.resolve(since === null ? part(true, 2, 1) : part(false, 1, 2));
  });

  async function show() {
    const options = { extensionUri: {}, feed, log, memory } as unknown as Parameters<typeof registerRunsTables>[0];
    const panels = registerRunsTables(options);
    panels.show('/p', 'table');
    const panel = told.panels[0]!;
    panel.ready(runTableProtocolVersion);
    await settle();
    return { panels, panel };
  }
  const types = (panel: { sent: readonly { type: string }[] }) => panel.sent.map(({ type }) => type).join(' ');

  it('hands on everything in parts, then only what changed, and numbers them without a gap', async () => {
    const { panel } = await show();
    expect(panel.sent).toMatchObject([
      { type: 'views', sequence: 1, views: [mine] },
      { type: 'runs', sequence: 2, begins: true, ends: false, bytes: Uint8Array.of(1, 0) },
      { type: 'runs', sequence: 3, begins: false, ends: true, bytes: Uint8Array.of(1, 1) },
    ]);
    change();
    await settle();
    expect(feed.read).toHaveBeenLastCalledWith('/p', { epoch: 'e', version: 1 });
    expect(panel.sent.slice(3)).toMatchObject([{ sequence: 4, begins: false, ends: true, removed: ['gone'] }]);
    panel.post({ type: 'resync' });
    await settle();
    expect(feed.read).toHaveBeenLastCalledWith('/p', null);
    expect(types(panel)).toBe('views runs runs runs views runs runs');
  });

  it('tells of runs that are gone though none has changed, and nothing when nothing has', async () => {
    const { panel } = await show();
    read = () => Promise.resolve(part(false, 0, 3));
    change();
    await settle();
    expect(panel.last).toMatchObject({ type: 'runs', ends: true, removed: ['gone'] });
    read = () => Promise.resolve({ ...part(false, 0, 3), removed: [] });
    change();
    await settle();
    expect(panel.sent).toHaveLength(4);
  });

  it('reads once more for many changes while it reads, and drops what was read for a page that began again', async () => {
    const { panel } = await show();
    let answer: (reply: RunTablePart) => void = () => undefined;
    read = (since) => (since === null ? Promise.resolve(part(true, 1, 9)) : new Promise((done) => (answer = done)));
    const before = feed.read.mock.calls.length;
    change();
    change();
    await settle();
    change();
    panel.ready(runTableProtocolVersion);
    await settle();
    answer(part(false, 1, 5));
    await settle();
    expect(feed.read.mock.calls.length - before).toBe(2);
    expect(panel.last).toMatchObject({ type: 'runs', begins: true, bytes: Uint8Array.of(9, 0) });
  });

  it('says in a sentence that the runs can’t be read, and reads all of them the next time', async () => {
    read = () => Promise.reject(new ExpectedError('disk', 'The disk is full.'));
    const { panel } = await show();
    expect(panel.last).toMatchObject({
      notice: { kind: 'broken', text: 'The runs can’t be read. The disk is full.', action: 'retry' },
    });
    read = (since) => Promise.resolve(part(since === null, 1, 2));
    change();
    await settle();
    expect(panel.last).toMatchObject({ type: 'runs', begins: true });
  });

  it('does what the page asks for, and nothing else', async () => {
    const { panel } = await show();
    panel.post({ type: 'act', action: 'star', runIds: ['a', 'b'] });
    panel.post({ type: 'act', action: 'execute', runIds: ['a'] });
    panel.post({ type: 'copied', text: 'a,b' });
    panel.post({ type: 'openView', name: 'mine' });
    panel.post({ type: 'openView', name: '../../../etc/passwd' });
    panel.post({ type: 'keep', name: 'mine', view: filtered('a < 1') });
    await settle();
    expect(feed.act.mock.calls).toEqual([['/p', 'star', ['a', 'b']]]);
    expect(told.copied).toEqual(['a,b']);
    expect(told.documents).toEqual(['/p/.mlops/views/mine.yaml']);
    expect(log.warn).toHaveBeenCalledOnce();
    expect([...kept.values()]).toEqual([{ name: 'mine', view: filtered('a < 1') }]);
  });

  it('remembers how the table looked, whatever has become of what was kept', async () => {
    kept.set('mlops.runsTable:/p', { name: 'mine', view: filtered('kept < 1') });
    const { panel } = await show();
    expect(panel.webview.html).toContain('kept &lt; 1');
    kept.set('mlops.runsTable:/p', { name: 'mine', view: { ...emptyRunsView, table: { filter: 7 } } });
    workspace.isTrusted = true;
    trustGranted.fire(undefined);
    expect(panel.webview.html).toContain('&quot;kept&quot;:null');
  });

  it('saves a view under its name or one that is asked for, and the page shows it then', async () => {
    const { panel } = await show();
    panel.post({ type: 'saveView', name: 'mine', view: emptyRunsView });
    await settle();
    expect(panel.last).toMatchObject({ type: 'chosen', name: 'mine' });
    answers.typed = ' a/b ';
    panel.post({ type: 'saveView', name: null, view: emptyRunsView });
    await settle();
    answers.typed = ' by rate ';
    panel.post({ type: 'saveView', name: null, view: emptyRunsView });
    await settle();
    expect(feed.saveView.mock.calls.map(([, name]) => name)).toEqual(['mine', 'by rate']);
    expect(panel.last).toMatchObject({ type: 'chosen', name: 'by rate' });
  });

  it('hands on what is taken away, to where the person says', async () => {
    const { panel } = await show();
    const report = { runIds: ['a'], view: emptyRunsView };
    const bytes = Uint8Array.of(1);
    panel.post({ type: 'report', format: 'html', ...report });
    await settle();
    expect(feed.writeReport).not.toHaveBeenCalled();
    answers.saved = '/elsewhere/x';
    answers.pressed = 'Open';
    panel.post({ type: 'report', format: 'html', ...report });
    panel.post({ type: 'report', format: 'markdown', ...report });
    panel.post({ type: 'picture', kind: 'png', name: '../a/b', bytes });
    panel.post({ type: 'picture', kind: 'svg', name: '…', bytes });
    panel.post({ type: 'points', name: 'loss', runIds: ['a'], metrics: ['loss'] });
    await settle();
    expect(feed.writeReport.mock.calls).toEqual([['/p', { title: 'Runs of p', ...report }, '/elsewhere/x']]);
    expect(feed.tellReport.mock.calls).toEqual([['/p', { title: 'Runs of p', ...report }]]);
    expect(feed.writeFile.mock.calls).toEqual([
      ['/elsewhere/x', bytes],
      ['/elsewhere/x', bytes],
    ]);
    expect(feed.writePoints.mock.calls).toEqual([['/p', { runIds: ['a'], metrics: ['loss'], file: '/elsewhere/x' }]]);
    expect(told.proposed).toEqual(
      ['Runs of p.html', 'Runs of p.html', 'a-b.png', 'runs.svg', 'loss.csv'].map((name) => `/p/${name}`),
    );
    expect(told.copied).toEqual(['### Runs']);
    expect(told.opened).toEqual(['/elsewhere/x']);
    expect(told.messages).toContain('x is written; what could not be read stands at its end.');
    expect(told.messages).toContain('7 points are written.');
  });

  it('deletes a view only when that is confirmed', async () => {
    const { panel } = await show();
    panel.post({ type: 'deleteView', name: 'mine' });
    await settle();
    expect(feed.deleteView).not.toHaveBeenCalled();
    answers.pressed = 'Delete';
    panel.post({ type: 'deleteView', name: 'mine' });
    await settle();
    expect(feed.deleteView.mock.calls).toEqual([['/p', 'mine']]);
  });

  it('asks the table in front for what is copied', async () => {
    const { panels, panel } = await show();
    panels.copy('markdown');
    expect(panel.last).toMatchObject({ type: 'copy', format: 'markdown' });
    panel.active = false;
    panels.copy('csv');
    expect(panel.last).toMatchObject({ format: 'markdown' });
  });

  it('is one panel for each project, comes back by its root, and is silent once it is closed', async () => {
    const { panels, panel } = await show();
    panels.show('/p', 'charts');
    expect(panel.last).toMatchObject({ type: 'tab', tab: 'charts' });
    panels.show('/q', 'table');
    expect([told.panels.length, panel.revealed]).toEqual([2, 1]);
    const restored = new (panel.constructor as new () => typeof panel)();
    await told.serializers[0]?.deserializeWebviewPanel(restored, { root: '/r' });
    change();
    await settle();
    expect(restored.sent).toEqual([]);
    restored.ready(runTableProtocolVersion);
    await settle();
    expect(types(restored)).toBe('views runs runs');
    const stranger = new (panel.constructor as new () => typeof panel)();
    await told.serializers[0]?.deserializeWebviewPanel(stranger, { root: 7 });
    expect(stranger.isGone).toBe(true);
    restored.dispose();
    change();
    await settle();
    expect(restored.sent).toHaveLength(3);
  });

  it('answers what the page asks of plots', async () => {
    const { panel } = await show();
    panel.post({ type: 'askPlots', question: 3, revisions: ['workspace', 'abc'], runIds: ['a'] });
    await settle();
    expect(feed.plots).toHaveBeenCalledWith('/p', { revisions: ['workspace', 'abc'], runIds: ['a'] });
    expect(panel.sent.at(-1)).toMatchObject({ type: 'plots', question: 3, plots: [], failure: null });
    panel.post({ type: 'askPlots', question: 4, revisions: 'workspace', runIds: [] });
    await settle();
    expect(feed.plots).toHaveBeenCalledTimes(1);
  });

  describe('brings points', () => {
    const seriesOf = (panel: { sent: readonly unknown[] }) =>
      panel.sent.filter((one): one is SeriesMessage => (one as { type: string }).type === 'series');
    async function watched() {
      const { panel } = await show();
      panel.post(watch(100));
      await settle();
      return panel;
    }

    it('that the page watches, and those that are written from then on, one message at a time', async () => {
      const panel = await watched();
      expect(feed.readSeries).toHaveBeenCalledWith('/p', {
        ...{ runs: [{ runId: 'a', mark: null, known: new Map(), events: 0 }], metrics: ['loss'], events: true },
      });
      expect(seriesOf(panel)).toMatchObject([{ watch: 100, sequence: 1, series: [pointsOf(0, 3, 2)], isWhole: true }]);
      append(pointsOf(2, 1));
      append(pointsOf(3, 0));
      expect(seriesOf(panel)).toHaveLength(1);
      panel.post({ type: 'watched', watch: 100, sequence: 1 });
      expect(seriesOf(panel).slice(1)).toMatchObject([{ sequence: 2, series: [pointsOf(2, 1, 0)] }]);
    });

    it('of runs that have changed', async () => {
      const panel = await watched();
      panel.post({ type: 'watched', watch: 100, sequence: 1 });
      readSeries = () => Promise.resolve(reading(pointsOf(2, 1)));
      change();
      await settle();
      expect(feed.readSeries.mock.lastCall?.[1].runs).toMatchObject([
        { mark: 'm', known: new Map([['loss', { count: 2 }]]) },
      ]);
      expect(seriesOf(panel).at(-1)?.series).toEqual([pointsOf(2, 1)]);
    });

    it('not to a page that is hidden, and all of them to the one that comes back', async () => {
      const panel = await watched();
      panel.setVisible(false);
      append(pointsOf(2, 1));
      change();
      await settle();
      expect([seriesOf(panel).length, feed.readSeries.mock.calls.length]).toEqual([1, 1]);
      panel.setVisible(true);
      panel.ready(runTableProtocolVersion);
      panel.post(watch(200));
      await settle();
      expect(seriesOf(panel).slice(1)).toMatchObject([{ watch: 200, sequence: 1, series: [pointsOf(0, 3, 2)] }]);
    });

    it('once more where nobody says that they have come, but not for ever', async () => {
      vi.useFakeTimers();
      const panel = await watched();
      await vi.advanceTimersByTimeAsync(60_000);
      expect(new Set(seriesOf(panel)).size).toBe(1);
      expect(seriesOf(panel)).toHaveLength(4);
      vi.useRealTimers();
    });

    it('looks now and then at runs that nothing tells of, for as long as they are watched', async () => {
      vi.useFakeTimers();
      readSeries = () => Promise.resolve({ ...reading(), isGrowing: true });
      const panel = await watched();
      await vi.advanceTimersByTimeAsync(5000);
      expect(feed.look).toHaveBeenCalledOnce();
      change();
      await settle();
      panel.setVisible(false);
      await vi.advanceTimersByTimeAsync(60_000);
      expect(feed.look).toHaveBeenCalledOnce();
      vi.useRealTimers();
    });

    it('says in the page why there are none, and logs what nobody expected', async () => {
      readSeries = () => Promise.reject(new TypeError('a bug'));
      const panel = await watched();
      expect(seriesOf(panel)).toMatchObject([{ problems: [{ runId: 'a', message: 'a bug' }], isWhole: true }]);
      expect(log.error).toHaveBeenCalledOnce();
    });

    it('whatever else the page sends', async () => {
      const panel = await watched();
      fc.assert(
        fc.property(fc.oneof(fc.anything(), randomQuestion), (garbage) => panel.post(garbage)),
        { numRuns: 2000 },
      );
      panel.post(watch(Number.MAX_SAFE_INTEGER));
      panel.ready(runTableProtocolVersion);
      panel.post(watch(200));
      await settle();
      expect(seriesOf(panel).at(-1)?.series).toEqual([pointsOf(0, 3, 2)]);
    });
  });
});

const randomQuestion = fc.record({
  type: fc.constantFrom('watch', 'watched'),
  watch: fc.oneof(fc.nat(), fc.anything()),
  sequence: fc.oneof(fc.nat(), fc.anything()),
  restart: fc.boolean(),
  wanted: fc.oneof(
    fc.record({ runIds: fc.array(fc.string()), metrics: fc.array(fc.string()), events: fc.boolean() }),
    fc.anything(),
  ),
});
