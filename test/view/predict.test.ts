import { deflateSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chartProtocolVersion, type PredictedImage, type ToPredictPage } from '../../src/protocol/charts.ts';
import { predictTexts } from '../../src/vscode/panels/texts.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench, type OpenPage } from './browser.ts';

const texts = predictTexts({ t: (message) => message });

/** A grey PNG of 32 × 32 with a dark stroke, made here so that no picture has to be kept. */
function picture(strokeAt: number): Uint8Array {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.from([0, 0, 0, 32, 0, 0, 0, 32, 8, 0, 0, 0, 0]);
  const rows = Array.from({ length: 32 }, () =>
    Buffer.from([0, ...Array.from({ length: 32 }, (_, x) => (Math.abs(x - strokeAt) < 3 ? 30 : 245))]),
  );
  return new Uint8Array(
    Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(Buffer.concat(rows))),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const probabilities = (best: number): (readonly [string, number])[] =>
  Array.from(
    { length: 10 },
    (_, digit) => [String(digit), digit === best ? 0.912 : (0.088 * (digit + 1)) / 55] as const,
  );
const image = (name: string, label: number): PredictedImage => ({
  name,
  bytes: picture(6 + label * 2),
  mediaType: 'image/png',
  label: String(label),
  probabilities: probabilities(label),
});

describe.skipIf(mustSkip())('the Predict page', () => {
  let bench: Bench;
  const opened: OpenPage[] = [];
  let sequence = 0;
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

  async function open(): Promise<OpenPage> {
    const page = await bench.open({
      page: 'predict',
      texts,
      context: { root: '/project', model: 'cnnbased' },
      size: { width: 960, height: 560 },
    });
    opened.push(page);
    return page;
  }
  const predictions = (...images: readonly PredictedImage[]): ToPredictPage => {
    sequence += 1;
    return { protocol: chartProtocolVersion, sequence, type: 'predictions', model: 'cnnbased', images };
  };

  it('shows picture, label and probabilities, the most probable first', async () => {
    const shown = await open();
    await shown.send(predictions(...[3, 7, 1, 9, 4].map((label) => image(`${label}_${label}.png`, label))));
    const { page } = shown;
    await expect.poll(() => page.locator('.image').count()).toBe(5);
    expect(await page.locator('h1').textContent()).toBe('Predictions of cnnbased');
    expect(await page.locator('.image').first().locator('h2').textContent()).toBe('33_3.png');
    expect(await page.locator('.image').first().locator('tr').first().textContent()).toBe('391.2 %');
    await expect
      .poll(() => page.evaluate(`[...document.images].every((image) => image.naturalWidth === 32)`))
      .toBe(true);
    await shown.picture('predict-dark');
    await shown.setTheme('light');
    await shown.picture('predict-light');
  });

  it('offers to choose images, and to try again', async () => {
    const shown = await open();
    sequence += 1;
    const head = { protocol: chartProtocolVersion, sequence, type: 'notice', model: 'cnnbased' };
    await shown.send({ ...head, notice: { kind: 'broken', text: 'models/cnnbased holds no model.', action: 'retry' } });
    await shown.picture('predict-broken');
    await shown.page.getByText(texts.chooseImages).click();
    await shown.page.getByText(texts.retry).click();
    await expect.poll(() => shown.posted.slice(1)).toEqual([{ type: 'chooseImages' }, { type: 'retry' }]);
    expect(shown.posted[0]).toEqual({ type: 'ready', protocol: chartProtocolVersion });
  });

  it('shows what has no picture and what has no probabilities, and hostile names as text', async () => {
    const evil = '<img src=x onerror="window.hacked=1">';
    const shown = await open();
    await shown.send(
      predictions(
        { name: evil, bytes: null, mediaType: 'image/png', label: evil, probabilities: [] },
        {
          name: 'torn.png',
          bytes: Uint8Array.of(1, 2, 3),
          mediaType: 'image/png',
          label: '3',
          probabilities: [[evil, 1]],
        },
      ),
    );
    await expect.poll(() => shown.page.getByText(texts.noPicture).count()).toBe(2);
    expect(await shown.page.locator('h2').first().textContent()).toBe(evil + evil);
    expect(await shown.page.getByText(texts.noProbabilities).count()).toBe(1);
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
    expect(await shown.page.evaluate('document.images.length')).toBe(0);
  });

  it('ignores garbage and messages of the past', async () => {
    const shown = await open();
    const old = predictions(image('old.png', 1));
    await shown.send(predictions(image('new.png', 2)));
    await shown.send(old);
    await shown.send({ type: 'predictions', images: [] });
    expect(await shown.page.locator('.image h2').allTextContents()).toEqual(['2new.png']);
    expect(await shown.page.evaluate('document.body.dataset.ignored')).toBe('1');
  });

  it('has no serious fault of accessibility', async () => {
    const shown = await open();
    await shown.send(predictions(image('3_1.png', 3)));
    await checkThemes(shown, { picture: 'predict' });
  });
});
