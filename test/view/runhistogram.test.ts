import { describe, expect, it } from 'vitest';
import { chartProtocolVersion } from '../../src/protocol/charts.ts';
import type { Histograms } from '../../src/protocol/histograms.ts';
import type { ArtifactView } from '../../src/protocol/runpage.ts';
import { findFaults } from './axe.ts';
import { mustSkip } from './browser.ts';
import { texts, useRunPages, type RunPage } from './runpage.ts';
import { ended, facts, snapshotOf } from './runs.ts';
import { themes, type ThemeName } from './themes.ts';

const hostile = 'histograms/<img src=x onerror="document.title=1">\u202Egnp.json';
const head = { protocol: chartProtocolVersion, runId: facts.runId } as const;
const edges = Array.from({ length: 41 }, (_, i) => (i - 20) / 10);
const steps = Array.from({ length: 30 }, (_, i) => 10 * i);
/** A bell that gets wider. */
const bell: Histograms = {
  steps,
  edges: [edges],
  counts: steps.map((_, step) =>
    edges.slice(1).map((_, bin) => {
      const width = 0.2 + step / 60;
      return Math.round((200 / width) * Math.exp(-0.5 * ((bin - 19.5) / 10 / width) ** 2));
    }),
  ),
};
/** Left above, right below; the last step is empty. */
const corners: Histograms = {
  steps: [0, 12, 20],
  edges: [[-0.1, 0.1, 0.3]],
  counts: [
    [0, 480],
    [480, 544],
    [0, 0],
  ],
};
const source = { text: '{"steps": …', isCut: false };

async function openArtifact(shown: RunPage, path: string): Promise<void> {
  const entries = [path, 'other.json'].map((name) => ({ path: name, isFolder: false, bytes: 1234 }));
  await shown.send({ ...head, type: 'artifacts', folder: '', entries, trouble: null });
  await shown.page.locator('[role=treeitem]', { hasNotText: 'other.json' }).click();
}
const draw = (shown: RunPage, path: string, drawn: Extract<ArtifactView, { kind: 'drawn' }>['drawn']): Promise<void> =>
  shown.send({ ...head, type: 'artifact', path, view: { kind: 'drawn', drawn, source } });

/** Opacity, 0 … 255, at places of the heat map, in parts of its width and height. */
const depths = (shown: RunPage, ...places: readonly (readonly [number, number])[]): Promise<readonly number[]> =>
  shown.page.evaluate(/* js */ `(() => {
    const heat = document.querySelector('.heat');
    const copy = Object.assign(document.createElement('canvas'), { width: heat.width, height: heat.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(heat, 0, 0);
    return ${JSON.stringify(places)}.map(
      ([x, y]) => context.getImageData(Math.floor(x * copy.width), Math.floor(y * copy.height), 1, 1).data[3],
    );
  })()`);

describe.skipIf(mustSkip())('histograms over time among the artifacts of a run', () => {
  const { open } = useRunPages();

  it('are a heat map that is read by keys and by mouse, with bars, a table and their text', async () => {
    const shown = await open();
    await shown.show(snapshotOf(24, ended));
    const { page } = shown;
    await page.getByRole('tab', { name: texts.artifacts }).click();
    await openArtifact(shown, hostile);
    await draw(shown, hostile, { kind: 'histograms', histograms: corners });
    const words = page.locator('.histograms [role=status]');
    await expect.poll(() => words.textContent()).toBe('step 20 has no values');
    expect(await page.locator('.heat').getAttribute('aria-label')).toBe(
      `Histograms of ${hostile.replace('\u202E', '\\u202e')}: 3 steps, values from −0.1000 to 0.3000. Left and right choose a step, up and down a value.`,
    );
    expect(await page.locator('img').count()).toBe(0);
    // All of the first step is in its upper bin, the densest of all; 480 and 544 of 1,024 are √(0.469) and √(0.531) of that.
    const inside = [
      [1 / 6, 0.25],
      [1 / 6, 0.75],
      [0.5, 0.25],
      [0.5, 0.75],
      [5 / 6, 0.5],
    ] as const;
    expect(await depths(shown, ...inside)).toEqual([255, 0, 186, 175, 0]);
    await page.locator('.heat').focus();
    const press = async (key: string): Promise<string | null> => {
      await page.keyboard.press(key);
      return words.textContent();
    };
    expect(await press('ArrowLeft')).toBe('step 12: 544 of 1024 between 0.1000 and 0.3000');
    expect(await press('ArrowDown')).toBe('step 12: 480 of 1024 between −0.1000 and 0.1000');
    expect(await page.locator('.bars').getAttribute('aria-label')).toBe('Histogram of step 12');
    expect(await press('Home')).toBe('step 0: 0 of 480 between −0.1000 and 0.1000');
    expect(await press('Escape')).toBe('step 0: 480 of 480 between 0.1000 and 0.3000');
    expect(await press('PageDown')).toBe('step 20 has no values');
    const box = (await page.locator('.heat').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.7);
    await expect.poll(() => words.textContent()).toBe('step 12: 480 of 1024 between −0.1000 and 0.1000');
    await page.locator('.histograms .word').click();
    expect(await page.locator('.histograms tbody tr').allTextContents()).toEqual([
      '12−0.10000.1000480',
      '120.10000.3000544',
      '00.10000.3000480',
    ]);
    expect(await page.locator('.heat').isVisible()).toBe(false);
    await page.locator('.histograms .word').click();
    const text = page.locator('.viewer .head .word');
    await text.click();
    expect(await page.locator('.viewer pre').textContent()).toBe(source.text);
    await text.click();
    await expect.poll(() => page.locator('.heat').isVisible()).toBe(true);
    await draw(shown, hostile, { kind: 'broken', text: 'counts[2] has 1 numbers for 2 bins.' });
    await expect.poll(() => page.getByText('counts[2] has 1 numbers for 2 bins.').isVisible()).toBe(true);
    expect([await page.locator('.viewer pre').isVisible(), await text.isVisible()]).toEqual([true, false]);
    await draw(shown, hostile, {
      ...{ kind: 'table', columns: ['a', hostile], rows: [['1', hostile]], isCut: false },
    });
    await expect
      .poll(() => page.locator('.viewer td').allTextContents())
      .toEqual(['1', hostile.replace('\u202E', '\\u202e')]);
    await text.click();
    expect(await page.locator('.viewer pre').textContent()).toBe(source.text);
    await draw(shown, hostile, { kind: 'histograms', histograms: bell });
    await expect.poll(() => words.textContent()).toMatch(/^step 290: /);
    for (const theme of Object.keys(themes) as ThemeName[]) {
      await shown.setTheme(theme);
      await expect.poll(async () => (await depths(shown, [0.01, 0.5]))[0]).toBe(255);
      await shown.picture(`run-histograms-${theme}`);
    }
    expect(await findFaults(page)).toEqual([]);
    expect(await page.title()).not.toBe('1');
  });
});
