import { describe, expect, it } from 'vitest';
import { chartProtocolVersion } from '../../src/protocol/charts.ts';
import type { ArtifactView, RunAbout, RunPageAnswer } from '../../src/protocol/runpage.ts';
import { checkThemes, findFaults } from './axe.ts';
import { mustSkip } from './browser.ts';
import { texts, useRunPages, type RunPage } from './runpage.ts';
import { ended, facts, snapshotOf, testMetrics } from './runs.ts';
import type { ThemeName } from './themes.ts';

const hostile = '<img src=x onerror="document.title=1">\u202Egnp.exe';
/** As it is shown: what would turn the reading direction stands there as its code. */
const hostileText = hostile.replace('\u202E', '\\u202e');
const hostileName = hostileText.replaceAll('/', '');
const about: RunAbout = {
  note: 'First with augmentation.\nBetter than *deep-wren*.',
  mayEdit: true,
  tags: [
    ['mlflow.source.git.commit', 'e0b252c1f3aa'],
    ['mlops.config', 'configs/cnnbased.yaml'],
    ['odd', hostile],
  ],
  datasets: [
    { name: 'digits', digest: 'a1b2c3d4', sourceType: 'local', source: 'data/processed', context: 'training' },
  ],
  models: ['m-0123456789abcdef'],
  origin: { commit: 'e0b252c1f3aa', config: 'configs/cnnbased.yaml' },
  directions: [
    ['val_loss', 'minimize'],
    ['val_accuracy', 'maximize'],
  ],
};
const head = { protocol: chartProtocolVersion, runId: facts.runId } as const;
const entries = (...names: readonly string[]) =>
  names.map((name) => {
    const isFolder = name.endsWith('/');
    return { path: isFolder ? name.slice(0, -1) : name, isFolder, bytes: isFolder ? null : 1234 };
  });
const listed: Readonly<Record<string, ReturnType<typeof entries>>> = {
  '': entries('metrics.csv', 'model/', 'notes.txt', 'picture.png', hostile.replaceAll('/', '')),
  'model': entries('model/MLmodel', 'model/weights/'),
  'model/weights': entries('model/weights/group1.bin'),
};

async function openTabs(
  tab: 'about' | 'artifacts',
  theme: ThemeName = 'dark',
  open: ReturnType<typeof useRunPages>['open'],
) {
  const shown = await open({ theme });
  const snapshot = snapshotOf(24, ended);
  await shown.show({ ...snapshot, series: [...snapshot.series, ...testMetrics] });
  await shown.page.getByRole('tab', { name: tab === 'about' ? texts.overview : texts.artifacts }).click();
  return shown;
}

const answer = (shown: RunPage, message: RunPageAnswer): Promise<void> => shown.send(message);
const list = (shown: RunPage, folder: string): Promise<void> =>
  answer(shown, { ...head, type: 'artifacts', folder, entries: listed[folder] ?? [], trouble: null });
const view = (shown: RunPage, path: string, seen: ArtifactView): Promise<void> =>
  answer(shown, { ...head, type: 'artifact', path, view: seen });

describe.skipIf(mustSkip())('the tabs of a run', () => {
  const { open } = useRunPages();

  it('overview', async () => {
    const shown = await openTabs('about', 'dark', open);
    await expect.poll(() => shown.posts('readAbout')).toEqual([{ type: 'readAbout', runId: facts.runId }]);
    await answer(shown, { ...head, type: 'about', about });
    const { page } = shown;
    await expect.poll(() => page.locator('.about-tab textarea').inputValue()).toBe(about.note);
    const first = page.locator('.about-tab tbody tr').first();
    expect(await first.locator('th').textContent()).toBe('val_loss');
    expect(await first.locator('td').nth(1).textContent()).toMatch(/^0\.\d+ at \d+$/);
    expect(await page.locator('.about-tab dd', { hasText: 'onerror' }).textContent()).toBe(hostileText);
    expect(await page.locator('img').count()).toBe(0);
    expect(await page.locator('main').isVisible()).toBe(false);
    await checkThemes(shown, { picture: 'run-overview' });
    await page.getByText('Open config at e0b252c1').click();
    await expect.poll(() => shown.posts('openConfig')).toEqual([{ type: 'openConfig', runId: facts.runId }]);
    expect(await shown.state()).toMatchObject({ tab: 'about' });
  });

  it('a note is edited in its place, and not taken from under the hands that write it', async () => {
    const shown = await openTabs('about', 'dark', open);
    await answer(shown, { ...head, type: 'about', about });
    const { page } = shown;
    const field = page.locator('.about-tab textarea');
    await expect.poll(() => field.inputValue()).toBe(about.note);
    await field.fill('mine');
    await answer(shown, { ...head, type: 'about', about: { ...about, note: 'theirs' } });
    await shown.change({ run: { ...ended, reason: 'x' }, series: [], events: [] });
    await shown.settled();
    expect(await field.inputValue()).toBe('mine');
    await field.press('Control+Enter');
    await expect.poll(() => shown.posts('saveNote')).toEqual([{ type: 'saveNote', runId: facts.runId, text: 'mine' }]);
    await answer(shown, { ...head, type: 'about', about: { ...about, note: 'mine' } });
    await expect.poll(() => page.getByText(texts.saveNote).isVisible()).toBe(false);
    await field.fill('another');
    await field.press('Escape');
    expect(await field.inputValue()).toBe('mine');
    await answer(shown, { ...head, type: 'about', about: { ...about, mayEdit: false } });
    await expect.poll(() => field.getAttribute('readonly')).toBe('');
  });

  it('artifacts by the keyboard, with their views', async () => {
    const shown = await openTabs('artifacts', 'dark', open);
    await expect.poll(() => shown.posts('listArtifacts')).toMatchObject([{ folder: '' }]);
    await list(shown, '');
    const { page } = shown;
    const names = (): Promise<readonly (string | null)[]> => page.locator('[role=treeitem] .name').allTextContents();
    await expect.poll(names).toEqual(['model', 'metrics.csv', 'notes.txt', 'picture.png', hostileName]);
    await page.locator('[role=treeitem]').first().focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => shown.posts('listArtifacts').length).toBe(2);
    await list(shown, 'model');
    await expect.poll(async () => (await names()).slice(0, 3)).toEqual(['model', 'weights', 'MLmodel']);
    for (const key of ['ArrowDown', 'ArrowDown', 'Enter']) await page.keyboard.press(key);
    await expect.poll(() => shown.posts('readArtifact')).toMatchObject([{ path: 'model/MLmodel' }]);
    await view(shown, 'model/MLmodel', { kind: 'text', text: `flavors: {}\n${hostile}`, isCut: true });
    await expect.poll(() => page.locator('.viewer pre').textContent()).toContain(hostileText);
    expect(await page.getByText(texts.onlyBeginning).isVisible()).toBe(true);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expect.poll(async () => (await names()).length).toBe(5);
    await page.getByText('metrics.csv').click();
    const rows = Array.from({ length: 40 }, (_, row) => [String(row), hostile, '0.125']);
    await view(shown, 'metrics.csv', { kind: 'table', columns: ['epoch', 'name', 'loss'], rows, isCut: true });
    await expect.poll(() => page.locator('.viewer tbody tr').count()).toBe(40);
    expect(await findFaults(shown.page)).toEqual([]);
    await shown.picture('run-artifacts-table');
    await page.getByText(texts.openInEditor).click();
    await expect.poll(() => shown.posts('openArtifact')).toMatchObject([{ path: 'metrics.csv' }]);
    // What comes late, for another artifact, is not shown in the place of this one.
    await view(shown, 'notes.txt', { kind: 'text', text: 'late', isCut: false });
    expect(await page.locator('.viewer').textContent()).not.toContain('late');
  });

  it('pictures come from their bytes alone', async () => {
    const shown = await openTabs('artifacts', 'light', open);
    await list(shown, '');
    const { page } = shown;
    await page.getByText('picture.png').click();
    const png =
      'iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAFklEQVR42mNkYPjPgBswMRAEo4oIKgIA6wECDx1y0yYAAAAASUVORK5CYII=';
    await view(shown, 'picture.png', {
      kind: 'image',
      bytes: new Uint8Array(Buffer.from(png, 'base64')),
      mediaType: 'image/png',
    });
    await expect.poll(() => page.locator('.viewer img').getAttribute('src')).toMatch(/^blob:/);
    await shown.picture('run-artifacts-picture');
    await view(shown, 'picture.png', { kind: 'none', why: 'binary' });
    await expect.poll(() => page.getByText(texts.noText).isVisible()).toBe(true);
    await answer(shown, { ...head, type: 'artifacts', folder: '', entries: [], trouble: 'They are kept at s3://b.' });
    await expect.poll(() => page.getByText('They are kept at s3://b.').isVisible()).toBe(true);
  });

  it('another run has artifacts of its own', async () => {
    const shown = await openTabs('artifacts', 'dark', open);
    await list(shown, '');
    await shown.show(snapshotOf(24, { ...ended, runId: 'run1', name: 'deep-wren' }));
    await expect.poll(() => shown.posts('listArtifacts').at(-1)).toMatchObject({ runId: 'run1', folder: '' });
    await list(shown, '');
    expect(await shown.page.locator('[role=treeitem]').count()).toBe(0);
    await shown.page.getByRole('tab', { name: texts.artifacts }).press('ArrowLeft');
    await expect.poll(() => shown.posts('readAbout')).toMatchObject([{ runId: 'run1' }]);
  });
});
