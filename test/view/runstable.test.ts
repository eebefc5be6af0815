import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { emptyRunsView } from '../../src/protocol/runsview.ts';
import { emptyTableView, type FromRunsPage } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { checkThemes } from './axe.ts';
import { keepPicture, mustSkip, startBench, type Bench } from './browser.ts';
import { makeRuns, openRuns, texts, type Shown } from './runstable.ts';

describe.skipIf(mustSkip())('the table of runs', () => {
  let bench: Bench;
  const opened: Shown[] = [];
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

  async function open(runs: readonly RunSummary[], options: Parameters<typeof openRuns>[2] = {}): Promise<Shown> {
    const shown = await openRuns(bench, runs, options);
    opened.push(shown);
    return shown;
  }

  it('has no serious fault of accessibility in any theme, also when it changes', async () => {
    const shown = await open(makeRuns(400));
    await shown.page.locator('.body .cell').first().click();
    await checkThemes(shown, { picture: 'runs' });
  });

  const rows = ({ page }: Shown) => page.locator('.body > .row');
  const names = ({ page }: Shown, count = 5): Promise<string[]> =>
    page.evaluate(`[...document.querySelectorAll('.body > .row')]
      .sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).slice(0, ${count}).map((row) => row.querySelector('.name').textContent)`);
  const frame = ({ page }: Shown): Promise<unknown> =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const press = async (shown: Shown, ...keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      await shown.page.keyboard.press(key);
      await frame(shown);
    }
  };
  const head = ({ page }: Shown, id: string) => page.locator(`.head [data-column="${id}"]`);
  const status = ({ page }: Shown): Promise<string | null> => page.locator('footer [role=status]').textContent();
  /** Line and column of what has the focus, as a screen reader counts them. */
  const focused = ({ page }: Shown): Promise<unknown> =>
    page.evaluate(`(() => {
      const cell = document.activeElement;
      return [cell.closest('[aria-rowindex]')?.ariaRowIndex, cell.ariaColIndex, cell.getAttribute('role')].join(' ');
    })()`);
  const fill = async (shown: Shown, text: string): Promise<void> => {
    await shown.page.locator('input.filter').fill(text);
    await frame(shown);
  };
  const flat = makeRuns(60).filter(
    ({ parentRunId, metrics, tags }) => parentRunId === null && 'val_loss' in metrics && !('mlops.hidden' in tags),
  );

  it('sorts 10,000 runs by a press on a head, by another one with Shift, and draws only what can be seen', async () => {
    const shown = await open(makeRuns(10_000));
    expect(await shown.page.locator('.grid').getAttribute('aria-rowcount')).toBe('8233');
    expect(await rows(shown).count()).toBeLessThan(60);
    await head(shown, 'metrics.val_loss').click();
    await frame(shown);
    expect(await head(shown, 'metrics.val_loss').getAttribute('aria-sort')).toBe('ascending');
    const first = await shown.page.locator('.body > .row .cell.metric').first().textContent();
    expect(Number(first)).toBeLessThan(0.0801);
    await head(shown, 'metrics.val_loss').click();
    await head(shown, 'experiment').click({ modifiers: ['Shift'] });
    await frame(shown);
    expect(await head(shown, 'metrics.val_loss').textContent()).toContain('↓1');
    expect(await head(shown, 'experiment').textContent()).toContain('↑2');
    await shown.picture('runs-10000-sorted');
    const far = 8000 * 24;
    await shown.page.evaluate(`document.querySelector('.grid').scrollTop = ${far}`);
    await frame(shown);
    expect(await rows(shown).count()).toBeLessThan(60);
    expect(await shown.page.locator('.body > .row[aria-rowindex="8010"]').count()).toBe(1);
    expect(shown.posts().at(-1)).toMatchObject({
      type: 'keep',
      view: {
        table: {
          sort: [
            { column: 'metrics.val_loss', descending: true },
            { column: 'experiment', descending: false },
          ],
        },
      },
    });
  });

  it('filters by the query language, and says in a sentence and at its place what is wrong', async () => {
    const shown = await open(makeRuns(10_000));
    await fill(shown, 'best(val_loss) < 0.1 and learning_rate = 0.1');
    await expect.poll(() => status(shown)).toMatch(/^\d+ of 10\u202f000 runs · 100 hidden$/);
    const before = await names(shown);
    await fill(shown, 'best(val_loss) < 0.1 and learning_rate =');
    expect(await shown.page.locator('#mistake .bad').textContent()).toBe(
      'Column 41 of the filter: a number or a text is expected.',
    );
    expect(await shown.page.locator('.caret').textContent()).toBe(`${' '.repeat(40)}^`);
    expect(await names(shown)).toEqual(before);
    await shown.picture('runs-filter-mistake');
    await fill(shown, 'vall_loss < 1');
    expect(await shown.page.locator('#mistake .bad').textContent()).toContain('Did you mean');
    await fill(shown, 'name = nobody');
    expect(await shown.page.locator('.notice p').textContent()).toBe(texts.nothingFits);
    await shown.page.getByText(texts.clearFilter).click();
    await expect.poll(() => status(shown)).toBe('9900 of 10\u202f000 runs · 100 hidden');
    expect(await shown.page.locator('input.filter').inputValue()).toBe('');
  });

  it('groups with mean and deviation; a group opens; groups are copied as they are', async () => {
    const shown = await open(makeRuns(1000), {
      context: {
        root: '/project',
        mayEdit: true,
        kept: {
          name: null,
          view: {
            columns: null,
            sort: [],
            filter: 'val_loss < 9',
            group: 'params.training.learning_rate',
            showsHidden: false,
          },
        },
      },
    });
    expect(await names(shown)).toEqual(['0.001', '0.003', '0.01', '0.03', '0.1']);
    const cell = shown.page.locator('.body > .row').first().locator('.cell.metric').first();
    expect(await cell.textContent()).toMatch(/^0\.\d{4} ± 0\.\d{4}$/);
    expect(await cell.getAttribute('title')).toMatch(/^mean 0\.\d{4} ± 0\.\d{4} of 1\d\d$/);
    await shown.picture('runs-grouped');
    await shown.page.getByText(texts.csv, { exact: true }).click();
    await expect
      .poll(() => shown.posts().at(-1))
      .toMatchObject({
        text: expect.stringMatching(/^params\.training\.learning_rate,runs,metrics\.val_loss mean/) as string,
      });
    await shown.page.locator('.body > .row').first().locator('.name').click();
    await frame(shown);
    expect(await rows(shown).first().getAttribute('aria-expanded')).toBe('true');
    expect(await rows(shown).nth(1).getAttribute('class')).toBe('row run');
  });

  it('walks by keys from the head to the last line, and keeps the focus while runs come and go', async () => {
    const shown = await open(flat);
    await head(shown, 'name').focus();
    await press(shown, 'ArrowDown', 'ArrowRight', 'ArrowRight');
    expect(await focused(shown)).toBe('2 3 gridcell');
    await press(shown, 'PageDown');
    await press(shown, 'End');
    expect(await focused(shown)).toMatch(/^\d\d 1\d gridcell$/);
    await press(shown, 'Control+End');
    expect(await focused(shown)).toMatch(new RegExp(`^${flat.length + 1} `));
    await press(shown, 'Control+Home');
    expect(await focused(shown)).toBe('2 1 rowheader');
    await shown.tell([{ ...flat[3]!, runId: 'f'.repeat(32), name: 'newest', startTime: Date.UTC(2027, 0, 1) }]);
    await frame(shown);
    expect(await names(shown, 1)).toEqual(['newest']);
    expect(await focused(shown)).toBe('3 1 rowheader');
    await shown.tell([], { removed: ['f'.repeat(32)] });
    await frame(shown);
    expect(await focused(shown)).toBe('2 1 rowheader');
    await shown.page.mouse.move(600, 400);
    await shown.page.mouse.wheel(0, 900);
    await frame(shown);
    expect(await focused(shown)).toBe('2 1 rowheader');
  });

  it('selects by mouse and keys; Enter opens, and other keys and the menu mean what is selected', async () => {
    const shown = await open(flat);
    const id = (index: number): string => flat[index]!.runId;
    await rows(shown).nth(0).locator('.name').click();
    await rows(shown)
      .nth(2)
      .locator('.name')
      .click({ modifiers: ['Shift'] });
    await rows(shown)
      .nth(4)
      .locator('.name')
      .click({ modifiers: ['Control'] });
    await frame(shown);
    expect(await status(shown)).toContain('4 selected');
    await press(shown, 's', 'Delete', 'Enter', 'F2');
    const four = [0, 1, 2, 4].map(id);
    expect(shown.posts().filter(({ type }) => type === 'act')).toEqual([
      { type: 'act', action: 'star', runIds: four },
      { type: 'act', action: 'delete', runIds: four },
      { type: 'act', action: 'open', runIds: [id(4)] },
      { type: 'act', action: 'rename', runIds: [id(4)] },
    ]);
    await press(shown, 'Escape', 'Space', 'Shift+ArrowDown', 'Shift+ArrowDown', 'Control+c');
    expect(await status(shown)).toContain('3 selected');
    const copied = shown.posts().find((post) => post.type === 'copied');
    expect(copied?.type === 'copied' ? copied.text.split('\r\n').map((line) => line.split(',')[0]) : []).toEqual([
      ...['name', ...[4, 5, 6].map((index) => flat[index]!.name), ''],
    ]);
    await rows(shown).nth(8).locator('.name').click({ button: 'right' });
    const menu = async (): Promise<unknown> =>
      JSON.parse((await shown.page.locator('.grid').getAttribute('data-vscode-context')) ?? '');
    expect(await menu()).toMatchObject({ webviewSection: 'run', kind: 'run', project: '/project', runIds: [id(8)] });
    await press(shown, 'Control+a');
    await rows(shown).nth(3).locator('.name').click({ button: 'right' });
    expect(await menu()).toMatchObject({ several: true, runIds: flat.map(({ runId }) => runId) });
  });

  it('changes nothing in Restricted Mode', async () => {
    const shown = await open(flat, { context: { root: '/project', mayEdit: false, kept: null } });
    await rows(shown).first().locator('.name').click();
    await press(shown, 's', 'F2', 'Delete', 'h', 'Enter');
    expect(shown.posts().filter(({ type }) => type === 'act')).toMatchObject([{ action: 'open' }]);
    expect(await shown.page.getByText(texts.saveAs).isVisible()).toBe(false);
  });

  it('nests trials below their sweep', async () => {
    const shown = await open(makeRuns(40));
    expect(await names(shown, 2)).toEqual(['sweep-0', 'shy-otter-3']);
    await head(shown, 'name').focus();
    await press(shown, 'ArrowDown', 'ArrowRight');
    expect(await names(shown, 3)).toEqual(['sweep-0', 'bold-lynx-1', 'warm-heron-2']);
    expect(await rows(shown).nth(1).getAttribute('aria-level')).toBe('2');
    await press(shown, 'ArrowLeft');
    expect(await names(shown, 2)).toEqual(['sweep-0', 'shy-otter-3']);
    await rows(shown).first().locator('[data-part=twisty]').click();
    await frame(shown);
    expect(await names(shown, 2)).toEqual(['sweep-0', 'bold-lynx-1']);
  });

  it('tells the best and the last value of a metric where the mouse rests', async () => {
    const shown = await open(flat);
    const cell = rows(shown).nth(0).locator('.cell.metric').first();
    expect(await cell.textContent()).toBe('0.3733');
    expect(await cell.getAttribute('title')).toBe('best 0.3733 at 18 · last 0.3933 at 24');
  });

  it('columns are moved, made wider and chosen by keys and by mouse', async () => {
    const shown = await open(flat);
    const heads = (): Promise<string[]> =>
      shown.page
        .evaluate(`[...document.querySelectorAll('.head [data-column]')].sort((a, b) => a.ariaColIndex - b.ariaColIndex)
        .slice(0, 5).map(({ dataset }) => dataset.column.replace(/^metrics./, ''))`);
    expect(await heads()).toEqual(['name', 'status', 'val_loss', 'test_accuracy', 'val_accuracy']);
    await head(shown, 'metrics.val_accuracy').focus();
    await press(shown, 'Alt+ArrowLeft');
    expect(await heads()).toEqual(['name', 'status', 'val_loss', 'val_accuracy', 'test_accuracy']);
    expect(await focused(shown)).toBe('1 4 columnheader');
    const width = async (): Promise<number> => (await head(shown, 'metrics.val_accuracy').boundingBox())!.width;
    expect(await width()).toBe(108);
    await press(shown, 'Shift+ArrowRight', 'Shift+ArrowRight');
    expect(await width()).toBe(140);
    const box = (await head(shown, 'metrics.val_accuracy').boundingBox())!;
    await shown.page.mouse.move(box.x + box.width - 2, box.y + 8);
    await shown.page.mouse.down();
    await shown.page.mouse.move(box.x + box.width - 42, box.y + 8, { steps: 4 });
    await shown.page.mouse.up();
    await frame(shown);
    expect(await width()).toBe(100);
    const to = (await head(shown, 'metrics.val_loss').boundingBox())!;
    await shown.page.mouse.move(box.x + 30, box.y + 8);
    await shown.page.mouse.down();
    await shown.page.mouse.move(to.x + 20, to.y + 8, { steps: 6 });
    await shown.page.mouse.up();
    await frame(shown);
    expect(await heads()).toEqual(['name', 'status', 'val_accuracy', 'val_loss', 'test_accuracy']);
    await shown.page.getByText(texts.columns, { exact: true }).click();
    await shown.page.locator('.chooser').getByText('user', { exact: true }).click();
    await shown.page.getByLabel('Pin user').click();
    await frame(shown);
    await shown.picture('runs-chooser');
    expect(await heads()).toEqual(['name', 'status', 'user', 'val_accuracy', 'val_loss']);
    await shown.page.getByPlaceholder(texts.findColumn).fill('last');
    expect(await shown.page.locator('.chooser .row').count()).toBe(3);
    await shown.page.getByText(texts.automatic).click();
    await press(shown, 'Escape');
    expect(await heads()).toEqual(['name', 'status', 'val_loss', 'test_accuracy', 'val_accuracy']);
    expect(await shown.page.locator('.chooser').isVisible()).toBe(false);
  });

  it('draws only the columns that can be seen', async () => {
    const wide = flat.map((run, index) => ({
      ...run,
      params: Object.fromEntries(Array.from({ length: 200 }, (_, key) => [`p${key}`, String(index)])),
    }));
    const columns = ['name', ...Object.keys(wide[0]!.params).map((key) => `params.${key}`)];
    const view = {
      columns: columns.map((id) => ({ id, width: null, isPinned: id === 'name' })),
      sort: [],
      filter: '',
      group: null,
      showsHidden: false,
    };
    const shown = await open(wide, { context: { root: '/project', mayEdit: true, kept: { name: null, view } } });
    expect(await shown.page.locator('.grid').getAttribute('aria-colcount')).toBe('201');
    expect(await rows(shown).first().locator('.cell').count()).toBeLessThan(20);
    await head(shown, 'name').focus();
    await press(shown, 'End');
    expect(await focused(shown)).toBe('1 201 columnheader');
    expect(await head(shown, 'params.p199').isVisible()).toBe(true);
    expect(await rows(shown).first().locator('[role=rowheader]').isVisible()).toBe(true);
  });

  it('shows stars, and hidden runs when it is asked to', async () => {
    const shown = await open(makeRuns(200));
    expect(await status(shown)).toBe('198 of 200 runs · 2 hidden');
    await shown.page.locator('.row', { hasText: 'shy-otter-3' }).locator('[data-part=star]').click();
    expect(shown.posts().at(-1)).toMatchObject({ action: 'star', runIds: [makeRuns(4)[3]!.runId] });
    await shown.page.getByText(texts.showHidden).click();
    await frame(shown);
    expect(await status(shown)).toBe('200 runs');
  });

  it('chooses, saves and follows views; one that is broken says where, and the table is still there', async () => {
    const table = { ...emptyTableView, sort: [{ column: 'name', descending: false }] };
    const charts = { ...emptyRunsView.charts, columns: 2 };
    const view = { ...emptyRunsView, table, charts };
    const broken = { name: 'old', view: null, problem: '.mlops/views/old.yaml:3:5: error: columns must be a list.' };
    const views = [{ name: 'mine', view, problem: null }, broken];
    const shown = await open(flat, { views });
    const choose = async (name: string): Promise<void> => {
      await shown.page.locator('vscode-dropdown').nth(1).click();
      await shown.page.locator('vscode-option', { hasText: name }).last().click();
      await frame(shown);
    };
    await choose('mine');
    expect((await names(shown, 1))[0]).toMatch(/^bold/);
    expect(await shown.page.getByText(texts.save, { exact: true }).isVisible()).toBe(false);
    await head(shown, 'name').click();
    await frame(shown);
    await shown.page.getByText(texts.save, { exact: true }).click();
    expect(shown.posts().at(-1)).toMatchObject({
      ...{ type: 'saveView', name: 'mine', view: { table: { sort: [{ column: 'name', descending: true }] }, charts } },
    });
    const sorted = { ...view, table: { ...table, sort: [{ column: 'name', descending: true }] } };
    // In whatever order its keys come.
    const turned = { relations: sorted.relations, charts, table: sorted.table };
    await shown.tellViews([{ name: 'mine', view: turned, problem: null }, broken]);
    await frame(shown);
    expect(await shown.page.getByText(texts.save, { exact: true }).isVisible()).toBe(false);
    const failed = { ...view, table: { ...table, filter: 'status = FAILED' } };
    await shown.tellViews([{ name: 'mine', view: failed, problem: null }, broken]);
    await frame(shown);
    expect(await shown.page.locator('input.filter').inputValue()).toBe('status = FAILED');
    await choose('old');
    expect(await shown.page.getByText('.mlops/views/old.yaml:3:5').isVisible()).toBe(true);
    expect(await rows(shown).count()).toBeGreaterThan(1);
    await shown.picture('runs-broken-view');
    await shown.page.getByText(texts.openView).click();
    expect(shown.posts().at(-1)).toEqual({ type: 'openView', name: 'old' });
  });

  it('takes away a report of the runs that are selected, and a picture of what is drawn', async () => {
    const shown = await open(flat);
    const foot = (label: string) => shown.page.locator('footer').getByText(label, { exact: true });
    expect(await foot(texts.exportPng).isVisible()).toBe(false);
    await shown.page.locator('.body > .row').nth(1).click();
    await foot(texts.exportReport).click();
    await expect
      .poll(() => shown.posts().at(-1))
      .toMatchObject({ type: 'report', format: 'html', view: emptyRunsView });
    expect((shown.posts().at(-1) as Extract<FromRunsPage, { type: 'report' }>).runIds).toHaveLength(1);
    await shown.say({ type: 'export', what: 'svg' });
    await expect.poll(() => shown.page.locator('p.spoken').textContent()).toBe(texts.exportNothing);
    await shown.page.locator('#tab-relations').click();
    await shown.page.locator('.stage:not([data-drawn="0"])').first().waitFor();
    await foot(texts.exportPng).click();
    await expect.poll(() => shown.posts().at(-1)?.type, { timeout: 15_000 }).toBe('picture');
    const { bytes } = shown.posts().at(-1) as unknown as { bytes: Record<string, number> };
    const png = Buffer.from(Object.values(bytes));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    const width = await shown.page.evaluate<number>(`document.querySelector('.stage').getBoundingClientRect().width`);
    expect(png.readUInt32BE(16)).toBe(Math.round(2 * width));
    await keepPicture('export-relations', () => png);
  });

  it('comes back as it was over a reload', async () => {
    const first = await open(makeRuns(400));
    await fill(first, 'val_loss < 0.3');
    await first.page.evaluate(`document.querySelector('.grid').scrollTop = 2400`);
    await expect
      .poll(() => first.state())
      .toMatchObject({ view: { table: { filter: 'val_loss < 0.3' } }, scroll: { top: 2400 } });
    const again = await open(makeRuns(400), { state: await first.state() });
    await expect.poll(() => again.page.evaluate(`document.querySelector('.grid').scrollTop`)).toBe(2400);
    expect(await again.page.locator('input.filter').inputValue()).toBe('val_loss < 0.3');
  });

  it('says in a sentence when there is nothing, when nothing can be read, and shows hostile text as text', async () => {
    const empty = await open([]);
    expect(await empty.page.locator('.notice p').textContent()).toBe(texts.empty);
    await empty.say({ type: 'notice', notice: { kind: 'broken', text: 'The disk is gone.', action: 'retry' } });
    await frame(empty);
    expect(await empty.page.locator('.notice p').textContent()).toBe('The disk is gone.');
    await empty.page.getByText(texts.retry).click();
    await expect.poll(() => empty.posts().at(-1)).toEqual({ type: 'resync' });
    const evil = '<img src=x onerror=alert(1)>';
    const shown = await open([{ ...flat[0]!, name: evil, params: { [evil]: evil }, tags: { [evil]: evil } }]);
    expect(await shown.page.locator('.row .name').textContent()).toBe(evil);
    expect(await shown.page.locator('img').count()).toBe(0);
  });

  it('asks for everything when a message is missing, and ignores what is none', async () => {
    const shown = await open(flat);
    await shown.send({ protocol: 1, sequence: 40, type: 'views', views: [] });
    await expect.poll(() => shown.posts().filter(({ type }) => type === 'resync')).toHaveLength(1);
    await shown.send({ protocol: 2, type: 'runs' });
    await expect.poll(() => shown.page.evaluate(`document.body.dataset.ignored`)).toBe('1');
    expect(await rows(shown).count()).toBeGreaterThan(1);
  });
});
