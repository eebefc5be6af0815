import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { smooth } from '../../src/core/charts/smoothing.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench } from './browser.ts';
import { colourAt, measured, openCharts, toPoints, type Charts, type Measured } from './runscharts.ts';
import { texts } from './runstable.ts';

const adjectives = ['calm', 'bold', 'warm', 'shy', 'deep'];
const animals = ['fox', 'lynx', 'heron', 'otter', 'wren', 'ibis'];

/** Trainings whose losses fall, with noise that is always the same. */
function trainings(count: number, length = 24): readonly Measured[] {
  return Array.from({ length: count }, (_, index) => {
    const floor = 0.08 + 0.1 * Math.abs(Math.sin(index * 3.7));
    const noise = (i: number): number => 0.02 * Math.sin(i * 12.9898 + index * 78.233);
    const loss = Array.from({ length }, (_value, i) => floor + 1.8 * Math.exp((-6 * i) / length) + noise(i));
    const values = {
      val_loss: loss,
      training_loss: loss.map((value) => value * 0.8),
      val_accuracy: loss.map((value) => 1 - value / 2),
      learning_rate: loss.map((_value, i) => (i < length / 2 ? 0.001 : 0.0002)),
    };
    const name =
      index === 3
        ? 'a-name-that-is-much-longer-than-anybody-would-want-it-to-be'
        : `${adjectives[index % 5]}-${animals[index % 6]}-${index}`;
    const step = Math.round(length / 2);
    const event = { time: Date.UTC(2026, 10, 20), step, kind: 'steering', text: 'learning rate 0.001 → 0.0002' };
    const own: Partial<RunSummary> = {
      name,
      params: { 'training.learning_rate': ['0.1', '0.01', '0.001'][index % 3]!, 'training.seed': String(index) },
      tags: index === 4 ? { 'mlops.star': '1' } : {},
      ...(index === 0 ? { status: 'RUNNING', endTime: null } : index === 2 ? { status: 'FAILED' } : {}),
    };
    return measured(index, values, { ...own, events: index === 1 ? [event] : [] });
  });
}

describe.skipIf(mustSkip())('charts of many runs', () => {
  let bench: Bench;
  const opened: Charts[] = [];
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

  async function open(runs: readonly Measured[], options: Parameters<typeof openCharts>[2] = {}): Promise<Charts> {
    const shown = await openCharts(bench, runs, options);
    opened.push(shown);
    return shown;
  }

  const blue = expect.toSatisfy(
    (colour: readonly number[]) => colour[2]! > 150 && colour[0]! < 100 && colour[3]! > 100,
  );
  const red = expect.toSatisfy((colour: readonly number[]) => colour[0]! > 150 && colour[2]! < 110 && colour[3]! > 100);
  const nothing = expect.toSatisfy((colour: readonly number[]) => colour[3]! < 60);

  const lines = ({ page }: Charts) => page.locator('.runlist .line');
  const tip = ({ card }: Charts, key = 'loss'): Promise<string[]> => card(key).locator('.tip tr').allTextContents();
  const say = ({ page }: Charts): Promise<string | null> => page.locator('body > .spoken').textContent();
  const focusPlot = ({ card }: Charts, key = 'loss'): Promise<void> => card(key).locator('.plot').focus();
  const press = async (shown: Charts, ...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await shown.page.keyboard.press(key);
    await shown.frame();
  };
  const picture = ({ ask }: Charts, key = 'loss'): Promise<string> =>
    ask(key, '.uplot canvas', 'return part.toDataURL();');
  const windowOf = ({ ask }: Charts, key: string): Promise<readonly [from: number, to: number]> =>
    ask(key, '.plot', "const { from, to } = part.closest('.card').dataset; return [Number(from), Number(to)];");

  it('draws each run where its values are, in a colour of its own, and asks for no more than can be seen', async () => {
    const up = Array.from({ length: 11 }, (_, i) => i / 10);
    const shown = await open([measured(0, { score: up }), measured(1, { score: up.toReversed() })]);
    await shown.drawn('score');
    const on = [1, 11, 0, 1] as const;
    expect(await colourAt(shown, 'score', { x: 3, y: 0.2, on })).toEqual(blue);
    expect(await colourAt(shown, 'score', { x: 3, y: 0.8, on })).toEqual(red);
    expect(await colourAt(shown, 'score', { x: 3, y: 0.5, on })).toEqual(nothing);
    expect(shown.watched()?.wanted).toMatchObject({ metrics: ['score'], events: true });
    expect(await shown.card('score').locator('.plot').getAttribute('aria-label')).toBe('score. 2 lines');
  });

  it('shows a spike of one sample at every zoom', async () => {
    const spiky = Array.from({ length: 100_000 }, (_, i) => (i === 77_776 ? 1 : 0));
    const shown = await open([measured(0, { score: spiky }), measured(1, { score: spiky.map((value) => value / 4) })]);
    await shown.drawn('score');
    const plot = shown.card('score').locator('.plot');
    // The spike reaches half the height: nothing else does.
    const isSeen = (where = '.uplot canvas'): Promise<boolean> =>
      shown.ask(
        'score',
        '.plot',
        /* js */ `const over = part.querySelector('.u-over'), canvas = part.querySelector(${JSON.stringify(where)});
        const top = Math.round((over.offsetTop + over.clientHeight / 2) * canvas.width / canvas.clientWidth);
        const copy = Object.assign(document.createElement('canvas'), { width: over.clientWidth, height: 1 }).getContext('2d', { willReadFrequently: true });
        copy.drawImage(canvas, -over.offsetLeft, -top);
        const { data } = copy.getImageData(0, 0, over.clientWidth, 1);
        return data.some((value, at) => at % 4 === 3 && value > 60 && data[at - 1] > data[at - 3] + 60);`,
      );
    await shown.picture('charts-spike');
    expect(await isSeen()).toBe(true);
    // Pointed at, too.
    await shown
      .card('score')
      .locator('.u-over')
      .hover({ position: { x: 50, y: (await plot.boundingBox())!.height - 40 } });
    await expect.poll(() => isSeen('canvas.highlight')).toBe(true);
    await plot.focus();
    await press(shown, 'End');
    for (let zoom = 0; zoom < 12; zoom += 1) {
      const box = (await plot.locator('.u-over').boundingBox())!;
      const before = await picture(shown, 'score');
      const [from, to] = await windowOf(shown, 'score');
      const at = (77_777 - from) / (to - from);
      const [x, y] = [box.x + box.width * at, box.y + box.height / 2];
      await shown.page.mouse.move(x, y);
      await shown.page.mouse.wheel(0, -400);
      await expect.poll(() => picture(shown, 'score')).not.toBe(before);
      expect(await isSeen(), `zoom ${zoom}`).toBe(true);
    }
    const [from, to] = await windowOf(shown, 'score');
    expect(to - from).toBeLessThan(20_000);
  });

  it('reads all runs at the cursor, the greatest first, and walks by keys', async () => {
    const shown = await open([
      measured(0, { val_loss: [0.5, 0.4, 0.3], val_accuracy: [0.1, 0.2, 0.3] }),
      measured(1, { val_loss: [0.9, 0.8, 0.1] }),
      measured(2, { val_loss: [0.7, NaN] }),
    ]);
    await shown.drawn();
    await lines(shown).nth(1).click();
    await focusPlot(shown);
    await press(shown, 'Home');
    await expect.poll(() => tip(shown)).toEqual(['run-10.9000', 'run-20.7000', 'run-00.5000']);
    expect(await shown.card('loss').locator('.tip b').allTextContents()).toEqual(['run-1', '0.9000']);
    await expect.poll(() => say(shown)).toBe('epoch 1: run-1 0.9000, run-2 0.7000, run-0 0.5000');
    await press(shown, 'ArrowRight', 'ArrowRight');
    await expect.poll(() => tip(shown)).toEqual(['run-00.3000', 'run-10.1000']);
    // The cursor is shared: the other card has its line, too, and no table.
    expect(await shown.card('accuracy').locator('.plot > .line').isVisible()).toBe(true);
    expect(await shown.card('accuracy').locator('.tip').isVisible()).toBe(false);
    await press(shown, 'ArrowUp');
    await expect.poll(() => say(shown)).toBe('run-0 0.3000');
    expect(await lines(shown).first().getAttribute('class')).toContain('hovered');
    expect(await shown.card('accuracy').locator('canvas.highlight').isVisible()).toBe(true);
    await press(shown, 'Enter');
    await expect.poll(() => lines(shown).first().getAttribute('aria-selected')).toBe('true');
    await press(shown, 'Escape');
    expect(await shown.card('loss').locator('.plot > .line').isVisible()).toBe(false);
    // The best point by the objective, in words.
    expect(await shown.card('loss').locator('.plot').getAttribute('aria-label')).toContain('best 0.3000 at 3 · run-0');
  });

  it('marks, zooms all charts of an axis together, pans and comes back; the wheel zooms only who has the focus', async () => {
    const shown = await open(trainings(3, 200));
    await shown.drawn();
    const whole = shown.page.getByRole('button', { name: texts.chartsWhole });
    const box = (await shown.card('loss').locator('.u-over').boundingBox())!;
    const y = box.y + box.height / 2;
    await shown.page.mouse.move(box.x + 100, y);
    await shown.page.mouse.wheel(0, -300);
    await shown.frame();
    expect(await whole.isVisible()).toBe(false);
    await shown.page.mouse.down();
    await shown.page.mouse.move(box.x + 200, y, { steps: 4 });
    await shown.page.mouse.up();
    await expect.poll(() => whole.isVisible()).toBe(true);
    const [from, to] = await windowOf(shown, 'loss');
    // Whole is 1 to 200: 99.5 % of the pixels from 100 to 200 px.
    expect(Math.abs(from - (1 + (100 / box.width) * 199))).toBeLessThan(1.5);
    expect(Math.abs(to - (1 + (200 / box.width) * 199))).toBeLessThan(1.5);
    await expect.poll(() => windowOf(shown, 'accuracy')).toEqual([from, to]);
    await shown.page.keyboard.down('Shift');
    await shown.page.mouse.move(box.x + 200, y);
    await shown.page.mouse.down();
    await shown.page.mouse.move(box.x + 150, y, { steps: 5 });
    await shown.page.mouse.up();
    await shown.page.keyboard.up('Shift');
    await expect.poll(async () => (await windowOf(shown, 'loss'))[0] > from + 5).toBe(true);
    const [left, right] = await windowOf(shown, 'loss');
    expect(right - left).toBeCloseTo(to - from, 6);
    await focusPlot(shown);
    await press(shown, '-');
    await expect.poll(async () => (await windowOf(shown, 'loss'))[0] < left).toBe(true);
    await shown.card('loss').locator('.u-over').dblclick();
    await expect.poll(() => windowOf(shown, 'accuracy')).toEqual([1, 200]);
    expect(await whole.isVisible()).toBe(false);
  });

  it('smooths by what is chosen and keeps what was measured beside it', async () => {
    const values = [4, 1, 3, 0.5, 2];
    const shown = await open([measured(0, { val_loss: values }), measured(1, { val_loss: [1, 1, 1, 1, 1] })]);
    await shown.drawn();
    await shown.page.locator('vscode-dropdown', { hasText: texts.chartsSmoothingAutomatic }).click();
    await shown.page.locator('vscode-option', { hasText: texts.chartsExponential }).click();
    await expect.poll(() => shown.card('loss').locator('.drawn').textContent()).toBe('validation · smoothed 0.60');
    await focusPlot(shown);
    await press(shown, 'End');
    const last = smooth(Float64Array.from(values), { kind: 'exponential', weight: 0.6 }).at(-1)!;
    await expect.poll(() => tip(shown)).toEqual([`run-0${last.toFixed(3)}2.000`, 'run-11.0001.000']);
    expect(shown.posts().at(-1)).toMatchObject({
      type: 'keep',
      view: { charts: { smoothing: { kind: 'exponential', weight: 0.6 } } },
    });
  });

  it('draws runs of the same value as their mean with a band', async () => {
    const params = { 'training.optimizer': 'adam' };
    const group = { column: 'params.training.optimizer', band: 'range' } as const;
    const runs = [
      measured(0, { score: [0, 0, 0] }, { params }),
      measured(1, { score: [1, 1, 1] }, { params }),
      measured(2, { score: [2, 2, 2] }, { params: { 'training.optimizer': 'sgd' } }),
      measured(3, { score: [4, 4, 4] }, { params: { 'training.optimizer': 'sgd' } }),
    ];
    const shown = await open(runs, { charts: { group } });
    await shown.drawn('score');
    await focusPlot(shown, 'score');
    await press(shown, 'Home');
    await expect.poll(() => tip(shown, 'score')).toEqual(['sgd3.000', 'adam0.5000']);
    const on = [1, 3, 0, 4] as const;
    const faint = expect.toSatisfy((colour: readonly number[]) => colour[3]! > 20 && colour[3]! < 100);
    expect(await colourAt(shown, 'score', { x: 2, y: 0.5, on })).toEqual(blue);
    expect(await colourAt(shown, 'score', { x: 2, y: 0.8, on })).toEqual(faint);
    expect(await colourAt(shown, 'score', { x: 2.2, y: 1.5, on })).toEqual(nothing);
    expect(await colourAt(shown, 'score', { x: 2, y: 2.5, on })).toEqual(faint);
    await shown.picture('charts-groups');
  });

  it('takes runs out and back, with keys, and keeps the colour of each over new runs and a reload', async () => {
    const all = trainings(8);
    const shown = await open(all.slice(2));
    await shown.drawn();
    const colour = ({ page }: Charts, name: string): Promise<string | null> =>
      page.locator('.runlist .line', { hasText: name }).locator('.swatch path').getAttribute('stroke');
    const before = await colour(shown, 'deep-wren-4');
    await shown.page.locator('.runlist .list').press('h');
    await expect.poll(() => lines(shown).first().textContent()).toContain(texts.chartsOff);
    await expect.poll(() => shown.card('loss').locator('.plot').getAttribute('aria-label')).toContain('10 lines');
    await shown.tell(all.slice(0, 2).map(({ run }) => run));
    await expect.poll(() => lines(shown).count()).toBe(8);
    expect(await colour(shown, 'deep-wren-4')).toBe(before);
    // Though the theme's orange can be seen through.
    await shown.page.locator('.runlist .swatch path[stroke="rgb(234, 92, 0)"]').first().waitFor({ state: 'attached' });
    await shown.page.getByRole('button', { name: texts.chartsAll }).click();
    await expect.poll(() => shown.card('loss').locator('.plot').getAttribute('aria-label')).toContain('16 lines');
    await lines(shown).nth(2).click({ button: 'right' });
    const menu = (await shown.page.locator('.runlist .list').getAttribute('data-vscode-context')) ?? '';
    expect(JSON.parse(menu)).toMatchObject({ webviewSection: 'run', runIds: [all[2]!.run.runId] });
    await press(shown, 'Shift+Tab');
    await shown.page.waitForTimeout(400);
    const again = await open(all, { state: await shown.state() });
    await again.drawn();
    expect(await colour(again, 'deep-wren-4')).toBe(before);
    expect(await colour(again, 'warm-heron-2')).toBe(await colour(shown, 'warm-heron-2'));
  });

  it('follows live points at most four times a second, and stays where it was zoomed to', async () => {
    const runs = trainings(4, 40);
    const count = `{ const own = CanvasRenderingContext2D.prototype, clear = own.clearRect; window.cleared = 0;
      own.clearRect = function (...all) { window.cleared += 1; return clear.apply(this, all); }; }`;
    const shown = await open(runs, { before: count, charts: { columns: 1 }, size: { width: 1100, height: 420 } });
    await shown.drawn();
    await shown.page.waitForTimeout(300);
    await shown.page.evaluate('window.cleared = 0');
    const started = Date.now();
    for (let i = 0; i < 20; i += 1) {
      await shown.append([toPoints(runs[0]!, 'val_loss', [0.5], 40 + i)]);
      await shown.page.waitForTimeout(25);
    }
    await shown.page.waitForTimeout(300);
    const [cleared, seconds] = [await shown.page.evaluate<number>('window.cleared'), (Date.now() - started) / 1000];
    expect(cleared).toBeGreaterThan(0);
    expect(cleared).toBeLessThanOrEqual(4 * seconds + 2);
    await focusPlot(shown);
    await press(shown, 'End');
    await expect.poll(() => say(shown)).toContain('epoch 60');
    await press(shown, 'Home', '+', '+');
    await shown.page.waitForTimeout(300);
    const before = await picture(shown);
    await shown.append([toPoints(runs[0]!, 'val_loss', [99], 60)]);
    await shown.page.waitForTimeout(400);
    expect(await picture(shown)).toBe(before);
  });

  it('adds a chart of an expression, says what is wrong with it at its place, and changes cards by menu and keys', async () => {
    const shown = await open([measured(0, { val_loss: [2, 1], training_loss: [1, 1], val_accuracy: [0, 1] })]);
    await shown.drawn();
    await shown.page.getByRole('button', { name: texts.chartsMoreName }).click();
    await shown.page.getByRole('button', { name: texts.chartsAdd }).click();
    const input = shown.page.locator('.side > .expression input');
    await input.fill('"val_loss" / "tranining_loss"');
    await press(shown, 'Enter');
    expect(await shown.page.locator('.side > .expression .bad').textContent()).toBe(
      'No run has a metric "tranining_loss".',
    );
    expect(await shown.page.locator('.side > .expression .caret').textContent()).toBe(`${' '.repeat(13)}^`);
    await shown.picture('charts-expression-mistake');
    await input.fill('"val_loss" / "training_loss"');
    await press(shown, 'Enter');
    expect(await shown.page.evaluate('document.activeElement.ariaLabel')).toBe(texts.chartsAdd);
    const key = '= \\"val_loss\\" / \\"training_loss\\"';
    await shown.drawn(key);
    await focusPlot(shown, key);
    await press(shown, 'Home');
    await expect.poll(() => tip(shown, key)).toEqual(['run-02.000']);
    const order = (): Promise<string[]> => shown.page.locator('.charts .card h2').allTextContents();
    expect(await order()).toEqual(['"val_loss" / "training_loss"', 'loss', 'accuracy']);
    await press(shown, 'Alt+ArrowRight');
    await expect.poll(order).toEqual(['loss', '"val_loss" / "training_loss"', 'accuracy']);
    const menu = shown.card('loss').getByRole('button', { name: 'Menu of loss' });
    await menu.focus();
    await press(shown, 'Enter', 'ArrowDown', 'Enter');
    await expect
      .poll(() => shown.card('loss').locator('.drawn').textContent())
      .toBe('validation, training dashed · log');
    expect(await shown.page.evaluate('document.activeElement.ariaLabel')).toBe('Menu of loss');
    await menu.click();
    await shown.picture('charts-menu');
    await shown.page.getByRole('menuitemcheckbox', { name: texts.chartsTable }).click();
    await expect
      .poll(() => shown.card('loss').locator('.numbers tr').allTextContents())
      .toEqual(['epochrun-0 · training_lossrun-0 · val_loss', '21.0001.000', '11.0002.000']);
    await menu.click();
    await shown.page.getByRole('menuitem', { name: texts.chartsHide }).click();
    await expect.poll(order).toEqual(['"val_loss" / "training_loss"', 'accuracy']);
    await shown.page.getByRole('button', { name: 'show 1 hidden' }).click();
    await expect.poll(order).toEqual(['loss', '"val_loss" / "training_loss"', 'accuracy']);
    const find = shown.page.getByRole('searchbox', { name: texts.chartsFindName });
    await find.fill('(a');
    await expect.poll(() => shown.page.locator('.note p').textContent()).toBe('No chart has “(a” in its name.');
    await press(shown, 'Escape');
    await expect.poll(order).toEqual(['loss', '"val_loss" / "training_loss"', 'accuracy']);
    const head = (await shown.card('accuracy').locator('h2').boundingBox())!;
    const target = (await shown.card('loss').boundingBox())!;
    await shown.page.mouse.move(head.x + 5, head.y + 5);
    await shown.page.mouse.down();
    await shown.page.mouse.move(target.x + 50, target.y + 50, { steps: 4 });
    await shown.page.mouse.up();
    await expect.poll(order).toEqual(['accuracy', 'loss', '"val_loss" / "training_loss"']);
  });

  it('stays up and says so, whatever is in the data', async () => {
    const hostile = '<img src=x onerror=alert(1)>\u202Egnp.js';
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`metric_${i}`, [i, i + 1]]));
    const shown = await open([
      measured(
        0,
        {
          ...many,
          one: [NaN, 7],
          none: [NaN, NaN, NaN],
          huge: [1e308, 1e-308, -1e308, Infinity, -Infinity],
          [hostile]: [1, 2],
        },
        { name: hostile },
      ),
      measured(1, { val_loss: [3] }),
    ]);
    await shown.drawn('metric_0');
    expect(await shown.page.locator('.charts .card').count()).toBe(505);
    expect(shown.watched()!.wanted.metrics.length).toBeLessThan(20);
    expect(await shown.page.locator('.charts img').count()).toBe(0);
    for (const key of ['loss', 'one', 'none', 'huge']) {
      await shown.card(key).scrollIntoViewIfNeeded();
      if (key === 'none') await expect.poll(() => shown.card(key).locator('.said').isVisible()).toBe(false);
      else await shown.drawn(key);
    }
    await focusPlot(shown, 'huge');
    await press(shown, 'Home');
    await expect.poll(() => tip(shown, 'huge')).toEqual([`${hostile.replace('\u202E', '\\u202e')}1e308`]);
    await shown.picture('charts-hostile');
  });

  it.each([
    ['other axes', { x: { kind: 'relative', metric: null } }, '2.0 s after the start: run-0 3.000'],
    ['dates', { x: { kind: 'wall', metric: null } }, /^Nov 20, .*: run-0 3\.000$/],
    ['a log axis', { xScale: 'log' }, 'epoch 3: run-0 3.000'],
    ['another metric', { x: { kind: 'metric', metric: 'other' } }, 'other 9.000: run-0 3.000'],
  ] as const)('draws over %s', async (_, charts, words) => {
    const shown = await open([measured(0, { score: [1, 2, 3], other: [7, 8, 9] })], { charts });
    await shown.drawn('score');
    await focusPlot(shown, 'score');
    await press(shown, 'End');
    await expect.poll(() => say(shown)).toEqual(typeof words === 'string' ? words : expect.stringMatching(words));
  });

  it('has a row of charts for each value, and colours by it', async () => {
    const shown = await open(trainings(9), {
      charts: { facet: 'params.training.learning_rate', colour: 'params.training.learning_rate' },
    });
    await shown.drawn();
    expect(await shown.page.locator('.charts .row > h3').allTextContents()).toEqual([
      'training.learning_rate = 0.001',
      'training.learning_rate = 0.01',
      'training.learning_rate = 0.1',
    ]);
    const colours = await Promise.all(
      Array.from({ length: 9 }, (_, index) => lines(shown).nth(index).locator('.swatch path').getAttribute('stroke')),
    );
    expect(colours[0]).toBe(colours[3]);
    expect(new Set(colours).size).toBe(3);
    await shown.picture('charts-facets');
  });

  it('computes in the page where no worker can be started', async () => {
    const shown = await open(trainings(2), {
      before: "window.Worker = class { constructor() { throw new Error('none here'); } }",
    });
    await shown.drawn();
    await focusPlot(shown);
    await press(shown, 'Home');
    await expect.poll(() => tip(shown)).toHaveLength(4);
  });

  it('says why there is nothing to see', async () => {
    const shown = await open([measured(0, {})]);
    await expect.poll(() => shown.page.locator('.charts .note').textContent()).toContain(texts.chartsNothing);
    await shown.picture('charts-empty');
  });

  it.each([1, 120])(
    'has no serious fault of accessibility with %i runs in any theme, also when it changes',
    async (count) => {
      const shown = await open(trainings(count));
      await shown.drawn();
      if (count > 1) await lines(shown).nth(1).click();
      const plot = (await shown.card('loss').locator('.u-over').boundingBox())!;
      await shown.page.mouse.move(plot.x + plot.width * 0.45, plot.y + plot.height * 0.6);
      await checkThemes(shown, { picture: `charts-${count}` });
      if (count > 100)
        expect(await shown.page.locator('.charts .note').textContent()).toContain('100 runs as lines, 20 more');
    },
  );

  it('fits a narrow column', async () => {
    const shown = await open(trainings(9), { size: { width: 480, height: 700 } });
    await shown.drawn();
    await shown.picture('charts-narrow');
    for (const part of ['.charts', 'header', 'footer'])
      expect(
        await shown.page.evaluate<number>(`document.querySelector('${part}').scrollWidth`),
        part,
      ).toBeLessThanOrEqual(480);
  });
});
