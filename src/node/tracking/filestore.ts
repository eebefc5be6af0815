import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { findNearest } from '../../core/names/names.ts';
import {
  checkName,
  formatExperimentMeta,
  formatRunMeta,
  nameRun,
  parseMetricLines,
  selectByIdOrName,
  selectRun,
  toHistory,
} from '../../core/tracking/tracking.ts';
import { ExpectedError, badInput, unknownName } from '../../protocol/errors.ts';
import type { ArtifactEntry, MetricHistory, RunEdit, RunInputs, RunSummary } from '../../protocol/tracking.ts';
import {
  diskError,
  exists,
  hasCode,
  isTemporary,
  listFiles,
  makeFolder,
  temporaryBeside,
  writeFileAtomic,
} from '../files/files.ts';
import { waitForLock } from '../locks/locks.ts';
import { listLocalArtifacts, readLocalArtifact, type ArtifactRoots } from './artifacts.ts';
import { tryReadFile } from './entries.ts';
import { identifyWriter, writerFile } from './identity.ts';
import { findRunFolders, listFileRuns, type ListedStore, type RunFolder } from './listing.ts';
import { findLoggedModels, readLinkedInputs } from './linked.ts';
import { findArtifacts, findRunFolderIn, readExperiments, readRun, type RunAsking } from './reading.ts';
import { readMeta, readRecord } from './records.ts';
import { describeRepair, performRepair, planRepair } from './repair.ts';
import { rewindMetrics } from './rewinding.ts';
import { editRun } from './editing.ts';
import type {
  ArtifactBytes,
  ArtifactReading,
  Reopening,
  Repair,
  RunPage,
  RunQuery,
  RunStart,
  RunStore,
  RunWriter,
} from './store.ts';
import { FileRunWriter, writeMeta, writeTag } from './writer.ts';

const RUN_ID = /^[0-9a-f]{32}$/;
const STALE_MS = 3_600_000;

/** A store in MLflow's file layout (specs: `mlruns/<experiment>/<run>/{meta.yaml,metrics,params,tags,artifacts}`). */
export function createFileStore(uri: string, listed: ListedStore): RunStore {
  return new FileStore(uri, listed);
}

class FileStore implements RunStore {
  readonly uri: string;
  readonly abilities = { logs: true, edits: true };
  readonly #root: string;
  readonly #listed: ListedStore;
  readonly #folders = new Map<string, string>();

  constructor(uri: string, listed: ListedStore) {
    this.uri = uri;
    this.#root = listed.root;
    this.#listed = listed;
  }

  async ensure(): Promise<void> {
    await refuseProjectRoot(this.#root);
    try {
      await makeFolder(path.join(this.#root, '.trash'));
      await sweep(path.join(this.#root, '.trash'));
      if (!(await exists(path.join(this.#root, '0', 'meta.yaml')))) await this.#writeExperiment('0', 'Default');
    } catch (error) {
      throw diskError(error, this.#root);
    }
  }

  listRuns(query: RunQuery = {}): Promise<RunPage> {
    return listFileRuns(this.#listed, query);
  }

  async readHistory(runId: string, metric: string): Promise<MetricHistory> {
    const folder = path.join(this.#knownFolder(runId), 'metrics');
    checkName('metric', metric);
    const { text, trouble } = tryReadFile(path.join(folder, ...metric.split('/')));
    if (trouble !== undefined) throw new ExpectedError('corrupt', `${path.join(folder, metric)}: ${trouble}`);
    if (text === undefined) throw unknownName('metric', metric, findNearest(metric, await listFiles(folder)));
    return toHistory(parseMetricLines(text).points);
  }

  async listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    return listLocalArtifacts(await this.#artifactRoots(runId), folder);
  }

  async readArtifact(runId: string, name: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    return readLocalArtifact(await this.#artifactRoots(runId), name, reading);
  }

  async readInputs(runId: string): Promise<RunInputs> {
    return new Promise((resolve) => resolve(readLinkedInputs(this.#runFolder(runId))));
  }

  async findRun(text: string): Promise<RunSummary> {
    const whole = RUN_ID.test(text) ? this.#findRunFolder(text) : undefined;
    const found = whole === undefined ? undefined : await this.#read(whole);
    if (found !== undefined) return found;
    // Enough to tell which one is meant.
    const { runs, unreadable } = await this.listRuns({ closely: 0 });
    const isKnown = runs.some(({ runId, name }) => runId.startsWith(text) || name === text);
    const broken = isKnown || text === '' ? undefined : unreadable.find(({ runId }) => runId.startsWith(text));
    if (broken !== undefined) throw new ExpectedError('corrupt', `${broken.file}: ${broken.message}`);
    const meant = selectRun(runs, text, this.#listed.objectiveOf);
    const place = this.#findRunFolder(meant.runId);
    return (place === undefined ? undefined : await this.#read(place)) ?? meant;
  }

  async createRun(start: RunStart): Promise<RunWriter> {
    for (const name of Object.keys(start.params)) checkName('param', name);
    for (const name of Object.keys(start.tags)) checkName('tag', name);
    await this.ensure();
    const experiment = await this.#ensureExperiment(start.experiment);
    const runId = start.runId ?? randomBytes(16).toString('hex');
    if (!RUN_ID.test(runId)) throw badInput(`${runId} is no id of a run for a folder: 32 hex digits are.`);
    const name = start.name ?? nameRun(runId);
    const folder = path.join(this.#root, experiment, runId);
    const staging = temporaryBeside(path.join(this.#root, '.trash', runId));
    const tags = { ...start.tags, 'mlflow.user': start.user, 'mlflow.runName': name };
    const meta = formatRunMeta({
      runId,
      experimentId: experiment,
      name,
      user: start.user,
      status: 'RUNNING',
      startTime: start.startTime,
      endTime: null,
      artifactUri: pathToFileURL(path.join(folder, 'artifacts')).href,
    });
    try {
      for (const part of ['metrics', 'params', 'tags', 'artifacts']) await makeFolder(path.join(staging, part));
      await writeTexts(path.join(staging, 'params'), start.params);
      await writeTexts(path.join(staging, 'tags'), tags);
      await writeFile(writerFile(staging), JSON.stringify(await identifyWriter()));
      await writeFile(path.join(staging, 'meta.yaml'), meta);
      // The run appears whole or not at all.
      await rename(staging, folder);
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw diskError(error, folder);
    }
    return new FileRunWriter(folder, name, start.onWarning ?? (() => undefined));
  }

  async reopenRun(runId: string, { keeps, onWarning }: Reopening): Promise<RunWriter> {
    const run = await this.findRun(runId);
    const folder = this.#runFolder(run.runId);
    await rewindMetrics(folder, keeps);
    await rm(path.join(folder, 'tags', 'mlops.reason'), { force: true });
    const writer = JSON.stringify(await identifyWriter());
    await writeFileAtomic(writerFile(folder), writer, { stagingFolder: folder });
    await writeMeta(folder, { status: 'RUNNING', endTime: null });
    return new FileRunWriter(folder, run.name, onWarning ?? (() => undefined));
  }

  findDeletedRun(text: string): Promise<Pick<RunSummary, 'runId' | 'name'>> {
    return new Promise((resolve) => resolve(selectByIdOrName(listDeletedRuns(this.#root), text)));
  }

  async editRun(runId: string, edit: RunEdit): Promise<void> {
    await editRun(this.#runFolder(runId), edit);
  }

  async markFailed(runId: string, reason: string): Promise<void> {
    const folder = this.#runFolder(runId);
    await writeTag(folder, 'mlops.reason', reason);
    await writeMeta(folder, { status: 'FAILED', endTime: Date.now() });
  }

  async repair(runIds?: readonly string[], { dryRun = false } = {}): Promise<readonly Repair[]> {
    const repairs: Repair[] = [];
    const failures: unknown[] = [];
    for (const one of findRunFolders(this.#listed.root).folders) {
      if (runIds !== undefined && !runIds.includes(path.basename(one.folder))) continue;
      try {
        await this.#repairRun(one, repairs, dryRun);
      } catch (error) {
        // The others are mended all the same.
        failures.push(diskError(error, one.folder));
      }
    }
    if (failures.length > 0) throw failures[0];
    return repairs;
  }

  async #repairRun({ folder, experiment }: RunFolder, repairs: Repair[], dryRun: boolean): Promise<void> {
    const reading = readRecord(folder);
    const { run } = reading === undefined ? {} : await readRun(folder, this.#asking(experiment), reading);
    for (const step of run === undefined ? [] : await planRepair(folder, run, reading?.record?.torn ?? [])) {
      if (!dryRun && run !== undefined) await performRepair(folder, run, step);
      repairs.push({ runId: path.basename(folder), action: describeRepair(step) });
    }
  }

  async #read({ folder, experiment }: RunFolder): Promise<RunSummary | undefined> {
    return (await readRun(folder, this.#asking(experiment))).run;
  }

  async #artifactRoots(runId: string): Promise<ArtifactRoots> {
    const folder = this.#knownFolder(runId);
    return { own: await findArtifacts(folder), models: await findLoggedModels(folder) };
  }

  #asking(experiment: string): RunAsking {
    return { experiment, objectiveOf: this.#listed.objectiveOf };
  }

  /** Histories of many runs are read one after the other: looking through the experiments for each would take longer than the reading. */
  #knownFolder(runId: string): string {
    const known = this.#folders.get(runId);
    if (known !== undefined && existsSync(known)) return known;
    const folder = this.#runFolder(runId);
    this.#folders.set(runId, folder);
    return folder;
  }

  #runFolder(runId: string): string {
    const found = this.#findRunFolder(runId);
    if (found === undefined) throw unknownName('run', runId, []);
    return found.folder;
  }

  #findRunFolder(runId: string): RunFolder | undefined {
    for (const { folder, name } of readExperiments(this.#root)) {
      const found = findRunFolderIn(folder, runId);
      if (found !== undefined) return { folder: found, experiment: name };
    }
    return undefined;
  }

  /** The id of the experiment with that name, made when there is none. Two processes at once must not make two. */
  async #ensureExperiment(name: string): Promise<string> {
    // The folder's name counts, whatever id the meta claims: a path is built from it.
    const find = (): string | undefined => {
      const known = readExperiments(this.#root).find(({ meta }) => meta?.name === name);
      return known === undefined ? undefined : path.basename(known.folder);
    };
    const found = find();
    if (found !== undefined) return found;
    const lock = await waitForLock(path.join(this.#root, '.trash', '.experiments.lock.json'), 'mlops: new experiment');
    try {
      const made = find() ?? (await this.#newExperimentId());
      if (!(await exists(path.join(this.#root, made, 'meta.yaml')))) await this.#writeExperiment(made, name);
      return made;
    } finally {
      await lock.release();
    }
  }

  /** 18 digits, as MLflow makes them. */
  async #newExperimentId(): Promise<string> {
    for (;;) {
      const digits = Array.from({ length: 17 }, () => String(randomInt(10))).join('');
      const id = `${randomInt(1, 10)}${digits}`;
      if (!(await exists(path.join(this.#root, id)))) return id;
    }
  }

  async #writeExperiment(id: string, name: string): Promise<void> {
    const folder = path.join(this.#root, id);
    const staging = temporaryBeside(path.join(this.#root, '.trash', id));
    const artifactLocation = pathToFileURL(folder).href;
    await makeFolder(path.join(staging, 'tags'));
    const meta = formatExperimentMeta({ experimentId: id, name, artifactLocation }, Date.now());
    await writeFile(path.join(staging, 'meta.yaml'), meta);
    try {
      await rename(staging, folder);
    } catch (error) {
      // Another process was quicker, or the folder stands without its meta.yaml.
      if (!['ENOTEMPTY', 'EEXIST', 'EPERM'].some((code) => hasCode(error, code))) throw error;
      await rename(path.join(staging, 'meta.yaml'), path.join(folder, 'meta.yaml'));
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }
}

function listDeletedRuns(root: string): readonly Pick<RunSummary, 'runId' | 'name'>[] {
  return findRunFolders(root).folders.flatMap(({ folder }) => {
    const { meta } = readMeta(folder) ?? {};
    return meta?.isDeleted === true ? [{ runId: path.basename(folder), name: meta.name }] : [];
  });
}

/** MLflow from 3.13 on takes `./mlruns` in the folder it is started in for a file store and refuses to work there. */
async function refuseProjectRoot(root: string): Promise<void> {
  if (path.basename(root) !== 'mlruns') return;
  const parent = path.dirname(root);
  if (!(await exists(path.join(parent, '.dvc'))) && !(await exists(path.join(parent, 'dvc.yaml')))) return;
  throw badInput(
    `${root}: a store in mlruns at the project's root makes MLflow refuse to start there. Use file:models/mlruns, or any other folder.`,
  );
}

/** Removes what killed processes have left half done; nothing that is in work is an hour old. */
async function sweep(trash: string): Promise<void> {
  for (const name of await readdir(trash)) {
    if (!isTemporary(name)) continue;
    const file = path.join(trash, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (Date.now() - mtimeMs > STALE_MS) await rm(file, { recursive: true, force: true });
  }
}

async function writeTexts(folder: string, texts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    const file = path.join(folder, ...name.split('/'));
    await makeFolder(path.dirname(file));
    await writeFile(file, text);
  }
}
