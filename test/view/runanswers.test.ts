import { describe, expect, it } from 'vitest';
import type { AnswerFacts, CellExamples } from '../../src/protocol/answers.ts';
import { chartProtocolVersion } from '../../src/protocol/charts.ts';
import { byColour, findFaults } from './axe.ts';
import { mustSkip } from './browser.ts';
import { context, texts, useRunPages, type RunPage } from './runpage.ts';
import { digitAnswers, ended, facts, snapshotOf } from './runs.ts';
import { themes, type ThemeName } from './themes.ts';

describe.skipIf(mustSkip())('the answers of a model on the Run chart page', () => {
  const { open } = useRunPages();
  const card = ({ page }: RunPage) => page.locator('.answers');
  const toggle = ({ page }: RunPage, name: string) => page.getByRole('button', { name });
  const show = async (shown: RunPage, answers: AnswerFacts | null): Promise<void> => {
    await shown.show(snapshotOf(5, { ...ended, answers }));
  };
  const cat: AnswerFacts = {
    ...{ split: 'validation', classes: ['cat', 'dog'], counts: [3, 1, 0, 4] },
    ...{ curves: [], calibration: null },
  };
  // The ten examples of the unit tests, with scikit-learn's numbers.
  const calibration = { bins: [...Array(9).fill([0, 0, 0]), [4, 0.95, 0.5]], error: 0.45 } as const;
  const curve = {
    ...{ positives: 5, negatives: 5, area: 0.62, averagePrecision: 0.6654, calibration },
    points: [
      [0.9, 1, 0],
      [0.8, 1, 1],
      [0.7, 3, 2],
      [0.4, 4, 3],
      [0.3, 4, 4],
      [0.2, 5, 4],
      [0.1, 5, 5],
    ],
  } as const;
  const ten: AnswerFacts = {
    ...{ split: 'test', classes: ['no', 'yes'], counts: [3, 2, 2, 3], calibration },
    curves: [curve, curve],
  };
  const cells = ({ page }: RunPage, kind: string) =>
    page.locator('.answers .picture vscode-dropdown').evaluate((dropdown, value) => {
      const control = dropdown as unknown as { value: string; dispatchEvent: (event: unknown) => void };
      control.value = value;
      control.dispatchEvent(new (globalThis as unknown as { Event: new (name: string) => unknown }).Event('change'));
    }, kind);

  it('are a matrix that shows errors, not zeros, and says the worst one', async () => {
    const shown = await open();
    await show(shown, cat);
    expect(await card(shown).locator('.cells tbody tr').allTextContents()).toEqual(['cat31', 'dog4']);
    expect(await card(shown).locator('.drawn').textContent()).toBe('validation split');
    expect(await card(shown).locator('.picture .words p').allTextContents()).toEqual([
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
    for (const name of [texts.curvesName, texts.calibrationName])
      expect(await toggle(shown, name).isVisible(), name).toBe(false);
    const rows = card(shown).locator('.cells tbody tr');
    await cells(shown, 'row');
    await expect.poll(() => rows.allTextContents()).toEqual(['cat75.0\u202f%25.0\u202f%', 'dog100.0\u202f%']);
    await cells(shown, 'column');
    await expect.poll(() => rows.allTextContents()).toEqual(['cat100.0\u202f%20.0\u202f%', 'dog80.0\u202f%']);
    await rows.nth(0).locator('td').nth(1).hover();
    await expect
      .poll(() => card(shown).locator('.picture .words p').last().textContent())
      .toBe('true cat, predicted dog: 1 of 5 (20.0\u202f%)');
    await cells(shown, 'all');
    await expect.poll(() => rows.allTextContents()).toEqual(['cat37.5\u202f%12.5\u202f%', 'dog50.0\u202f%']);
  });

  it('are not there without predictions, come and go with the run, and need no curve beside them', async () => {
    const shown = await open();
    await show(shown, null);
    expect(await card(shown).isVisible()).toBe(false);
    await show(shown, { ...cat, counts: [4, 0, 0, 4] });
    expect(await card(shown).locator('.picture .words p').first().textContent()).toBe(texts.noErrors);
    await show(shown, null);
    expect(await card(shown).isVisible()).toBe(false);
    await shown.show({ run: { ...ended, answers: cat }, series: [], events: [] });
    expect([await card(shown).isVisible(), await shown.page.locator('.notice').isVisible()]).toEqual([true, false]);
  });

  it('are read by the keys and by the mouse', async () => {
    const shown = await open();
    await show(shown, digitAnswers);
    const { page } = shown;
    const reading = card(shown).locator('.picture .words p').last();
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

  it('have the examples of a cell by a click or by Enter, one question at a time', async () => {
    const shown = await open();
    await show(shown, digitAnswers);
    const { page } = shown;
    const examples = card(shown).locator('.examples');
    const asked = () => shown.posts('readExamples').map((question) => ({ ...question, type: undefined }));
    const answer = async (actual: string, predicted: string, found: Partial<CellExamples>): Promise<void> => {
      const whole = { split: 'test', total: 0, examples: [], note: null, ...found };
      await shown.send({
        ...{ protocol: chartProtocolVersion, type: 'examples', runId: facts.runId, actual, predicted, found: whole },
      });
    };
    await card(shown).locator('.cells tbody tr').nth(4).locator('td').nth(9).click();
    expect(await examples.locator('h3').textContent()).toBe('true 4, predicted 9');
    expect(await examples.locator('p').textContent()).toBe(texts.readingExamples);
    // A cell without examples has none to show; the next one waits until the first is answered.
    await card(shown).locator('.cells tbody tr').nth(0).locator('td').nth(1).click();
    await card(shown).locator('.cells').focus();
    for (const key of ['ArrowDown', 'Enter']) await page.keyboard.press(key);
    const nine = { runId: facts.runId, actual: '4', predicted: '9' };
    await expect.poll(asked).toEqual([expect.objectContaining(nine)]);
    await answer('4', '9', { total: 5 });
    await expect.poll(() => asked().length).toBe(2);
    const second = shown.posts('readExamples').at(-1) as unknown as { actual: string; predicted: string };
    const pixels = Uint8Array.of(0, 255, 128, 7);
    const picture = { width: 2, height: 2, channels: 1 as const, pixels };
    const none = { picture: null, values: new Float64Array(0) };
    await answer(second.actual, second.predicted, {
      total: 93,
      examples: [
        { number: 12, probability: 0.5, picture, values: new Float64Array(0) },
        {
          number: 70,
          probability: 0.75,
          picture: { ...picture, channels: 3, pixels: new Uint8Array(12).fill(9) },
          values: none.values,
        },
        { number: 71, probability: null, picture: null, values: Float64Array.of(0.5, NaN, 3, 4, 5, 6, 7, 8, 9) },
      ],
      note: 'The data have changed.',
    });
    const isRight = second.actual === second.predicted;
    const order = isRight ? texts.leastSureFirst : texts.surestFirst;
    await expect
      .poll(() => examples.locator('p').textContent())
      .toBe(`3 of 93 examples · ${order} · The data have changed.`);
    expect(await examples.locator('.grid > div').allTextContents()).toEqual([
      '#12 · 0.5000',
      '#70 · 0.7500',
      '0.5000, NaN, 3.000, 4.000, 5.000, 6.000, 7.000, 8.000, …#71',
    ]);
    const drawn = await examples
      .locator('canvas')
      .first()
      .evaluate((canvas) => {
        const of = canvas as unknown as {
          getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
        };
        return [...of.getContext('2d').getImageData(0, 0, 2, 2).data];
      });
    expect(drawn).toEqual([0, 0, 0, 255, 255, 255, 255, 255, 128, 128, 128, 255, 7, 7, 7, 255]);
    expect(await examples.locator('canvas').first().getAttribute('aria-label')).toBe(
      `example 12 of the test split, read as ${second.predicted} with 0.5000`,
    );
    await expect.poll(() => page.locator('[aria-live=polite]').textContent()).toContain('3 of 93 examples');
    await shown.picture('run-answers-examples');
    // Other answers have other examples.
    await show(shown, ten);
    await expect.poll(() => examples.locator('p').textContent()).toBe(texts.chooseCell);
    expect(await examples.locator('canvas').count()).toBe(0);
  });

  it('have curves with a threshold that the keys and the mouse move; all numbers follow, and it is kept', async () => {
    const shown = await open();
    await show(shown, ten);
    await toggle(shown, texts.curvesName).click();
    const slider = card(shown).locator('.curves input[type=range]');
    const binary = card(shown).locator('.binary tbody tr');
    const now = async () => [await slider.getAttribute('aria-valuetext'), ...(await binary.allTextContents())];
    await expect
      .poll(now)
      .toEqual(['0.7000: precision 0.6000 · recall 0.6000 · F1 0.6000', 'true yes32', 'true others23']);
    await slider.focus();
    await shown.page.keyboard.press('ArrowLeft');
    await expect
      .poll(now)
      .toEqual(['0.4000: precision 0.5714 · recall 0.8000 · F1 0.6667', 'true yes41', 'true others32']);
    await shown.page.keyboard.press('End');
    await expect.poll(now).toEqual(['above all: precision 1.000 · recall 0 · F1 0', 'true yes05', 'true others05']);
    await toggle(shown, texts.bestF1).click();
    await expect
      .poll(now)
      .toEqual(['0.2000: precision 0.5556 · recall 1.000 · F1 0.7143', 'true yes50', 'true others41']);
    const again = await open({ state: await shown.state() });
    await show(again, ten);
    expect(await again.page.locator('.answers .curves input').getAttribute('aria-valuetext')).toMatch(/^0\.2000/);
    const box = (await card(shown).locator('svg').first().boundingBox())!;
    // 40 % of false and 60 % of true positives: the point at 0.7.
    await shown.page.mouse.click(box.x + box.width * 0.41, box.y + box.height * 0.41);
    await expect.poll(async () => (await now())[0]).toMatch(/^0\.7000/);
    expect(await card(shown).locator('svg').first().getAttribute('aria-label')).toBe(
      'ROC curve of yes against the rest, area 0.6200',
    );
    const places = await card(shown).locator('svg').nth(1).locator('polyline').last().getAttribute('points');
    expect(places).toBe(
      '0.00,0.00 40.00,0.00 40.00,100.00 120.00,80.00 160.00,85.71 160.00,100.00 200.00,88.89 200.00,100.00',
    );
  });

  it('have of many classes the worst first, and what probabilities are worth', async () => {
    const shown = await open();
    await show(shown, digitAnswers);
    await toggle(shown, texts.curvesName).click();
    const areas = card(shown).locator('.curves [role=region]:visible tbody tr');
    await expect.poll(() => areas.count()).toBe(10);
    expect([await areas.first().textContent(), await areas.last().textContent()]).toEqual(['90.90900.8890', '3––']);
    expect(await areas.first().getAttribute('class')).toBe('chosen');
    await areas.last().click();
    await expect.poll(() => areas.last().getAttribute('class')).toBe('chosen');
    expect(await card(shown).locator('svg').first().getAttribute('aria-label')).toMatch(/^3 has no curve/);
    await toggle(shown, texts.calibrationName).click();
    await expect.poll(() => card(shown).locator('.heights').isVisible()).toBe(true);
    await show(shown, ten);
    const words = card(shown).locator('.words:visible p');
    await expect
      .poll(() => words.allTextContents())
      .toEqual([
        'calibration error 0.4500, the mean distance from the diagonal',
        'mean probability 0.9500, observed 0.5000: too sure',
      ]);
    const rows = card(shown).locator('.words:visible tbody tr');
    expect([await rows.first().textContent(), await rows.last().textContent()]).toEqual([
      '0 – 0.10',
      '0.9 – 140.95000.5000',
    ]);
    const dot = await card(shown).locator('.diagram path').last().getAttribute('d');
    expect(dot).toBe('M 190.00 100.00 h 0.01');
  });

  it('have a report that can be put in order', async () => {
    const shown = await open();
    await show(shown, digitAnswers);
    await toggle(shown, texts.reportName).click();
    const rows = card(shown).locator('.report tbody tr');
    await expect.poll(() => rows.nth(4).textContent()).toBe('41.0000.95100.9749102');
    const again = await open({ state: await shown.state() });
    await show(again, digitAnswers);
    expect(await card(again).locator('.report tfoot tr').textContent()).toMatch(/^macro mean0\.99/);
    expect(await toggle(again, texts.reportName).getAttribute('aria-pressed')).toBe('true');
    const head = toggle(again, 'Sort by recall');
    await head.focus();
    const first = async () => (await card(again).locator('.report tbody tr').first().textContent())?.slice(0, 1);
    await again.page.keyboard.press('Enter');
    await expect.poll(first).toBe('4');
    expect(await again.page.locator('th[aria-sort=ascending]').textContent()).toBe(texts.recall);
    await again.page.keyboard.press('Enter');
    await expect.poll(first).toBe('0');
  });

  it('show hostile names of classes as text, and no view that there is not', async () => {
    const evil = `<img src=x onerror="window.hacked=1">`;
    const kept = { view: 'constructor', cells: '__proto__', className: evil, threshold: 'x' };
    const shown = await open({ state: { ...context, answers: kept } });
    await show(shown, { ...ten, classes: [evil, '__proto__'] });
    expect(await card(shown).locator('.matrix').isVisible()).toBe(true);
    for (const name of [texts.curvesName, texts.calibrationName, texts.reportName]) await toggle(shown, name).click();
    expect(await card(shown).locator('img').count()).toBe(0);
    await expect.poll(() => card(shown).locator('.report tbody th').first().textContent()).toBe(evil);
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
    const shown = await open();
    await show(shown, digitAnswers);
    await card(shown).scrollIntoViewIfNeeded();
    const cell = card(shown).locator('.cells tbody td').first();
    let before: string | null = '';
    const views = [
      ['matrix', null],
      ['curves', texts.curvesName],
      ['calibration', texts.calibrationName],
      ['report', texts.reportName],
    ] as const;
    for (const theme of Object.keys(themes) as ThemeName[]) {
      await shown.setTheme(theme);
      await expect.poll(() => cell.getAttribute('style')).not.toBe(before);
      before = await cell.getAttribute('style');
      for (const [view, name] of views) {
        if (name !== null) await toggle(shown, name).click();
        await shown.picture(`run-answers-${view}-${theme}`);
        const faults = await findFaults(shown.page, {
          within: '.answers',
          ...(theme === 'dark' ? {} : { rules: byColour }),
        });
        expect(faults, `${view} ${theme}`).toEqual([]);
      }
      await toggle(shown, texts.reportName).click();
    }
  });
});
