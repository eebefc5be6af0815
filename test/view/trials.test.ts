import { describe, expect, it } from 'vitest';
import { checkThemes } from './axe.ts';
import { mustSkip } from './browser.ts';
import { texts, useRunPages, type RunPage } from './runpage.ts';
import { ended, snapshotOf, sweepOf, sweepSnapshot } from './runs.ts';

describe.skipIf(mustSkip())('the page of a sweep', () => {
  const { open } = useRunPages();
  const rows = ({ page }: RunPage) => page.locator('.trials tbody tr');
  /** Texts of a column, from 0. */
  const column = async (shown: RunPage, index: number): Promise<(string | null)[]> =>
    Promise.all((await rows(shown).all()).map((row) => row.locator('th, td').nth(index).textContent()));

  it('shows a row for each trial, what goes on first, then the best, which is marked', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(8)));
    const { page } = shown;
    expect(await page.locator('.trials thead th').allTextContents()).toEqual([
      ...['trial', 'run', 'state', 'val_loss', 'took'],
      ...['num_units', 'activation_function', 'batch_size'],
    ]);
    const [numbers, states, values] = [await column(shown, 0), await column(shown, 2), await column(shown, 3)];
    expect([numbers[0], states[0]]).toEqual(['7', 'running · epoch 3']);
    expect([numbers.at(-1), states.at(-1), values.at(-1)]).toEqual(['2', 'failed', '']);
    const ordered = values.slice(1, -1).map(Number);
    expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
    expect(await page.locator('.trials .mark', { hasText: texts.best }).count()).toBe(1);
    expect(await rows(shown).nth(1).locator('.mark').textContent()).toBe(texts.best);
    expect(await rows(shown).last().getAttribute('title')).toBe('NaN loss at epoch 2');
    await shown.picture('sweep-live');
  });

  it('says in its head how far it is, and draws the best so far', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(8)));
    const about = shown.page.locator('header .about');
    expect(await about.textContent()).toMatch(
      /^running · 7\/24 trials · best val_loss 0\.\d+, [a-z]+-[a-z]+ · cnnbased$/,
    );
    expect(await shown.page.locator('.card').count()).toBe(1);
    expect(await shown.page.locator('.card .drawn').textContent()).toBe(texts.bestSoFar);
    await shown.page.locator('.plot').focus();
    await shown.page.keyboard.press('End');
    await expect.poll(() => shown.page.locator('[aria-live=polite]').textContent()).toMatch(/^after 7 trials: /);
    await shown.change({ run: sweepOf(24, 24), series: [], events: [] });
    await expect.poll(() => about.textContent()).toContain('succeeded · 24 trials');
    expect(await shown.page.locator('.steering').isVisible()).toBe(false);
  });

  it('offers to stop it, and nothing that only a training can do', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(3)));
    expect(await shown.page.locator('.steering').isVisible()).toBe(false);
    await shown.page.getByText(texts.stop, { exact: true }).click();
    await expect.poll(() => shown.posts('stopRun')).toEqual([{ type: 'stopRun', runId: 'sweep' }]);
  });

  it('leads to the run of a trial by a click on its row, and back from there', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(8)));
    await rows(shown).last().click();
    await expect.poll(() => shown.posts('setRun')).toEqual([{ type: 'setRun', runId: 'trial2' }]);
    await shown.show(snapshotOf(5, { ...ended, runId: 'trial2', name: 'shy-otter', parent: 'sweep' }));
    expect(await shown.page.locator('.trials').isVisible()).toBe(false);
    await shown.page.getByText(texts.allTrials).click();
    await expect.poll(() => shown.posts('setRun').at(-1)).toEqual({ type: 'setRun', runId: 'sweep' });
    await shown.show(sweepSnapshot(sweepOf(8)));
    expect(await shown.page.getByText(texts.allTrials).isVisible()).toBe(false);
    expect(await rows(shown).count()).toBe(8);
  });

  it('is walked by the keyboard: one stop of Tab, then the arrow keys', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(8)));
    const { page } = shown;
    const reached = page.locator('.trials tbody button[tabindex="0"]');
    expect(await reached.count()).toBe(1);
    await reached.focus();
    const focused = (): Promise<string> =>
      page.evaluate<string>(`document.activeElement?.closest('tr')?.firstElementChild?.textContent ?? ''`);
    const walked: string[] = [await focused()];
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'End', 'ArrowDown', 'Home', 'ArrowUp']) {
      await page.keyboard.press(key);
      walked.push(await focused());
    }
    const numbers = await column(shown, 0);
    expect(walked).toEqual([0, 1, 2, 1, 7, 7, 0, 0].map((index) => numbers[index]));
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await expect.poll(() => shown.posts('setRun')).toEqual([{ type: 'setRun', runId: `trial${numbers[1]}` }]);
  });

  it('keeps the place of the keyboard when trials come and change their order', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(5)));
    await rows(shown).nth(2).locator('button').focus();
    const number = await rows(shown).nth(2).locator('td').first().textContent();
    await shown.change({ run: sweepOf(12), series: [], events: [] });
    await expect.poll(() => rows(shown).count()).toBe(12);
    expect(await shown.page.evaluate(`document.activeElement?.closest('tr')?.firstElementChild?.textContent`)).toBe(
      number,
    );
    expect(await shown.page.locator('.trials tbody button[tabindex="0"]').count()).toBe(1);
  });

  it('is ordered by what is wanted, also after a reload', async () => {
    const first = await open();
    await first.show(sweepSnapshot(sweepOf(8)));
    const sort = (shown: RunPage, label: string) => shown.page.getByRole('button', { name: `Sort by ${label}` });
    await sort(first, 'trial').click();
    await expect.poll(() => column(first, 0)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
    await sort(first, 'num_units').click();
    await expect.poll(async () => (await column(first, 5)).join()).toBe('16,16,16,64,64,64,224,224');
    expect(await first.page.locator('th[aria-sort=ascending]').textContent()).toBe('num_units');
    const second = await open({ state: await first.state() });
    await second.show(sweepSnapshot(sweepOf(8)));
    expect((await column(second, 5)).join()).toBe('16,16,16,64,64,64,224,224');
  });

  it('waits in words for its first trial, and is at hand with a thousand', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(0)));
    expect(await shown.page.locator('.notice').textContent()).toContain(texts.waitingForTrial);
    expect(await shown.page.locator('.trials').isVisible()).toBe(false);
    await shown.show(sweepSnapshot(sweepOf(1)));
    expect(await rows(shown).count()).toBe(1);
    await shown.picture('sweep-first-trial');
    await shown.show(sweepSnapshot(sweepOf(1000, 1000)));
    expect(await rows(shown).count()).toBe(500);
    expect(await shown.page.locator('.trials p').textContent()).toBe('The first 500 of 1000 trials.');
  });

  it('shows hostile names and values as text', async () => {
    const evil = `"><img src=x onerror="window.hacked=1">\${1}\u0000{0}`;
    const run = sweepOf(3);
    const trials = run.sweep!.trials.map((trial) => ({ ...trial, name: evil, values: trial.values.map(() => evil) }));
    const objective = { metric: evil, direction: 'minimize' as const };
    const shown = await open();
    await shown.show({
      run: { ...run, sweep: { ...run.sweep!, trials, objective, keys: [evil, evil, evil] } },
      series: [],
      events: [],
    });
    expect((await column(shown, 5))[0]).toBe(evil);
    expect(await shown.page.locator('img').count()).toBe(0);
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
  });

  it('has no serious fault of accessibility in any theme, also when it changes', async () => {
    const shown = await open();
    await shown.show(sweepSnapshot(sweepOf(12)));
    await checkThemes(shown, { picture: 'sweep' });
  });

  it('fits a narrow column', async () => {
    const shown = await open({ size: { width: 480, height: 700 } });
    await shown.show(sweepSnapshot(sweepOf(12)));
    await shown.picture('sweep-narrow');
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBe(480);
  });
});
