import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compareProtocolVersion, type ShownComparison, type ShownRun } from '../../src/protocol/compare.ts';
import { compareTexts } from '../../src/vscode/panels/comparetexts.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench, type OpenPage } from './browser.ts';

const texts = compareTexts({ t: (message) => message });

const run = (runId: string, name: string, facts: Partial<ShownRun> = {}): ShownRun => ({
  ...{ runId, name, experiment: 'cnn', status: 'FINISHED', startTime: Date.UTC(2026, 10, 20, 9) },
  ...{ hasCommit: true, hasConfig: true, ...facts },
});
const point = (text: string, step: number, delta: string | null = null) => ({ text, step, delta });
const comparison: ShownComparison = {
  runs: [
    run('a', 'bold-lark'),
    run('b', 'calm-otter', { status: 'FAILED' }),
    run('c', 'shy-fox', { hasCommit: false, hasConfig: false }),
  ],
  metrics: [
    {
      name: 'val_loss',
      direction: 'minimize',
      values: [
        { best: point('0.4200', 2), last: point('0.4500', 3), change: null },
        { best: point('0.3100', 3, '−0.1100'), last: point('0.3100', 3, '−0.1400'), change: 'better' },
        { best: point('0.5000', 1, '+0.0800'), last: point('NaN', 3), change: 'worse' },
      ],
    },
    {
      name: 'learning_rate',
      direction: null,
      values: [
        { best: null, last: point('0.0100', 3), change: null },
        { best: null, last: point('0.0300', 3, '+0.0200'), change: null },
        null,
      ],
    },
    {
      name: 'val_accuracy',
      direction: 'maximize',
      values: [
        { best: point('0.9000', 2), last: point('0.9000', 2), change: null },
        { best: point('0.9000', 4), last: point('0.8000', 5, '−0.1000'), change: 'same' },
        null,
      ],
    },
  ],
  equalMetrics: 2,
  params: [{ name: 'units', values: ['64', '128', null] }],
  tags: [{ name: '<img src=x onerror="window.hacked=1">', values: ['<b>x</b>', null, '<b>y</b>'] }],
  artifacts: [
    { path: 'plots/roc.json', runs: [there(12_345), there(9), missing()] },
    { path: 'only.txt', runs: [missing(), there(null), missing()] },
  ],
  troubles: ['shy-fox: only the first 200 artifacts are listed'],
};

function there(bytes: number | null) {
  return { isThere: true, bytes };
}
function missing() {
  return { isThere: false, bytes: null };
}

describe.skipIf(mustSkip())('the page that compares runs', () => {
  let bench: Bench;
  const opened: OpenPage[] = [];
  let sequence = 0;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    for (const { page, violations, complaints } of opened.splice(0)) {
      expect(await violations()).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    }
  });
  afterAll(() => bench.close());

  async function open(mayReadCode = true): Promise<OpenPage> {
    const context = { root: '/project', runIds: ['a', 'b', 'c'], mayReadCode };
    const page = await bench.open({ page: 'compare', texts, context, size: { width: 1100, height: 620 } });
    opened.push(page);
    return page;
  }
  const send = async (shown: OpenPage, content: ShownComparison = comparison): Promise<void> => {
    sequence += 1;
    await shown.send({ protocol: compareProtocolVersion, sequence, type: 'comparison', comparison: content });
  };
  const row = async (shown: OpenPage, name: string): Promise<readonly string[]> =>
    shown.page.locator('tbody tr', { hasText: name }).first().locator('th, td').allInnerTexts();

  it('shows values with their differences, in words, arrow and colour', async () => {
    const shown = await open();
    await send(shown);
    expect(await shown.page.locator('h1').textContent()).toBe('What 3 runs have not in common');
    expect(await shown.page.locator('thead .name').allTextContents()).toEqual(['bold-lark', 'calm-otter', 'shy-fox']);
    expect(await row(shown, 'val_loss')).toEqual([
      'val_loss\nlower is better',
      '0.4200 at 2\nlast 0.4500 at 3',
      '0.3100 at 3 ▼ −0.1100 better\nlast 0.3100 at 3 (−0.1400)',
      '0.5000 at 1 ▲ +0.0800 worse\nlast NaN at 3',
    ]);
    expect(await row(shown, 'learning_rate')).toEqual([
      'learning_rate',
      '0.0100 at 3',
      '0.0300 at 3 ▲ +0.0200',
      expect.stringContaining('without a value'),
    ]);
    expect((await row(shown, 'val_accuracy'))[2]).toBe('0.9000 at 4 same\nlast 0.8000 at 5 (−0.1000)');
    expect(await shown.page.locator('.notes p').allTextContents()).toEqual([
      '2 metrics are the same in all of them.',
      'shy-fox: only the first 200 artifacts are listed',
    ]);
    expect(await shown.state()).toEqual({ root: '/project', runIds: ['a', 'b', 'c'] });
    await checkThemes(shown, { picture: 'compare' });
  });

  it('asks for diffs against the first run, where both have what is compared', async () => {
    const shown = await open();
    await send(shown);
    const { page, posted } = shown;
    const columns = page.locator('thead th');
    expect(await columns.nth(2).locator('.action:not(.name)').allTextContents()).toEqual(['Measure by shy-fox']);
    for (const word of ['Code', 'Config', 'Measure by calm-otter']) await columns.nth(1).getByText(word).click();
    await page
      .getByRole('button', { name: 'Compare plots/roc.json of calm-otter with that of bold-lark' })
      .press('Enter');
    expect(await page.getByText('Compare', { exact: true }).count()).toBe(1);
    await page.getByRole('button', { name: 'Open the run shy-fox' }).click();
    await expect
      .poll(() => posted.slice(1))
      .toEqual([
        { type: 'code', runId: 'b' },
        { type: 'config', runId: 'b' },
        { type: 'measure', runId: 'b' },
        { type: 'artifact', runId: 'b', path: 'plots/roc.json' },
        { type: 'open', runId: 'c' },
      ]);
    await send(shown);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('shy-fox');
  });

  it('reads no code in Restricted Mode', async () => {
    const shown = await open(false);
    await send(shown);
    expect(await shown.page.locator('thead .action:not(.name)').allTextContents()).toEqual([
      'Measure by calm-otter',
      'Measure by shy-fox',
    ]);
  });

  it('says when nothing differs, what went wrong, and offers to try again', async () => {
    const shown = await open();
    await send(shown, { ...comparison, metrics: [], params: [], tags: [], artifacts: [], troubles: [] });
    expect(await shown.page.locator('.notes').textContent()).toBe(texts.nothingDiffers);
    sequence += 1;
    const notice = { kind: 'broken', text: 'The runs can’t be compared. They are gone.', action: 'retry' };
    await shown.send({ protocol: compareProtocolVersion, sequence, type: 'notice', notice });
    expect(await shown.page.locator('table').isVisible()).toBe(false);
    await shown.page.getByText(texts.retry).click();
    await expect.poll(() => shown.posted.at(-1)).toEqual({ type: 'resync' });
  });

  it('shows hostile names as text, and ignores garbage and messages of the past', async () => {
    const shown = await open();
    await send(shown);
    const past = { protocol: compareProtocolVersion, sequence: 0, type: 'comparison', comparison };
    await shown.send({ ...past, comparison: { ...comparison, runs: [run('z', 'past')] } });
    await shown.send({ ...past, comparison: {} });
    expect(await shown.page.getByText('past').count()).toBe(0);
    expect(await shown.page.evaluate('document.body.dataset.ignored')).toBe('1');
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
    expect(await shown.page.getByText('<b>y</b>').count()).toBe(1);
  });
});
