import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { picturesVersion, type PictureQuestion, type RunPictures } from '../../src/protocol/pictures.ts';
import { makePng } from '../unit/worker/pngs.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench, type OpenPage } from './browser.ts';
import { texts, useRunPages } from './runpage.ts';
import { ended, facts, snapshotOf } from './runs.ts';
import { makeRuns, openRuns, type Shown } from './runstable.ts';

/** Twenty-four grey lines, brighter with each step. */
const pictureOf = (path: string): Uint8Array => {
  const step = Number(/(\d+)\.png$/.exec(path)?.[1] ?? 0);
  const lines = Array.from({ length: 24 }, (_, row) =>
    Array.from({ length: 24 }, (__, column) => (row * column * step) % 256),
  );
  return new Uint8Array(makePng({ width: 24, height: 24, lines }));
};
const group = (key: string, ...steps: readonly number[]): RunPictures['groups'][number] => ({
  key,
  pictures: steps.map((step) => ({ step, path: `images/${key}/${step}.png` })),
});
const evil = `<img src=x onerror="window.hacked=1">`;
const none: RunPictures = { groups: [], trouble: null, isCut: false };

/** As the panel answers, from what each run has left. */
const answering =
  (lists: (runId: string) => RunPictures) =>
  (raw: unknown, to: OpenPage): void => {
    const question = raw as PictureQuestion;
    const { runId } = question;
    const answer = { protocol: picturesVersion, runId };
    if (question.type === 'listPictures') void to.send({ ...answer, type: 'pictures', found: lists(runId) });
    if (question.type !== 'readPicture') return;
    const { path } = question;
    const picture = path.includes('broken')
      ? { bytes: Uint8Array.of(1, 2), mediaType: 'image/png' }
      : path.includes('gone')
        ? null
        : { bytes: pictureOf(path), mediaType: 'image/png' };
    void to.send({ ...answer, type: 'picture', path, picture });
  };
const captions = (page: OpenPage['page']) => page.locator('.picture-board figcaption').allTextContents();
describe.skipIf(mustSkip())('pictures by step on the page of a run', () => {
  const { open } = useRunPages();

  it('stand at one step that the keys move, and stay until the next ones are there', async () => {
    const left: RunPictures = {
      groups: [group('a', 1, 5, 9), group('b', 5), group(evil, 9)],
      trouble: null,
      isCut: true,
    };
    const shown = await open({ state: { root: '/project', runId: facts.runId, tab: 'images', step: 'x' } });
    const answer = answering(() => left);
    const answered = new Set<unknown>();
    const flush = async (): Promise<void> => {
      for (const question of shown.posted.filter((one) => !answered.has(one))) {
        answered.add(question);
        answer(question, shown);
      }
      await shown.page.waitForTimeout(20);
    };
    await shown.show(snapshotOf(3, ended));
    const now = async () => {
      await flush();
      return captions(shown.page);
    };
    await expect.poll(now).toEqual(['warm-foxstep 9', 'warm-foxstep 9', 'warm-foxstep 5']);
    expect(await shown.page.locator('.picture-board h3').allTextContents()).toEqual([evil, 'a', 'b'].sort());
    expect(await shown.page.locator('.picture-board > p').textContent()).toBe(texts.picturesCut);
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
    await shown.page.locator('.picture-bar input').focus();
    await shown.page.keyboard.press('Home');
    const first = ['warm-foxnone before step 9', 'warm-foxstep 1', 'warm-foxnone before step 5'];
    await expect.poll(now).toEqual(first);
    await expect.poll(() => shown.page.locator('[aria-live=polite]').textContent()).toBe('step 1');
    const again = await open({ state: await shown.state() });
    await again.show(snapshotOf(3, ended));
    answer({ type: 'listPictures', runId: facts.runId }, again);
    await expect.poll(() => again.posts('readPicture').length).toBe(1);
    // The addresses of pictures that nobody sees any more are given back.
    await shown.page.getByRole('tab', { name: texts.overview }).click();
    await expect.poll(() => shown.page.locator('.picture-board img[src]').count()).toBe(0);
  });

  it('say what is missing', async () => {
    const shown = await open({ state: { root: '/project', runId: facts.runId, tab: 'images' } });
    await shown.show(snapshotOf(3, ended));
    const note = shown.page.locator('.picture-board > p');
    await expect.poll(() => note.textContent()).toBe(texts.readingPictures);
    answering(() => none)({ type: 'listPictures', runId: facts.runId }, shown);
    await expect.poll(() => note.textContent()).toBe(texts.noPictures);
    expect(await shown.page.locator('.picture-bar').isVisible()).toBe(false);
    answering(() => ({ ...none, trouble: 'The disk is gone.' }))({ type: 'listPictures', runId: facts.runId }, shown);
    await expect.poll(() => note.textContent()).toBe('The disk is gone.');
  });
});

describe.skipIf(mustSkip())('pictures by step of several runs', () => {
  let bench: Bench;
  const opened: OpenPage[] = [];
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

  it('stand side by side, are asked for a few at a time, and look well in every theme', async () => {
    const runs = makeRuns(30).filter(
      ({ parentRunId, params }) => parentRunId === null && Object.keys(params).length > 0,
    );
    const lists = new Map(
      runs.map(({ runId }, index): [string, RunPictures] => [
        runId,
        {
          ...none,
          groups: [
            group('generated digits', 1, 2, index + 3),
            group('filters', 2),
            ...(index === 1 ? [group('broken', 1), group('gone', 1)] : []),
          ],
        },
      ]),
    );
    const shown: Shown = await openRuns(bench, runs, { size: { width: 1000, height: 700 } });
    opened.push(shown);
    const { page } = shown;
    await page.getByRole('tab', { name: texts.picturesTab }).click();
    await expect.poll(() => page.locator('.images > .note').textContent()).toMatch(/^Select runs/);
    await page.getByRole('tab', { name: 'Table' }).click();
    await page.locator('[role=row][aria-rowindex="2"], .row').first().click();
    await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Shift+ArrowDown');
    await page.getByRole('tab', { name: texts.picturesTab }).click();
    const answered = new Set<unknown>();
    const most: number[] = [];
    const now = async () => {
      const open = shown.posted.filter((question) => !answered.has(question));
      most.push(open.filter((question) => (question as PictureQuestion).type === 'readPicture').length);
      for (const question of open) {
        answered.add(question);
        answering((runId) => lists.get(runId) ?? none)(question, shown);
      }
      await page.waitForTimeout(20);
      const words = await captions(page);
      return {
        images: await page.locator('.picture-board img:visible').count(),
        broken: words.filter((caption) => caption.endsWith(texts.brokenPicture)).length,
        atStep2: words.filter((caption) => caption.endsWith('step 2')).length,
      };
    };
    await expect.poll(now, { timeout: 8000 }).toEqual({ images: 6, broken: 2, atStep2: 3 });
    expect(Math.max(...most)).toBeLessThanOrEqual(4);
    await expect
      .poll(() => page.locator('.picture-board img:visible').first().getAttribute('alt'))
      .toMatch(/^filters of .* at step 2$/);
    await checkThemes(shown, { picture: 'runs-images', within: '.picture-board' });
  });
});
