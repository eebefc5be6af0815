import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepPicture, mustSkip, startBench, type Bench } from './browser.ts';
import { measured, openCharts } from './runscharts.ts';

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
    expect([await shown.violations(), shown.complaints]).toEqual([[], []]);
  });
});
