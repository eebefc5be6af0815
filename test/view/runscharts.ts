import { expect } from 'vitest';
import {
  chartFeedVersion,
  type ChartFeedQuestion,
  type RunPoints,
  type SeriesProblem,
} from '../../src/protocol/chartfeed.ts';
import type { RunEvent } from '../../src/protocol/charts.ts';
import { emptyChartsView, emptyRunsView, type ChartsView } from '../../src/protocol/runsview.ts';
import type { MetricSummary, RunSummary } from '../../src/protocol/tracking.ts';
import type { Bench, OpenOptions, OpenPage } from './browser.ts';
import { openRuns, texts, type Shown } from './runstable.ts';

type Watch = Extract<ChartFeedQuestion, { readonly type: 'watch' }>;

/** A run with what it has measured: values at steps 1, 2, 3 …, a second apart. */
export interface Measured {
  readonly run: RunSummary;
  readonly values: Readonly<Record<string, readonly number[]>>;
  readonly events?: readonly RunEvent[];
}

const begin = Date.UTC(2026, 10, 20);

export function measured(
  index: number,
  values: Measured['values'],
  own: Partial<RunSummary> & { readonly events?: readonly RunEvent[] } = {},
): Measured {
  const { events = [], ...parts } = own;
  const run: RunSummary = {
    runId: index.toString(16).padStart(32, '0'),
    name: `run-${index}`,
    experiment: 'digits',
    status: 'FINISHED',
    // The table has the newest first: so they stand in the order of their numbers.
    startTime: begin - index * 60_000,
    endTime: begin - index * 60_000 + 30_000,
    parentRunId: null,
    params: {},
    tags: {},
    metrics: Object.fromEntries(Object.entries(values).map(([name, list]) => [name, summaryOf(name, list)])),
    lost: false,
    artifacts: null,
    ...parts,
  };
  return { run, values, events };
}

function summaryOf(name: string, values: readonly number[]): MetricSummary {
  const points = values.map((value, i) => ({ value, step: i + 1 })).filter(({ value }) => Number.isFinite(value));
  const sorted = points.toSorted((a, b) => a.value - b.value);
  const [min, max] = [sorted[0] ?? null, sorted.at(-1) ?? null];
  const last = { value: values.at(-1) ?? NaN, step: values.length };
  return { points: values.length, last, min, max, best: name === 'val_loss' ? min : null };
}

export const toPoints = ({ run }: Measured, metric: string, values: readonly number[], from = 0): RunPoints => ({
  ...{ runId: run.runId, metric, from },
  steps: Float64Array.from(values, (_, i) => from + i + 1),
  values: Float64Array.from(values),
  times: Float64Array.from(values, (_, i) => run.startTime + (from + i) * 1000),
});

export interface Charts extends Shown {
  /** What the page watches now. */
  watched(): Watch | undefined;
  /** New points of what is watched, and what of it can't be read. */
  append(series: readonly RunPoints[], problems?: readonly SeriesProblem[]): Promise<void>;
  readonly card: (key: string) => ReturnType<OpenPage['page']['locator']>;
  /** Waits until a card has drawn lines. */
  drawn(key?: string): Promise<void>;
  frame(): Promise<void>;
  /** What a function in the page's own language gives of what a card's part is: `selector` within it. */
  readonly ask: <T>(key: string, selector: string, body: string, ...values: readonly number[]) => Promise<T>;
}

/** The extension's half, in short: each watch gets all that there is, in one message. */
export async function openCharts(
  bench: Bench,
  all: readonly Measured[],
  {
    charts = {},
    before,
    ...options
  }: Partial<OpenOptions> & {
    readonly charts?: Partial<ChartsView>;
    /** Run in the page before the tab is looked at. */
    readonly before?: string;
  } = {},
): Promise<Charts> {
  let watch: Watch | undefined;
  let sequence = 0;
  const send = async (
    to: OpenPage,
    series: readonly RunPoints[],
    events: readonly (readonly [string, RunEvent])[] = [],
    problems: readonly SeriesProblem[] = [],
  ): Promise<void> => {
    sequence += 1;
    const head = { type: 'series', protocol: chartFeedVersion, watch: watch?.watch ?? 0, sequence };
    await to.send({ ...head, series, events, problems, isWhole: true });
  };
  const answer = (to: OpenPage, question: Watch): void => {
    [watch, sequence] = [question, 0];
    const runIds = new Set(question.wanted.runIds);
    const wanted = all.filter(({ run }) => runIds.has(run.runId));
    const series = wanted.flatMap((one) =>
      question.wanted.metrics.flatMap((metric) => {
        const values = one.values[metric];
        return values === undefined ? [] : [toPoints(one, metric, values)];
      }),
    );
    void send(
      to,
      series,
      wanted.flatMap(({ run, events = [] }) => events.map((event) => [run.runId, event] as const)),
    );
  };
  const shown = await openRuns(
    bench,
    all.map(({ run }) => run),
    {
      context: {
        ...{ root: '/project', mayEdit: true },
        kept: { name: null, view: { ...emptyRunsView, charts: { ...emptyChartsView, ...charts } } },
      },
      ...options,
      onPost: (message, to) => {
        if (message.type === 'watch') answer(to, message);
      },
    },
  );
  const frame = async (): Promise<void> => {
    await shown.page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  };
  if (before !== undefined) await shown.page.evaluate(before);
  await shown.page.getByRole('tab', { name: texts.chartsTab }).click();
  await shown.page.locator('.charts .runlist').waitFor();
  const card = (key: string) => shown.page.locator(`.charts .card[data-key="${key}"]`);
  return {
    ...shown,
    watched: () => watch,
    append: (series, problems) => send(shown, series, [], problems),
    card,
    frame,
    ask: (key, selector, body, ...values) =>
      shown.page.evaluate(
        `((part, ...values) => { ${body} })(document.querySelector('.charts .card[data-key=' + ${JSON.stringify(JSON.stringify(key))} + '] ' + ${JSON.stringify(selector)}), ...${JSON.stringify(values)})`,
      ),
    drawn: async (key = 'loss') => {
      await card(key).first().locator('canvas:not(.highlight)').waitFor();
      await expect.poll(() => shown.page.locator('.charts .pending').textContent()).toBe('');
      await frame();
      await frame();
      await expect.poll(() => card(key).first().getAttribute('aria-busy')).toBe(null);
      await frame();
    },
  };
}

/** Colour of the plot where a point would be drawn, on axes from and to these values. */
export function colourAt(
  { ask }: Charts,
  key: string,
  {
    x,
    y,
    on,
  }: {
    readonly x: number;
    readonly y: number;
    readonly on: readonly [x0: number, x1: number, y0: number, y1: number];
  },
): Promise<readonly number[]> {
  return ask(
    key,
    '.plot',
    /* js */ `const [x, y, x0, x1, y0, y1] = values;
    const over = part.querySelector('.u-over'), canvas = part.querySelector('.uplot canvas');
    const ratio = canvas.width / canvas.clientWidth;
    const left = (over.offsetLeft + over.clientWidth * (x - x0) / (x1 - x0)) * ratio;
    const top = (over.offsetTop + over.clientHeight * (1 - (y - y0) / (y1 - y0))) * ratio;
    const copy = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    copy.drawImage(canvas, -Math.round(left), -Math.round(top));
    return [...copy.getImageData(0, 0, 1, 1).data];`,
    x,
    y,
    ...on,
  );
}
