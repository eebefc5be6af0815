import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/report/commands.ts';
import { readReport } from '../../../../src/node/report/report.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';
import { emptyRunsView } from '../../../../src/protocol/runsview.ts';

let root: string;
const uri = (): string => pathToFileURL(path.join(root, 'models', 'mlruns')).href;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-report-'));
  await writeFile(path.join(root, 'dvc.yaml'), '');
  const views = path.join(root, '.mlops/views');
  await mkdir(views, { recursive: true });
  await writeFile(
    path.join(views, 'good.yaml'),
    'table:\n  filter: name = run-1\ncharts:\n  cards: [val_loss, loss]\n',
  );
  await writeFile(path.join(views, 'broken.yaml'), 'charts:\n  columns: many\n');
  const store = openStore(uri());
  for (const [index, loss] of [0.5, 0.25].entries()) {
    const startTime = 1795291200000 + index * 1000;
    const [params, tags] = [{ lr: String(index) }, {}];
    const writer = await store.createRun({ experiment: 'e', name: `run-${index}`, user: 'u', startTime, params, tags });
    const steps = [1, 2, 3];
    await writer.logMetrics(
      steps.map((step) => ({ name: 'val_loss', value: loss / step, step, timestamp: startTime })),
    );
    await mkdir(path.join(writer.artifacts, 'model'), { recursive: true });
    const answers = 'split,label,predicted,probabilities\ntest,0,0,0.9 0.1\ntest,1,0,0.8 0.2\n';
    await writeFile(path.join(writer.artifacts, 'model/predictions.csv'), answers);
    await writer.finish('FINISHED', startTime + 2500);
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      seen[name] += text;
      return true;
    },
    isTTY: false,
    columns: 80,
  });
  const code = await runCommandLine(
    ['runs', 'report', ...argv],
    [{ firstWords: ['runs'], load: () => Promise.resolve(commands) }],
    {
      cwd: root,
      env: {},
      streams: { stdout: stream('stdout'), stderr: stream('stderr') },
      signal: new AbortController().signal,
      installation: createInstallation('/dist', '1.2.3'),
    },
  );
  return { code, ...seen };
}

test('writes a file with runs, charts and the answers of the best run', async () => {
  const { code, stdout } = await run('--out', 'sub/report.html', '--json', '--title', 'Mine');
  const { bytes, ...facts } = JSON.parse(stdout) as { bytes: number };
  expect([code, facts]).toEqual([
    0,
    {
      ...{ format: 'html', title: 'Mine', file: path.join(root, 'sub/report.html'), charts: 1 },
      runs: [expect.any(String), expect.any(String)],
    },
  ]);
  const text = await readFile(path.join(root, 'sub/report.html'), 'utf8');
  expect(Buffer.byteLength(text)).toBe(bytes);
  for (const part of [
    '<title>Mine</title>',
    'Answers of run-1, split test',
    '<path d="M',
    'MLOps Workflow 1.2.3',
    '>lr<',
  ])
    expect(text).toContain(part);
});

test('prints Markdown for a pull request', async () => {
  const { code, stdout } = await run('--format', 'markdown');
  expect(code).toBe(0);
  expect(stdout).toContain(`### Runs of ${path.basename(root)}\n\n2 runs, judged by val\\_loss, lower is better.\n`);
  expect(stdout).toMatch(/\| \*\*run-1\*\* \| .* █▃▁ 0\.0833 \|/);
});

test('takes what a view shows, or runs that are named', async () => {
  const facts = async (...argv: string[]): Promise<unknown> => {
    const { title, runs } = JSON.parse((await run('--json', ...argv)).stdout) as { title: string; runs: string[] };
    return [title, runs.length];
  };
  expect(await facts('--view', 'good')).toEqual(['good', 1]);
  expect(await facts('--where', 'name = nobody')).toEqual([`Runs of ${path.basename(root)}`, 0]);
  expect(await facts('run-0', '@best', 'run-0')).toEqual([`Runs of ${path.basename(root)}`, 2]);
});

test('a dry run writes nothing', async () => {
  const { stdout } = await run('--dry-run', '--out', 'dry.md');
  expect(stdout).toBe(`Would write 2 runs, 1 charts to ${path.join(root, 'dry.md')}.\n`);
  await expect(readFile(path.join(root, 'dry.md'))).rejects.toThrow('ENOENT');
});

test.each([
  ['--view broken', 2, '.mlops/views/broken.yaml:2:12: error: columns must be a whole number'],
  ['--view goods', 4, 'good'],
  ['--format pdf', 2, 'html, markdown'],
  ['nobody', 4, 'nobody'],
  ['run-0 --where a<1', 2, 'Name runs, or say --where'],
  ['--where a<', 2, ''],
  ['--out dvc.yaml/report.html', 1, 'dvc.yaml'],
])('%s: exit %i', async (argv, code, words) => {
  const told = await run(...argv.split(' '));
  expect([told.code, told.stdout]).toEqual([code, '']);
  expect(told.stderr).toContain(words);
});

test('tells what of a run can’t be read, and shows the rest', async () => {
  const store = openStore(uri());
  const { runs } = await store.listRuns();
  const gone = runs.find(({ name }) => name === 'run-0')?.runId;
  const broken: typeof store = Object.create(store) as typeof store;
  broken.listRuns = () => store.listRuns();
  broken.readArtifact = (...rest) => store.readArtifact(...rest);
  broken.readHistory = (runId, metric) => store.readHistory(runId === gone ? 'f'.repeat(32) : runId, metric);
  const request = { title: '', view: emptyRunsView, runIds: null };
  const options = { createdAt: 0, version: '', signal: new AbortController().signal };
  const { notes, charts } = await readReport(broken, request, options);
  expect([notes.length, charts.length]).toEqual([1, 1]);
  expect(notes[0]).toMatch(/^run-0, val_loss: /);
  const stopped = { ...options, signal: AbortSignal.abort() };
  await expect(readReport(store, request, stopped)).rejects.toThrow();
});
