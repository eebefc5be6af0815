import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { AnswerFacts } from '../../src/protocol/charts.ts';
import { mustSkip } from './browser.ts';
import { context, texts, useRunPages, type RunPage } from './runpage.ts';
import { digitAnswers, ended, snapshotOf } from './runs.ts';
import { themes, type ThemeName } from './themes.ts';

describe.skipIf(mustSkip())('the answers of a model on the Run chart page', () => {
  const { open } = useRunPages();
  const card = ({ page }: RunPage) => page.locator('.answers');
  const toggle = ({ page }: RunPage, name: string) => page.getByRole('button', { name });
  const show = async (shown: RunPage, answers: AnswerFacts | null): Promise<void> => {
    await shown.show(snapshotOf(5, { ...ended, answers }));
  };
  const cat: AnswerFacts = { split: 'validation', classes: ['cat', 'dog'], counts: [3, 1, 0, 4], curves: [] };

  it('are a matrix that shows errors, not zeros, and says the worst one', async () => {
    const shown = await open();
    await show(shown, cat);
    expect(await card(shown).locator('.cells tbody tr').allTextContents()).toEqual(['cat31', 'dog4']);
    expect(await card(shown).locator('.drawn').textContent()).toBe('validation split');
    expect(await card(shown).locator('.words p').allTextContents()).toEqual([
      'cat read as dog: 1 of 4',
      'accuracy 0.8750 · F1 macro 0.8730',
      '',
    ]);
    const backgrounds = await card(shown)
      .locator('.cells tbody td')
      .evaluateAll((cells) =>
        cells.map((cell) => (cell as unknown as { style: { background: string } }).style.background),
      );
    expect(backgrounds.map((background) => background.replace(/, [\d.]+\)$/, ')'))).toEqual([
      'rgba(89, 164, 249)',
      expect.stringMatching(/^rgba\(2\d\d, /),
      '',
      'rgba(89, 164, 249)',
    ]);
    expect(await toggle(shown, texts.rocName).isVisible()).toBe(false);
    await toggle(shown, texts.ratesName).click();
    const rows = card(shown).locator('.cells tbody tr');
    await expect.poll(() => rows.allTextContents()).toEqual(['cat75.0\u202f%25.0\u202f%', 'dog100.0\u202f%']);
  });

  it('are not there without predictions, come and go with the run, and need no curve beside them', async () => {
    const shown = await open();
    await show(shown, null);
    expect(await card(shown).isVisible()).toBe(false);
    await show(shown, { ...cat, counts: [4, 0, 0, 4] });
    expect(await card(shown).locator('.words p').first().textContent()).toBe(texts.noErrors);
    await show(shown, null);
    expect(await card(shown).isVisible()).toBe(false);
    await shown.show({ run: { ...ended, answers: cat }, series: [], events: [] });
    expect([await card(shown).isVisible(), await shown.page.locator('.notice').isVisible()]).toEqual([true, false]);
  });

  it('are read by the keys and by the mouse', async () => {
    const shown = await open();
    await show(shown, digitAnswers);
    const { page } = shown;
    const reading = card(shown).locator('.words p').last();
    await card(shown).locator('.cells').focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowDown', 'ArrowUp', 'ArrowUp']) await page.keyboard.press(key);
    const spoken = page.locator('[aria-live=polite]');
    await expect.poll(() => spoken.textContent()).toBe('true 0, predicted 1: 0 of 93 (0.0\u202f%)');
    expect(await card(shown).locator('td.at').count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await reading.textContent()).toBe('');
    await card(shown).locator('.cells tbody tr').nth(4).locator('td').nth(9).hover();
    await expect.poll(() => reading.textContent()).toBe('true 4, predicted 9: 5 of 102 (4.9\u202f%)');
  });

  it('have curves with their areas, the worst class first, and a report; the choice is kept', async () => {
    const shown = await open();
    await show(shown, digitAnswers);
    await toggle(shown, texts.rocName).click();
    await expect.poll(() => card(shown).locator('svg').isVisible()).toBe(true);
    expect(await card(shown).locator('polyline').count()).toBe(2 + 10);
    const areas = await card(shown).locator('.roc tbody tr').allTextContents();
    expect([areas[0], areas.at(-1)]).toEqual(['90.9090', `3${texts.noValue}`]);
    await toggle(shown, texts.reportName).click();
    const rows = card(shown).locator('.numbers:visible tbody tr');
    await expect.poll(() => rows.nth(4).textContent()).toBe('41.0000.95100.9749102');
    const again = await open({ state: await shown.state() });
    await show(again, digitAnswers);
    expect(await card(again).locator('.numbers:visible tbody tr').last().textContent()).toMatch(/^macro mean0\.99/);
    expect(await toggle(again, texts.reportName).getAttribute('aria-pressed')).toBe('true');
  });

  it('show hostile names of classes as text, and no view that there is not', async () => {
    const shown = await open({ state: { ...context, answers: 'constructor' } });
    const evil = `<img src=x onerror="window.hacked=1">`;
    const whole = {
      area: 1,
      points: [
        [0, 0],
        [0, 1],
        [1, 1],
      ],
    } as const;
    await show(shown, { ...cat, classes: [evil, '__proto__'], curves: [whole, whole] });
    expect(await card(shown).locator('.matrix').isVisible()).toBe(true);
    await toggle(shown, texts.rocName).click();
    await toggle(shown, texts.reportName).click();
    expect(await card(shown).locator('img').count()).toBe(0);
    expect(await card(shown).locator('.numbers:visible tbody th').first().textContent()).toBe(evil);
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
  });

  it('fit many classes', async () => {
    const shown = await open({ size: { width: 900, height: 700 } });
    const classes = Array.from({ length: 60 }, (_, i) => `class number ${i}`);
    const isWrong = (row: number, column: number): boolean => (row + column) % 31 === 0;
    const counts = classes.flatMap((_, row) =>
      classes.map((__, column) => (row === column ? 9 : Number(isWrong(row, column)))),
    );
    await show(shown, { ...cat, classes, counts });
    await card(shown).scrollIntoViewIfNeeded();
    await shown.picture('run-answers-many');
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBe(900);
  });

  it('have no serious fault of accessibility in any theme, also when it changes', async () => {
    const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const shown = await open();
    await show(shown, digitAnswers);
    await card(shown).scrollIntoViewIfNeeded();
    await shown.page.evaluate(axe);
    const cell = card(shown).locator('.cells tbody td').first();
    let before: string | null = '';
    for (const theme of Object.keys(themes) as ThemeName[]) {
      await shown.setTheme(theme);
      await expect.poll(() => cell.getAttribute('style')).not.toBe(before);
      before = await cell.getAttribute('style');
      for (const view of ['counts', 'roc']) {
        await shown.picture(`run-answers-${view}-${theme}`);
        const faults = await shown.page.evaluate(/* js */ `axe.run('.answers', { resultTypes: ['violations'] })
          .then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .map(({ id, nodes }) => id + nodes[0].html))`);
        expect(faults, `${view} ${theme}`).toEqual([]);
        await toggle(shown, texts.rocName).click();
      }
    }
  });
});
