import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareRuns, type GatheredRun } from '../../src/core/tracking/tracking.ts';
import { findRevision, gatherRevisions } from '../../src/node/revisions/revisions.ts';

// Branches, tags, commits and experiments that real DVC has made, each read by both: equal names, values and differences.

const run = promisify(execFile);
let base: string;
let root: string;
let env: NodeJS.ProcessEnv;

const train = `import json, os, yaml
p = yaml.safe_load(open('params.yaml'))
os.makedirs('out/deep', exist_ok=True)
json.dump({'acc': p['lr'] * 2, 'nested': {'loss': 1 - p['lr'], 'many': [1, 2]}, 'word': 'x', 'flag': True}, open('metrics.json', 'w'))
json.dump({'cached': p['lr'] / 3, 'acc': 1}, open('out/deep/cached.json', 'w'))
`;
const files = {
  'train.py': train,
  'params.yaml': 'lr: 0.1\nnet:\n  units: 3\n  names: [a, b]\nunused: 1.0e-7\nnone:\nflag: true\n',
  'conf/extra.toml': '[opt]\nname = "adam"\nbeta = 0.9\nskipped = 1\n',
  'scores.yaml': 'hand: 4\n',
  'dvc.yaml': `metrics: [scores.yaml]
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    params:
      - lr
      - net
      - conf/extra.toml: [opt.name, opt.beta]
    metrics:
      - metrics.json: {cache: false}
      - out/deep/cached.json
`,
};

beforeAll(async () => {
  const python = process.env['MLOPS_INTEROP_PYTHON'];
  if (python === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with DVC (npm run test:interop sets it).');
  base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'mlops revisions ')));
  root = path.join(base, 'project');
  env = {
    ...process.env,
    PATH: `${path.dirname(python)}${path.delimiter}${process.env['PATH'] ?? ''}`,
    DVC_NO_ANALYTICS: '1',
    DVC_SITE_CACHE_DIR: path.join(base, 'site'),
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'A Tester');
  await git('config', 'user.email', 'a@b.example');
  await dvc('init', '-q');
  await reproduce('one');
  await git('tag', '-a', 'v1', '-m', 'one');
  await git('checkout', '-q', '-b', 'wide');
  await write(
    'params.yaml',
    files['params.yaml']
      .replace('0.1', '0.25')
      .replace('units: 3', 'units: 64\n  more: {deep: 2}')
      .replace('none:\n', ''),
  );
  await reproduce('two');
  await git('checkout', '-q', 'main');
  await dvc('checkout', '-q', '--force');
  await dvc('exp', 'run', '-q', '-S', 'lr=0.5', '-n', 'half');
  await dvc('exp', 'run', '-q', '-S', 'lr=0.75', '-S', 'net.units=5', '-n', 'more');
  await write('scores.yaml', 'hand: 5\nnew: 1.5\n');
});
afterAll(() => rm(base, { recursive: true, force: true }));

async function write(name: string, text: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await writeFile(path.join(root, name), text);
}

async function git(...args: readonly string[]): Promise<void> {
  await run('git', args, { cwd: root, env });
}

async function dvc(...args: readonly string[]): Promise<string> {
  return (await run('dvc', args, { cwd: root, env, maxBuffer: 64 << 20 })).stdout;
}

async function reproduce(message: string): Promise<void> {
  await dvc('repro', '-q');
  await git('add', '-A');
  await git('commit', '-q', '-m', message);
}

type Tree = Readonly<Record<string, unknown>>;
type Files = Readonly<Record<string, { readonly data: Tree }>>;

/** Keys joined by dots, as DVC's own tables have them; lists are leaves. */
function flatten(tree: Tree, parents = ''): readonly (readonly [string, unknown])[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? flatten(value as Tree, `${parents}${key}.`)
      : [[`${parents}${key}`, value] as const],
  );
}

/** By key, with the file before it where two have the same. */
function unite(all: Files): Record<string, unknown> {
  const leaves = Object.entries(all).flatMap(([file, { data }]) =>
    flatten(data).map(([key, value]) => ({ file, key, value })),
  );
  const counts = Map.groupBy(leaves, ({ key }) => key);
  return Object.fromEntries(
    leaves.map(({ file, key, value }) => [(counts.get(key)?.length ?? 0) > 1 ? `${file}:${key}` : key, value]),
  );
}

interface State {
  readonly rev: string;
  readonly name: string | null;
  readonly data: { readonly params: Files; readonly metrics: Files };
  readonly experiments: readonly { readonly name: string; readonly revs: readonly State[] }[] | null;
}

/** Texts of params as their JSON, numbers of metrics; DVC's texts and lists are no numbers, and flags count. */
function describeTheirs({ params, metrics }: State['data']): object {
  const toText = (value: unknown): string => (typeof value === 'string' ? value : formatJson(value));
  const numbers = Object.entries(unite(metrics)).flatMap(([name, value]) =>
    typeof value === 'number' || typeof value === 'boolean' ? [[name, Number(value)] as const] : [],
  );
  return {
    params: Object.fromEntries(Object.entries(unite(params)).map(([name, value]) => [name, toText(value)])),
    metrics: Object.fromEntries(numbers),
  };
}

/** As Python's, which puts spaces into lists and writes 1e-07. */
function formatJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll('","', '", "')
    .replace(/e-(\d)$/, 'e-0$1');
}

function describeOurs({ run: { params, metrics } }: GatheredRun): object {
  return { params, metrics: Object.fromEntries(Object.entries(metrics).map(([name, { last }]) => [name, last.value])) };
}

test('rows are those of "dvc exp show", value by value', async () => {
  const states = JSON.parse(await dvc('exp', 'show', '--json', '--all-branches', '--all-tags')) as readonly State[];
  const { runs, unreadable, warnings } = await gatherRevisions(root, [], { env });
  expect([unreadable, warnings]).toEqual([[], []]);
  const theirs = states.flatMap(({ rev, name, data, experiments }) => [
    { name: name ?? rev, commit: rev, baseline: null as string | null, ...describeTheirs(data) },
    ...(experiments ?? []).map((experiment) => ({
      ...{ name: experiment.name, commit: experiment.revs[0]!.rev, baseline: rev },
      ...describeTheirs(experiment.revs[0]!.data),
    })),
  ]);
  const ours = runs.map((gathered) => ({
    name: gathered.run.name,
    commit: /^0+$/.test(gathered.run.runId) ? 'workspace' : gathered.run.runId,
    baseline: gathered.run.parentRunId,
    ...describeOurs(gathered),
  }));
  const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : 1);
  expect(theirs.map(({ name }) => name).sort()).toEqual(['half', 'main', 'more', 'wide', 'workspace']);
  expect([...ours].sort(byName)).toEqual([...theirs].sort(byName));
});

type Difference = Readonly<
  Record<string, Readonly<Record<string, { readonly old: unknown; readonly new: unknown; readonly diff?: number }>>>
>;

test.each([
  ['v1', 'wide'],
  ['HEAD', 'workspace'],
  ['half', 'more'],
])('differences of %s and %s are those of "dvc metrics diff" and "dvc params diff"', async (one, other) => {
  const read = async (kind: string): Promise<Difference> =>
    JSON.parse(await dvc(kind, 'diff', '--json', one, other)) as Difference;
  const [metrics, params] = [await read('metrics'), await read('params')];
  const runs = await Promise.all(
    [one, other].map(async (revision) => (await findRevision(root, revision, { env })).run),
  );
  const compared = compareRuns(runs, () => null);
  const ourMetrics = compared.metrics
    .filter(({ values: [old, last] }) => old?.last.value !== last?.last.value)
    .map(({ name, values: [old, last] }) => [name, old?.last.value, last?.last.value, last?.lastDelta ?? undefined]);
  // A key is named with its file where both files of the project have it; DVC's answer is by file.
  const named = (file: string, key: string): string => (key === 'acc' ? `${file}:${key}` : key);
  const theirMetrics = Object.entries(metrics).flatMap(([file, keys]) =>
    Object.entries(keys).map(([key, { old, new: last, diff }]) => [
      named(file, key),
      old ?? undefined,
      last ?? undefined,
      diff,
    ]),
  );
  const sort = <T extends readonly unknown[]>(rows: readonly T[]): readonly T[] =>
    [...rows].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  expect(sort(ourMetrics)).toEqual(sort(theirMetrics));
  const ourParams = compared.params.map(({ name, values: [old, last] }) => [name, old ?? 'null', last ?? 'null']);
  const toText = (value: unknown): string => (typeof value === 'string' ? value : formatJson(value));
  const theirParams = Object.values(params).flatMap((keys) =>
    Object.entries(keys).map(([key, { old, new: last }]) => [key, toText(old), toText(last)]),
  );
  // DVC tells nothing of a key that is null on one side and missing on the other.
  expect(sort(ourParams.filter(([, old, last]) => old !== last))).toEqual(sort(theirParams));
});
