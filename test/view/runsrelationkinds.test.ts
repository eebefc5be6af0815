import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RelationsView } from '../../src/protocol/runsview.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { findFaults } from './axe.ts';
import { mustSkip, startBench, type Bench } from './browser.ts';
import { makeSweep, openRelations, runOf, type RelationsPage } from './relations.ts';
import { themes, type ThemeName } from './themes.ts';

describe.skipIf(mustSkip())('what params have to do with metrics', () => {
  let bench: Bench;
  const opened: RelationsPage[] = [];
  beforeAll(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    for (const shown of opened.splice(0)) {
      expect(await shown.violations()).toEqual([]);
      expect(shown.complaints).toEqual([]);
      expect(shown.posts().filter(({ type }) => type === 'error')).toEqual([]);
      await shown.page.close();
    }
  });
  afterAll(() => bench.close());

  async function open(runs: readonly RunSummary[], kind: RelationsView['kind']): Promise<RelationsPage> {
    const shown = await openRelations(bench, runs);
    opened.push(shown);
    await choose(shown, kind);
    return shown;
  }
  const choose = async (shown: RelationsPage, kind: RelationsView['kind']): Promise<void> => {
    await shown.page.locator(`.kind[data-part="${kind}"]`).click();
    await shown.settle();
  };
  const stageOf = async ({ page }: RelationsPage) => {
    const box = await page.locator('.stage').boundingBox();
    if (box === null) throw new Error('No chart is shown.');
    return box;
  };
  const plain = (text: string | null): string => (text ?? '').replaceAll(/[\u2068\u2069]/g, '');
  const canvas = ({ page }: RelationsPage) => page.locator('.stage canvas[role=img]');
  const dragged = async (shown: RelationsPage, from: [number, number], to: [number, number]): Promise<void> => {
    const { x, y } = await stageOf(shown);
    await shown.page.mouse.move(x + from[0], y + from[1]);
    await shown.page.mouse.down();
    await shown.page.mouse.move(x + (from[0] + to[0]) / 2, y + (from[1] + to[1]) / 2);
    await shown.page.mouse.move(x + to[0], y + to[1]);
    await shown.page.mouse.up();
    await shown.settle();
  };

  const four = [
    runOf(0, { units: '10' }, { val_loss: 0.4, acc: 0.1 }, 'first'),
    runOf(1, { units: '20' }, { val_loss: 0.3, acc: 0.2 }, 'second'),
    runOf(2, { units: '30' }, { val_loss: 0.1, acc: 0.4 }, 'third'),
    runOf(3, {}, { val_loss: 0.2, acc: 0.3 }, 'other'),
  ];

  it('is a scatter plot whose points lie where their values are; a box marks runs, the keys mark, walk, select and open them', async () => {
    const shown = await open(four, 'scatter');
    const { width, height } = await stageOf(shown);
    // By hand: the frame is 72, 32 to 24, 48 from the edges, its points ten pixels within.
    const [left, right, top, bottom] = [82, width - 34, 42, height - 58];
    const isDrawn = async (x: number, y: number): Promise<boolean> => (await shown.pixel(0, x, y))[3] !== 0;
    expect(await isDrawn(left, top)).toBe(true);
    expect(await isDrawn((left + right) / 2, bottom - (2 / 3) * (bottom - top))).toBe(true);
    expect(await isDrawn(right, bottom)).toBe(true);
    expect(await isDrawn(right, top)).toBe(false);
    expect(plain(await canvas(shown).getAttribute('aria-label'))).toBe('Scatter plot of 4 runs: val_loss over units');
    await dragged(shown, [left - 8, top - 8], [(left + right) / 2 + 10, (top + bottom) / 2]);
    expect(await shown.count()).toBe('2 of 4 in the brush');
    expect((await shown.view()).brushes.map(({ column }) => column)).toEqual(['params.units', 'metrics.val_loss']);
    // A strip along the axis shows what is brushed.
    expect([(await shown.pixel(1, left + 20, height - 47))[3], (await shown.pixel(1, right - 20, height - 47))[3]]).toEqual([255, 0]); // prettier-ignore
    await shown.picture('relations-scatter-brushed');
    await shown.part('clear').click();
    await shown.part('x-axis').focus();
    await shown.press('ArrowRight', 'Control+ArrowLeft');
    expect(plain(await shown.part('x-axis').getAttribute('aria-valuetext'))).toBe('25 to 30, 1 of 4 in the brush');
    await shown.press('r', 'Delete');
    expect([await shown.count(), (await shown.view()).x]).toEqual([
      '4 runs',
      { column: 'params.units', scale: null, isReversed: true },
    ]);
    await canvas(shown).focus();
    await shown.press('Home', 'Enter');
    expect(plain(await shown.spoken())).toBe('third, units: 30, val_loss: 0.1000');
    await expect.poll(() => shown.posts().at(-1)).toEqual({ type: 'act', action: 'open', runIds: [four[2]!.runId] });
    await shown.press(' ');
    expect(await shown.count()).toBe('1 of 4 selected');
    const box = await stageOf(shown);
    await shown.page.mouse.move(box.x + left + 2, box.y + bottom - 2);
    await shown.settle();
    expect(await shown.part('pop').locator('p').textContent()).toBe('third');
    await shown.part('y-log').click();
    await shown.settle();
    expect((await shown.view()).y).toEqual({ column: 'metrics.val_loss', scale: 'log', isReversed: false });
  });

  it('is a matrix whose brush is linked over all cells and the other kinds', async () => {
    const shown = await open(four, 'matrix');
    const { width, height } = await stageOf(shown);
    expect(plain(await canvas(shown).getAttribute('aria-label'))).toBe(
      'Scatter plots of 4 runs, each column over each: units, val_loss',
    );
    const [w, h] = [(width - 24 - 6) / 2, (height - 20 - 6) / 2];
    const [left, top] = [12, 8 + h + 6];
    expect((await shown.pixel(0, left + 10, top + 10))[3]).not.toBe(0);
    expect((await shown.pixel(0, left + w - 10, top + h - 10))[3]).not.toBe(0);
    await dragged(shown, [left + w / 2, top + 4], [left + 2, top + h / 2]);
    expect(await shown.count()).toBe('2 of 4 in the brush');
    await dragged(shown, [left + w + 20, 20], [left + w + 90, 60]);
    expect(await shown.count()).toBe('2 of 4 in the brush');
    await shown.part('matrix-column').last().focus();
    await shown.press('Delete');
    expect((await shown.view()).brushes.map(({ column }) => column)).toEqual(['params.units']);
    await choose(shown, 'parallel');
    expect(await shown.count()).toBe('2 of 4 in the brush');
  });

  it('is importance with its method in words, or why there is none', async () => {
    const shown = await open(makeSweep(80), 'importance');
    const rows = shown.part('importance-row');
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBe(6);
    expect(await rows.locator('th').allTextContents()).toEqual(expect.arrayContaining(['model.num_units', 'training.learning_rate'])); // prettier-ignore
    expect((await rows.locator('th').allTextContents())[0]).toBe('model.num_units');
    const shares = (await rows.locator('td.number').allTextContents()).map((text) => Number.parseFloat(text));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeGreaterThan(98);
    expect(await rows.first().locator('td').last().textContent()).toMatch(/^−0\.\d\d, falls with it$/);
    expect(plain(await shown.part('importance').locator('.method').textContent())).toContain('rank of val_loss from the params of 79 runs'); // prettier-ignore
    await shown.tell(four, { begins: true });
    await expect.poll(async () => plain(await shown.part('importance').locator('.notice').textContent()), { timeout: 20_000 }).toBe('Importance needs at least 10 runs with a number for val_loss; there are 4.'); // prettier-ignore
    await shown.tell(makeSweep(12).map((run) => ({ ...run, params: { lr: '1' } })), { begins: true }); // prettier-ignore
    await expect.poll(async () => plain(await shown.part('importance').locator('.notice').textContent()), { timeout: 20_000 }).toContain('Nothing varies'); // prettier-ignore
  });

  it('is bars and boxes of groups, with their n; a group selects its runs', async () => {
    const losses = [0.1, 0.2, 0.3, 0.4, 1, 0.5, 0.7];
    const runs = losses.map((loss, i) => runOf(i, { units: i < 5 ? '16' : '64' }, { val_loss: loss }));
    const shown = await open(runs, 'bars');
    expect(plain(await canvas(shown).getAttribute('aria-label'))).toBe('val_loss by units: 2 groups');
    await shown.part('numbers').click();
    await shown.settle();
    const rows = shown.part('numbers-table').locator('tbody tr');
    const cells = async (): Promise<readonly string[][]> => [
      await rows.nth(0).locator('th, td').allTextContents(),
      await rows.nth(1).locator('th, td').allTextContents(),
    ];
    expect(await cells()).toEqual([
      ['16', '5', '0.4000', '0.0464', '0.7536', '0.3000', '0.2000 – 0.4000', '0.1000 – 0.4000', '1'],
      ['64', '2', '0.6000', '0.4586', '0.7414', '0.6000', '0.5500 – 0.6500', '0.5000 – 0.7000', '0'],
    ]);
    await canvas(shown).focus();
    await shown.press('ArrowDown');
    expect(plain(await shown.spoken())).toBe('16: mean 0.4000, 0.0464 to 0.7536, runs: 5');
    await shown.press('ArrowDown', 'Enter');
    expect(await shown.count()).toBe('2 of 7 selected');
    await choose(shown, 'boxes');
    await canvas(shown).focus();
    await shown.press('ArrowDown');
    expect(plain(await shown.spoken())).toBe('16: median 0.3000, quartiles 0.2000 to 0.4000, runs: 5, outliers: 1');
    const { x, y } = await stageOf(shown);
    await shown.page.mouse.click(x + 200, y + 12 + 22);
    await shown.settle();
    expect(await shown.count()).toBe('5 of 7 selected');
  });

  it('is drawn in every theme without a serious fault of accessibility, also with hostile names and one run', async () => {
    const shown = await open(makeSweep(80), 'scatter');
    const check = async (name: string): Promise<void> => {
      const faults = await findFaults(shown.page, { within: '.relations' });
      expect(faults, name).toEqual([]);
    };
    for (const kind of ['scatter', 'matrix', 'importance', 'boxes', 'bars'] as const) {
      await choose(shown, kind);
      if (kind === 'importance') await shown.part('importance-row').first().waitFor();
      await check(kind);
      await shown.picture(`relations-${kind}`);
    }
    // What changes with the theme is the same in all of them: the bar, the words, the drawing.
    for (const theme of Object.keys(themes) as ThemeName[]) {
      const before = await shown.pixel(0, 200, 40);
      await shown.setTheme(theme);
      await shown.settle();
      if (theme !== 'dark') expect(await shown.pixel(0, 200, 40), theme).not.toEqual(before);
    }
    const evil = '<img src=x onerror="window.hacked=1">\u202e ' + 'long '.repeat(40);
    const hostile = runOf(0, { [evil]: evil }, { val_loss: Infinity, [evil]: 1 }, evil);
    await shown.tell([hostile, runOf(1, { [evil]: 'b' }, { val_loss: 1, [evil]: -1e308 })], { begins: true });
    for (const kind of ['scatter', 'matrix', 'importance', 'bars', 'boxes'] as const) {
      await choose(shown, kind);
    }
    await shown.tell([hostile], { begins: true });
    for (const kind of ['boxes', 'bars', 'importance', 'matrix', 'scatter'] as const) await choose(shown, kind);
    expect(await shown.page.locator('img').count()).toBe(0);
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBe(1280);
  });
});
