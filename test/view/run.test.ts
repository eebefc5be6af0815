import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { chartProtocolVersion } from '../../src/protocol/charts.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, type OpenPage } from './browser.ts';
import { context, texts, useRunPages } from './runpage.ts';
import { ended, facts, seriesOf, snapshotOf, testMetrics } from './runs.ts';

describe.skipIf(mustSkip())('the Run chart page', () => {
  const { open, bundle } = useRunPages();

  /** Canvas pixels of a card near a color, by row from the top: [row, count]. */
  async function pixelsOf(
    { page }: OpenPage,
    key: string,
    [r, g, b]: readonly [number, number, number],
  ): Promise<[number, number][]> {
    return page.evaluate(/* js */ `(() => {
      const canvas = document.querySelector('[data-key="${key}"] canvas');
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy.drawImage(canvas, 0, 0);
      const { data, width, height } = copy.getImageData(0, 0, canvas.width, canvas.height);
      const rows = [];
      for (let y = 0; y < height; y += 1) {
        let count = 0;
        for (let x = 0; x < width; x += 1) {
          const i = 4 * (y * width + x);
          if (data[i + 3] > 120 && Math.abs(data[i] - ${r}) + Math.abs(data[i + 1] - ${g}) + Math.abs(data[i + 2] - ${b}) < 60) count += 1;
        }
        if (count > 0) rows.push([y, count]);
      }
      return rows;
    })()`);
  }
  const blue = { dark: [89, 164, 249], light: [0, 99, 211] } as const;
  const plotOf = ({ page }: OpenPage, key: string) => page.locator(`[data-key="${key}"] .plot`);

  it('draws a run: a card for each metric, its words, its colours', async () => {
    const shown = await open();
    await shown.show(snapshotOf(14));
    const { page } = shown;
    expect(await page.locator('.card h2').allTextContents()).toEqual([
      'loss',
      'accuracy',
      'learning rate',
      'batch loss',
    ]);
    expect(await page.locator('header .about').textContent()).toBe(
      'running · epoch 14/24 · best val_loss 0.1177 at 14 · 812 examples/s · cnnbased',
    );
    expect(await plotOf(shown, 'loss').getAttribute('aria-label')).toMatch(
      /^Chart of loss: training 0\.\d+, validation 0\.1177, best 0\.1177 at 14\./,
    );
    for (const key of ['loss', 'accuracy', 'learning_rate', 'batch_loss'])
      expect((await pixelsOf(shown, key, blue.dark)).length, key).toBeGreaterThan(2);
    expect(await page.locator('.strip').isVisible()).toBe(false);
    expect(await page.evaluate('document.getAnimations().length')).toBe(0);
  });

  it('takes new points as they come, at most four drawings a second', async () => {
    const shown = await open();
    const whole = snapshotOf(24);
    await shown.show(snapshotOf(2));
    const before = shown.posts('ack').length;
    const started = Date.now();
    for (let epoch = 3; epoch <= 24; epoch += 1) {
      const series = whole.series
        .filter(({ name }) => name !== 'batch_loss')
        .map(({ name, steps, values }) => ({
          name,
          from: epoch - 1,
          steps: steps.slice(epoch - 1, epoch),
          values: values.slice(epoch - 1, epoch),
        }));
      await shown.change({ series, events: [] });
      await shown.page.waitForTimeout(20);
    }
    await shown.change({ run: ended, series: testMetrics, events: whole.events });
    await expect.poll(() => shown.page.locator('header .about').textContent()).toContain('succeeded · epoch 24/24');
    await shown.settled();
    const drawings = shown.posts('ack').length - before;
    expect(drawings).toBeLessThanOrEqual((Date.now() - started) / 250 + 1);
    expect(drawings).toBeLessThan(22);
    expect(await plotOf(shown, 'loss').getAttribute('aria-label')).toContain('best 0.0913 at 18');
    expect(await shown.page.locator('.strip div').allTextContents()).toEqual([
      'accuracy0.9812',
      'precision0.9809',
      'recall0.9806',
      'F10.9807',
      'loss0.0912',
    ]);
  });

  it('asks for everything again when a message is missing, and then shows it', async () => {
    const shown = await open();
    await shown.show(snapshotOf(3));
    const head = { protocol: chartProtocolVersion, sequence: 77 };
    await shown.send({
      ...head,
      type: 'append',
      change: { series: [{ ...seriesOf('val_loss', [9]), from: 50 }], events: [] },
    });
    await expect.poll(() => shown.posts('resync').length).toBe(1);
    await shown.settled();
    expect(await plotOf(shown, 'loss').getAttribute('aria-label')).not.toContain('9.000');
  });

  it('shows hostile names, params and events as text and makes no element of them', async () => {
    const evil = `"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\${1}\u0000\u001b[31m{0}`;
    const count = async (name: string): Promise<number> => {
      const shown = await open({ state: { ...context, showsDetails: true } });
      const run = {
        ...facts,
        name,
        model: name,
        reason: name,
        status: 'FAILED' as const,
        experiment: name,
        objective: { metric: name, direction: 'minimize' as const },
        params: [[name, name.repeat(50)] as const],
        details: [['backend', name] as const],
      };
      const series = [seriesOf(name, [3, 2, 1]), seriesOf(`val_${name}`, [3, 2]), seriesOf(`test_${name}`, [1])];
      await shown.show({ run, series, events: [{ time: 1, step: 2, kind: name, text: name }] });
      await shown.page.locator('.plot').first().hover();
      await shown.page.locator('.plot').first().focus();
      await shown.page.keyboard.press('End');
      expect(await shown.page.locator('.card h2').first().textContent()).toBe(name.replaceAll('_', ' '));
      expect(await shown.page.locator('aside dd').first().textContent()).toBe(name.repeat(50));
      expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
      return shown.page.evaluate<number>(`document.querySelectorAll('*').length`);
    };
    expect(await count(evil)).toBe(await count('harmless'));
  });

  it('ignores and counts garbage, and goes on', async () => {
    const shown = await open();
    await shown.show(snapshotOf(5));
    const drawn = `document.querySelector('header').innerText + document.querySelector('main').innerHTML`;
    const before = await shown.page.evaluate<string>(drawn);
    await shown.page.evaluate(/* js */ `(() => {
      const pieces = [null, undefined, 0, NaN, 'snapshot', [], {}, { type: 'snapshot' }, { type: 'append', protocol: 1, sequence: 1 },
        { type: 'constructor' }, { type: '__proto__', protocol: 1 }, new Float64Array(3), new Map([['type', 'append']]), () => 1,
        { type: 'append', protocol: 1, sequence: 2, change: { series: [{ name: 'val_loss', from: 0, steps: [1], values: [1] }], events: [] } }];
      for (let i = 0; i < 100_000; i += 1) window.dispatchEvent(new MessageEvent('message', { data: pieces[i % pieces.length] }));
    })()`);
    expect(await shown.page.evaluate('document.body.dataset.ignored')).toBe('100000');
    expect(await shown.page.evaluate(drawn)).toBe(before);
    await shown.show(snapshotOf(6));
    expect(await shown.page.locator('header .about').textContent()).toContain('epoch 6/24');
  });

  it('moves one cursor over all cards by keys and says what is there', async () => {
    const shown = await open();
    await shown.show(snapshotOf(14));
    const { page } = shown;
    const spoken = page.locator('[aria-live=polite]');
    const expectSpoken = async (pattern: RegExp): Promise<void> => {
      await expect.poll(() => spoken.textContent()).toMatch(pattern);
    };
    await plotOf(shown, 'loss').focus();
    await page.keyboard.press('ArrowRight');
    await expectSpoken(/^epoch 1: training 2\.\d+, validation 2\.\d+$/);
    await page.keyboard.press('ArrowRight');
    await expectSpoken(/^epoch 2: /);
    await page.keyboard.press('End');
    await expectSpoken(/^epoch 14: .*validation 0\.1177$/);
    await page.keyboard.press('Shift+ArrowLeft');
    await expectSpoken(/^epoch 4: /);
    const isVisible = (key: string, part: string): Promise<boolean> =>
      page.locator(`[data-key="${key}"] ${part}`).isVisible();
    expect([
      await isVisible('loss', '.line'),
      await isVisible('accuracy', '.line'),
      await isVisible('batch_loss', '.line'),
    ]).toEqual([true, true, false]);
    expect([await isVisible('loss', '.tip'), await isVisible('accuracy', '.tip')]).toEqual([true, false]);
    expect(await page.locator('[data-key="loss"] .tip tr').allTextContents()).toHaveLength(2);
    await page.keyboard.press('+');
    await expect.poll(() => page.getByText(texts.resetZoom).isVisible()).toBe(true);
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByText(texts.resetZoom).isVisible()).toBe(false);
    expect(await isVisible('loss', '.line')).toBe(false);
  });

  it('follows the mouse, zooms by dragging and shows the whole run again', async () => {
    const shown = await open();
    await shown.show(snapshotOf(24, ended));
    const { page } = shown;
    const box = await plotOf(shown, 'loss').boundingBox();
    if (box === null) throw new Error('The card has no size.');
    const at = (x: number, y: number): [number, number] => [box.x + box.width * x, box.y + box.height * y];
    await page.mouse.move(...at(0.5, 0.5));
    await expect.poll(() => page.locator('[data-key="loss"] .tip .dim').textContent()).toMatch(/^epoch 1[123]$/);
    const label = (): Promise<string | null> => page.locator('[data-key="accuracy"] .reading').textContent();
    expect(await label()).toMatch(/^0\.9\d+$/);
    await page.mouse.down();
    await page.mouse.move(...at(0.6, 0.5));
    await page.mouse.move(...at(0.8, 0.5));
    await page.mouse.up();
    await page.getByText(texts.resetZoom).click();
    await expect.poll(() => page.getByText(texts.resetZoom).isVisible()).toBe(false);
  });

  it('shows the numbers as a table and keeps what was chosen over a reload', async () => {
    const first = await open();
    await first.show(snapshotOf(3));
    await first.page.getByRole('button', { name: 'Table of loss' }).click();
    await first.page.getByRole('button', { name: 'Log scale of batch loss' }).click();
    await first.page.getByText(texts.details).click();
    await expect.poll(() => first.page.locator('[data-key="loss"] tbody tr').allTextContents()).toHaveLength(3);
    expect(await first.page.locator('[data-key="loss"] thead').textContent()).toBe('epochtrainingvalidation');
    await first.picture('run-table');
    const second = await open({ state: await first.state() });
    await second.show(snapshotOf(3));
    expect(await second.page.locator('[data-key="loss"] tbody tr').count()).toBe(3);
    expect(await second.page.locator('aside').isVisible()).toBe(true);
    expect(
      await second.page.getByRole('button', { name: 'Log scale of batch loss' }).getAttribute('aria-pressed'),
    ).toBe('true');
    const other = await open({ state: { ...((await first.state()) as object), root: '/elsewhere' } });
    await other.show(snapshotOf(3));
    expect(await other.page.locator('aside').isVisible()).toBe(false);
  });

  it('says in one sentence why there is nothing to see, with one action', async () => {
    const shown = await open();
    const { page, session } = shown;
    const notice = page.locator('.notice');
    await expect.poll(() => notice.textContent()).toContain(texts.loading);
    await shown.picture('run-loading');
    session.showNotice({ kind: 'broken', text: 'The run can’t be read. There is no run "4f0c7a52".', action: 'retry' });
    await shown.settled();
    await shown.send(session.next());
    await expect.poll(() => notice.textContent()).toContain('There is no run');
    await shown.picture('run-broken');
    await page.getByText(texts.retry).click();
    await expect.poll(() => shown.posts('resync').length).toBe(1);
    await shown.show({ run: facts, series: [], events: [] });
    await expect.poll(() => notice.textContent()).toContain(texts.waiting);
    await shown.picture('run-empty');
    await shown.show(snapshotOf(1));
    expect(await notice.isVisible()).toBe(false);
    await shown.picture('run-first-epoch');
  });

  it('makes a spike of one sample visible among 100 000 points, zoomed or not, and stays at hand', async () => {
    const values = Array.from({ length: 100_000 }, (_, i) => 1 + 0.1 * Math.sin(i / 700));
    values[63_742] = 40;
    const shown = await open();
    const noise = Array.from({ length: 100_000 }, (_, i) => Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1);
    await shown.show({
      run: { ...ended, objective: null },
      series: [
        seriesOf('spiky', values),
        seriesOf('val_noise', noise),
        seriesOf('training_noise', noise),
        seriesOf('batch_loss', noise),
      ],
      events: [],
    });
    console.log(
      `4 series of 100 000 points: drawn after ${await shown.page.evaluate<number>('Math.round(window.testHost.drawnAfter)')} ms`,
    );
    const top = async (): Promise<number> =>
      (await pixelsOf(shown, 'spiky', blue.dark)).filter(([row]) => row < 60).length;
    expect(await top()).toBeGreaterThan(20);
    await plotOf(shown, 'spiky').focus();
    await shown.page.keyboard.press('Home');
    await shown.page.keyboard.press('PageDown');
    await expect.poll(() => shown.page.locator('[aria-live=polite]').textContent()).toBe('epoch 11: spiky 1.001');
    const box = await shown.page.locator('[data-key="spiky"] .u-over').boundingBox();
    if (box === null) throw new Error('The card has no size.');
    for (let i = 0; i < 2; i += 1) {
      const from = i === 0 ? 0.6 : 0.3;
      await shown.page.mouse.move(box.x + box.width * from, box.y + 80);
      await shown.page.mouse.down();
      await shown.page.mouse.move(box.x + box.width * (from + 0.05), box.y + 80);
      await shown.page.mouse.move(box.x + box.width * (from + 0.1), box.y + 80);
      await shown.page.mouse.up();
      await shown.page.mouse.move(2, 2);
      await shown.page.waitForTimeout(300);
      expect(await top(), `zoom ${i}`).toBeGreaterThan(20);
    }
    await shown.picture('run-spike');
  });

  it('draws gaps, lone points and infinities without falling over', async () => {
    const shown = await open({ size: { width: 900, height: 620 } });
    const series = [
      seriesOf('val_loss', [1, NaN, 0.5, NaN, Infinity, 0.4, 0.3]),
      seriesOf('zero', [0, 0, 0]),
      seriesOf('huge', [1e308, -1e308]),
      seriesOf('nothing', [NaN, NaN]),
    ];
    await shown.show({ run: facts, series, events: [] });
    expect(await shown.page.locator('.card').count()).toBe(4);
    expect((await pixelsOf(shown, 'loss', blue.dark)).length).toBeGreaterThan(4);
    await shown.picture('run-odd');
  });

  it('takes the colours of the theme, also when it changes', async () => {
    const shown = await open();
    await shown.show(snapshotOf(24, ended));
    expect((await pixelsOf(shown, 'loss', blue.dark)).length).toBeGreaterThan(10);
    await shown.setTheme('light');
    await expect.poll(async () => (await pixelsOf(shown, 'loss', blue.light)).length).toBeGreaterThan(10);
    // A few pixels of the edge of a darker line on white are as light as the other blue.
    expect((await pixelsOf(shown, 'loss', blue.dark)).length).toBeLessThan(10);
  });

  it('has no serious fault of accessibility in any theme, live and ended', async () => {
    const shown = await open();
    await shown.show(snapshotOf(14));
    await plotOf(shown, 'loss').hover({ position: { x: 300, y: 120 } });
    await shown.page.locator('[data-key="loss"] .tip').waitFor();
    await checkThemes(shown, { picture: 'run-live' });
    await shown.show({ ...snapshotOf(24, ended), series: [...snapshotOf(24).series, ...testMetrics] });
    await shown.page.getByText(texts.details).click();
    await shown.page.getByRole('button', { name: 'Table of learning rate' }).click();
    await shown.page.getByRole('button', { name: 'Log scale of loss' }).click();
    await shown.page.locator('[data-key="learning_rate"] tbody tr').first().waitFor();
    await checkThemes(shown, { picture: 'run-ended' });
  });

  it('fits a narrow column', async () => {
    const shown = await open({ size: { width: 480, height: 700 } });
    await shown.show(snapshotOf(14));
    await shown.picture('run-narrow');
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBe(480);
  });

  it('stays small', async () => {
    const size = gzipSync(await bundle('run.js')).length;
    console.log(`run.js: ${Math.round(size / 1024)} KB compressed`);
    expect(size).toBeLessThan(150 * 1024);
  });
});
