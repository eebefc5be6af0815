import type { Locator } from 'playwright-core';
import { createRandom } from '../../src/core/random/random.ts';
import type { RelationsView } from '../../src/protocol/runsview.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { openRuns, texts, type Shown } from './runstable.ts';
import type { Bench } from './browser.ts';

const idOf = (index: number): string => (index + 1).toString(16).padStart(32, '0');

/** A run with these params and values of metrics (best and last alike). */
export function runOf(
  index: number,
  params: Readonly<Record<string, string>>,
  metrics: Readonly<Record<string, number>>,
  name = `run-${index}`,
): RunSummary {
  const point = (value: number) => ({ value, step: 10 });
  const startTime = Date.UTC(2026, 10, 20) - index * 60_000;
  return {
    ...{ runId: idOf(index), name, experiment: 'sweep', status: 'FINISHED', parentRunId: null, params },
    ...{ startTime, endTime: startTime + 41_000, tags: {}, lost: false, artifacts: null },
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([metric, value]) => [
        metric,
        {
          ...{ points: 10, last: point(value), min: point(value), max: point(value) },
          best: metric === 'val_loss' && Number.isFinite(value) ? point(value) : null,
        },
      ]),
    ),
  };
}

/** As of a sweep: the loss follows the learning rate most, then the units. */
export function makeSweep(count: number): readonly RunSummary[] {
  const random = createRandom(5);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  return Array.from({ length: count }, (_, index) => {
    const [rate, units] = [pick([0.0001, 0.0003, 0.001, 0.003, 0.01]), pick([16, 64, 224])];
    const loss = 0.08 + 0.07 * Math.abs(Math.log10(rate / 0.001)) + 1.2 / units + 0.03 * random();
    return runOf(
      index,
      {
        'training.learning_rate': String(rate),
        'model.num_units': String(units),
        'training.batch_size': String(pick([128, 256])),
        'model.activation_function': pick(['relu', 'sigmoid', 'tanh']),
        'training.dropout': random().toFixed(2),
        ...(index % 9 === 4 ? {} : { 'training.momentum': pick(['0.9', '0.95', '0']) }),
      },
      { val_loss: index === 3 ? NaN : loss, val_accuracy: 1 - loss / 2, test_accuracy: 0.97 - loss / 2 },
      `${pick(['calm', 'bold', 'warm', 'shy'])}-${pick(['fox', 'lynx', 'wren', 'ibis'])}-${index}`,
    );
  });
}

export interface RelationsPage extends Shown {
  /** Waits until the chart has been drawn anew since what it did last. */
  readonly settle: () => Promise<void>;
  part(name: string): Locator;
  /** Presses keys one after the other, each drawn before the next. */
  press(...keys: readonly string[]): Promise<void>;
  /** How many runs are to be seen well, in words. */
  count(): Promise<string | null>;
  /** What is read out. */
  spoken(): Promise<string | null>;
  /** What the view says of this tab, once it is kept. */
  view(): Promise<RelationsView>;
  /** Colour of a point of a layer of the chart, from its corner; alpha last. */
  pixel(layer: number, x: number, y: number): Promise<readonly number[]>;
  goTo(tab: 'tableTab' | 'relationsTab'): Promise<void>;
}

/** The page with the tab open, drawn. */
export async function openRelations(
  bench: Bench,
  runs: readonly RunSummary[],
  options: Parameters<typeof openRuns>[2] = {},
): Promise<RelationsPage> {
  const shown = await openRuns(bench, runs, options);
  const { page } = shown;
  const settle = async (): Promise<void> => {
    await page.evaluate(`(async () => {
      for (let i = 0; i < 3; i += 1) await new Promise(requestAnimationFrame);
    })()`);
  };
  const goTo = async (tab: 'tableTab' | 'relationsTab'): Promise<void> => {
    await page.getByRole('tab', { name: texts[tab], exact: true }).click();
    await settle();
  };
  const part = (name: string): Locator => page.locator(`[data-part="${name}"]`);
  await goTo('relationsTab');
  await page.locator('.relations').waitFor();
  await settle();
  return {
    ...shown,
    ...{ settle, goTo, part },
    press: async (...keys) => {
      for (const key of keys) {
        await page.keyboard.press(key);
        await settle();
      }
    },
    count: () => part('count').textContent(),
    spoken: () => page.locator('body > .spoken').textContent(),
    view: async () => {
      await page.waitForTimeout(350);
      return ((await shown.state()) as { view: { relations: RelationsView } }).view.relations;
    },
    pixel: (layer, x, y) =>
      page.evaluate(`(() => {
        const one = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
        one.drawImage(document.querySelectorAll('.stage canvas')[${layer}], ${-Math.round(x)}, ${-Math.round(y)});
        return [...one.getImageData(0, 0, 1, 1).data];
      })()`),
  };
}
