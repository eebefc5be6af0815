import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench } from './browser.ts';
import { makeSweep, openRelations, runOf, type RelationsPage } from './relations.ts';
import { texts } from './runstable.ts';

describe.skipIf(mustSkip())('parallel coordinates of runs', () => {
  let bench: Bench;
  const opened: RelationsPage[] = [];
  beforeAll(async () => {
    bench = await startBench();
  });
  afterEach(async () => {
    for (const shown of opened.splice(0)) {
      const { page, violations, complaints } = shown;
      expect(await violations()).toEqual([]);
      expect(complaints).toEqual([]);
      expect(shown.posts().filter(({ type }) => type === 'error')).toEqual([]);
      await page.close();
    }
  });
  afterAll(() => bench.close());

  async function open(
    runs: readonly RunSummary[],
    options: Parameters<typeof openRelations>[2] = {},
  ): Promise<RelationsPage> {
    const shown = await openRelations(bench, runs, options);
    opened.push(shown);
    return shown;
  }

  const columns = (shown: RelationsPage): Promise<unknown> =>
    shown
      .part('axis')
      .evaluateAll((axes) =>
        axes.map((axis) => (axis as unknown as { dataset: Record<string, string> }).dataset['column']),
      );
  const axisOf = ({ page }: RelationsPage, column: string) =>
    page.locator(`[data-part="axis"][data-column="${column}"]`);
  const boxOf = async (shown: RelationsPage, column: string) => {
    const box = await axisOf(shown, column).boundingBox();
    if (box === null) throw new Error(`${column} is not shown.`);
    return { x: box.x + box.width / 2, top: box.y + 8, bottom: box.y + box.height - 8 };
  };
  /** Drags along an axis, from place to place (0 below, 1 above). */
  const brush = async (shown: RelationsPage, column: string, from: number, to: number): Promise<void> => {
    const { x, top, bottom } = await boxOf(shown, column);
    const heightOf = (place: number): number => bottom - place * (bottom - top);
    await shown.page.mouse.move(x, heightOf(from));
    await shown.page.mouse.down();
    await shown.page.mouse.move(x, heightOf((from + to) / 2));
    await shown.page.mouse.move(x, heightOf(to));
    await shown.page.mouse.up();
    await shown.settle();
  };

  const four = [
    runOf(0, { units: '16', act: 'elu' }, { val_loss: 0.4 }, 'first'),
    runOf(1, { units: '64', act: 'relu' }, { val_loss: 0.2 }, 'second'),
    runOf(2, { units: '112', act: 'tanh' }, { val_loss: 0.1 }, 'third'),
    runOf(3, { units: '16' }, { val_loss: NaN }, 'broken'),
  ];

  it('lie where their values are, in the colours of the metric', async () => {
    const shown = await open(four);
    expect(await columns(shown)).toEqual(['params.units', 'params.act', 'metrics.val_loss']);
    const stage = await shown.part('parallel').last().boundingBox();
    const [width, height] = [stage?.width ?? 0, stage?.height ?? 0];
    const middle = width / 2;
    const [top, bottom] = [40, height - 28 - 32];
    // By hand: elu lies at the bottom of its axis, tanh at the top; so do the losses 0.1 and 0.4.
    const placed = await axisOf(shown, 'params.act').evaluate((axis) => {
      const { left, top: above, height: long } = (axis as unknown as { style: Record<string, string> }).style;
      return [left, above, long];
    });
    expect(placed).toEqual([`${middle}px`, `${top - 8}px`, `${bottom - top + 16}px`]);
    const colourAt = async (x: number, y: number): Promise<string> =>
      (await shown.pixel(1, x, y))
        .slice(0, 3)
        .map((channel) => Math.round(channel / 16))
        .join();
    const [yellow, blue] = [[255, 216, 102], [91, 127, 230]].map((rgb) => rgb.map((channel) => Math.round(channel / 16)).join()); // prettier-ignore
    const quarter = middle + (width - 64 - middle) / 2;
    // From elu (bottom) to 0.4 (top), and from tanh (top) to 0.1 (bottom).
    expect(await colourAt(middle + (width - 64 - middle) / 4, bottom - (bottom - top) / 4)).toBe(yellow);
    expect(await colourAt(middle + (width - 64 - middle) / 4, top + (bottom - top) / 4)).toBe(blue);
    expect(await shown.pixel(1, quarter, top + 3)).toEqual([0, 0, 0, 0]);
    const canvas = shown.page.locator('.stage canvas[role=img]');
    expect((await canvas.getAttribute('aria-label'))?.replaceAll(/[\u2068\u2069]/g, '')).toBe(
      'Parallel coordinates of 4 runs: units, act, val_loss',
    );
  });

  it('are brushed by the mouse: drawn, moved, resized, several on an axis, cleared; the table has what is in the brush', async () => {
    const runs = makeSweep(24);
    const shown = await open(runs);
    const losses = runs.map(({ metrics }) => metrics['val_loss']!.last.value).filter(Number.isFinite);
    const [least, most] = [Math.min(...losses), Math.max(...losses)];
    const within = (low: number, high: number): number =>
      losses.filter((loss) => loss >= least + low * (most - least) && loss <= least + high * (most - least)).length;
    const told = async (count: number): Promise<void> => {
      expect(await shown.count()).toBe(`${count} of 24 in the brush`);
      expect(await shown.page.locator('footer [role=status]').textContent()).toBe(
        count === 0 ? '24 runs' : `24 runs · ${count} selected`,
      );
    };
    expect(await shown.count()).toBe('24 runs');
    await brush(shown, 'metrics.val_loss', 0, 0.301);
    await told(within(0, 0.301));
    const faint = shown.page.locator('.stage canvas').first();
    expect(await faint.evaluate((canvas) => Number((canvas as unknown as { style: { opacity: string } }).style.opacity))).toBeGreaterThan(0); // prettier-ignore
    await brush(shown, 'metrics.val_loss', 0.301, 0.602);
    await told(within(0, 0.602));
    await brush(shown, 'metrics.val_loss', 0.2, 0.4);
    await told(within(0.2, 0.802));
    await brush(shown, 'metrics.val_loss', 0, 0.1);
    await told(within(0.2, 0.802) + within(0, 0.1));
    await brush(shown, 'params.training.batch_size', 0.9, 1);
    const { brushes } = await shown.view();
    expect(brushes.map(({ column }) => column)).toEqual(['metrics.val_loss', 'metrics.val_loss', 'params.training.batch_size']); // prettier-ignore
    await shown.picture('relations-brushed');
    const selected = Number(/^(\d+)/.exec((await shown.count()) ?? '')?.[1]);
    await shown.goTo('tableTab');
    expect(await shown.page.locator('.body > .row[aria-selected=true]').count()).toBe(selected);
    await shown.goTo('relationsTab');
    const { x, bottom } = await boxOf(shown, 'metrics.val_loss');
    await shown.page.mouse.click(x, bottom - 10);
    await shown.settle();
    expect((await shown.view()).brushes).toHaveLength(2);
    await shown.part('clear').click();
    await shown.settle();
    expect([await shown.count(), await shown.part('clear').isVisible()]).toEqual(['24 runs', false]);
    expect((await shown.view()).brushes).toEqual([]);
  });

  it('are brushed, moved and turned round by keys alone', async () => {
    const shown = await open(four);
    await shown.page.getByRole('tab', { name: texts.relationsTab }).focus();
    const isOnAxis = (): Promise<boolean> =>
      shown.page.evaluate<boolean>(`document.activeElement?.dataset.part === 'axis'`);
    for (let i = 0; i < 20 && !(await isOnAxis()); i += 1) await shown.page.keyboard.press('Tab');
    const focused = (): Promise<string> =>
      shown.page.evaluate<string>(`[document.activeElement.dataset.column, document.activeElement.ariaValueText].join(': ').replaceAll(/[\\u2068\\u2069]/g, '')`); // prettier-ignore
    expect(await focused()).toBe('params.units: nothing brushed');
    await shown.press('ArrowUp');
    expect(await focused()).toBe('params.units: 92.8 to 112, 1 of 4 in the brush');
    await shown.press(...Array.from({ length: 6 }, () => 'Control+ArrowDown'));
    expect(await focused()).toBe('params.units: 64 to 112, 2 of 4 in the brush');
    await shown.press('ArrowRight', 'ArrowDown');
    expect(await focused()).toBe('params.act: elu, 0 of 4 in the brush');
    await shown.press('Shift+ArrowUp');
    expect(await focused()).toBe('params.act: elu, relu, 1 of 4 in the brush');
    await shown.press('n');
    expect((await shown.view()).brushes).toHaveLength(3);
    await shown.press('Delete', 'ArrowLeft');
    expect(await focused()).toBe('params.units: 64 to 112, 1 of 4 in the brush');
    await shown.press('Alt+ArrowRight');
    expect(await columns(shown)).toEqual(['params.act', 'params.units', 'metrics.val_loss']);
    expect((await shown.spoken())?.replaceAll(/[\u2068\u2069]/g, '')).toBe('units is axis 2 of 3');
    expect(await focused()).toBe('params.units: 64 to 112, 1 of 4 in the brush');
    await shown.press('r', 'l');
    expect((await shown.view()).axes?.[1]).toEqual({ column: 'params.units', scale: 'log', isReversed: true });
    await shown.press('Escape');
    expect([await focused(), await shown.count()]).toEqual(['params.units: nothing brushed', '4 runs']);
    // Runs without a value have a place of their own below the axis.
    await shown.tell([runOf(9, { act: 'elu' }, { val_loss: 1 })]);
    await expect.poll(() => shown.count()).toBe('5 runs');
    await shown.press('m');
    expect(await focused()).toBe('params.units: none, 1 of 5 in the brush');
    expect((await shown.view()).brushes).toEqual([{ column: 'params.units', isMissing: true }]);
    await shown.picture('relations-missing');
    await shown.page.locator('[data-part="axis-none"][data-column="params.units"]').click();
    await shown.settle();
    expect(await shown.count()).toBe('5 runs');
  });

  it('have axes that the mouse moves, reverses and makes logarithmic, and others from the list', async () => {
    const shown = await open(four);
    const name = await shown.page.locator('[data-part="axis-name"][data-column="params.units"]').boundingBox();
    const { x } = await boxOf(shown, 'metrics.val_loss');
    await shown.page.mouse.move((name?.x ?? 0) + (name?.width ?? 0) / 2, (name?.y ?? 0) + 8);
    await shown.page.mouse.down();
    await shown.page.mouse.move(x - 100, 150, { steps: 3 });
    await shown.page.mouse.move(x, 150);
    await shown.page.mouse.up();
    await shown.settle();
    expect(await columns(shown)).toEqual(['params.act', 'metrics.val_loss', 'params.units']);
    await shown.part('axis-reverse').last().click();
    await shown.part('axis-log').last().click();
    await shown.settle();
    expect(await shown.part('axis-log').last().getAttribute('aria-pressed')).toBe('true');
    expect((await shown.view()).axes?.[2]).toEqual({ column: 'params.units', scale: 'log', isReversed: true });
    expect(await axisOf(shown, 'params.units').getAttribute('aria-label')).toBe('units, reversed');
    await shown.page.getByRole('button', { name: texts.axes, exact: true }).click();
    const dialog = shown.page.getByRole('dialog', { name: texts.axes });
    await dialog.getByRole('checkbox', { name: 'act' }).uncheck();
    await dialog.getByRole('checkbox', { name: texts.duration }).check();
    await shown.settle();
    expect(await columns(shown)).toEqual(['metrics.val_loss', 'params.units', 'duration']);
    await shown.page.keyboard.press('Escape');
    expect(await dialog.isVisible()).toBe(false);
  });

  it('show what is selected in the table, tell the run that is pointed at, select and open it', async () => {
    const shown = await open(four);
    await shown.goTo('tableTab');
    await shown.page.locator('.body > .row .cell', { hasText: 'second' }).click();
    await shown.goTo('relationsTab');
    expect(await shown.count()).toBe('1 of 4 selected');
    const { x, top, bottom } = await boxOf(shown, 'params.units');
    await shown.page.mouse.move(x + 30, (top + bottom) / 2 + 4);
    await shown.settle();
    const pop = shown.part('pop').first();
    expect(await pop.locator('p').textContent()).toBe('second');
    expect(await pop.locator('tr').allTextContents()).toEqual(['units64', 'actrelu', 'val_loss0.2000']);
    await shown.page.mouse.dblclick(x + 30, (top + bottom) / 2 + 4);
    await expect.poll(() => shown.posts().at(-1)).toEqual({ type: 'act', action: 'open', runIds: [four[1]!.runId] });
    await shown.page.locator('.stage canvas[role=img]').focus();
    await shown.press('Home');
    expect((await shown.spoken())?.replaceAll(/[\u2068\u2069]/g, '')).toBe(
      'second, units: 64, act: relu, val_loss: 0.2000',
    );
    await shown.press(' ');
    expect(await shown.count()).toBe('4 runs');
    await shown.press('Home', 'ArrowUp', 'ArrowUp', ' ', 'Enter');
    expect(await shown.count()).toBe('1 of 4 selected');
    await expect.poll(() => shown.posts().at(-1)).toEqual({ type: 'act', action: 'open', runIds: [four[0]!.runId] });
  });

  it('have their numbers in a table', async () => {
    const shown = await open(four);
    await shown.part('numbers').click();
    await shown.settle();
    const rows = shown.part('numbers-table').locator('tr');
    expect(await rows.allTextContents()).toEqual(['rununitsactval_loss', 'first16elu0.4000', 'second64relu0.2000', 'third112tanh0.1000', 'broken16—NaN']); // prettier-ignore
  });

  it('never take a name for markup, and show one run, equal values and infinities', async () => {
    const evil = '<img src=x onerror="window.hacked=1">\u202e\u0000 ' + 'long '.repeat(60);
    const shown = await open([
      runOf(0, { [evil]: evil, lr: '0.1' }, { val_loss: Infinity, other: -Infinity }, evil),
      runOf(1, { [evil]: 'b', lr: '0.1' }, { val_loss: 0.5, other: 1e308 }, 'b'),
      runOf(2, { [evil]: 'c', lr: '0.1' }, { val_loss: 0.5, other: -1e308 }, 'c'),
    ]);
    await shown.part('numbers').click();
    await axisOf(shown, 'metrics.val_loss').focus();
    await shown.press('ArrowUp');
    expect(await shown.count()).toBe('2 of 3 in the brush');
    await shown.picture('relations-hostile');
    expect(await shown.page.locator('img').count()).toBe(0);
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
    expect(await shown.page.evaluate('document.documentElement.scrollWidth')).toBe(1280);
    await shown.tell([four[0]!], { begins: true });
    await shown.settle();
    expect(await shown.count()).toBe('0 of 1 in the brush');
    await shown.part('clear').click();
    await shown.settle();
    await shown.picture('relations-one-run');
    expect(await shown.count()).toBe(texts.groupOfOne);
  });

  it('say what to do where there is nothing to compare', async () => {
    const shown = await open([{ ...four[0]!, params: {}, metrics: {} }]);
    const notice = shown.page.locator('.relations .notice');
    expect(await notice.locator('p').textContent()).toBe(texts.noRelations);
    await notice.getByText(texts.showTable).click();
    await shown.settle();
    expect(await shown.page.locator('#panel-table').isVisible()).toBe(true);
    await shown.tell(four, { begins: true });
    await shown.goTo('relationsTab');
    await shown.page.getByRole('button', { name: texts.axes, exact: true }).click();
    const dialog = shown.page.getByRole('dialog', { name: texts.axes });
    for (const name of ['act', 'units', 'val_loss']) await dialog.getByRole('checkbox', { name }).first().uncheck();
    await shown.settle();
    expect(await notice.locator('p').textContent()).toBe(texts.noAxes);
    await shown.press('Escape');
    await notice.getByText(texts.automatic).click();
    await shown.settle();
    expect(await columns(shown)).toHaveLength(3);
  });

  it('are drawn in every theme, changed without a reload, with no serious fault of accessibility; 10,000 of them, too', async () => {
    const shown = await open(makeSweep(60));
    await axisOf(shown, 'metrics.val_loss').focus();
    await shown.press('ArrowDown', 'Shift+ArrowUp', 'Shift+ArrowUp');
    const seen = new Set<string>();
    const { x, top } = await boxOf(shown, 'params.model.num_units');
    const stage = await shown.part('parallel').last().boundingBox();
    const settle = async (): Promise<void> => {
      await shown.settle();
      seen.add((await shown.pixel(2, x, top - (stage?.y ?? 0) + 20)).join());
    };
    await checkThemes(shown, { picture: 'relations-parallel', within: '.relations', settle });
    expect(seen.size).toBe(5);
    await shown.tell(makeSweep(10_000), { begins: true });
    await expect.poll(() => shown.count(), { timeout: 20_000 }).toMatch(/of 10\u202f000 in the brush$/);
    const before = await shown.page.locator('.stage').getAttribute('data-drawn');
    await shown.part('clear').click();
    const isDrawn = (): Promise<boolean> =>
      shown.page.evaluate<boolean>(`document.querySelector('.stage').dataset.drawn !== '${before}'`);
    await expect.poll(isDrawn, { timeout: 20_000 }).toBe(true);
    await shown.picture('relations-parallel-10000');
  });
});
