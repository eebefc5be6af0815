import { gzipSync } from 'node:zlib';
import * as esbuild from 'esbuild';
import type { CDPSession, Page } from 'playwright-core';
import { pagesBundle } from '../../scripts/pages.ts';
import { chromiumMissing, ensureChromium } from '../../scripts/vscode-host/browser.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { startBench, type Bench } from '../view/browser.ts';
import { openRuns } from '../view/runstable.ts';
import { median, type Figure, type Measurement } from './measuring.ts';
import { installFeed, readDrawn, resetDrawn, untilDrawn } from './pagefeed.ts';
import { plotlyTimes, tensorboardLoading } from './otherpages.ts';

// The page of runs in Chromium without a GPU, as VS Code shows it, with points that come as the extension sends them.

const TIMES = 5;
const HOUR = 36_000;
const tabs = { charts: '#tab-charts', relations: '#tab-relations' };
const plot = '#panel-charts .card .plot';
const stage = '#panel-relations [data-part=parallel].stage';

type Measure = (bench: Bench) => Promise<Figure>;
const ms = (value: number, beside = ''): Figure => ({ value, text: `${value.toFixed(0)} ms${beside}` });
const row = (what: string, most: number, measure: Measure, unit = 'ms'): Measurement => ({
  what: `page: ${what}`,
  aim: `≤ ${most} ${unit}`,
  holds: (value) => value <= most,
  async measure() {
    if ((await ensureChromium()) === undefined) return { missing: chromiumMissing };
    const bench = await startBench();
    try {
      return await measure(bench);
    } finally {
      await bench.close();
    }
  },
});

export const measurements: readonly Measurement[] = [
  row('one chart of 100 runs × 100,000 points, first paint after the data', 300, measureFirst),
  row('the same, zoomed or moved to exact points (median)', 150, measureZoom),
  row('100 runs that grow 10 times a second, main thread for a drawing (median)', 100, measureLive),
  row('the same, a key is answered (95 of 100)', 150, measureInput),
  row('the same for an hour, at once: growth of the heap', 5, measureHeap, '%'),
  row('12 charts that grow: canvases drawn beyond those that are seen', 0, measureHidden, 'canvases'),
  row('1,000 runs × 10,000 points, first paint after the data', 1000, measureMany),
  row('10,000 runs along 8 axes, first paint', 1700, measureParallel),
  row('the same, brushed', 200, measureBrush),
  row('bundle of the page with charts, gzip', 150, measureBundle, 'KB'),
  yardstick('Plotly draws 100 runs × 100,000 points, then zooms', () => plotlyTimes(100, 100_000)),
  yardstick('Plotly draws 1,000 runs × 10,000 points, then zooms', () => plotlyTimes(1000, 10_000)),
  yardstick('TensorBoard loads 100 runs × 10,000 points (1,000 of each kept)', tensorboardLoading),
];

/** What others take for it. Each is a row of its own, so that ours can be measured without. */
function yardstick(what: string, measure: () => Promise<Figure>): Measurement {
  return { what: `page: ${what}`, aim: '–', holds: () => true, measure };
}

const idOf = (run: number): string => run.toString(16).padStart(32, '0');
const pad = (run: number): string => String(run).padStart(5, '0');

function makeRun(run: number, points: number, metrics: readonly string[]): RunSummary {
  const at = { value: 1, step: points - 1 };
  const summary = { points, last: at, min: at, max: at, best: null };
  return {
    ...{
      runId: idOf(run),
      name: `run-${pad(run)}`,
      experiment: 'bench',
      status: 'RUNNING',
      lost: false,
      artifacts: null,
    },
    ...{ startTime: 1.7e12 - run * 1000, endTime: null, parentRunId: null, params: { 'training.lr': String(run % 7) } },
    tags: {},
    metrics: Object.fromEntries(metrics.map((metric) => [metric, summary])),
  };
}

interface Opened {
  readonly page: Page;
  readonly devtools: CDPSession;
}

/** The tab of charts, with all points of all runs drawn. */
async function openCharts(
  bench: Bench,
  runs: number,
  points: number,
  metrics: readonly string[] = ['loss'],
): Promise<Opened & { readonly first: number }> {
  const all = Array.from({ length: runs }, (_, run) => makeRun(run, points, metrics));
  const { page } = await openRuns(bench, all, { size: { width: 1600, height: 900 } });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Performance.enable');
  await installFeed(page, { runIds: all.map(({ runId }) => runId), points });
  await page.click(tabs.charts);
  return { page, devtools, first: await untilDrawn(page, 'whole') };
}

async function measureFirst(bench: Bench): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { page, first } = await openCharts(bench, 100, 100_000);
    times.push(first);
    await page.close();
  }
  return ms(median(times));
}

async function measureMany(bench: Bench): Promise<Figure> {
  const { first } = await openCharts(bench, 1000, 10_000);
  return ms(first);
}

async function drag(page: Page, from: number, to: number, key?: 'Shift'): Promise<number> {
  const box = await page.locator(plot).first().boundingBox();
  if (box === null) throw new Error('There is no chart.');
  const y = box.y + box.height / 2;
  if (key !== undefined) await page.keyboard.down(key);
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
  if (key !== undefined) await page.keyboard.up(key);
  // What is moved follows the mouse: it may stand before the button is let go.
  return untilDrawn(page, key === undefined ? 'input' : 'dragged', 500);
}

async function measureZoom(bench: Bench): Promise<Figure> {
  const { page } = await openCharts(bench, 100, 100_000);
  const times: number[] = [];
  for (let i = 0; i < TIMES; i += 1) {
    times.push(await drag(page, 0.3, 0.6));
    times.push(await drag(page, 0.6, 0.5, 'Shift'));
    await page
      .locator(plot)
      .first()
      .dblclick({ position: { x: 200, y: 60 } });
    await untilDrawn(page, 'input', 500);
  }
  return ms(median(times));
}

async function taskSeconds({ devtools }: Opened): Promise<number> {
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? NaN;
}

/** Ten times a second a point for each run, for so many seconds; `each` after every second. */
async function grow({ page }: Opened, seconds: number, each: () => Promise<void>): Promise<void> {
  await page.evaluate('bench.timer = setInterval(() => bench.append(1), 100)');
  for (let second = 0; second < seconds; second += 1) {
    await page.waitForTimeout(1000);
    await each();
  }
  await page.evaluate('clearInterval(bench.timer)');
}

async function measureLive(bench: Bench): Promise<Figure> {
  const opened = await openCharts(bench, 100, 10_000);
  const [costs, rates]: [number[], number[]] = [[], []];
  let before = await taskSeconds(opened);
  await resetDrawn(opened.page);
  await grow(opened, 12, async () => {
    const [now, { frames }] = [await taskSeconds(opened), await readDrawn(opened.page)];
    if (frames > 0) costs.push((1000 * (now - before)) / frames);
    rates.push(frames);
    before = now;
    await resetDrawn(opened.page);
  });
  return ms(median(costs), ` (${median(rates)} drawings a second)`);
}

async function measureInput(bench: Bench): Promise<Figure> {
  const opened = await openCharts(bench, 100, 10_000);
  await opened.page.locator('#panel-charts .card [tabindex="0"]').first().focus();
  await resetDrawn(opened.page);
  let presses = 0;
  await grow(opened, 8, async () => {
    for (let i = 0; i < 5; i += 1) await opened.page.keyboard.press('ArrowRight');
    presses += 5;
  });
  // What is quicker than 16 ms is not told.
  const told = await opened.page.evaluate<number[]>('bench.events');
  const all = [...told, ...Array.from({ length: Math.max(0, presses - told.length) }, () => 16)].sort((a, b) => a - b);
  return ms(all[Math.floor(0.95 * all.length)] ?? NaN, ` (longest: ${(all.at(-1) ?? NaN).toFixed(0)} ms)`);
}

async function heapBytes({ devtools }: Opened): Promise<number> {
  await devtools.send('HeapProfiler.collectGarbage');
  const { metrics } = await devtools.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? NaN;
}

/** An hour at ten points a second, as quickly as the page takes them: sixty times as many points a message. */
async function measureHeap(bench: Bench): Promise<Figure> {
  const opened = await openCharts(bench, 100, 1000);
  const append = async (points: number): Promise<void> => {
    for (let i = 0; i < points; i += 60)
      await opened.page.evaluate(
        `bench.append(60); new Promise((resolve) => { const look = () => bench.isSent() ? resolve() : setTimeout(look, 5); look(); })`,
      );
    await opened.page.waitForTimeout(1000);
  };
  await append(HOUR / 10);
  const before = await heapBytes(opened);
  await append(HOUR);
  const after = await heapBytes(opened);
  const value = (100 * (after - before)) / before;
  return { value, text: `${value.toFixed(1)} % (of ${(before / 2 ** 20).toFixed(1)} MB)` };
}

async function measureHidden(bench: Bench): Promise<Figure> {
  const metrics = Array.from({ length: 12 }, (_, index) => `metric_${index}`);
  const opened = await openCharts(bench, 20, 1000, metrics);
  const { page } = opened;
  const seen = await page.evaluate<number>(
    `[...document.querySelectorAll(${JSON.stringify(`${plot} canvas`)})].filter((one) => { const { top, bottom } = one.getBoundingClientRect(); return bottom > 0 && top < innerHeight; }).length`,
  );
  await resetDrawn(page);
  await grow(opened, 3, () => Promise.resolve());
  const { canvases } = await readDrawn(page);
  const value = Math.max(0, canvases - seen);
  return { value, text: `${value} (${seen} of ${await page.locator(`${plot} canvas`).count()} are seen)` };
}

async function openParallel(bench: Bench): Promise<{ readonly page: Page; readonly first: number }> {
  const all = Array.from({ length: 10_000 }, (_, run): RunSummary => {
    const random = (salt: number): number => ((run * 7919 + salt * 104_729) % 10_007) / 10_007;
    const metric = (salt: number) => {
      const at = { value: random(salt), step: 9 };
      return { points: 10, last: at, min: at, max: at, best: salt === 6 ? at : null };
    };
    const params = Object.fromEntries(
      ['lr', 'wd', 'batch', 'layers', 'units', 'drop'].map((name, salt) => [name, String(random(salt))]),
    );
    return {
      ...makeRun(run, 10, []),
      status: 'FINISHED',
      endTime: 1.7e12,
      params,
      metrics: { val_loss: metric(6), acc: metric(7) },
    };
  });
  const { page } = await openRuns(bench, all, { size: { width: 1600, height: 900 } });
  const start = await page.evaluate<number>('performance.now()');
  await page.click(tabs.relations);
  return { page, first: (await untilStaged(page, 0)) - start };
}

/** When the stage of the lines has been drawn whole more than so often. */
function untilStaged(page: Page, before: number): Promise<number> {
  return page.evaluate<number>(`new Promise((resolve, reject) => {
    const end = performance.now() + 60_000;
    const look = () => {
      const stage = document.querySelector('${stage}');
      if (Number(stage?.dataset.drawn ?? 0) > ${before}) requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
      else if (performance.now() > end) reject(new Error('The lines are not drawn.'));
      else setTimeout(look);
    };
    look();
  })`);
}

const stagedSoFar = (page: Page): Promise<number> =>
  page.evaluate<number>(`Number(document.querySelector('${stage}').dataset.drawn)`);

async function measureParallel(bench: Bench): Promise<Figure> {
  const times: number[] = [];
  for (let i = 0; i < 3; i += 1) {
    const { page, first } = await openParallel(bench);
    times.push(first);
    await page.close();
  }
  return ms(median(times));
}

/** From a move of the mouse within an axis until the lines in the brush are drawn. */
async function measureBrush(bench: Bench): Promise<Figure> {
  const { page } = await openParallel(bench);
  const box = await page.locator(`${stage} .axis`).first().boundingBox();
  if (box === null) throw new Error('There is no axis.');
  // What is faint behind a brush is drawn beforehand.
  await page.waitForTimeout(2000);
  const place = (part: number): readonly [number, number] => [box.x + box.width / 2, box.y + box.height * part];
  const times: number[] = [];
  await page.mouse.move(...place(0.2));
  await page.mouse.down();
  await page.mouse.move(...place(0.25));
  await page.waitForTimeout(1000);
  await page.evaluate(
    `addEventListener('pointermove', ({ timeStamp }) => { window.moved = timeStamp; }, { capture: true })`,
  );
  for (let step = 0; step < 3 * TIMES; step += 1) {
    const before = await stagedSoFar(page);
    await page.mouse.move(...place(0.3 + 0.03 * step));
    const drawn = await untilStaged(page, before);
    times.push(drawn - (await page.evaluate<number>('window.moved')));
    await page.waitForTimeout(100);
  }
  await page.mouse.up();
  return ms(median(times));
}

/** The page's own files with those of the tab of charts; what comes later on demand is left out. */
async function measureBundle(): Promise<Figure> {
  const { outputFiles, metafile } = await esbuild.build({
    ...(await pagesBundle()),
    ...{ minify: true, metafile: true, write: false, outdir: 'dist/webview', logLevel: 'error' },
  });
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([, { entryPoint }]) => entryPoint === 'webview/runs/main.ts')?.[0] ?? '';
  const charts = outputs.find(([, { entryPoint }]) => entryPoint === 'webview/runs/charts/charts.ts')?.[0] ?? '';
  const needed = new Set<string>();
  const add = (file: string): void => {
    if (file === '' || needed.has(file)) return;
    needed.add(file);
    for (const { path, kind } of metafile.outputs[file]?.imports ?? []) if (kind === 'import-statement') add(path);
  };
  for (const file of [entry, charts]) add(file);
  const style = metafile.outputs[entry]?.cssBundle;
  const files = outputFiles.filter(({ path }) =>
    [...needed, style].some((name) => name !== undefined && path.endsWith(name)),
  );
  const value = files.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0) / 1024;
  return { value, text: `${value.toFixed(0)} KB in ${files.length} files` };
}
