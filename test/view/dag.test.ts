import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { fillIn } from '../../src/core/charts/charts.ts';
import { DagPageSession } from '../../src/core/dag/dag.ts';
import type { FromDagPage, GraphContent, GraphNotice, GraphStage } from '../../src/protocol/dag.ts';
import { dagTexts } from '../../src/vscode/panels/texts.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench, type OpenOptions, type OpenPage } from './browser.ts';

const texts = dagTexts({ t: (message) => message });
const context = { root: '/project', mayRun: true };
const loading: GraphNotice = { kind: 'loading', text: texts.loading, action: 'none' };

type State = GraphStage['state'];
const wordsOf: Readonly<Record<State, string>> = {
  'fresh': 'fresh · 2.1 s',
  'stale': 'src/data/build_features.ts changed',
  'never-run': 'never run',
  'blocked': 'waits for features',
  'running': 'running',
  'frozen': 'frozen',
  'failed': 'failed',
  'needs-dvc': 'needs DVC',
};

function stage(
  name: string,
  needs: readonly string[],
  state: State = 'fresh',
  group: string | null = null,
): GraphStage {
  const words = wordsOf[state];
  return { name, needs, state, group, words, spoken: state === 'stale' ? `stale, ${words}` : words };
}

const ingest = stage('ingest', []);
const digits: GraphContent = {
  stages: [
    ingest,
    stage('validate', ['ingest']),
    stage('clean', ['validate', 'ingest']),
    stage('label', ['clean', 'ingest']),
    stage('split', ['label'], 'frozen'),
    stage('features', ['split'], 'stale'),
    stage('train@singleoutput', ['features'], 'running', 'train'),
    stage('train@cnnbased', ['features'], 'blocked', 'train'),
    stage('evaluate', ['train@cnnbased', 'train@singleoutput'], 'never-run'),
    stage('explore', ['ingest'], 'failed'),
    stage('publish', ['evaluate'], 'needs-dvc'),
  ],
  groups: [{ name: 'train', state: 'running', words: '1 of 2 running', spoken: '1 of 2 running' }],
  warning: null,
};

interface Shown extends OpenPage {
  readonly session: DagPageSession;
  show(content: GraphContent | GraphNotice): Promise<void>;
  posts(): readonly FromDagPage[];
}

describe.skipIf(mustSkip())('the page of the pipeline’s graph', () => {
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

  /** The extension's half, in short: answers `ready` and `resync` as the panel does. */
  async function open(
    content: GraphContent | GraphNotice = digits,
    options: Partial<OpenOptions> = {},
  ): Promise<Shown> {
    const session = new DagPageSession(loading);
    const flush = async (to: OpenPage): Promise<void> => {
      const message = session.next();
      if (message !== undefined) await to.send(message);
    };
    const size = { width: 960, height: 720 };
    const page = await bench.open({
      page: 'dag',
      texts,
      context,
      size,
      ...options,
      onMessage: (raw, to) => {
        const { type } = raw as FromDagPage;
        if (type === 'ready' || type === 'resync') session.begin();
        void flush(to);
      },
    });
    const shown: Shown = {
      ...page,
      session,
      show: async (next) => {
        session.show(next);
        await flush(page);
        await frame(page);
      },
      posts: () => page.posted as FromDagPage[],
    };
    opened.push(shown);
    await shown.show(content);
    if (!('kind' in content)) await page.page.locator('.box').first().waitFor();
    return shown;
  }
  const frame = ({ page }: OpenPage): Promise<unknown> =>
    page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  const box = ({ page }: OpenPage, name: string) => page.locator(`.box[data-name="${name}"]`);
  const front = (shown: OpenPage, name: string) => box(shown, name).locator('.front');
  const placeOf = async (shown: OpenPage, name: string): Promise<{ x: number; y: number }> => {
    const { x = 0, y = 0 } = (await front(shown, name).boundingBox()) ?? {};
    return { x: Math.round(x), y: Math.round(y) };
  };
  const focused = ({ page }: OpenPage): Promise<string> =>
    page.evaluate(`document.activeElement?.getAttribute('aria-label') ?? ''`);
  const press = async (shown: OpenPage, key: string): Promise<string> => {
    await shown.page.keyboard.press(key);
    await frame(shown);
    return focused(shown);
  };

  it('draws what a stage needs above it, a group as one box, each state by a shape of its own', async () => {
    const shown = await open();
    expect(await shown.page.locator('.box').count()).toBe(10);
    const [above, below] = [await placeOf(shown, 'features'), await placeOf(shown, 'train')];
    expect(above.y).toBeLessThan(below.y);
    expect(await box(shown, 'train').locator('.count').textContent()).toBe('×2');
    const shapes = await shown.page.evaluate<string[]>(
      `[...document.querySelectorAll('.box')].map((box) => {
        const mark = box.querySelector('.mark');
        const { stroke, strokeDasharray } = getComputedStyle(mark);
        return box.classList[1] + ' ' + [mark.getAttribute('d'), box.querySelector('.filled').getAttribute('d'), strokeDasharray].join('|');
      })`,
    );
    const byState = new Map(shapes.map((text) => [text.split(' ')[0], text.split(' ').slice(1).join(' ')]));
    expect(byState.size).toBe(7);
    expect(new Set(byState.values()).size).toBe(7);
    expect(await shown.page.evaluate('document.getAnimations().length')).toBe(0);
  });

  it('has no serious fault of accessibility in any theme, also when it changes', async () => {
    const shown = await open(digits);
    await front(shown, 'features').focus();
    await frame(shown);
    await checkThemes(shown, { picture: 'dag' });
  });

  it('is walked by keyboard along edges and within rows, and each stage is told', async () => {
    const shown = await open();
    await front(shown, 'ingest').focus();
    expect(await focused(shown)).toBe(
      'ingest, fresh · 2.1 s. needs no other stage. needed by validate, clean, label, explore',
    );
    expect(await press(shown, 'ArrowDown')).toMatch(/^(validate|clean|label|explore), /);
    await front(shown, 'features').focus();
    expect(await press(shown, 'ArrowDown')).toBe(
      'train, group of 2 stages, 1 of 2 running. needs features. needed by evaluate',
    );
    expect(await press(shown, 'ArrowUp')).toBe(
      'features, stale, src/data/build_features.ts changed. needs split. needed by train',
    );
    expect(await press(shown, 'Home')).toMatch(/^ingest,/);
    expect(await press(shown, 'End')).toMatch(/^publish,/);
    await shown.page.keyboard.press('Enter');
    await expect.poll(() => shown.posts().at(-1)).toEqual({ type: 'open', name: 'publish' });
  });

  it('opens and closes a group by Space, by its count and by words', async () => {
    const shown = await open();
    await front(shown, 'train').focus();
    expect(await press(shown, 'Space')).toMatch(/^train@singleoutput, running/);
    expect(await shown.page.locator('.box').count()).toBe(11);
    expect(await press(shown, 'ArrowRight')).toMatch(/^train@cnnbased, waits for features/);
    await shown.picture('dag-group-open');
    expect(await press(shown, 'Space')).toMatch(/^train, group of 2 stages/);
    await box(shown, 'train').locator('.count').click();
    await expect.poll(() => shown.page.locator('.box').count()).toBe(11);
    await shown.page.getByText('Collapse all').click();
    await expect.poll(() => shown.page.locator('.box').count()).toBe(10);
  });

  it('shows a stage’s code by a click; runs it, with downstream too; a drag is no click', async () => {
    const shown = await open();
    await front(shown, 'features').click({ position: { x: 60, y: 12 } });
    await shown.page.getByText(texts.run, { exact: true }).click();
    await shown.page.getByText(texts.runDownstream).click();
    const before = await placeOf(shown, 'ingest');
    await front(shown, 'features').hover();
    await shown.page.mouse.down();
    const { x, y } = await placeOf(shown, 'features');
    await shown.page.mouse.move(x + 40, y + 40);
    await shown.page.mouse.move(x + 60, y + 60);
    await shown.page.mouse.up();
    await frame(shown);
    expect(await placeOf(shown, 'ingest')).not.toEqual(before);
    expect(shown.posts().slice(1)).toEqual([
      { type: 'open', name: 'features' },
      { type: 'run', name: 'features', downstream: false },
      { type: 'run', name: 'features', downstream: true },
    ]);
    expect(JSON.parse((await box(shown, 'features').getAttribute('data-vscode-context')) ?? '')).toMatchObject({
      kind: 'stage',
      project: '/project',
      stage: 'features',
    });
  });

  it('offers to run nothing in Restricted Mode', async () => {
    const shown = await open(digits, { context: { root: '/project', mayRun: false } });
    await front(shown, 'features').click({ position: { x: 60, y: 12 } });
    await frame(shown);
    expect(await shown.page.getByText(texts.open).isVisible()).toBe(true);
    expect(await shown.page.getByText(texts.run, { exact: true }).count()).toBe(0);
    expect(await shown.page.getByText(texts.runDownstream).count()).toBe(0);
  });

  it('takes new states without losing zoom, choice or focus, and tells how the chosen stage stands now', async () => {
    const shown = await open();
    await front(shown, 'features').focus();
    await press(shown, '+');
    const before = await placeOf(shown, 'features');
    await shown.show({
      ...digits,
      stages: digits.stages.map((one) => (one.name === 'features' ? stage('features', one.needs, 'running') : one)),
    });
    expect(shown.session.next()).toBeUndefined();
    expect(await box(shown, 'features').getAttribute('class')).toBe('box running selected');
    expect(await placeOf(shown, 'features')).toEqual(before);
    expect(await focused(shown)).toBe('features, running. needs split. needed by train');
    expect(await shown.page.locator('.spoken').textContent()).toBe('features: running');
    await shown.show({ ...digits, stages: [...digits.stages, stage('report', ['evaluate'])] });
    expect(await placeOf(shown, 'features')).toEqual(before);
    expect(await focused(shown)).toMatch(/^features, stale/);
  });

  it('zooms by wheel at the pointer, by keys and words; arrows move it when no stage has the focus', async () => {
    const shown = await open();
    const level = async (): Promise<number> => parseInt((await shown.page.locator('.level').textContent()) ?? '', 10);
    const whole = await level();
    const before = await placeOf(shown, 'split');
    await shown.page.mouse.move(before.x, before.y);
    await shown.page.keyboard.down('Control');
    await shown.page.mouse.wheel(0, -40);
    await shown.page.keyboard.up('Control');
    await expect.poll(level).toBeGreaterThan(whole);
    const zoomed = await placeOf(shown, 'split');
    expect(Math.hypot(zoomed.x - before.x, zoomed.y - before.y)).toBeLessThan(3);
    await shown.page.mouse.wheel(30, 50);
    await expect.poll(() => placeOf(shown, 'split')).toEqual({ x: zoomed.x - 30, y: zoomed.y - 50 });
    await press(shown, 'ArrowDown');
    expect(await placeOf(shown, 'split')).toEqual({ x: zoomed.x - 30, y: zoomed.y - 130 });
    await press(shown, '-');
    await press(shown, '-');
    expect(await level()).toBeLessThan(whole + 60);
    await press(shown, '0');
    expect(await placeOf(shown, 'split')).toEqual(before);
  });

  it('keeps zoom, open groups and choice over a reload, and those of another project count for nothing', async () => {
    const first = await open();
    await front(first, 'train').focus();
    await press(first, 'Space');
    const wanted = { root: '/project', open: ['train'], selected: 'train@singleoutput' };
    await expect.poll(() => first.state()).toMatchObject(wanted);
    const before = await first.state();
    await press(first, '+');
    // It is kept when the page has been quiet for a moment.
    await expect.poll(() => first.state()).not.toEqual(before);
    const state = await first.state();
    expect(state).toMatchObject(wanted);
    const again = await open(digits, { state });
    expect(await placeOf(again, 'features')).toEqual(await placeOf(first, 'features'));
    expect(await again.page.locator('.box.selected').getAttribute('data-name')).toBe('train@singleoutput');
    const other = await open(digits, { state, context: { root: '/other', mayRun: true } });
    expect(await other.page.locator('.box').count()).toBe(10);
  });

  it.each([
    ['empty', { kind: 'empty', text: 'The pipeline has no stages: dvc.yaml names none.', action: 'addStage' }],
    ['broken', { kind: 'broken', text: 'dvc.yaml:3:1: error: Unknown key "cmmd".', action: 'retry' }],
    ['loading', loading],
  ] as const)('says in one sentence that it is %s, with one action', async (name, notice) => {
    const shown = await open(notice);
    await expect.poll(() => shown.page.locator('.notice p').textContent()).toBe(notice.text);
    expect(await shown.page.locator('.drawing').isVisible()).toBe(false);
    await shown.picture(`dag-${name}`);
    const buttons = shown.page.locator('.notice vscode-button:visible');
    expect(await buttons.count()).toBe(notice.action === 'none' ? 0 : 1);
    if (notice.action === 'none') return;
    await buttons.click();
    await expect.poll(() => shown.posts().at(-1)).toEqual({ type: notice.action === 'retry' ? 'resync' : 'addStage' });
  });

  it('shows what is wrong above the stages that could be read; hostile names are text; garbage changes nothing', async () => {
    const evil = '<img src=x onerror="window.hacked=1">';
    const shown = await open({
      ...digits,
      stages: [stage(evil, [])],
      groups: [],
      warning: `dvc.yaml:1:1: error: ${evil}`,
    });
    await shown.picture('dag-warning');
    expect(await shown.page.locator('.warning').textContent()).toContain(evil);
    expect(await shown.page.locator('.box title').textContent()).toContain(evil);
    await shown.send({ type: 'graph', graph: 7 });
    expect(await shown.page.locator('.box').count()).toBe(1);
    expect(await shown.page.evaluate('document.body.dataset.ignored')).toBe('1');
    expect(await shown.page.evaluate('window.hacked')).toBeUndefined();
  });

  it('asks again for what it has missed', async () => {
    const shown = await open();
    await shown.send({ protocol: 1, sequence: 99, type: 'states', states: [] });
    await expect.poll(() => shown.posts().at(-1)).toEqual({ type: 'resync' });
  });

  it('has elements only for what can be seen of 5,000 stages', async () => {
    const members = Array.from({ length: 5000 }, (_, index) => stage(`train@m${index}`, ['ingest'], 'fresh', 'train'));
    const evaluate = stage(
      'evaluate',
      members.map(({ name }) => name),
      'stale',
    );
    const many: GraphContent = { stages: [ingest, ...members, evaluate], groups: digits.groups, warning: null };
    const shown = await open(many);
    expect(await shown.page.locator('.box').count()).toBe(3);
    expect(await box(shown, 'train').locator('.count').textContent()).toBe('×5000');
    await front(shown, 'train').focus();
    await press(shown, 'Space');
    await shown.picture('dag-5000-open');
    await press(shown, '+');
    for (let i = 0; i < 9; i += 1) await press(shown, '+');
    expect(await shown.page.locator('.box').count()).toBeLessThan(200);
    expect(await shown.page.locator('.lines path').count()).toBeLessThan(10_000);
    expect(await press(shown, 'ArrowRight')).toMatch(/^train@m1, /);
    await shown.picture('dag-5000-near');
    expect(fillIn(texts.stages, 5002)).toBe(await shown.page.locator('.about').textContent());
  });
});
