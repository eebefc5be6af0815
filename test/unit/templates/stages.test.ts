import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parseThresholds } from '../../../src/core/gatefiles/gatefiles.ts';
import { listFiles } from '../../../src/node/files/files.ts';
import { readySamples, renderProject } from './rendered.ts';

const run = promisify(execFile);
let project: Awaited<ReturnType<typeof renderProject>>;
let samples = '';

beforeAll(async () => {
  [project, samples] = await Promise.all([renderProject('mnist'), readySamples()]);
}, 120_000);
afterAll(() => project.remove());

const at = (name: string): string => path.join(project.root, name);
const exec = (script: string, ...args: string[]): Promise<{ stdout: string; stderr: string }> =>
  run(process.execPath, [script, ...args], { cwd: project.root, env: { ...process.env, MLOPS_SAMPLES: samples } });

/** Path and hash of every file below `folder`. */
async function fingerprint(folder: string): Promise<Record<string, string>> {
  const files = (await listFiles(at(folder))).map(async (file) => {
    const hash = createHash('md5').update(await readFile(at(`${folder}/${file}`)));
    return [file, hash.digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

const stages = ['ingestion', 'validation', 'cleaning', 'labeling', 'splitting', 'build_features'];
const outs = ['raw', 'external/test', 'interim/validation.json', 'interim/clean', 'interim/labeled', 'interim/split', 'processed'];

test('the data stages make the same bytes when they run again', { timeout: 300_000 }, async () => {
  for (const stage of stages) await exec(`src/data/${stage}.ts`);
  const first = await fingerprint('data');
  expect(Object.keys(first).filter((file) => file.startsWith('processed/'))).toEqual([
    'processed/test.csv',
    'processed/test.idx',
    'processed/train.csv',
    'processed/train.idx',
    'processed/validation.csv',
    'processed/validation.idx',
  ]);
  for (const out of outs) await rm(at(`data/${out}`), { recursive: true });
  for (const stage of stages) await exec(`src/data/${stage}.ts`);
  expect(await fingerprint('data')).toEqual(first);
  // Whatever the stages make is ignored by git: DVC refuses outs that git tracks.
  expect((await run('git', ['status', '--porcelain'], { cwd: project.root })).stdout).toBe('');

  const rows = (await readFile(at('data/processed/test.csv'), 'utf8')).trimEnd().split('\n');
  expect(rows).toHaveLength(1001);
  expect(rows[0]?.split(',').slice(0, 3)).toEqual(['label', 'pixel_0_0', 'pixel_0_1']);
  const raw = gunzipSync(await readFile(at('data/raw/test_labels.gz'))).subarray(8);
  expect(rows.slice(1).map((row) => row.split(',')[0])).toEqual([...raw].map(String));

  const { stdout } = await exec('src/visualization/exploration.ts');
  expect(stdout).toContain('are drawn');
  expect(await readFile(at('reports/exploration/classes.svg'), 'utf8')).toMatch(/^<svg .*>test, 1000 digits</s);
});

const idx = (shape: number[], data: number[]): Buffer => {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  return gzipSync(Buffer.concat([header, Buffer.from(data)]));
};

test('raw files that are wrong stop the pipeline with sentences', async () => {
  await mkdir(at('data/raw'), { recursive: true });
  const images = idx([20, 2, 2], Array.from({ length: 80 }, (_, i) => i));
  const labels = idx([21], Array.from({ length: 21 }, (_, i) => i % 11));
  for (const split of ['train', 'test']) {
    await writeFile(at(`data/raw/${split}_images.gz`), images);
    await writeFile(at(`data/raw/${split}_labels.gz`), labels);
  }
  const failure = await exec('src/data/validation.ts').catch((error: unknown) => error as { code: number; stderr: string });
  expect(failure).toMatchObject({ code: 1 });
  for (const sentence of ['2 × 2 pixels instead', '20 pictures, but 21 labels', 'a label is 10', 'go from 0 to 79'])
    expect(failure.stderr).toContain(sentence);
});

test('cleaning drops empty pictures and copies, and leaves the test split alone', async () => {
  const digit = (ink: number): number[] => Array.from({ length: 784 }, (_, i) => (i % 7 === ink ? 255 : 0));
  const empty = digit(-1);
  const write = (split: string, pictures: number[][], labels: number[]) =>
    Promise.all([
      writeFile(at(`data/raw/${split}_images.gz`), idx([pictures.length, 28, 28], pictures.flat())),
      writeFile(at(`data/raw/${split}_labels.gz`), idx([labels.length], labels)),
    ]);
  await mkdir(at('data/raw'), { recursive: true });
  await write('train', [digit(1), empty, digit(1), digit(2), digit(3)], [1, 0, 1, 2, 3]);
  await write('test', [digit(2), empty, empty], [2, 0, 0]);
  await exec('src/data/cleaning.ts');
  expect(await readFile(at('data/interim/clean/dropped.csv'), 'utf8')).toBe(
    'record,reason\n1,empty\n2,second copy\n3,also in the test split\n',
  );
  await exec('src/data/labeling.ts');
  const records = gunzipSync(await readFile(at('data/interim/labeled/train.gz'))).subarray(12);
  expect([records[0], records[785], records.length / 785]).toEqual([1, 3, 2]);
  const test = gunzipSync(await readFile(at('data/interim/labeled/test.gz'))).subarray(12);
  expect(test.length / 785).toBe(3);
});

test('evaluation draws every model and writes the metrics', async () => {
  const answers = ['test,1,1,', 'test,1,1,', 'test,1,2,', 'test,2,2,', 'validation,2,1,'];
  for (const model of ['a', 'b']) {
    await mkdir(at(`models/${model}`), { recursive: true });
    await writeFile(at(`models/${model}/predictions.csv`), ['split,label,predicted,probabilities', ...answers, ''].join('\n'));
    await writeFile(
      at(`models/${model}/history.json`),
      JSON.stringify({ epoch: [1, 2], training_loss: [2, 1], val_loss: [2, 1.5], training_mse: [1, 0], val_mse: ['NaN', 3] }),
    );
  }
  await exec('src/visualization/evaluation.ts');
  expect(JSON.parse(await readFile(at('reports/metrics.json'), 'utf8'))).toMatchObject({
    // Classes 1 and 2: precision 1 and 1/2, recall 2/3 and 1.
    a: { test_accuracy: 0.75, test_precision: 0.75, test_recall: 0.833333, test_f1: 0.733333 },
    b: { test_accuracy: 0.75 },
  });
  const confusion = await readFile(at('reports/figures/a_confusion_matrix.svg'), 'utf8');
  expect(confusion).toContain('a: 75.0 % of 4 test examples are right');
  expect(confusion).toContain('The worst: 1 of 3 times, 1 was taken for 2.');
  const curves = await readFile(at('reports/figures/b_learning_curves.svg'), 'utf8');
  expect(curves).toContain('1.50 at 2');
  expect(curves).not.toContain('NaN');
});

test.each(['cnnbased', 'singleoutput'])('what %s must reach is what evaluation writes', async (model) => {
  await mkdir(at(`models/${model}`), { recursive: true });
  await writeFile(at(`models/${model}/predictions.csv`), 'split,label,predicted,probabilities\ntest,1,1,\ntest,2,2,\n');
  await writeFile(at(`models/${model}/history.json`), JSON.stringify({ epoch: [1], val_loss: [2] }));
  await exec('src/visualization/evaluation.ts');
  const written = JSON.parse(await readFile(at('reports/metrics.json'), 'utf8')) as Record<string, object>;
  const file = `tests/${model}.checks.yaml`;
  const { thresholds } = parseThresholds(await readFile(at(file), 'utf8'), file);
  expect(thresholds.map(({ metric }) => metric)).toContain('test_accuracy');
  for (const { metric } of thresholds) expect(written[model]).toHaveProperty(metric);
});

describe('evaluation looks at what a model gives', () => {
  interface Expected {
    /** Of the model in reports/metrics.json. */
    readonly scores?: Record<string, number>;
    readonly figure?: string;
    readonly says: string;
  }
  const allRight = { test_accuracy: 1, test_precision: 1, test_recall: 1, test_f1: 1 };
  const cases: [name: string, answers: string[], expected: Expected][] = [
    ['amounts', ['1.5,1,', '-2,0.5,'], { scores: { test_mae: 1.5, test_rmse: 1.80278 }, figure: 'scatter', says: 'off by 1.5 on average' }],
    ['whole amounts far apart', ['150,100,', '0,0,'], { scores: { test_mae: 25, test_rmse: 35.3553 }, figure: 'scatter', says: 'off by 25 on average' }],
    ['an amount that is no number', ['1,NaN,', '2.5,2,'], { figure: 'scatter', says: 'off by NaN on average' }],
    ['the same amount again and again', ['2.5,2.5,', '2.5,2.5,'], { scores: { test_mae: 0, test_rmse: 0 }, figure: 'scatter', says: 'off by 0 on average' }],
    ['years of a century as classes', ['1900,1900,', '1999,1999,'], { scores: allRight, figure: 'confusion_matrix', says: '100.0 % of 2 test examples' }],
    ['one class', ['1,1,', '1,1,'], { scores: allRight, figure: 'confusion_matrix', says: '100.0 % of 2 test examples are right' }],
    ['names', ['cat,cat,', 'dog,dog,'], { scores: allRight, figure: 'confusion_matrix', says: '100.0 % of 2' }],
    ['more than a hundred classes', ['0,0,0.5 0.5', '500,500,0.5 0.5'], { scores: allRight, figure: 'confusion_matrix', says: '100.0 % of 2' }],
    ['no answers', [], { says: 'no answers for test examples' }],
  ];
  test.each(cases)('%s', async (_, answers, { scores, figure, says }) => {
    for (const folder of ['models', 'reports/figures']) await rm(at(folder), { recursive: true, force: true });
    await mkdir(at('models/m'), { recursive: true });
    const rows = ['split,label,predicted,probabilities', ...answers.map((answer) => `test,${answer}`), ''];
    await writeFile(at('models/m/predictions.csv'), rows.join('\n'));
    await writeFile(at('models/m/history.json'), JSON.stringify({ epoch: [1, 2], val_loss: [2, 1], val_recall: [0.5, 0.75] }));
    expect((await exec('src/visualization/evaluation.ts')).stdout).toContain(says);
    const { m } = JSON.parse(await readFile(at('reports/metrics.json'), 'utf8')) as { m?: unknown };
    if (scores !== undefined || figure === undefined) expect(m).toEqual(scores);
    const figures = ['m_learning_curves.svg', ...(figure === undefined ? [] : [`m_${figure}.svg`])];
    expect((await listFiles(at('reports/figures'))).sort()).toEqual(figures.sort());
    for (const name of figures) expect(await readFile(at(`reports/figures/${name}`), 'utf8')).not.toMatch(/="[^"]*(NaN|Infinity)/);
    // More recall is better: the best epoch is the one with the most of it.
    expect(await readFile(at('reports/figures/m_learning_curves.svg'), 'utf8')).toContain('0.750 at 2');
  });
});

describe('a mirror that gives nothing is told in a sentence, with its address', () => {
  afterEach(() => rm(at('.mlops/tmp/downloads'), { recursive: true, force: true }));
  const listen = (server: Server): Promise<string> =>
    new Promise((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
    );
  const cases: [name: string, answer: ((request: unknown, response: ServerResponse) => void) | undefined, reason: RegExp][] = [
    ['nobody listens', undefined, /connect ECONNREFUSED/],
    ['no such file', (_, response) => response.writeHead(404).end(), /the mirror answered 404 Not Found/],
    ['it breaks off', (_, response) => void response.writeHead(200, { 'content-length': 9 }).write('a', () => response.destroy()), /other side closed|terminated/],
  ];
  test.each(cases)('%s', async (_, answer, reason) => {
    const server = createServer(answer);
    const url = await listen(server);
    if (answer === undefined) await new Promise((resolve) => server.close(resolve));
    const failure = exec('src/data/ingestion.ts', '--mirror', url).catch((error: unknown) => error as { code: number; stderr: string });
    const { code, stderr } = (await failure) as { code: number; stderr: string };
    server.closeAllConnections();
    server.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain(`${url}/train-images-idx3-ubyte.gz could not be downloaded: `);
    expect(stderr).toContain('or run it without --mirror');
    expect(stderr).not.toMatch(/TypeError|^ +at /m);
  });

  test('an address that is none', async () => {
    const failure = exec('src/data/ingestion.ts', '--mirror', 'digits').catch((error: unknown) => error);
    expect(await failure).toMatchObject({ code: 1, stderr: expect.stringContaining('digits/train-images-idx3-ubyte.gz could not be downloaded: Invalid URL') });
  });
});

/** A mirror that breaks off in the middle of the first answer to each file. */
function startMirror(files: Map<string, Buffer>, asked: string[]): Promise<Server> {
  const broken = new Set<string>();
  const server = createServer((request, response) => {
    const name = path.basename(request.url ?? '');
    const content = files.get(name) ?? Buffer.alloc(0);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    asked.push(`${name} from ${start}`);
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
    if (broken.has(name)) return void response.end(content.subarray(start));
    broken.add(name);
    response.write(content.subarray(0, content.length >> 1), () => setTimeout(() => response.destroy(), 50));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

test('a broken download goes on where it stopped, and wrong bytes are refused', async () => {
  // The checksums are those of the real files; here, of made-up ones.
  const content = new Map(
    ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', 't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz'].map(
      (name, i) => [name, Buffer.alloc(100_000, `content ${i} `)] as const,
    ),
  );
  const sums = [...content.values()].map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  let next = 0;
  const script = (await readFile(at('src/data/ingestion.ts'), 'utf8')).replace(/'[0-9a-f]{64}'/g, () => `'${sums[next++]}'`);
  expect(next).toBe(4);
  await writeFile(at('src/data/ingestion_here.ts'), script);

  const asked: string[] = [];
  const server = await startMirror(content, asked);
  const { port } = server.address() as AddressInfo;
  const mirror = ['--mirror', `http://127.0.0.1:${port}/mnist/`];
  try {
    for (let i = 0; i < 4; i += 1) await expect(exec('src/data/ingestion_here.ts', ...mirror)).rejects.toThrow();
    const { stdout } = await exec('src/data/ingestion_here.ts', ...mirror);
    expect(stdout).toContain('0.1 of 0.1 MB');
    expect(await readFile(at('data/raw/test_labels.gz'))).toEqual(content.get('t10k-labels-idx1-ubyte.gz'));
    expect(asked).toEqual([...content.keys()].flatMap((name) => [`${name} from 0`, `${name} from 50000`]));

    const wrong = await exec('src/data/ingestion.ts', ...mirror).catch((error: unknown) => error as { stderr: string });
    expect(wrong.stderr).toContain('is not the file it should be');
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
