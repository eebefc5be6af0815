import { beforeEach, describe, expect, it, vi } from 'vitest';
import { dagProtocolVersion } from '../../../../src/protocol/dag.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { StageState, StatusDocument } from '../../../../src/protocol/pipeline.ts';
import { forget, told, trustGranted, workspace } from '../editor.ts';
import { settle } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { registerDagPanels } = await import('../../../../src/vscode/panels/dag.ts');

const statusOf = (state: StageState, ...names: string[]): StatusDocument => ({
  project: '/p',
  stages: names.map((name, index) => ({
    name,
    file: 'sub/dvc.yaml',
    line: 3 + index,
    state,
    reasons: [],
    needs: [],
    lastSeconds: null,
  })),
  data: [],
  problems: [],
});
const broken = { file: 'dvc.yaml', line: 1, column: 2, severity: 'error', message: 'no' } as const;

describe('the panel of the pipeline’s graph', () => {
  const log = { warn: vi.fn(), error: vi.fn() };
  let status: () => Promise<StatusDocument>;
  let change: () => void;
  const feed = {
    read: vi.fn(() => status()),
    follow: vi.fn((_root: string, listener: () => void) => {
      change = listener;
      return { dispose: () => (change = () => undefined) };
    }),
    run: vi.fn(() => Promise.resolve()),
    addStage: vi.fn(() => Promise.resolve()),
  };
  beforeEach(() => {
    forget();
    vi.clearAllMocks();
    status = () => Promise.resolve(statusOf('stale', 'train@a', 'train@b'));
  });

  async function show() {
    const options = { extensionUri: {}, feed, log } as unknown as Parameters<typeof registerDagPanels>[0];
    const panels = registerDagPanels(options);
    panels.show('/p');
    const panel = told.panels[0]!;
    panel.ready(dagProtocolVersion);
    await settle();
    return { panels, panel };
  }
  const types = (panel: { sent: readonly { type: string }[] }) => panel.sent.map(({ type }) => type);

  it('sends the graph, then only what changed', async () => {
    const { panel } = await show();
    expect(types(panel)).toEqual(['notice', 'graph']);
    change();
    await settle();
    status = () => Promise.resolve(statusOf('running', 'train@a', 'train@b'));
    change();
    await settle();
    expect(types(panel)).toEqual(['notice', 'graph', 'states']);
    panel.ready(dagProtocolVersion);
    expect(types(panel)).toEqual(['notice', 'graph', 'states', 'graph']);
  });

  it('reads once more for many changes while it reads', async () => {
    const answers: ((value: StatusDocument) => void)[] = [];
    status = () => new Promise((resolve) => answers.push(resolve));
    await show();
    for (let i = 0; i < 5; i += 1) change();
    answers.shift()?.(statusOf('stale', 'a'));
    await settle();
    answers.shift()?.(statusOf('fresh', 'a'));
    await settle();
    expect(feed.read).toHaveBeenCalledTimes(2);
  });

  it.each([
    ['no stages', () => Promise.resolve(statusOf('fresh')), 'empty', 'addStage'],
    ['a broken dvc.yaml', () => Promise.resolve({ ...statusOf('fresh'), problems: [broken] }), 'broken', 'retry'],
    ['a failure', () => Promise.reject(new ExpectedError('disk', 'full')), 'broken', 'retry'],
  ])('says in a sentence that there is nothing to draw: %s', async (_name, read, kind, action) => {
    status = read;
    const { panel } = await show();
    expect(panel.last).toMatchObject({ type: 'notice', notice: { kind, action } });
  });

  it('offers no stage to be added in Restricted Mode', async () => {
    workspace.isTrusted = false;
    status = () => Promise.resolve(statusOf('fresh'));
    const { panel } = await show();
    expect(panel.last).toMatchObject({ notice: { action: 'none' } });
    expect(panel.webview.html).toContain('&quot;mayRun&quot;:false');
    workspace.isTrusted = true;
    trustGranted.fire(undefined);
    expect(panel.webview.html).toContain('&quot;mayRun&quot;:true');
  });

  it('does what the page asks for, and nothing else', async () => {
    const { panel } = await show();
    panel.post({ type: 'open', name: 'train@b' });
    panel.post({ type: 'open', name: 'train' });
    panel.post({ type: 'open', name: 'nobody' });
    panel.post({ type: 'run', name: 'train', downstream: true });
    panel.post({ type: 'addStage' });
    panel.post({ type: 'run', name: 7 });
    await settle();
    expect(told.documents).toEqual(['/p/sub/dvc.yaml', '/p/sub/dvc.yaml']);
    expect(feed.run.mock.calls).toEqual([['/p', 'train', true]]);
    expect(feed.addStage).toHaveBeenCalledOnce();
    expect(log.warn).toHaveBeenCalledOnce();
  });

  it('is one panel for each project, comes back by its root, and is silent once it is closed', async () => {
    const { panels, panel } = await show();
    panels.show('/p');
    panels.show('/q');
    expect([told.panels.length, panel.revealed]).toEqual([2, 1]);
    const restored = new (panel.constructor as new () => typeof panel)();
    await told.serializers[0]?.deserializeWebviewPanel(restored, { root: '/r' });
    restored.ready(dagProtocolVersion);
    await settle();
    expect(types(restored)).toEqual(['graph']);
    const stranger = new (panel.constructor as new () => typeof panel)();
    await told.serializers[0]?.deserializeWebviewPanel(stranger, { root: 7 });
    expect(stranger.isGone).toBe(true);
    const before = restored.sent.length;
    restored.dispose();
    change();
    await settle();
    expect(restored.sent).toHaveLength(before);
  });
});
