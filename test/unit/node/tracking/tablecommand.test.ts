import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/tracking/commands.ts';
import { openStore } from '../../../../src/node/tracking/tracking.ts';

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-table-'));
  await writeFile(path.join(root, 'dvc.yaml'), '');
  const views = path.join(root, '.mlops/views');
  await mkdir(views, { recursive: true });
  await writeFile(path.join(views, 'rates.yaml'), 'table:\n  columns: [name, params.lr]\n  sort: [-name]\n');
  await writeFile(path.join(views, 'filtered.yaml'), 'table:\n  filter: val_loss >\n');
  await writeFile(path.join(views, 'broken.yaml'), 'table:\n  columns: 3\n');
  const store = openStore(pathToFileURL(path.join(root, 'models', 'mlruns')).href);
  for (const [index, [lr, loss]] of (
    [
      ['0.1', 0.5],
      ['0.1', 1.5],
      ['0.01', 0.25],
    ] as const
  ).entries()) {
    const startTime = 1795291200000 + index * 1000;
    const tags = {};
    const writer = await store.createRun({
      experiment: 'e',
      name: `run-${index}`,
      user: 'u',
      startTime,
      params: { lr },
      tags,
    });
    await writer.logMetrics([{ name: 'val_loss', value: loss, step: 1, timestamp: startTime }]);
    await writer.finish('FINISHED', startTime + 2500);
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function check(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
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
    ['runs', 'table', ...argv],
    [{ firstWords: ['runs'], load: () => Promise.resolve(commands) }],
    {
      cwd: root,
      env: {},
      streams: { stdout: stream('stdout'), stderr: stream('stderr') },
      signal: new AbortController().signal,
      installation: createInstallation('/dist', '0'),
    },
  );
  return { code, ...seen };
}

test.each([
  [
    '--columns name,metrics.val_loss --sort metrics.val_loss',
    'name,metrics.val_loss\nrun-2,0.25\nrun-0,0.5\nrun-1,1.5\n',
  ],
  ['--columns name --sort=start', 'name\nrun-0\nrun-1\nrun-2\n'],
  ['--view rates', 'name,params.lr\nrun-2,0.01\nrun-1,0.1\nrun-0,0.1\n'],
  ['--view rates --where lr>0.05 --sort name', 'name,params.lr\nrun-0,0.1\nrun-1,0.1\n'],
  [
    '--group params.lr --columns name,metrics.val_loss',
    `params.lr,runs,metrics.val_loss mean,metrics.val_loss deviation\n0.01,1,0.25,\n0.1,2,1,${Math.SQRT1_2}\n`,
  ],
  ['--columns name --where name=run-1 --format markdown', '| name |\n| --- |\n| run-1 |\n'],
])('runs table %s', async (argv, stdout) => {
  expect(await check(...argv.split(' '))).toEqual({ code: 0, stdout, stderr: '' });
});

test('runs table sorts down by a word too', async () => {
  expect((await check('--columns', 'name', '--sort', 'params.lr desc, name')).stdout).toBe(
    'name\nrun-0\nrun-1\nrun-2\n',
  );
});

test('runs table --json', async () => {
  const { stdout } = await check('--columns', 'name', '--sort', 'name', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    view: { columns: [{ id: 'name' }], filter: '' },
    rows: [{ name: 'run-0' }, { name: 'run-1' }, { name: 'run-2' }],
  });
});

test.each([
  ['--view nothing', 4, 'There is no view "nothing".'],
  ['--view broken', 2, '.mlops/views/broken.yaml:2:12: error: columns must be a list.'],
  ['--view filtered', 2, '.mlops/views/filtered.yaml:2:11: error: Column '],
  ['--view filtered --where val_loss>', 2, 'Column 10 of the filter'],
  ['--columns metric.val_loss', 4, 'There is no column "metric.val_loss". Did you mean "metrics.val_loss"?'],
  ['--group lr', 4, 'There is no column "lr".'],
  ['--sort=-what', 4, 'There is no column "what".'],
  ['--where val_loss>', 2, 'Column 10 of the filter'],
  ['--format xml', 2, '--format is one of csv, markdown, json, not "xml".'],
])('runs table %s says what is wrong', async (argv, code, sentence) => {
  const found = await check(...argv.split(' '));
  expect(found.code).toBe(code);
  expect(found.stderr).toContain(sentence);
});
