import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { listFiles } from '../../../../src/node/files/files.ts';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import { commands } from '../../../../src/node/models/commands.ts';
import type { ExportDocument } from '../../../../src/node/models/models.ts';

const fixtures = path.resolve(import.meta.dirname, '../../../fixtures/training');
const installation: Installation = {
  ...{ node: process.execPath, version: '0.1.0', cli: '', worker: path.join(fixtures, 'worker.mjs') },
  ...{ bin: fixtures, samples: fixtures, templates: fixtures },
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-models-'));
  await writeFile(path.join(root, 'dvc.yaml'), 'stages: {}\n');
  for (const name of ['digits', 'broken', 'slow']) {
    await mkdir(path.join(root, 'models', name), { recursive: true });
    await writeFile(path.join(root, 'models', name, 'model.json'), '{}');
  }
  await writeFile(path.join(root, 'models', 'digits', 'MLmodel'), 'run_id: 0123456789abcdef0123456789abcdef\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** The exit code and what was printed. */
async function mlops(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return run(args, new AbortController().signal);
}

async function run(
  args: readonly string[],
  signal: AbortSignal,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof written) => ({
    isTTY: false,
    write: (text: string) => ((written[name] += text), true),
  });
  const groups = [{ firstWords: ['models'], load: () => Promise.resolve(commands) }];
  const code = await runCommandLine(['models', 'export', ...args], groups, {
    ...{ cwd: root, env: { ...process.env, MLFLOW_TRACKING_URI: '' }, installation },
    streams: { stdout: stream('stdout'), stderr: stream('stderr') } as never,
    signal,
  });
  return { code, ...written };
}

const flags = ['--format', 'savedmodel', '--out', 'exports/one'];

test('a model of the project becomes a folder with what MLflow asks for', async () => {
  const { code, stdout } = await mlops('digits', ...flags, '--json');
  expect(code).toBe(0);
  const target = path.join(root, 'exports', 'one');
  expect(JSON.parse(stdout) as ExportDocument).toEqual({
    format: 'savedmodel',
    source: path.join(root, 'models', 'digits'),
    runId: '0123456789abcdef0123456789abcdef',
    path: target,
    inputs: [{ name: 'in', dtype: 'float32', shape: [-1, 3] }],
    outputs: [{ name: 'out', dtype: 'float32', shape: [-1, 2] }],
  });
  expect(await listFiles(target)).toEqual(['MLmodel', 'requirements.txt', 'saved_model.pb']);
  expect(await readdir(path.dirname(target))).toEqual(['one']);
  expect(parse(await readFile(path.join(target, 'MLmodel'), 'utf8'))).toMatchObject({
    run_id: '0123456789abcdef0123456789abcdef',
    flavors: {
      python_function: { loader_module: 'mlflow.tensorflow' },
      tensorflow: { saved_model_dir: '.', signature_def_key: 'serving_default', meta_graph_tags: ['serve'] },
    },
    signature: { inputs: '[{"name": "in", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}]' },
  });
});

test('a person sees what the model takes and gives; a dry run does nothing', async () => {
  expect((await mlops('digits', ...flags, '--dry-run')).stdout).toBe(
    `Would write the model in ${path.join(root, 'models/digits')} as savedmodel to ${path.join(root, 'exports/one')}.\n`,
  );
  expect(await readdir(root)).not.toContain('exports');
  const { stdout } = await mlops('digits', ...flags);
  expect(stdout.split('\n').slice(1, 3)).toEqual(['input\tin\tfloat32\t?×3', 'output\tout\tfloat32\t?×2']);
});

describe('what is refused leaves nothing behind', () => {
  test.each<[what: string, args: string[], code: number, message: RegExp]>([
    ['a layer that can not be converted', ['broken', ...flags], 2, /The layer "x" can't be converted/],
    ['no such model', ['digit', ...flags], 4, /There is no trained model or run "digit"\. Did you mean "digits"\?/],
    ['no folder', ['digits', '--format', 'savedmodel'], 2, /--out DIR is missing/],
    ['no format', ['digits', '--out', 'x'], 2, /--format is missing: one of savedmodel/],
    ['another format', ['digits', '--format', 'onnx', '--out', 'x'], 2, /--format takes one of savedmodel, not "onnx"/],
    [
      'a folder that holds something',
      ['digits', '--format', 'savedmodel', '--out', 'models'],
      2,
      /models is not empty/,
    ],
    ['a file', ['digits', '--format', 'savedmodel', '--out', 'dvc.yaml'], 2, /dvc\.yaml is a file/],
  ])('%s', async (_, args, code, message) => {
    const before = await listFiles(root);
    const result = await mlops(...args);
    expect([result.code, result.stdout]).toEqual([code, '']);
    expect(result.stderr).toMatch(message);
    expect(await listFiles(root)).toEqual(before);
    expect(await readdir(root)).not.toContain('exports');
  });
});

test('an export that is stopped leaves nothing behind, although its worker has come to its end', async () => {
  const stop = new AbortController();
  const ending = run(['slow', ...flags], stop.signal);
  while (!(await listFiles(root)).some((file) => file.endsWith('saved_model.pb'))) await sleep(5);
  stop.abort('SIGINT');
  expect((await ending).code).toBe(130);
  expect(await readdir(root)).not.toContain('exports');
});
