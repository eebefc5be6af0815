import path from 'node:path';
import type { Area, DataEntry, Emit, LiveProcess, ProjectFolder, RunDetails } from '../../protocol/engine.ts';
import { defaultObjective } from '../../core/config/config.ts';
import { collectTried, type TriedRuns } from '../../core/sparks/sparks.ts';
import { isSweepRun, toSweepFacts } from '../../core/sweep/sweep.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { StatusDocument } from '../../protocol/pipeline.ts';
import type { SeriesQuestion, SeriesReading } from '../../protocol/chartfeedreading.ts';
import type { RunTablePart, TableStamp } from '../../protocol/runtable.ts';
import type { RunList } from '../../protocol/tracking.ts';
import { findProjects, listData } from '../inventory/inventory.ts';
import {
  findLog,
  followLog,
  followProject,
  isProcessAlive,
  readExitCode,
  type LogFollower,
  type ProjectFollower,
} from '../live/live.ts';
import { readStatus } from '../pipeline/pipeline.ts';
import type { Project } from '../project/project.ts';
import { offlineVariable, readObjectives } from '../tracking/tracking.ts';
import { watchProject, type Watcher } from '../watching/watching.ts';
import { listResumable } from './resuming.ts';
import { findRunFolder, listRunsOfProject, openStoresOf, readRunDetails } from './runs.ts';
import { RunTableLog } from './runtable.ts';
import { keepSending } from './sending.ts';
import { readSeries } from './series.ts';
import { readTrackedPaths } from './tracked.ts';

export { compareRunsOf } from './comparing.ts';
export { drawLoggedTables } from './loggedtables.ts';
export { listRunPictures } from './pictures.ts';
export { planResumption } from './resuming.ts';
export {
  compareCode,
  listRunArtifacts,
  readArtifactDocument,
  readCommitDocument,
  readExamplesOf,
  readRunAbout,
  viewRunArtifact,
} from './runpage.ts';
export { editRun, readRunCourse, repairRun } from './runs.ts';

/** A training changes its run all the time: what shows it is told at most this often (points themselves are told at once). */
const QUIET_MS = 1000;

interface WindowOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly emit: Emit;
}

/** The projects that one editor window shows: watched, followed, and what was read of them kept until it changes. */
export class WindowProjects {
  readonly #options: WindowOptions;
  readonly #open = new Map<string, OpenProject>();
  readonly #logs = new Map<string, LogFollower>();
  #folders: readonly string[] = [];
  #turn: Promise<unknown> = Promise.resolve();
  #folderWatchers: readonly Watcher[] = [];
  #trusted = false;
  #told = '';

  constructor(options: WindowOptions) {
    this.#options = options;
    keepSending({
      projects: () => (this.#trusted ? [...this.#open.values()].map(({ project }) => project) : []),
      env: options.env,
      onSent: ({ root }) => this.#open.get(root)?.readAgain(),
      onFailure: (error) => this.#fail(error),
    });
  }

  /** From now on these are the window's folders. */
  configure(folders: readonly string[], trusted: boolean): Promise<readonly ProjectFolder[]> {
    this.#trusted = trusted;
    return this.#inTurn(() => this.#configure(folders));
  }

  async #configure(folders: readonly string[]): Promise<readonly ProjectFolder[]> {
    this.#folders = folders;
    for (const watcher of this.#folderWatchers) watcher.close();
    const projects = await this.#find();
    // A folder that is no project may become one, and one that is may cease to be.
    this.#folderWatchers = folders.map((root) => watchProject({ root }, () => this.#findAgain(), { depth: 1 }));
    // It may have become one while nobody was watching yet.
    for (const { ready } of this.#folderWatchers) void ready.then(() => this.#findAgain());
    return projects;
  }

  /** One search after the other: an older one that took longer would close what a newer one has opened. */
  #inTurn<T>(search: () => Promise<T>): Promise<T> {
    const found = this.#turn.then(search);
    // Whoever asked for it hears of its failure; the next search does not depend on it.
    this.#turn = found.catch(() => undefined);
    return found;
  }

  /** Throws `not-a-project` for a folder that this window does not show. Waits while projects are being searched. */
  async get(root: string): Promise<OpenProject> {
    await this.#turn;
    const project = this.#open.get(root);
    if (project === undefined) throw new ExpectedError('not-a-project', `${root} is not a project of this window.`);
    return project;
  }

  /** Runs of every project may be others than those that were read. */
  readAgain(): void {
    for (const project of this.#open.values()) project.readAgain();
  }

  /** For whoever looks at stores: where nothing is trusted, no server that a folder names is asked. */
  get env(): NodeJS.ProcessEnv {
    const { env } = this.#options;
    return this.#trusted ? env : { ...env, [offlineVariable]: 'true' };
  }

  get isTrusted(): boolean {
    return this.#trusted;
  }

  /** The second fence behind that of the commands: whoever asks, nothing of an untrusted folder is executed. */
  requireTrust(): void {
    if (!this.#trusted)
      throw new ExpectedError('not-trusted', 'Nothing of this folder is run in Restricted Mode; trust it first.');
  }

  async followProcess(root: string, id: string, offset: number, follower: string): Promise<void> {
    const { project } = await this.get(root);
    const { emit } = this.#options;
    const log = await findLog(project, id);
    this.unfollow(follower);
    if (log === undefined) {
      emit('output', {
        follower,
        offset,
        text: 'This process was started elsewhere; what it prints is shown there.\n',
      });
    }
    const events = {
      onText: (text: string, end: number) => emit('output', { follower, text, offset: end }),
      onEnd: () => void this.#tellExit(follower, log),
      onFailure: (error: unknown) => {
        this.#fail(error);
        void this.#tellExit(follower, log);
      },
    };
    this.#logs.set(
      follower,
      followLog(log ?? '', offset, () => isProcessAlive(id, log), events),
    );
  }

  unfollow(follower: string): void {
    this.#logs.get(follower)?.stop();
    this.#logs.delete(follower);
  }

  async #tellExit(follower: string, log: string | undefined): Promise<void> {
    this.#logs.delete(follower);
    const exitCode = log === undefined ? null : await this.#readExitCode(log);
    this.#options.emit('exited', { follower, exitCode });
  }

  async #readExitCode(log: string): Promise<number | null> {
    try {
      return await readExitCode(log);
    } catch (error) {
      this.#fail(error);
      return null;
    }
  }

  async #find(): Promise<readonly ProjectFolder[]> {
    const projects = await findProjects(this.#folders);
    const kinds = new Map(projects.map(({ root, hasOnlyRuns = false }) => [root, hasOnlyRuns]));
    for (const [root, project] of this.#open) {
      if (kinds.get(root) === project.hasOnlyRuns) continue;
      project.close();
      this.#open.delete(root);
    }
    for (const [root, hasOnlyRuns] of kinds) {
      if (this.#open.has(root)) continue;
      const mayWrite = (): boolean => this.#trusted;
      const onBranch = (): void => this.#findAgain();
      this.#open.set(
        root,
        new OpenProject(
          { root },
          { ...this.#options, hasOnlyRuns, mayWrite, onBranch, onFailure: (error) => this.#fail(error) },
        ),
      );
    }
    this.#told = JSON.stringify(projects);
    return projects;
  }

  #findAgain(): void {
    this.#inTurn(async () => {
      const before = this.#told;
      const projects = await this.#find();
      if (this.#told !== before) this.#options.emit('projects', { projects });
    }).catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#options.emit('log', {
      level: 'error',
      text: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
}

const anywhere: readonly Area[] = ['pipeline', 'data', 'models'];
const revisions: readonly Area[] = ['branches', 'pipeline'];

/** Logs of other programs may lie anywhere in a project; a commit, or a change of params, is one of git's rows. */
function areasOfStores({ stores = [] }: RunList): readonly Area[] {
  const isAnywhere = stores.some(({ kind }) => kind === 'dvclive' || kind === 'tensorboard');
  const isRevisions = stores.some(({ kind }) => kind === 'git');
  return [...(isAnywhere ? anywhere : []), ...(isRevisions ? revisions : [])];
}

interface ProjectOptions extends WindowOptions {
  readonly hasOnlyRuns: boolean;
  /** False in a folder that nobody trusts yet. */
  readonly mayWrite: () => boolean;
  readonly onBranch: () => void;
  readonly onFailure: (error: unknown) => void;
}

class OpenProject {
  readonly project: Project;
  readonly #options: ProjectOptions;
  readonly #watcher: Watcher;
  readonly #follower: ProjectFollower;
  readonly #kept = new Map<string, { readonly areas: readonly Area[]; readonly value: Promise<unknown> }>();
  readonly #pending = new Set<Area>();
  readonly #warned = new Set<string>();
  /** Areas whose changes may be ones of runs as well, by the stores that are shown. */
  #alsoRuns: readonly Area[] = [];
  readonly #table = new RunTableLog();
  /** Ids of the runs of live processes, whose points are told as they are written. */
  #followed: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | undefined;
  #toldAt = -Infinity;

  constructor(project: Project, options: ProjectOptions) {
    this.project = project;
    this.#options = options;
    this.#watcher = watchProject(project, (areas) => this.#change(areas));
    this.#follower = followProject(project, {
      findRunFolder: (runId) => findRunFolder(project, runId, this.#env),
      onProcesses: (processes) => this.#tellProcesses(processes),
      onPoints: (runId, metric, from, points) => {
        options.emit('points', { project: project.root, runId, metric, from, points });
        this.#change(['runs']);
      },
      onFailure: options.onFailure,
    });
  }

  get #env(): NodeJS.ProcessEnv {
    const { env, mayWrite } = this.#options;
    return mayWrite() ? env : { ...env, [offlineVariable]: 'true' };
  }

  get hasOnlyRuns(): boolean {
    return this.#options.hasOnlyRuns;
  }

  /** Reading the same thing for several views is done once, until something that it depends on has changed. */
  readStatus(): Promise<StatusDocument> {
    return this.#keep('status', ['pipeline', 'processes', 'data', 'configs', 'models'], () =>
      readStatus(this.project, { env: this.#options.env, keepHashes: this.#options.mayWrite() }),
    );
  }

  listRuns(): Promise<RunList> {
    return this.#keep('runs', ['runs', 'processes', 'configs'], async () => {
      const list = await listRunsOfProject(this.project, this.#env);
      this.#warn(list);
      this.#alsoRuns = areasOfStores(list);
      return { ...list, resumable: await listResumable(this.project, list.runs) };
    });
  }

  /** What the runs of a config say of its hyperparameters; no history is read. */
  readTried(config: string): Promise<TriedRuns> {
    return this.#keep(`tried:${config}`, ['runs', 'processes', 'configs'], async () => {
      const [{ runs }, objectiveOf] = await Promise.all([this.listRuns(), readObjectives(this.project)]);
      return collectTried(runs, config, objectiveOf({ tags: { 'mlops.config': config } }) ?? defaultObjective);
    });
  }

  async readRunTable(since: TableStamp | null): Promise<RunTablePart> {
    return this.#table.read(await this.listRuns(), since);
  }

  async readSeries(question: SeriesQuestion): Promise<SeriesReading> {
    const [list, stores] = await Promise.all([this.listRuns(), openStoresOf(this.project, this.#env)]);
    return readSeries(question, { list, stores, followed: this.#followed });
  }

  async readRun(runId: string): Promise<RunDetails> {
    const details = await readRunDetails(this.project, runId, this.#env);
    if (!isSweepRun(details.run)) return { ...details, sweep: null };
    const { runs } = await this.listRuns();
    const trials = runs.filter(({ parentRunId }) => parentRunId === runId);
    return { ...details, sweep: toSweepFacts(details.run, trials) };
  }

  async listData(folder: string): Promise<readonly DataEntry[]> {
    const isData = folder === 'data' || folder.startsWith('data/');
    if (!isData || path.posix.normalize(folder) !== folder)
      throw new ExpectedError('bad-arguments', `${folder} is not a folder of data.`);
    const tracked = await this.#keep('tracked', ['pipeline', 'data'], async () =>
      readTrackedPaths(this.project, await this.readStatus()),
    );
    return listData(this.project, folder, tracked);
  }

  /** Its runs have changed in a way that no file tells. */
  readAgain(): void {
    this.#change(['runs']);
  }

  alert(): void {
    this.#follower.alert();
  }

  /** Something was changed from here: whoever shows it need not wait until a watcher has seen it. */
  tellChanged(areas: readonly Area[]): void {
    this.#change(areas);
    clearTimeout(this.#timer);
    this.#tell();
  }

  close(): void {
    this.#watcher.close();
    this.#follower.close();
    clearTimeout(this.#timer);
  }

  /** Each warning is logged once, although the list is read again with every change. */
  #warn({ warnings = [] }: RunList): void {
    for (const { file, message } of warnings) {
      const text = `${file}: ${message}`;
      if (this.#warned.has(text)) continue;
      this.#warned.add(text);
      this.#options.emit('log', { level: 'warning', text });
    }
  }

  #tellProcesses(processes: readonly LiveProcess[]): void {
    this.#followed = new Set(processes.flatMap(({ runId }) => runId ?? []));
    this.#options.emit('processes', { project: this.project.root, processes });
    this.#change(['processes', 'pipeline', 'runs', 'models', 'data']);
  }

  #change(changed: readonly Area[]): void {
    // A store may be the folder itself, where every file is one of a run.
    const concernsRuns = this.hasOnlyRuns || changed.some((area) => this.#alsoRuns.includes(area));
    const areas: readonly Area[] = concernsRuns ? [...changed, 'runs'] : changed;
    for (const [name, { areas: own }] of this.#kept)
      if (own.some((area) => areas.includes(area))) this.#kept.delete(name);
    if (areas.includes('processes')) this.#follower.alert();
    if (areas.includes('branches')) this.#options.onBranch();
    for (const area of areas) this.#pending.add(area);
    this.#timer ??= setTimeout(() => this.#tell(), Math.max(0, this.#toldAt + QUIET_MS - performance.now()));
  }

  #tell(): void {
    const areas = [...this.#pending];
    this.#pending.clear();
    [this.#timer, this.#toldAt] = [undefined, performance.now()];
    this.#options.emit('changed', { project: this.project.root, areas });
  }

  #keep<T>(name: string, areas: readonly Area[], read: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(name)?.value as Promise<T> | undefined;
    if (known !== undefined) return known;
    const value = read();
    this.#kept.set(name, { areas, value });
    // A failure is told to whoever asked now, and tried again for the next.
    value.catch(() => this.#kept.delete(name));
    return value;
  }
}
