import path from 'node:path';
import { checkName, selectRun, type ObjectiveOf } from '../../core/tracking/tracking.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { ArtifactEntry, MetricHistory, RunEdit, RunSummary, UnreadableRun } from '../../protocol/tracking.ts';
import { isPassing, type MlflowClient } from '../mlflowserver/mlflowserver.ts';
import { choosePage } from './paging.ts';
import { RunSender, unsentTag } from './sending.ts';
import { endServerRun } from './serverediting.ts';
import { createServerRun, ensureServerExperiment, goOnOnServer, type CreatedRun } from './servercreating.ts';
import { ServerRunWriter } from './serverwriter.ts';
import type { Spool } from './spool.ts';
import { writeSpoolState } from './spoolstate.ts';
import type {
  ArtifactBytes,
  ArtifactReading,
  Repair,
  Reopening,
  RunPage,
  RunQuery,
  RunStart,
  RunStore,
  RunWriter,
} from './store.ts';
import { copyToSpool } from './spoolcopy.ts';
import { lockSending, openSenderClient, syncSpool } from './syncing.ts';

interface SpooledStoreOptions {
  readonly spool: Spool;
  /** The server's own runs: read and edited. */
  readonly server: RunStore;
  readonly client: MlflowClient;
  readonly objectiveOf: ObjectiveOf;
  readonly env: NodeJS.ProcessEnv;
  /** How often a live run is sent. */
  readonly sendMs: number;
}

/**
 * A server with a project that writes to it. Runs that are not yet wholly on the server are read from the project's spool, where they are up to
 * date and where their charts can follow them; everything else is the server's.
 */
export class SpooledStore implements RunStore {
  readonly abilities = { logs: true, edits: true };
  readonly uri: string;
  readonly #options: SpooledStoreOptions;
  readonly #shadow: RunStore;

  constructor(options: SpooledStoreOptions) {
    this.#options = options;
    this.uri = options.client.base;
    this.#shadow = options.spool.open(options.objectiveOf);
  }

  async listRuns(query: RunQuery = {}): Promise<RunPage> {
    const { runs: waiting, unreadable, warnings = [] } = await this.#shadow.listRuns();
    const own = [...warnings, ...waiting.flatMap((run) => this.#describeWaiting(run))];
    try {
      const page = await this.#options.server.listRuns(query);
      const fresher = new Map(waiting.map((run) => [run.runId, run]));
      return {
        ...page,
        runs: page.runs.map((run) => fresher.get(run.runId) ?? run),
        unreadable: [...page.unreadable, ...unreadable],
        warnings: [...(page.warnings ?? []), ...own],
      };
    } catch (error) {
      if (waiting.length === 0 || !(error instanceof ExpectedError) || !isPassing(error)) throw error;
      const away = { runId: '', file: this.uri, message: error.message };
      return { ...choosePage(waiting, query), unreadable, warnings: [away, ...own] };
    }
  }

  readHistory(runId: string, metric: string): Promise<MetricHistory> {
    return this.#holderOf(runId).readHistory(runId, metric);
  }
  listArtifacts(runId: string, folder: string): Promise<readonly ArtifactEntry[]> {
    return this.#holderOf(runId).listArtifacts(runId, folder);
  }
  readArtifact(runId: string, file: string, reading: ArtifactReading): Promise<ArtifactBytes> {
    return this.#holderOf(runId).readArtifact(runId, file, reading);
  }

  async findRun(text: string): Promise<RunSummary> {
    if (this.#options.spool.find(text) !== undefined) return this.#shadow.findRun(text);
    try {
      const found = await this.#options.server.findRun(text);
      return this.#options.spool.find(found.runId) === undefined ? found : await this.#shadow.findRun(found.runId);
    } catch (error) {
      const { runs } = await this.#shadow.listRuns();
      if (runs.length === 0 || !isPassing(error)) throw error;
      return selectRun(runs, text, this.#options.objectiveOf);
    }
  }

  ensure(): Promise<void> {
    return this.#options.server.ensure();
  }

  async createRun(start: RunStart): Promise<RunWriter> {
    for (const name of Object.keys(start.params)) checkName('param', name);
    for (const name of Object.keys(start.tags)) checkName('tag', name);
    const { client, spool } = this.#options;
    await spool.ensure();
    const created = await this.#reaching(async () =>
      createServerRun(client, await ensureServerExperiment(client, start.experiment), start),
    );
    try {
      const shadow = await this.#shadow.createRun({ ...start, runId: created.runId, name: created.name });
      await writeSpoolState(path.dirname(shadow.artifacts), toFirstState(created));
      return await this.#follow(shadow, start.onWarning);
    } catch (error) {
      // A run that nobody writes would say for ever that it goes on. What is wrong here matters more than whether it is told there.
      await endServerRun(client, created.runId, 'FAILED', Date.now()).catch(() => undefined);
      throw error;
    }
  }

  async reopenRun(runId: string, { keeps, onWarning }: Reopening): Promise<RunWriter> {
    const { client, spool, server } = this.#options;
    const run = await this.findRun(runId);
    for (const metric of Object.keys(run.metrics))
      if ((await this.readHistory(run.runId, metric)).steps.some((step) => !keeps(metric, step)))
        throw this.#cannotRewind(run);
    await spool.ensure();
    await this.#reaching(() => goOnOnServer(client, run.runId));
    if (spool.find(run.runId) === undefined) await copyToSpool({ client, run, store: server, shadow: this.#shadow });
    return this.#follow(await this.#shadow.reopenRun(run.runId, { keeps: () => true }), onWarning);
  }

  findDeletedRun(text: string): Promise<Pick<RunSummary, 'runId' | 'name'>> {
    return this.#options.server.findDeletedRun(text);
  }

  /** What waits here is changed too: it is what is shown, and would be sent again. */
  async editRun(runId: string, edit: RunEdit): Promise<void> {
    if (this.#options.spool.find(runId) !== undefined) await this.#shadow.editRun(runId, edit);
    await this.#options.server.editRun(runId, edit);
  }

  async markFailed(runId: string, reason: string): Promise<void> {
    if (this.#options.spool.find(runId) === undefined) return this.#options.server.markFailed(runId, reason);
    await this.#shadow.markFailed(runId, reason);
    await this.#sync();
  }

  /** Only what this project writes can be lost or torn. */
  async repair(runIds?: readonly string[], options?: { readonly dryRun: boolean }): Promise<readonly Repair[]> {
    const repairs = await this.#shadow.repair(runIds, options);
    if (repairs.length > 0 && options?.dryRun !== true) await this.#sync();
    return repairs;
  }

  async #sync(): Promise<void> {
    const { env, spool } = this.#options;
    await syncSpool(openSenderClient(this.uri, env), spool, {});
  }

  #holderOf(runId: string): RunStore {
    return this.#options.spool.find(runId) === undefined ? this.#options.server : this.#shadow;
  }

  async #follow(shadow: RunWriter, onWarning: (message: string) => void = () => undefined): Promise<RunWriter> {
    const { env, spool, sendMs } = this.#options;
    const [folder, stop, client] = [
      path.dirname(shadow.artifacts),
      new AbortController(),
      openSenderClient(this.uri, env),
    ];
    const lock = await lockSending(folder);
    // What earlier processes have left goes along; what is not through when this run ends, the next one sends.
    syncSpool(client, spool, { signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) onWarning(error instanceof Error ? error.message : String(error));
    });
    const sender = new RunSender(client, folder, { onWarning });
    return new ServerRunWriter({ shadow, sender, spool, lock, base: this.uri, onWarning, stop, sendMs });
  }

  async #reaching<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof ExpectedError) || !isPassing(error)) throw error;
      throw new ExpectedError(error.code, `${error.message} To go on without it: --store file:models/mlruns.`);
    }
  }

  #cannotRewind({ name, runId }: RunSummary): ExpectedError {
    return new ExpectedError(
      'not-supported',
      `${name} (${runId.slice(0, 8)}) can't go on: it has logged more than its last checkpoint knows, and a server takes no point back. Start a new run, or keep runs that are to be resumed in a folder.`,
    );
  }

  #describeWaiting({ runId, status, lost, tags }: RunSummary): readonly UnreadableRun[] {
    const since = tags[unsentTag];
    if (status === 'RUNNING' && !lost && since === undefined) return [];
    const message =
      since === undefined
        ? `Not all of it is on ${this.uri} yet; "mlops stores sync" sends it.`
        : `${this.uri} could not be reached since ${since}; what the run logs is kept here and sent when the server is back.`;
    return [{ runId, file: this.uri, message }];
  }
}

function toFirstState({ artifactUri, tags }: CreatedRun): Parameters<typeof writeSpoolState>[1] {
  return { artifactUri, metrics: {}, pending: null, params: [], tags, files: {} };
}
