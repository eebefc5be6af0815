import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DrawnPlot, PlotsQuestion } from '../../src/protocol/plots.ts';
import type { Problem } from '../../src/protocol/problem.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { checkThemes } from './axe.ts';
import { mustSkip, startBench, type Bench } from './browser.ts';
import { areaTemplate, drawSamples, makePng, samples, type Sample } from './runsplots.ts';
import { makeRuns, openRuns, texts, type Shown } from './runstable.ts';

const commits = ['a', 'b', 'a'].map((letter) => letter.repeat(40));
/** Two runs of one commit, one of another; the fourth has none. */
const runs: readonly RunSummary[] = makeRuns(16)
  .slice(3, 7)
  .map((run, index) => {
    const commit = commits[index];
    return commit === undefined ? run : { ...run, tags: { ...run.tags, 'mlflow.source.git.commit': commit } };
  });
const revisions = ['workspace', commits[0]!, commits[1]!];
const images: DrawnPlot = {
  ...{ kind: 'images', id: 'images/confusion.png', title: 'images/confusion.png', xLabel: '', yLabel: '', left: 0 },
  images: [
    { revision: 'workspace', file: 'x.png', bytes: makePng(40, 120, 90) },
    { revision: revisions[1]!, file: 'x.png', bytes: makePng(170, 60, 40) },
    {
      revision: revisions[2]!,
      file: 'x.svg',
      bytes: new TextEncoder().encode(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><script>fetch("https://example.org")</script><circle r="20" cx="20" cy="20" fill="teal"/></svg>',
      ),
    },
  ],
};

describe.skipIf(mustSkip())('the tab Plots', () => {
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

  interface OpenTab extends Shown {
    /** The newest question. */
    asked(): PlotsQuestion | undefined;
    answer(
      plots: readonly DrawnPlot[],
      more?: { readonly problems?: readonly Problem[]; readonly failure?: string },
    ): Promise<void>;
    card(title: string): ReturnType<Shown['page']['locator']>;
  }

  /** The tab with so many runs selected. */
  async function open(
    selected: number,
    {
      runs: own = runs,
      ...options
    }: NonNullable<Parameters<typeof openRuns>[2]> & { readonly runs?: readonly RunSummary[] } = {},
  ): Promise<OpenTab> {
    const shown = await openRuns(bench, own, { size: { width: 1300, height: 1400 }, ...options });
    opened.push(shown);
    for (let index = 0; index < selected; index += 1)
      await shown.page
        .locator('.body > .row .name')
        .nth(index)
        .click({ modifiers: index === 0 ? [] : ['Control'] });
    await shown.page.getByRole('tab', { name: texts.plotsTab }).click();
    const asked = (): PlotsQuestion | undefined =>
      shown.posts().findLast((message): message is PlotsQuestion => message.type === 'askPlots');
    await expect.poll(asked).toBeDefined();
    return {
      ...shown,
      asked,
      answer: (plots, { problems = [], failure = null as string | null } = {}) =>
        shown.send({ type: 'plots', protocol: 1, question: asked()?.question, plots, problems, failure }),
      card: (title) => shown.page.locator('.plot-card', { hasText: title }),
    };
  }

  it('asks for the work tree and for the commits of what is selected, each once, and stops when another tab is looked at', async () => {
    const shown = await open(4);
    expect(shown.asked()?.revisions).toEqual(revisions);
    expect(await shown.page.locator('.plots > .notice').textContent()).toBe(texts.plotsReading);
    const names = await shown.page.locator('.revisions li').allTextContents();
    expect(names).toEqual([texts.plotsWorkTree, `${runs[0]!.name}, ${runs[2]!.name}`, runs[1]!.name]);
    await shown.answer([]);
    expect(await shown.page.locator('.plots > .notice').textContent()).toBe(texts.plotsNone);
    const before = shown.asked()?.question ?? 0;
    await shown.page.getByText(texts.plotsAgain).click();
    await expect.poll(() => shown.asked()?.question).toBe(before + 1);
    await shown.answer([], { failure: 'git is not there.' });
    await expect.poll(() => shown.page.locator('.plots > .notice').textContent()).toBe('git is not there.');
    await shown.page.getByRole('tab', { name: texts.tableTab }).click();
    await expect.poll(() => shown.asked()?.revisions).toEqual([]);
  });

  it('asks for the tables that selected runs have logged, which have the colours of those runs', async () => {
    const shown = await open(4, {
      runs: runs.map((run, index) =>
        index < 2
          ? run
          : { ...run, tags: { ...run.tags, 'mlflow.loggedArtifacts': '[{"path":"t.json","type":"table"}]' } },
      ),
    });
    const [, , third, fourth] = runs.map(({ runId }) => runId);
    expect([shown.asked()?.revisions, shown.asked()?.runIds]).toEqual([revisions, [third, fourth]]);
    const names = await shown.page.locator('.revisions li').allTextContents();
    expect(names).toEqual([texts.plotsWorkTree, `${runs[0]!.name}, ${runs[2]!.name}`, runs[1]!.name, runs[3]!.name]);
    const table: Sample = {
      id: 'run:t.json',
      props: { x: 'step', y: 'v', title: 't.json' },
      text: (seed) => `[{"step":0,"v":${seed}},{"step":1,"v":2}]`,
    };
    await shown.answer(drawSamples([table], [`run:${third}`, `run:${fourth}`]));
    await shown.card('t.json').locator('.plot').focus();
    await shown.page.keyboard.press('Home');
    await expect
      .poll(() => shown.page.locator('body > .spoken').textContent())
      .toBe(`step 0: ${runs[3]!.name} 1.000, ${runs[2]!.name} 0`);
    const colours = (rows: string): Promise<string[]> =>
      shown.page.evaluate(
        `[...document.querySelectorAll('${rows} .swatch')].map((one) => getComputedStyle(one).borderTopColor)`,
      );
    const legend = await colours('.revisions');
    expect(await colours('.tip')).toEqual([legend[3], legend[1]]);
  });

  it('draws every kind in every theme, without serious faults of accessibility', async () => {
    const shown = await open(4);
    const problems: readonly Problem[] = [
      { file: 'dvc.yaml', line: 3, column: 5, severity: 'error', message: 'gone.csv is not there.' },
    ];
    await shown.answer([...drawSamples(samples, revisions), images], { problems });
    const settle = async (): Promise<void> => {
      for (const title of ['Drawn by its own template', 'jitter.json'])
        await expect.poll(() => isPictured(shown, title), { timeout: 20_000 }).toBe(true);
      await expect.poll(() => shown.card('images/').locator('img').count()).toBe(3);
      await shown.page.waitForFunction(/* js */ `document.querySelector('.vega-card > .dim').hidden`);
    };
    await checkThemes(shown, { picture: 'runs-plots', settle });
  });

  it('reads lines, points, matrices and bars by mouse and keys', async () => {
    const shown = await open(2);
    const line: Sample = { id: 'a.csv', props: { x: 'x', y: 'y' }, text: (seed) => `x,y\n2,${seed}\n0,0.5\n1,0.25\n` };
    const dots: Sample = {
      id: 'b.csv',
      props: { template: 'scatter', x: 'x', y: 'y' },
      text: (seed) => `x,y\nlow,${seed}\nhigh,4\n`,
    };
    const chosen = [line, dots, ...samples.filter(({ id }) => /importance|sklearn\/cm/.test(id))];
    await shown.answer(drawSamples(chosen, revisions));
    const spoken = shown.page.locator('body > .spoken');
    await shown.card('a.csv').locator('.plot').focus();
    await shown.page.keyboard.press('End');
    await expect
      .poll(() => spoken.textContent())
      .toBe(`x 2.000: ${runs[1]!.name} 2.000, ${runs[0]!.name} 1.000, ${texts.plotsWorkTree} 0`);
    await shown.page.keyboard.press('ArrowLeft');
    expect(await spoken.textContent()).toMatch(/^x 1\.000: work tree 0\.2500, /);
    await shown.card('b.csv').locator('.plot').focus();
    await shown.page.keyboard.press('ArrowRight');
    expect(await spoken.textContent()).toBe(`${texts.plotsWorkTree}: x low, y 0`);
    await shown.card('Confusion Matrix').locator('.cells').first().focus();
    await shown.page.keyboard.press('ArrowRight');
    await shown.page.keyboard.press('ArrowRight');
    expect(await spoken.textContent()).toMatch(/^work tree: true cat, predicted dog: \d+$/);
    expect(await shown.card('Feature importance').locator('th').first().textContent()).toBe('age');
  });

  it('draws a line through its very points, and keeps the choice of smoothing', async () => {
    const shown = await open(0);
    const flat: Sample = { id: 'flat.csv', props: { x: 'x', y: 'y' }, text: () => 'x,y\n0,1\n10,1\n' };
    await shown.answer(drawSamples([flat], ['workspace']));
    const inked = await shown.page.evaluate<number>(/* js */ `(() => {
      const canvas = document.querySelector('.plot-card canvas');
      const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const middle = Math.round(width / 2);
      // A constant lies in the middle of an axis from zero to its double: halfway between the paddings.
      const row = Math.round((8 + (height - 22 - 8) / 2));
      return Math.max(...[-2, -1, 0, 1, 2].map((off) => data[4 * ((row + off) * width + middle) + 3]));
    })()`);
    expect(inked).toBeGreaterThan(200);
    await shown.page.getByRole('slider', { name: texts.plotsSmoothName }).focus();
    await shown.page.keyboard.press('ArrowRight');
    await expect.poll(async () => JSON.stringify(await shown.state())).toContain('"smoothing":0.01');
  });

  /** Its picture has been read. */
  const isPictured = (shown: OpenTab, title: string): Promise<boolean> =>
    shown.page.evaluate(`[...document.querySelectorAll('.plot-card')]
      .filter((card) => card.textContent.includes(${JSON.stringify(title)})).flatMap((card) => [...card.querySelectorAll('.vega img')])
      .some((image) => !image.hidden && image.complete && image.naturalWidth > 100)`);
  const vegaOf = (template: unknown): readonly DrawnPlot[] =>
    drawSamples(
      [{ id: 'v.csv', props: { template: 'mine' }, template, text: () => 'step,loss\n0,1\n1,2\n' }],
      ['workspace'],
    );
  const hostile: readonly (readonly [string, object, string])[] = [
    [
      'data from elsewhere',
      { ...areaTemplate, data: { url: 'https://example.org/data.csv' } },
      'https://example.org/data.csv was left out',
    ],
    [
      'pictures from elsewhere',
      {
        data: { values: [{ u: 'https://example.org/a.png', x: 1 }] },
        mark: 'image',
        encoding: { x: { field: 'x' }, url: { field: 'u' } },
      },
      'example.org/a.png was left out',
    ],
    [
      'a sequence without end',
      { data: { sequence: { start: 0, stop: 1e12 } }, mark: 'point' },
      'more than 100000 items',
    ],
    [
      'an expression without end',
      {
        data: { values: [{ x: 1 }] },
        transform: [{ calculate: 'length(sequence(0, 1e12))', as: 'n' }],
        mark: 'point',
        encoding: { x: { field: 'n' } },
      },
      'more than 100000 items',
    ],
    [
      'an expression that wants out',
      { data: { values: [{ x: 1 }] }, transform: [{ calculate: 'window.alert(1)', as: 'n' }], mark: 'point' },
      'can’t be drawn',
    ],
    [
      'an expression that never ends',
      {
        data: { values: [{ x: 1 }] },
        transform: [{ calculate: `test(/^(a+)+$/, '${'a'.repeat(40)}b')`, as: 'n' }],
        mark: 'point',
      },
      'not drawn within 5 s',
    ],
    [
      'every row beside every other one',
      {
        $schema: 'https://vega.github.io/schema/vega/v6.json',
        data: [{ name: 'a', transform: [{ type: 'sequence', start: 0, stop: 90000 }, { type: 'cross' }] }],
      },
      'more than 2000000 rows',
    ],
    ['no template at all', { nothing: 'here' }, 'can’t be drawn'],
  ];

  it('templates that want too much are refused, each in a sentence, and hide nothing else', async () => {
    const shown = await open(0);
    const plots = hostile.flatMap(([title, template]) =>
      vegaOf(template).map((plot) => ({ ...plot, id: title, title })),
    );
    await shown.answer([...plots, ...drawSamples(samples.slice(0, 1), ['workspace'])]);
    for (const [title, , sentence] of hostile)
      await expect
        .poll(async () => [title, await shown.card(title).locator('.vega-card > .dim').textContent()].join(': '), {
          timeout: 20_000,
        })
        .toContain(sentence);
    await shown.card('never ends').getByText(texts.plotsPatience).click();
    const words = shown.card('never ends').locator('.vega-card > .dim');
    await expect.poll(() => words.textContent()).toBe(texts.plotsDrawing);
    expect(await shown.page.locator('.plot-card .uplot').count()).toBe(1);
  });

  it('a template is drawn as a picture, anew when one of its controls is moved, and says what a picture has not', async () => {
    const shown = await open(0);
    const chosen = {
      ...areaTemplate,
      params: [
        { name: 'factor', value: 2, bind: { input: 'range', min: 1, max: 9, step: 1, name: 'Factor' } },
        { name: 'sign', value: 1, bind: { input: 'select', options: [1, -1], labels: ['plus', 'minus'] } },
        { name: 'whole', value: true, bind: { input: 'checkbox' } },
        { name: 'marked', select: 'interval' },
      ],
      transform: [{ calculate: 'datum.loss * factor * sign * (whole ? 1 : 0.5)', as: 'twice' }],
    };
    await shown.answer(vegaOf(chosen).map((plot) => ({ ...plot, title: 'Chosen <b>' })));
    await expect.poll(() => isPictured(shown, 'Chosen'), { timeout: 20_000 }).toBe(true);
    const picture = shown.card('Chosen').locator('.vega img');
    expect(await picture.getAttribute('alt')).toBe('Chosen <b>');
    expect(await shown.card('Chosen').locator('.vega-card > .dim').textContent()).toBe(texts.plotsStill);
    const inputs = shown.card('Chosen').locator('.vega-bindings');
    expect(await inputs.locator('vscode-dropdown').count()).toBe(1);
    for (const move of [
      () => inputs.getByLabel('Factor').press('ArrowRight'),
      () => inputs.getByLabel('whole').uncheck(),
    ]) {
      const before = await picture.getAttribute('src');
      await move();
      await expect.poll(() => picture.getAttribute('src')).not.toBe(before);
    }
    await shown.picture('runs-plots-controls');
  });

  it('draws no template of a folder that nobody trusts', async () => {
    const shown = await open(0, { context: { root: '/project', mayEdit: false, kept: null } });
    await shown.answer(vegaOf(areaTemplate));
    expect(await shown.page.locator('.vega-card > .dim').textContent()).toBe(texts.plotsTrust);
    expect(await shown.page.locator('.vega img').isVisible()).toBe(false);
  });

  it('takes names as text, and says what it left out', async () => {
    const shown = await open(0);
    const name = '<img src=x onerror=alert(1)>';
    const long: Sample = {
      id: 'many.csv',
      props: { template: 'bar_horizontal', x: 'v', y: 'n' },
      text: () => `n,v\n${Array.from({ length: 500 }, (_, at) => `n${at},${at}`).join('\n')}`,
    };
    await shown.answer(
      drawSamples([long, { ...samples[0]!, props: { ...samples[0]!.props, title: name } }], ['workspace']),
    );
    expect(await shown.page.locator('.plot-card h2').allTextContents()).toEqual(['many.csv', name]);
    expect(await shown.card('many.csv').locator('.drawn').textContent()).toContain('300 rows are left out');
    await shown.send({
      type: 'plots',
      protocol: 1,
      question: shown.asked()?.question,
      plots: [{ kind: 'lines' }],
      problems: [],
      failure: null,
    });
    expect(await shown.page.locator('.plot-card').count()).toBe(2);
  });
});
