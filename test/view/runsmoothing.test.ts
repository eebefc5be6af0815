import { describe, expect, it } from 'vitest';
import { smooth } from '../../src/core/charts/smoothing.ts';
import { checkThemes } from './axe.ts';
import { mustSkip } from './browser.ts';
import { context, texts, useRunPages, type RunPage } from './runpage.ts';
import { ended, seriesOf, snapshotOf } from './runs.ts';

describe.skipIf(mustSkip())('smoothing on the Run chart page', () => {
  const { open } = useRunPages();
  const slider = ({ page }: RunPage) => page.getByRole('slider', { name: texts.smoothingWeight });
  const drawn = ({ page }: RunPage, key: string) => page.locator(`[data-key="${key}"] .drawn`);
  const choose = async ({ page }: RunPage, word: string): Promise<void> => {
    await page.locator('.smoothing vscode-dropdown').click();
    await page.locator('.smoothing vscode-option', { hasText: word }).click();
  };
  const kept = (kind: string, weight = 0.6): object => ({ ...context, smoothing: { kind, weight } });

  it('is automatic at first: batches alone', async () => {
    const shown = await open();
    await shown.show(snapshotOf(14));
    expect(await slider(shown).isVisible()).toBe(false);
    expect(await drawn(shown, 'loss').textContent()).toBe(texts.validationAndTraining);
    expect(await drawn(shown, 'batch_loss').textContent()).toBe(texts.byBatchSmoothed);
  });

  it('is chosen by name and strength, with the keyboard too, and kept over a reload', async () => {
    const shown = await open();
    await shown.show(snapshotOf(14));
    await choose(shown, texts.smoothingExponential);
    await slider(shown).focus();
    await shown.page.keyboard.press('ArrowRight');
    await expect.poll(() => drawn(shown, 'loss').textContent()).toBe('validation, training dashed · smoothed 0.61');
    expect(await slider(shown).getAttribute('aria-valuetext')).toBe('0.61');
    expect(await drawn(shown, 'learning_rate').textContent()).toBe('');
    const again = await open({ state: await shown.state() });
    await again.show(snapshotOf(14));
    expect(await slider(again).inputValue()).toBe('0.61');
    await choose(again, texts.smoothingOff);
    await expect.poll(() => drawn(again, 'batch_loss').textContent()).toBe(texts.byBatch);
    expect(await slider(again).isVisible()).toBe(false);
  });

  it('shows raw and smoothed values at the cursor, and the best point as it was measured', async () => {
    const shown = await open({ state: kept('exponential') });
    const values = [4, 1, 3, 0.5, 2];
    await shown.show({ run: ended, series: [seriesOf('val_loss', values)], events: [] });
    await shown.page.locator('[data-key="loss"] .plot').focus();
    await shown.page.keyboard.press('End');
    const last = smooth(Float64Array.from(values), { kind: 'exponential', weight: 0.6 }).at(-1);
    const rows = shown.page.locator('[data-key="loss"] .tip tr');
    await expect.poll(() => rows.allTextContents()).toEqual(['validation, raw2.000', `validation${last!.toFixed(3)}`]);
    expect(await shown.page.locator('[data-key="loss"] .plot').getAttribute('aria-label')).toContain(
      'best 0.5000 at 4',
    );
    expect(await shown.page.locator('[data-key="loss"] .dot').count()).toBe(1);
  });

  it('takes no weight out of bounds from what was kept', async () => {
    const shown = await open({ state: { ...context, smoothing: { kind: 'gaussian', weight: 2 } } });
    await shown.show(snapshotOf(5));
    expect(await slider(shown).inputValue()).toBe('0.6');
    expect(await shown.state()).toMatchObject({ smoothing: { kind: 'gaussian', weight: 0.6 } });
  });

  it('goes on smoothing as points come', async () => {
    const shown = await open({ state: kept('mean', 0.5) });
    await shown.show({ run: { ...ended, objective: null }, series: [seriesOf('score', [0, 3, 6, 0])], events: [] });
    const summary = () => shown.page.locator('.plot').getAttribute('aria-label');
    expect(await summary()).toContain('smoothed 3.000');
    await shown.change({ series: [{ ...seriesOf('score', [3], 5), from: 4 }], events: [] });
    await expect.poll(summary).toContain('smoothed 1.500');
  });

  it('has no serious fault of accessibility in any theme, also when it changes', async () => {
    const shown = await open({ state: kept('exponential', 0.7) });
    const snapshot = snapshotOf(24, ended);
    const odd = seriesOf('odd', [1, 2, Infinity, 2, 3, NaN, 2, 1, -Infinity, 2, 2.5, 2]);
    await shown.show({ ...snapshot, series: [...snapshot.series, odd] });
    await shown.page.locator('[data-key="loss"] .plot').hover({ position: { x: 300, y: 120 } });
    await checkThemes(shown, { picture: 'run-smoothed' });
  });

  it('fits a narrow column', async () => {
    const shown = await open({ size: { width: 480, height: 700 }, state: kept('gaussian', 0.7) });
    await shown.show(snapshotOf(14));
    await shown.picture('run-smoothed-narrow');
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBe(480);
  });
});
