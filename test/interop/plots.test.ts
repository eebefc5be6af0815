import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fillTemplate } from '../../src/core/plots/plots.ts';
import { readPlots } from '../../src/node/plots/plots.ts';
import { drawLoggedTables } from '../../src/node/window/window.ts';
import type { PointsPlot } from '../../src/protocol/plots.ts';

// Plots that real DVC and we have of the same commits. DVC prints whole Vega-Lite: its own templates, filled by us, must come out equal,
// so that rows, axes, labels, groups and revisions are compared at once.

const run = promisify(execFile);
let python: string;
let base: string;
let root: string;
let env: NodeJS.ProcessEnv;

const train = `import json, os, yaml
lr = yaml.safe_load(open('params.yaml'))['lr']
for folder in ['deep/inner', 'pictures', 'cached']:
    os.makedirs(folder, exist_ok=True)
losses = [lr / (step + 1) for step in range(4)]
open('loss.csv', 'w').write('step,loss,acc\\n' + ''.join(f'{i * 5},{v},{1 - v}\\n' for i, v in enumerate(losses)))
open('deep/val.tsv', 'w').write('epoch\\tloss\\n' + ''.join(f'{i}\\t{v * 2}\\n' for i, v in enumerate(losses)))
open('deep/inner/other.csv', 'w').write('a,b\\n1,2\\n3,"4, 5"\\n')
open('nohead.csv', 'w').write('1,10\\n2,20\\n')
json.dump({'train': [{'n': 1, 'v': lr}, {'n': 2, 'v': float('nan')}], 'note': {'val': [{'w': 7}, {'w': 8}]}, 'odd': [1, 2]}, open('nested.json', 'w'))
yaml.safe_dump([{'k': 'a', 'v': 3}, {'k': 'b', 'v': 1, 'deep': None}], open('bars.yaml', 'w'), sort_keys=False)
json.dump([{'actual': a, 'predicted': p} for a, p in [('cat', 'dog'), ('dog', 'dog'), ('cat', 'cat')]], open('cached/classes.json', 'w'))
json.dump([{'dotted.name': i, 'y[0]': i * lr} for i in range(3)], open('cached/dotted.json', 'w'))
open('pictures/one.png', 'wb').write(bytes([0x89, 80, 78, 71, int(lr * 10)]))
open('pictures/two.svg', 'w').write('<svg/>')
`;
const own = {
  $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
  data: { values: '<DVC_METRIC_DATA>' },
  title: 'About <DVC_METRIC_TITLE>',
  mark: 'area',
  encoding: {
    x: { field: '<DVC_METRIC_X>', title: '<DVC_METRIC_X_LABEL>' },
    y: { field: '<DVC_METRIC_Y>', title: '<DVC_METRIC_Y_LABEL>' },
  },
};
const files = {
  'train.py': train,
  'params.yaml': 'lr: 0.1\nwhich: loss\n',
  '.dvc/plots/area.json': JSON.stringify(own),
  '.dvc/plots/coloured.json': JSON.stringify({
    ...own,
    params: ['<DVC_METRIC_ZOOM_AND_PAN>'],
    color: '<DVC_METRIC_COLOR>',
  }),
  'dvc.yaml': `plots:
  - nohead.csv
  - nested.json: {x: n, y: v}
  - deep:
      template: simple
  - deep/inner: {y: a, x: b}
  - both:
      x: {loss.csv: step}
      y: {loss.csv: [loss, acc], deep/val.tsv: loss}
      template: scatter
      title: Both of them
      y_label: loss and acc
  - files:
      x: epoch
      y: {deep/val.tsv: loss}
  - twoxs:
      x: {loss.csv: step, deep/val.tsv: epoch}
      y: {loss.csv: loss, deep/val.tsv: loss}
      template: smooth
  - columns:
      y: {loss.csv: [loss, acc]}
      template: coloured
  - filled: {y: {loss.csv: "\${which}"}, template: area}
  - loss.csv: {x: step, y: loss, template: area, title: Here}
  - confusions:
      x: actual
      y: {cached/classes.json: predicted}
      template: confusion
  - normalized: {x: actual, y: {cached/classes.json: predicted}, template: confusion_normalized}
  - dotted: {x: dotted.name, y: {cached/dotted.json: "y[0]"}}
  - jitter: {x: actual, y: {cached/classes.json: predicted}, template: scatter_jitter}
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params: [lr]
    outs: [deep, nohead.csv]
    plots:
      - loss.csv: {x: step, y: acc, cache: false}
      - nested.json
      - bars.yaml: {template: bar_horizontal_sorted, x: v, y: k, x_label: so many}
      - cached: {title: Kept in the cache}
      - pictures
`,
};

beforeAll(async () => {
  const given = process.env['MLOPS_INTEROP_PYTHON'];
  if (given === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with DVC (npm run test:interop sets it).');
  python = given;
  base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'mlops plots ')));
  root = path.join(base, 'project');
  env = {
    ...process.env,
    PATH: `${path.dirname(python)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    DVC_NO_ANALYTICS: '1',
    DVC_SITE_CACHE_DIR: path.join(base, 'site'),
  };
  await mkdir(root);
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'A Tester');
  await git('config', 'user.email', 'a@b.example');
  await call('dvc', 'init', '-q');
  for (const [name, text] of Object.entries(files)) await write(name, text);
  await reproduce('one');
  await git('tag', 'v1');
  await write('params.yaml', 'lr: 0.25\nwhich: acc\n');
  await reproduce('two');
  await write('bars.yaml', '- {k: z, v: 5}\n');
  await rm(path.join(root, 'nohead.csv'));
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await rm(path.join(root, name), { force: true });
  await writeFile(path.join(root, name), text);
}

async function call(program: string, ...args: readonly string[]): Promise<string> {
  return (await run(program, args, { cwd: root, env, maxBuffer: 64 << 20 })).stdout;
}

const git = (...args: readonly string[]): Promise<string> => call('git', ...args);

async function reproduce(message: string): Promise<void> {
  await call('dvc', 'repro', '-q');
  await git('add', '-A');
  await git('commit', '-q', '-m', message);
}

interface Theirs {
  readonly data: Readonly<
    Record<
      string,
      readonly { readonly type: string; readonly revisions: readonly string[]; readonly content?: unknown }[]
    >
  >;
}

/** Python prints NaN bare. */
const parse = (text: string): unknown => JSON.parse(text.replaceAll(/\bNaN\b/g, '"NaN"'));

async function readTheirs(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { data } = parse(await call('dvc', 'plots', ...args, '--json', '--out', path.join(base, 'out'))) as Theirs;
  return Object.fromEntries(
    Object.entries(data).map(([id, found]) => [
      id,
      found[0]?.type === 'image'
        ? { images: found.flatMap(({ revisions }) => revisions) }
        : { revisions: found[0]?.revisions ?? [], content: found[0]?.content ?? null },
    ]),
  );
}

async function readOurs(
  revisions: readonly string[],
  targets: readonly string[] = [],
  props: object = {},
): Promise<Record<string, unknown>> {
  const templates = parse(
    await call(
      python,
      '-c',
      'import json; from dvc_render.vega_templates import TEMPLATES as T; print(json.dumps({t.DEFAULT_NAME: t.DEFAULT_CONTENT for t in T}))',
    ),
  ) as Readonly<Record<string, unknown>>;
  const { plots, problems } = await readPlots({ root }, { revisions, targets, props, env });
  expect(problems).toEqual([]);
  const fill = (plot: PointsPlot): unknown =>
    plot.series.length === 0 ? null : fillTemplate(plot.ownTemplate ?? templates[plot.template], plot).spec;
  return Object.fromEntries(
    plots.map((plot): [string, unknown] => {
      if (plot.kind === 'images') return [plot.id, { images: plot.images.map(({ revision }) => revision) }];
      const revs = new Set(plot.series.filter(({ rows }) => rows.length > 0).map(({ revision }) => revision));
      const content = JSON.stringify(fill(plot), (_, value: unknown): unknown => (Number.isNaN(value) ? 'NaN' : value));
      return [plot.id, { revisions: [...revs], content: JSON.parse(content) as unknown }];
    }),
  );
}

test('plots of the work tree are those of "dvc plots show"', async () => {
  const theirs = await readTheirs('show');
  expect(Object.keys(theirs)).toHaveLength(21);
  expect(await readOurs(['workspace'])).toEqual(theirs);
});

test('plots of commits are those of "dvc plots diff"', async () => {
  expect(await readOurs(['v1', 'HEAD', 'workspace'])).toEqual(await readTheirs('diff', 'v1', 'HEAD', 'workspace'));
});

test('chosen plots, with what the command line says of them', async () => {
  const theirs = await readTheirs(
    'diff',
    'v1',
    'HEAD',
    '--targets',
    'both',
    'bars.yaml',
    '--title',
    'T',
    '-t',
    'simple',
  );
  expect(Object.keys(theirs).sort()).toEqual(['bars.yaml', 'both']);
  expect(await readOurs(['v1', 'HEAD'], ['both', 'bars.yaml'], { title: 'T', template: 'simple' })).toEqual(theirs);
});

test('tables that MLflow has logged are drawn', async () => {
  const script = `import mlflow, sys
mlflow.set_tracking_uri(sys.argv[1])
for shift in (0, 1):
    with mlflow.start_run() as run:
        mlflow.log_table({'target': ['a', 'b', 'b'], 'prediction': ['a', 'a', 'b'] if shift else ['a', 'b', 'b']}, 'answers.json')
        mlflow.log_table({'epoch': [1, 2], 'loss': [0.5 + shift, float('nan')]}, 'deep/losses.json')
        mlflow.log_table({'epoch': [3], 'loss': [0.25]}, 'deep/losses.json')
        mlflow.log_dict({'a': 1}, 'other.json')
        print(run.info.run_id)
`;
  const store = path.join(root, 'models', 'mlruns');
  const written = await run(python, ['-c', script, `file:${store}`], {
    cwd: base,
    env: { ...env, MLFLOW_ALLOW_FILE_STORE: 'true' },
  });
  const runIds = written.stdout.trim().split('\n');
  const { plots, problems } = await drawLoggedTables({ root }, runIds, env);
  expect(problems).toEqual([]);
  expect(plots).toMatchObject([
    {
      ...{ kind: 'confusion', title: 'answers.json' },
      matrices: [{ counts: Uint32Array.of(1, 0, 0, 2) }, { counts: Uint32Array.of(1, 0, 1, 1) }],
    },
    {
      ...{ kind: 'lines', title: 'deep/losses.json', xLabel: 'epoch' },
      series: [
        { x: Float64Array.of(1, 2, 3), y: Float64Array.of(0.5, NaN, 0.25) },
        { x: Float64Array.of(1, 2, 3), y: Float64Array.of(1.5, NaN, 0.25) },
      ],
    },
  ]);
});
