import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { texts } from './runstable.ts';
import { mustSkip, startBench, type Bench } from './browser.ts';
import { measured, openCharts, toPoints, type Charts, type Measured } from './runscharts.ts';

const messages = 100_000;

/** Messages with whatever a field may hold, and others that are none at all; the same ones each time. They are made in the page, where they are heard. */
const shower = /* js */ `async ({ count, watch }) => {
  let seed = 7;
  const random = (most) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed % most;
  };
  const own = { runId: '0'.repeat(32), metric: 'loss', from: 0, steps: Float64Array.of(1, 2), values: Float64Array.of(1, NaN), times: Float64Array.of(1, 2) };
  const templates = [
    () => ({ type: 'series', protocol: 1, watch: 3, sequence: 1, series: [{ ...own }], events: [], problems: [], isWhole: true }),
    () => ({ type: 'runs', protocol: 1, sequence: 0, begins: true, ends: true, bytes: Uint8Array.of(91, 93), removed: [], unreadable: [] }),
    () => ({ type: 'views', protocol: 1, sequence: 0, views: [{ name: 'a', view: null, problem: 'b' }] }),
    () => ({ type: 'notice', protocol: 1, sequence: 0, notice: { kind: 'broken', text: '<img src=x onerror=alert(1)>', action: 'retry' } }),
    () => ({ type: 'chosen', protocol: 1, sequence: 0, name: '__proto__' }),
    () => ({ type: 'copy', protocol: 1, sequence: 0, format: 'csv' }),
    () => ({ ...own }),
    () => undefined,
  ];
  const pool = [undefined, null, NaN, -1, 0, 0.5, 1e308, '', '__proto__', '<b>', '\\u202e', [], [[]], {}, { length: 1e9 }, true, 2n, Symbol.iterator,
    new Float64Array(3), Float64Array.of(2, 1), Float64Array.of(NaN), new Uint8Array(2), new ArrayBuffer(8), new Date(NaN), new Map(), () => 1, window.origin];
  const deliver = (data) => window.dispatchEvent(new MessageEvent('message', { data }));
  for (let index = 0; index < count; index += 1) {
    const message = templates[random(templates.length)]();
    if (message === undefined) deliver(pool[random(pool.length)]);
    else {
      const fields = Object.keys(message);
      for (let change = random(3); change >= 0; change -= 1) message[fields[random(fields.length)]] = pool[random(pool.length)];
      if (index % 5000 === 0) Object.assign(message, { type: 'series', watch, sequence: 3 + random(9) });
      deliver(message);
    }
    if (index % 2000 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}`;

describe.skipIf(mustSkip())('the page of runs, whatever it is told', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench.close());

  const values = (shift: number) => Array.from({ length: 60 }, (_, i) => Math.exp(-i / 20) + shift);
  const runs: readonly Measured[] = [0, 1, 2].map((index) => measured(index, { loss: values(index / 5) }));
  const picture = ({ page }: Charts): Promise<string> =>
    page.evaluate(`document.querySelector('.charts .card[data-key="loss"] canvas:not(.highlight)').toDataURL()`);

  it('stays up, breaks no rule, and draws the same when it is told the right things', async () => {
    const page = await openCharts(bench, runs);
    await page.drawn();
    const before = await picture(page);
    await page.page.evaluate(`(${shower})(${JSON.stringify({ count: messages, watch: page.watched()?.watch })})`);
    expect(Number(await page.page.evaluate('document.body.dataset.ignored'))).toBeGreaterThan(messages / 2);
    // As after a page that was loaded again: everything comes once more.
    await page.tell(
      runs.map(({ run }) => run),
      { begins: true },
    );
    await page.drawn();
    await expect.poll(() => picture(page)).toBe(before);
    // Also while another tab is looked at points are taken over, and there when this one is looked at again.
    await page.page.getByRole('tab', { name: texts.tableTab }).click();
    await page.append(runs.map((run) => toPoints(run, 'loss', [0.5], 60)));
    await expect
      .poll(() => page.posts().at(-1))
      .toMatchObject({ type: 'watched', watch: page.watched()?.watch, sequence: 2 });
    await page.page.getByRole('tab', { name: texts.chartsTab }).click();
    await expect.poll(() => picture(page)).not.toBe(before);
    expect(await page.page.locator('img, script:not([nonce])').count()).toBe(0);
    expect(await page.page.getByRole('tab', { name: texts.chartsTab }).getAttribute('aria-selected')).toBe('true');
    expect([await page.violations(), page.complaints]).toEqual([[], []]);
  });

  it('says that it reads without moving or resizing a chart', async () => {
    const shown = await openCharts(bench, runs, {
      before: /* js */ `{
        window.seen = new Set();
        new MutationObserver(() => {
          const plot = document.querySelector('.charts .card .plot')?.getBoundingClientRect();
          const words = document.querySelector('.charts .pending')?.textContent;
          if (plot?.height > 0) window.seen.add(words + ' ' + [plot.left, plot.top, plot.width, plot.height].map(Math.round));
        }).observe(document.body, { childList: true, characterData: true, attributes: true, subtree: true });
      }`,
    });
    await shown.drawn();
    const seen = await shown.page.evaluate<string[]>('[...window.seen]');
    const places = (words: string): string[] =>
      seen.flatMap((one) => (one.startsWith(`${words} `) ? [one.slice(words.length + 1)] : []));
    expect(places(texts.chartsReading)).toEqual(places(''));
    expect(places('')).toHaveLength(1);
  });

  it('goes on when its worker dies, and says what it does, what can’t be read, and that the runs are gone', async () => {
    const shown = await openCharts(bench, runs, {
      before: `window.workers = [];
        window.Worker = class extends Worker { constructor(...all) { super(...all); window.workers.push(this); } };`,
    });
    const note = (): Promise<string | null> => shown.page.locator('.charts .note').textContent();
    await shown.drawn();
    const whole = await picture(shown);
    // Three are replaced; then the page draws by itself.
    for (const workers of [2, 3, 4, 4]) {
      const before = shown.watched()?.watch;
      await shown.card('loss').locator('.plot').focus();
      await shown.page.keyboard.press('End');
      await shown.page.evaluate(/* js */ `{
        new MutationObserver(() => {
          const words = document.querySelector('.charts .pending').textContent;
          if (words.includes(${JSON.stringify(texts.chartsRecovering)})) window.told = words;
        }).observe(document.querySelector('.charts .pending'), { childList: true, characterData: true, subtree: true });
        window.workers.at(-1).postMessage({ id: -1, deed: 'draw', ask: null });
      }`);
      await expect.poll(() => shown.watched()?.watch).toBe((before ?? 0) + 1);
      await expect.poll(() => shown.page.evaluate('window.told')).toContain(texts.chartsRecovering);
      await shown.drawn();
      await expect.poll(() => picture(shown)).toBe(whole);
      expect(await shown.page.evaluate('window.workers.length')).toBe(workers);
      await shown.page.keyboard.press('Home');
      await expect.poll(() => shown.page.locator('body > .spoken').textContent()).toContain('epoch 1: ');
      await shown.page.keyboard.press('Escape');
    }
    // Told to whoever keeps the log.
    expect(shown.posts().filter(({ type }) => type === 'error')).toHaveLength(4);
    const unreadable = { runId: runs[1]!.run.runId, metric: 'loss', message: 'Line 3 is <b>torn</b>.' };
    await shown.append([], [unreadable, { ...unreadable, metric: '' }]);
    await expect.poll(note).toContain('run-1 loss: Line 3 is <b>torn</b>. and 1 more');
    const before = shown.watched()?.watch ?? 0;
    await shown.page.locator('.charts .note').getByText(texts.retry).click();
    await expect.poll(() => shown.watched()).toMatchObject({ watch: before + 1, restart: true });
    await shown.drawn();
    expect(await note()).not.toContain('torn');
    await shown.say({ type: 'notice', notice: { kind: 'broken', text: 'The store is gone.', action: 'retry' } });
    await shown.page.locator('.notice p', { hasText: 'The store is gone.' }).waitFor();
    expect(await picture(shown)).toBe(whole);
    await shown.tell([], { begins: true });
    await shown.page.locator('.notice p', { hasText: texts.empty }).waitFor();
    expect(await shown.page.locator('.charts').isVisible()).toBe(false);
    await shown.tell(
      runs.map(({ run }) => run),
      { begins: true },
    );
    await shown.drawn();
    expect([await shown.violations(), shown.complaints]).toEqual([[], []]);
  });

  it('says which values have no row of charts, because there are too many', async () => {
    const seeds = Array.from({ length: 33 }, (_, seed) =>
      measured(seed, { a: [1, 2] }, { params: { seed: `${seed}` } }),
    );
    const { page } = await openCharts(bench, seeds, { charts: { facet: 'params.seed' } });
    await expect.poll(() => page.locator('.charts .row > h3').count()).toBe(30);
    const note = (): Promise<string | null> => page.locator('.charts .note p').textContent();
    await expect.poll(note).toBe('3 more values have no row of charts: filter the runs.');
  });
});
