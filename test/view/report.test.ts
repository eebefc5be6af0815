import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';
import type { Browser } from '../../scripts/vscode-host/browser.ts';
import { formatReport } from '../../src/core/report/report.ts';
import type { AnswerFacts } from '../../src/protocol/answers.ts';
import { makeReport, type TestRun } from '../unit/core/report/runs.ts';
import { findFaults } from './axe.ts';
import { keepPicture, mustSkip, openShared } from './browser.ts';

const names = [
  'warm-fox',
  'deep-wren',
  '<b>bold</b>\u202eeman',
  'a name that is much longer than anybody would like to read in a legend, or in a table',
];
const runs: readonly TestRun[] = names.map((name, index) => {
  const curve = (scale: number, noise: number) =>
    Array.from({ length: 400 }, (_, i): [number, number] => [
      i + 1,
      scale * Math.exp(-i / 90) + 0.1 + noise * Math.sin(i * i),
    ]);
  return {
    ...{
      runId: `r${index}`,
      name,
      params: { lr: String(0.1 / (index + 1)), optimizer: index % 2 === 0 ? 'adam' : 'sgd' },
    },
    curves: {
      training_loss: curve(1 + index / 4, 0),
      val_loss: curve(1.2 + index / 4, 0.02),
      val_accuracy: curve(-1, 0),
    },
  };
});
const answers = { split: 'test', classes: ['cat', 'dog'], counts: [8, 2, 0, 10], curves: [] } as unknown as AnswerFacts;

describe.skipIf(mustSkip())('a report that is opened', () => {
  let folder: string;
  let browser: Omit<Browser, 'page'>;
  let page: Page;
  const told: string[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-report-'));
    const file = path.join(folder, 'report.html');
    const hash = (text: string): string => createHash('sha256').update(text).digest('base64');
    await writeFile(file, formatReport(makeReport(runs, { title: 'Runs of <digits>', answers }), { hash }));
    browser = await openShared();
    page = await browser.context.newPage();
    page.on('console', (message) => told.push(message.text()));
    page.on('request', (request) => told.push(`asks for ${request.url()}`));
    await page.setViewportSize({ width: 1300, height: 900 });
    await page.goto(pathToFileURL(file).href);
  });
  afterAll(async () => {
    await browser.close();
    await rm(folder, { recursive: true });
  });

  it('is drawn under its own policy, asks for nothing, and has names as text', async () => {
    expect(told.filter((text) => !text.startsWith('asks for file:'))).toEqual([]);
    expect(told).toHaveLength(1);
    expect(await page.evaluate(`getComputedStyle(document.body).maxWidth`)).toBe('1360px');
    expect(await page.locator('b').count()).toBe(0);
    expect(await page.locator('tbody').first().innerText()).toContain(String.raw`<b>bold</b>\u202eeman`);
  });

  it('draws each line in its colour, and the best point', async () => {
    const stroke = (index: number): Promise<unknown> =>
      page.evaluate(
        `getComputedStyle(document.querySelectorAll('figure')[0].querySelectorAll('.line path')[${index}]).stroke`,
      );
    expect(await stroke(0)).toBe('rgb(26, 133, 255)');
    expect(await page.locator('figure').first().locator('.line path').count()).toBe(8);
    expect(
      await page
        .locator('figure')
        .first()
        .locator('text', { hasText: /^best 0\.\d+ at epoch \d+$/ })
        .count(),
    ).toBe(1);
  });

  it.each(['light', 'dark'] as const)('can be read in %s: no serious finding of axe', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    expect(await findFaults(page)).toEqual([]);
    await keepPicture(`report-${colorScheme}`, () => page.screenshot({ fullPage: true }));
  });

  it('is read by keys: tables scroll, numbers open', async () => {
    await page.setViewportSize({ width: 480, height: 800 });
    await page.keyboard.press('Tab');
    const focused = `document.activeElement.matches('.scroll') && document.activeElement.scrollWidth > document.activeElement.clientWidth`;
    expect(await page.evaluate(focused)).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(480);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.locator('figure').first().locator('details table').isVisible()).toBe(true);
  });
});
