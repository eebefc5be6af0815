import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseMetricLines } from '../../../../src/core/tracking/tracking.ts';
import { createRandom } from '../../../../src/core/random/random.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { listFiles } from '../../../../src/node/files/files.ts';
import type { RunPage } from '../../../../src/node/tracking/store.ts';
import { openStore, type RunStart, type RunStore } from '../../../../src/node/tracking/tracking.ts';

// Every file of a small store is spoilt in every way, one at a time: no listing throws, the runs beside it are whole and equal, what
// is missing of the spoilt one is told with its file, and nothing on the disk is changed.

const FLIPS = 2;
const START = Date.UTC(2026, 10, 21);

let folder: string;
let root: string;
let store: RunStore;
/** The folder of the run whose files are spoilt. */
let spoiltRun: string;
let before: ReadonlyMap<string, string>;
let whole: ReadonlyMap<string, RunSummary>;

beforeAll(async () => {
  // In memory where the system has such a place: thousands of files are written.
  folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir(), 'mlops-spoilt-'));
  await chmod(folder, 0o755);
  root = path.join(folder, 'mlruns');
  store = openStore(pathToFileURL(root).href, {
    objectiveOf: () => ({ metric: 'val_loss', direction: 'minimize' }),
  });
  await writeRun({ experiment: 'one', name: 'sister', startTime: START });
  await writeRun({ experiment: 'two', name: 'cousin', startTime: START + 1 });
  spoiltRun = path.dirname(await writeRun({ experiment: 'one', name: 'spoilt', startTime: START + 2 }));
  await writeLinks();
  before = await readAll();
  whole = new Map((await store.listRuns()).runs.map((run) => [run.name, run]));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function writeRun(start: Pick<RunStart, 'experiment' | 'name' | 'startTime'>): Promise<string> {
  const writer = await store.createRun({
    ...start,
    user: 'me',
    params: { 'training.lr': '0.1', 'text': 'größe\nof two lines' },
    tags: { 'mlflow.note.content': '*note*', 'a/b': 'c' },
  });
  for (const step of [1, 2, 3])
    await writer.logMetrics(
      ['val_loss', 'deep/er'].map((name) => ({ name, step, value: step / 8, timestamp: START + step })),
    );
  await writeFile(path.join(writer.artifacts, 'a.txt'), 'x');
  await writer.finish('FINISHED', START + 9);
  return writer.artifacts;
}

/** Data sets, inputs, outputs and a logged model, as MLflow lays them out. */
async function writeLinks(): Promise<void> {
  const experiment = path.dirname(spoiltRun);
  const runId = path.basename(spoiltRun);
  const [dataset, model] = ['d41d8cd98f00b204e9800998ecf8427e', 'm-0123456789abcdef0123456789abcdef'];
  const files: Readonly<Record<string, string>> = {
    [`${experiment}/datasets/${dataset}/meta.yaml`]: `digest: abc\nname: iris\nprofile: null\nschema: null\nsource: '{}'\nsource_type: local\n`,
    [`${spoiltRun}/inputs/${dataset}/meta.yaml`]: `destination_id: ${runId}\ndestination_type: RUN\nsource_id: ${dataset}\nsource_type: DATASET\ntags:\n  mlflow.data.context: training\n`,
    [`${spoiltRun}/outputs/${model}/meta.yaml`]: `destination_id: ${model}\ndestination_type: MODEL_OUTPUT\nsource_id: ${runId}\nsource_type: RUN_OUTPUT\nstep: 0\ntags: {}\n`,
    [`${experiment}/models/${model}/meta.yaml`]: `artifact_location: ${pathToFileURL(experiment).href}\nexperiment_id: '1'\nlifecycle_stage: active\nmodel_id: ${model}\nname: m\nsource_run_id: ${runId}\nstatus: 2\n`,
    [`${experiment}/models/${model}/metrics/acc`]: `1795291200000 0.5 0 ${runId}\n`,
    [`${experiment}/tags/mlflow.note.content`]: 'of the experiment',
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}

async function readAll(): Promise<ReadonlyMap<string, string>> {
  const names = await listFiles(root);
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(root, name), 'hex')] as const)),
  );
}

/** Lists the store with one of its files spoilt, and looks at everything that must hold all the same. */
async function check(spoilt: string, what: string): Promise<void> {
  const page = await store.listRuns();
  const where = `${path.relative(root, spoilt)}: ${what}`;
  await checkOthers(page, { spoilt, where });
  if (isTold(page, spoilt)) return;
  const [run, known] = [page.runs.find(({ runId }) => runId === path.basename(spoiltRun)), whole.get('spoilt')];
  for (const part of ['params', 'tags', 'metrics'] as const)
    expect([where, Object.keys(run?.[part] ?? {})]).toEqual([where, Object.keys(known?.[part] ?? {})]);
}

async function checkOthers(page: RunPage, { spoilt, where }: { spoilt: string; where: string }): Promise<void> {
  for (const name of ['sister', 'cousin']) {
    const [found, known] = [page.runs.find((run) => run.name === name), whole.get(name)];
    // Of an experiment's own file only the name of the experiment depends.
    const experiment = spoilt.startsWith(spoiltRun) ? known?.experiment : found?.experiment;
    const expected = { ...known, experiment };
    if (!isDeepStrictEqual(found, expected)) expect([where, found]).toEqual([where, expected]);
  }
  const { values } = await store.readHistory(whole.get('sister')?.runId ?? '', 'val_loss');
  if (values.length !== 3) expect([where, values]).toEqual([where, [1 / 8, 2 / 8, 3 / 8]]);
  await expectTypedFailure(store.findRun(path.basename(spoiltRun)));
}

function isTold({ unreadable, warnings = [] }: RunPage, spoilt: string): boolean {
  const isAbout = (file: string): boolean => `${spoilt}/`.startsWith(`${file}/`) || file.startsWith(`${spoilt}/`);
  return [...unreadable, ...warnings].some(({ file, message }) => message !== '' && isAbout(file));
}

/** A failure that is no bug is fine. */
async function expectTypedFailure(work: Promise<unknown> | undefined): Promise<void> {
  await work?.catch((error: unknown) => expect(error).toBeInstanceOf(ExpectedError));
}

/** Of what is beside a run's own files the list says nothing. */
const isUntold = (name: string): boolean =>
  /^\d+\/(?:datasets|models|tags)|\/(?:inputs|outputs|writer\.json)/.test(name);

/** Files of the spoilt run and of its experiment. */
function filesToSpoil(): readonly string[] {
  const experiment = path.relative(root, path.dirname(spoiltRun));
  const names = [...before.keys()].filter((name) => name.startsWith(`${experiment}/`) && !name.includes('/artifacts/'));
  return names.filter((name) => {
    const isOfSister = /^[0-9a-f]{32}$/.test(name.split('/')[1] ?? '') && !name.includes(path.basename(spoiltRun));
    return !isOfSister;
  });
}

function* variantsOf(bytes: Buffer, random: () => number): Generator<readonly [what: string, bytes: Buffer]> {
  for (let length = 0; length < bytes.length; length += 1) yield [`cut to ${length} bytes`, bytes.subarray(0, length)];
  for (let at = 0; at < bytes.length; at += 1)
    for (let turn = 0; turn < FLIPS; turn += 1) {
      const flipped = Buffer.from(bytes);
      const bits = 1 + Math.floor(random() * 255);
      flipped.writeUInt8((flipped[at] ?? 0) ^ bits, at);
      yield [`byte ${at} with ${bits.toString(2)} turned`, flipped];
    }
  yield ['NUL bytes', Buffer.alloc(4096)];
  yield ['random bytes', Buffer.from(Array.from({ length: 512 }, () => Math.floor(random() * 256)))];
  yield ['a byte order mark', Buffer.concat([Buffer.from('\ufeff'), bytes])];
  yield ['UTF-16', Buffer.from(bytes.toString(), 'utf16le')];
  yield ['CRLF', Buffer.from(bytes.toString().replaceAll('\n', '\r\n'))];
  yield ['twice', Buffer.concat([bytes, bytes])];
}

test('every file cut at every byte, with every byte flipped, emptied, with other line ends', async () => {
  const random = createRandom(7);
  let variants = 0;
  for (const name of filesToSpoil()) {
    const file = path.join(root, name);
    const bytes = await readFile(file);
    try {
      for (const [what, spoilt] of variantsOf(bytes, random)) {
        await writeFile(file, spoilt);
        await check(file, what);
        if (!spoilt.equals(await readFile(file))) expect([name, what]).toBe('unchanged on disk');
        variants += 1;
      }
    } finally {
      await writeFile(file, bytes);
    }
  }
  expect(variants).toBeGreaterThan(2000);
  expect(await readAll()).toEqual(before);
});

test('a line without its end is never data, also where it could be read', async () => {
  const file = path.join(spoiltRun, 'metrics', 'val_loss');
  const bytes = await readFile(file);
  for (let length = 0; length < bytes.length; length += 1) {
    await writeFile(file, bytes.subarray(0, length));
    const whole = bytes.subarray(0, length).toString().split('\n').length - 1;
    const { runs } = await store.listRuns();
    const run = runs.find(({ name }) => name === 'spoilt');
    expect([length, run?.metrics['val_loss']?.points ?? 0]).toEqual([length, whole]);
    expect((await store.readHistory(run?.runId ?? '', 'val_loss')).steps).toEqual([1, 2, 3].slice(0, whole));
  }
  await writeFile(file, bytes);
});

/**
 * Nobody can know that there was a run, a param, a metric, a tag. A tag that was taken away leaves its folder. Of what is beside a run's
 * own files the list says nothing.
 */
const silent: readonly ((what: string, name: string) => boolean)[] = [
  (what) => ['nothing', 'a file'].includes(what),
  (what, name) => what === 'a folder' && /\/(?:metrics|params|tags)$|\/tags\//.test(name),
  (_, name) => isUntold(name),
];

/** What may stand in the place of a file or a folder. */
const replacements: readonly (readonly [string, (place: string) => Promise<unknown> | undefined])[] = [
  ['nothing', () => undefined],
  ['a folder', (place) => mkdir(place)],
  ['a file', (place) => writeFile(place, '')],
  ['a dangling link', (place) => symlink('/nowhere', place)],
  ['a link to itself', (place) => symlink(place, place)],
  ['a link to everything', (place) => symlink('/', place)],
  ['a pipe', (place) => Promise.resolve(execFileSync('mkfifo', [place]))],
];

describe.skipIf(process.platform === 'win32')('in the place of each file and folder of a run', () => {
  test.each(replacements)('%s', async (what, replace) => {
    const run = path.relative(root, spoiltRun);
    const folders = ['', '/metrics', '/metrics/deep', '/params', '/tags', '/tags/a', '/inputs'].map(
      (name) => run + name,
    );
    for (const name of [...filesToSpoil(), ...folders]) {
      const place = path.join(root, name);
      const aside = path.join(folder, 'aside');
      await rename(place, aside);
      await replace(place);
      // Nobody can know that there was a run, a param, a metric, a tag; what is no run or no file of one need not be told.
      const isSilent = silent.some((isThis) => isThis(what, name)) || name === run;
      try {
        await (isSilent ? checkSisters(place, what) : check(place, what));
        await checkBeside();
      } finally {
        await rm(place, { recursive: true, force: true });
        await rename(aside, place);
      }
    }
    expect(await readAll()).toEqual(before);
  });
});

async function checkSisters(spoilt: string, what: string): Promise<void> {
  const { runs } = await store.listRuns();
  const names = runs.map(({ name }) => name).filter((name) => name !== 'spoilt');
  expect([spoilt, what, names]).toEqual([spoilt, what, ['cousin', 'sister']]);
  await expectTypedFailure(store.findRun(path.basename(spoiltRun)));
}

/** What is beside the runs is asked for run by run. */
async function checkBeside(): Promise<void> {
  const [spoilt, sister] = [path.basename(spoiltRun), whole.get('sister')?.runId ?? ''];
  await expectTypedFailure(store.readInputs?.(spoilt));
  await expectTypedFailure(store.listArtifacts(spoilt, ''));
  expect(await store.readInputs?.(sister)).toEqual({ datasets: [], models: [] });
  expect(await store.listArtifacts(sister, '')).toEqual([{ path: 'a.txt', isFolder: false, bytes: 1 }]);
}

/** As somebody whom permissions hinder, which root is not. */
async function asNobody(work: () => Promise<void>): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  if (isRoot) process.seteuid?.(65534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

test.skipIf(process.platform === 'win32')(
  'what may not be read is told, and read again as soon as it may',
  async () => {
    const run = path.relative(root, spoiltRun);
    const folders = ['', '/metrics', '/metrics/deep', '/params', '/tags'].map((name) => run + name);
    const cache = path.join(folder, 'cache');
    const indexed = openStore(pathToFileURL(root).href, { env: { XDG_CACHE_HOME: cache } });
    for (const name of [...filesToSpoil(), ...folders]) {
      const place = path.join(root, name);
      const mode = folders.includes(name) ? 0o755 : 0o644;
      await chmod(place, 0);
      const isSilent = isUntold(name);
      await asNobody(async () => {
        await (isSilent ? checkSisters(place, 'not to be read') : check(place, 'not to be read'));
        if (!isSilent) expect([name, isTold(await indexed.listRuns(), place)]).toEqual([name, true]);
        await checkBeside();
      });
      await chmod(place, mode);
      expect([name, (await indexed.listRuns()).runs.length]).toEqual([name, 3]);
    }
    await chmod(path.dirname(spoiltRun), 0);
    await asNobody(async () => {
      const { runs, warnings } = await store.listRuns();
      expect(runs.map(({ name }) => name)).toEqual(['cousin']);
      expect(warnings?.map(({ file, message }) => [path.relative(root, file), message])).toContainEqual([
        path.relative(root, path.dirname(spoiltRun)),
        "It can't be read: permission denied; give yourself access to it (ls -ld, chmod, chown).",
      ]);
    });
    await chmod(path.dirname(spoiltRun), 0o755);
  },
);

test('a name of many folders ends somewhere, and hides nothing', async () => {
  const place = path.join(spoiltRun, 'metrics', ...Array.from({ length: 300 }, () => 'x'));
  await mkdir(place, { recursive: true });
  await writeFile(path.join(place, 'y'), '1 1.0 1\n');
  const { runs, warnings } = await store.listRuns();
  expect(runs.find(({ name }) => name === 'spoilt')?.metrics).toEqual(whole.get('spoilt')?.metrics);
  expect(warnings?.map(({ message }) => message)).toEqual(['It lies too deep: nothing in it is read.']);
  await rm(path.join(spoiltRun, 'metrics', 'x'), { recursive: true });
});

test('a repair mends the others where one run resists', async () => {
  const torn = path.join(spoiltRun, 'metrics', 'val_loss');
  const bytes = await readFile(torn);
  await writeFile(torn, `${bytes.toString()}1795 0.5 1`);
  const sister = path.join(path.dirname(spoiltRun), whole.get('sister')?.runId ?? '', 'metrics', 'val_loss');
  await writeFile(sister, `${(await readFile(sister)).toString()}1795`);
  await writeFile(path.join(spoiltRun, '.corrupt'), 'a file where the folder must be');
  await expect(store.repair()).rejects.toThrow(ExpectedError);
  expect(parseMetricLines(await readFile(sister, 'utf8'))).toMatchObject({ partial: '', points: [{}, {}, {}] });
  expect(parseMetricLines(await readFile(torn, 'utf8')).partial).toBe('1795 0.5 1');
});
