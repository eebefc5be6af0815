import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepPicture, mustSkip, startBench, type Bench } from './browser.ts';
import { openRelations, runOf } from './relations.ts';
import { measured, openCharts } from './runscharts.ts';
import { texts } from './runstable.ts';

describe.skipIf(mustSkip())('a chart of runs', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await startBench();
  });
  afterAll(() => bench.close());

  it('is taken away as SVG with axes, lines and what they are, as PNG of the same, and as points', async () => {
    const courses = [
      measured(0, { training_loss: [4, 3, 2], val_loss: [4, 2, 1] }, { name: 'fox' }),
      measured(1, { training_loss: [2, 1, 1], val_loss: [3, 3, 2] }, { name: '<b>wren' }),
    ];
    const shown = await openCharts(bench, courses);
    await shown.drawn('loss');
    await shown.say({ type: 'export', what: 'svg' });
    await expect.poll(() => shown.posts().at(-1)?.type, { timeout: 15_000 }).toBe('picture');
    const bytesOf = (): Buffer =>
      Buffer.from(Object.values((shown.posts().at(-1) as unknown as { bytes: Record<string, number> }).bytes));
    const svg = bytesOf().toString();
    expect(svg.match(/<g class="line">/g)).toHaveLength(4);
    for (const part of ['>loss', '>fox</text>', '>&lt;b&gt;wren</text>', '>val_loss</text>', 'stroke-dasharray="4 3"'])
      expect(svg).toContain(part);
    expect(svg).not.toMatch(/rgba|<script|<b>/);
    await shown.say({ type: 'export', what: 'png' });
    await expect.poll(() => (shown.posts().at(-1) as { kind?: string }).kind, { timeout: 15_000 }).toBe('png');
    const png = bytesOf();
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1280, 720]);
    await keepPicture('export-charts', () => png);
    await shown.say({ type: 'export', what: 'csv' });
    await expect
      .poll(() => shown.posts().at(-1))
      .toMatchObject({ type: 'points', metrics: ['training_loss', 'val_loss'] });
    const menu = shown.card('loss').getByRole('button', { name: 'Menu of loss' });
    const take = async (label: string): Promise<void> => {
      await menu.click();
      await shown.page.getByRole('menuitem', { name: label, exact: true }).click();
    };
    await take(texts.chartsCopy);
    await expect.poll(() => shown.posts().at(-1)?.type).toBe('copied');
    const lines = ['fox · training\\_loss | 2', '&lt;b>wren · training\\_loss | 1', 'fox · val\\_loss | 1'];
    expect((shown.posts().at(-1) as unknown as { text: string }).text).toBe(
      ['run | loss', '--- | --:', ...lines, '&lt;b>wren · val\\_loss | 2'].map((line) => `| ${line} |\n`).join(''),
    );
    await take(texts.exportSvg);
    await expect.poll(() => shown.posts().at(-1)).toMatchObject({ type: 'picture', kind: 'svg', name: 'loss' });
    await take(texts.exportCsv);
    await expect
      .poll(() => shown.posts().at(-1))
      .toMatchObject({ type: 'points', name: 'loss', metrics: ['training_loss', 'val_loss'] });
    expect([await shown.violations(), shown.complaints]).toEqual([[], []]);
  });

  it('of parameters is taken away as SVG and PNG, whatever its kind', async () => {
    const evil = '<b>act</b>';
    const runs = Array.from({ length: 24 }, (_, index) =>
      runOf(
        index,
        { lr: String(10 ** -(1 + (index % 3))), [evil]: index % 2 === 0 ? 'relu' : 'sigmoid' },
        {
          val_loss: ((index * 7) % 24) / 24 + (index % 3),
          val_accuracy: index / 24,
        },
      ),
    );
    const shown = await openRelations(bench, runs);
    const picture = () => shown.posts().at(-1) as unknown as { kind?: string; bytes: Record<string, number> };
    const bytesOf = async (what: 'svg' | 'png'): Promise<Buffer> => {
      await shown.say({ type: 'export', what });
      await expect.poll(() => picture().kind, { timeout: 15_000 }).toBe(what);
      return Buffer.from(Object.values(picture().bytes));
    };
    const circles = (svg: string): number => svg.match(/M[\d.]+ [\d.]+A/g)?.length ?? 0;
    const { width = 0, height = 0 } = (await shown.part('parallel').last().boundingBox()) ?? {};
    for (const [kind, isRight] of [
      ['parallel', (svg: string) => svg.match(/[ML]/g)!.length >= 24 * 3],
      ['scatter', (svg: string) => circles(svg) === 24],
      ['matrix', (svg: string) => svg.includes('ρ ') && circles(svg) >= 24 * 3],
      // The ground, and a bar for each param in the colour of its sign: the loss falls with lr, and act is no number.
      ['importance', (svg: string) => new Set(svg.match(/(?<=<rect .*)fill="[^"]+"/g)).size === 3],
      ['bars', (svg: string) => svg.includes('n 8')],
      ['boxes', (svg: string) => svg.includes('n 8')],
    ] as const) {
      await shown.part(kind).first().click();
      await shown.settle();
      if (kind === 'importance') await shown.part('importance-row').first().waitFor();
      const svg = (await bytesOf('svg')).toString();
      expect([kind, isRight(svg), /rgba|<b>|NaN|undefined/.test(svg)]).toEqual([kind, true, false]);
      const root = await shown.page.evaluate<string>(
        `new DOMParser().parseFromString(${JSON.stringify(svg)}, 'image/svg+xml').documentElement.localName`,
      );
      expect([kind, root]).toEqual([kind, 'svg']);
      const png = await bytesOf('png');
      const size = [png.readUInt32BE(16), png.readUInt32BE(20)];
      // Three groups do not fill the height, and the table of importance has a width of its own.
      if (kind === 'bars' || kind === 'boxes') expect(size[1]).toBeLessThan(height);
      else if (kind !== 'importance') expect(size).toEqual([width, height].map((side) => Math.round(2 * side)));
      await keepPicture(`export-${kind}`, () => png);
    }
    expect([await shown.violations(), shown.complaints]).toEqual([[], []]);
  });
});
