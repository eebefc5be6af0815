import { beforeEach, describe, expect, it, vi } from 'vitest';
import { compareProtocolVersion, type ShownComparison } from '../../../../src/protocol/compare.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { forget, told, trustGranted, workspace, type FakePanel } from '../editor.ts';
import { settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { registerComparePanels } = await import('../../../../src/vscode/panels/compareRuns.ts');

const compared = (runIds: readonly string[]): ShownComparison => ({
  runs: runIds.map((runId) => ({
    ...{ runId, name: `${runId} lark`, experiment: 'e', status: 'FINISHED', startTime: 1 },
    ...{ hasCommit: true, hasConfig: true },
  })),
  ...{ metrics: [], equalMetrics: 0, params: [], tags: [], artifacts: [], troubles: [] },
});

describe('the panel that compares runs', () => {
  const log = { warn: vi.fn(), error: vi.fn() };
  let change: () => void;
  let read: (runIds: readonly string[]) => Promise<ShownComparison>;
  const feed = {
    read: vi.fn((_root: string, runIds: readonly string[]) => read(runIds)),
    follow: vi.fn((_root: string, listener: () => void) => {
      change = listener;
      return { dispose: () => (change = () => undefined) };
    }),
    open: vi.fn(() => Promise.resolve()),
    code: vi.fn(() => Promise.resolve()),
    config: vi.fn(() => Promise.resolve()),
    artifact: vi.fn(() => Promise.resolve()),
  };
  beforeEach(() => {
    forget();
    vi.clearAllMocks();
    read = (runIds) => Promise.resolve(compared(runIds));
  });

  async function show(...runIds: readonly string[]) {
    const options = { extensionUri: {}, feed, log } as unknown as Parameters<typeof registerComparePanels>[0];
    const panels = registerComparePanels(options);
    panels.show('/p', runIds);
    const [panel] = told.panels;
    if (panel === undefined) throw new Error('No panel was opened.');
    panel.ready(compareProtocolVersion);
    await settle();
    return { panels, panel };
  }
  const namesIn = (panel: FakePanel): readonly string[] => {
    const { comparison } = panel.last as unknown as { readonly comparison: ShownComparison };
    return comparison.runs.map(({ runId }) => runId);
  };

  it('sends the comparison, and again when runs have changed; the same runs are one panel', async () => {
    const { panels, panel } = await show('a', 'b');
    expect(panel.sent).toMatchObject([{ type: 'comparison', sequence: 1, protocol: 1 }]);
    expect(panel.title).toBe('Compare: a lark ↔ b lark');
    change();
    await settle();
    expect(panel.last).toMatchObject({ type: 'comparison', sequence: 2 });
    panels.show('/p', ['b', 'a']);
    panels.show('/p', ['a', 'c']);
    expect([panel.revealed, told.panels.length]).toEqual([1, 2]);
  });

  it('reads once more for many changes while it reads', async () => {
    await show('a', 'b');
    const answers: (() => void)[] = [];
    read = (runIds) => new Promise((done) => answers.push(() => done(compared(runIds))));
    change();
    change();
    change();
    await settle();
    expect(answers).toHaveLength(1);
    answers[0]?.();
    await settle();
    expect(answers).toHaveLength(2);
  });

  it('opens diffs of a run against the first one, whichever that is', async () => {
    const { panel } = await show('a', 'b', 'c');
    panel.post({ type: 'code', runId: 'c' });
    expect(feed.code).toHaveBeenLastCalledWith(
      expect.objectContaining({
        root: '/p',
        before: expect.objectContaining({ runId: 'a' }) as unknown,
        after: expect.objectContaining({ runId: 'c' }) as unknown,
      }),
    );
    panel.post({ type: 'measure', runId: 'b' });
    await settle();
    expect(namesIn(panel)).toEqual(['b', 'a', 'c']);
    panel.post({ type: 'artifact', runId: 'a', path: 'x.csv' });
    panel.post({ type: 'config', runId: 'a' });
    const sides = { before: expect.objectContaining({ runId: 'b' }) as unknown };
    expect(feed.artifact).toHaveBeenLastCalledWith(expect.objectContaining(sides), 'x.csv');
    expect(feed.config).toHaveBeenLastCalledWith(expect.objectContaining(sides));
    panel.post({ type: 'open', runId: 'a' });
    expect(feed.open).toHaveBeenLastCalledWith('/p', 'a');
  });

  it('does nothing for runs that it does not show, or messages that are none, and tells what failed', async () => {
    const { panel } = await show('a', 'b');
    for (const type of ['code', 'config', 'measure']) panel.post({ type, runId: 'z' });
    panel.post({ type: 'execute', runId: 'a' });
    await settle();
    expect([feed.code.mock.calls.length, feed.config.mock.calls.length, feed.read.mock.calls.length]).toEqual([
      0, 0, 1,
    ]);
    expect(log.warn).toHaveBeenCalledTimes(1);
    feed.code.mockRejectedValueOnce(new ExpectedError('bad-input', 'The run b does not say of which commit it is.'));
    panel.post({ type: 'code', runId: 'b' });
    await settle();
    expect(told.errors).toEqual(['The run b does not say of which commit it is.']);
  });

  it('says in a sentence that the runs can’t be compared, and tries again', async () => {
    read = () => Promise.reject(new ExpectedError('unknown-name', 'There is no run "a".'));
    const { panel } = await show('a', 'b');
    const text = 'The runs can’t be compared. There is no run "a".';
    expect(panel.last).toMatchObject({ notice: { kind: 'broken', text, action: 'retry' } });
    read = (runIds) => Promise.resolve(compared(runIds));
    panel.post({ type: 'resync' });
    await settle();
    expect(panel.last).toMatchObject({ type: 'comparison' });
  });

  it('comes back after a reload, and goes where nothing says of what it was', async () => {
    await show('a', 'b');
    const [serializer] = told.serializers;
    const kept = told.panels[0];
    if (serializer === undefined || kept === undefined) throw new Error('Nothing restores panels.');
    const { window } = await import('../editor.ts');
    const [again, broken] = [window.createWebviewPanel(), window.createWebviewPanel()];
    await serializer.deserializeWebviewPanel(again, { root: '/p', runIds: ['b', 'a'] });
    again.ready(compareProtocolVersion);
    await settle();
    expect(namesIn(again)).toEqual(['b', 'a']);
    await serializer.deserializeWebviewPanel(broken, { root: '/p', runIds: [7] });
    expect(broken.isGone).toBe(true);
  });

  it('offers code only in a folder that is trusted, and sends nothing once it is gone', async () => {
    workspace.isTrusted = false;
    const { panel } = await show('a', 'b');
    expect(panel.webview.html).toContain('&quot;mayReadCode&quot;:false');
    workspace.isTrusted = true;
    trustGranted.fire(undefined);
    expect(panel.webview.html).toContain('&quot;mayReadCode&quot;:true');
    const sent = panel.sent.length;
    read = (runIds) => Promise.resolve(compared(runIds));
    change();
    panel.dispose();
    await settle();
    expect(panel.sent).toHaveLength(sent);
  });
});
