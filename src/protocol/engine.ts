import type { StageAddition, StageGround, StagePlan, StageRequest } from './addstage.ts';
import type { AnswerFacts, CellExamples } from './answers.ts';
import type { SeriesQuestion, SeriesReading } from './chartfeedreading.ts';
import type { RunEvent, SweepFacts } from './charts.ts';
import type { ShownComparison } from './compare.ts';
import { fromErrorDocument, toErrorDocument, type ErrorDocument } from './errors.ts';
import type { Completion, Decoration, Finding, Hover, OpenText, StageLens, TextEdit, TextQuestion } from './editing.ts';
import type { FlowCheck } from './gates.ts';
import type {
  FinishedType,
  FlowPlanDocument,
  FlowRequest,
  FlowResult,
  FlowState,
  VersionSuggestion,
} from './gitflow.ts';
import type { StatusDocument } from './pipeline.ts';
import type { DrawnPlots } from './plots.ts';
import type { RunPictures } from './pictures.ts';
import type { Problem } from './problem.ts';
import type { AliasChange, RegistryList } from './registry.ts';
import type { ReportRequest, WrittenReport } from './report.ts';
import type { RunsView } from './runsview.ts';
import type { RunTablePart, SavedView, TableStamp } from './runtable.ts';
import type { CredentialsByServer, ServerCredentials } from './servers.ts';
import type { ConfigLens, GridOffer, RunCourse } from './sparks.ts';
import type { Steering, SteeringAnswer } from './steering.ts';
import type { ShownSweep, SweepChoice, SweepOutline } from './sweep.ts';
import type { ArtifactView, CodeComparison, RunAbout } from './runpage.ts';
import type { ArtifactEntry, MetricHistory, RunEdit, RunList, RunSummary, StoreChange, StoreList } from './tracking.ts';
import type { BackendChoice, BackendStatus, ExportFormat, Prediction } from './training.ts';

// The border between the extension and the engine thread: requests with one reply each, and events. Both sides say hello
// first; versions must be equal. Every path is absolute unless its comment says otherwise; times are milliseconds since 1970.

const engineProtocolVersion = 1;

/** A project of this window, or a folder that has nothing of one but its runs. */
export interface ProjectFolder {
  readonly root: string;
  /** Last part of the path: what people call it. */
  readonly name: string;
  /** As `.git/HEAD` says; null outside a repository and when no branch is checked out. */
  readonly branch: string | null;
  /** No project: it only holds a tracking store. */
  readonly hasOnlyRuns?: true;
}

/** Part of a project that has changed on disk, so that what shows it must ask again. */
export type Area = 'pipeline' | 'runs' | 'configs' | 'data' | 'models' | 'processes' | 'branches';

export interface ConfigOutline {
  readonly file: string;
  /** Stem of the file. */
  readonly model: string;
  readonly sections: readonly ConfigSection[];
  readonly problems: readonly Problem[];
}

export interface ConfigSection {
  readonly name: string;
  /** From 1. */
  readonly line: number;
  readonly entries: readonly { readonly key: string; readonly value: string; readonly line: number }[];
}

export interface DataEntry {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  readonly name: string;
  readonly kind: 'folder' | 'file';
  /** Files below a folder (1 for a file); null when there are too many to count. */
  readonly files: number | null;
  readonly bytes: number | null;
  /** Against what `dvc.lock` and `.dvc` files say; null: nothing tracks it. */
  readonly state: 'tracked' | 'modified' | 'missing' | null;
}

/** A folder `models/<name>` with a trained model in it. */
export interface ModelFolder {
  readonly name: string;
  readonly folder: string;
  readonly modified: number;
  /** The run that made it, as its `MLmodel` says. */
  readonly runId: string | null;
}

export interface RunDetails {
  readonly run: RunSummary;
  readonly histories: readonly { readonly metric: string; readonly points: MetricHistory }[];
  /** Lines of its `mlops/events.jsonl`, in order. */
  readonly events: readonly RunEvent[];
  /** Of the run of a sweep. */
  readonly sweep: SweepFacts | null;
  /** Of a run that has ended and left its predictions. */
  readonly answers: AnswerFacts | null;
}

/**
 * A live process that executes something in a project, found by its lock or by the log that we started it with. A sweep trains in its
 * own process: each of its trials stands beside it, with the same `id`.
 */
export interface LiveProcess {
  /** Names the very process: its pid and start time. */
  readonly id: string;
  readonly pid: number;
  /** Arguments of `mlops`, as people would type them. */
  readonly command: string;
  readonly since: number;
  /** `pipeline` holds the project lock. */
  readonly kind: 'pipeline' | 'training' | 'sweep' | 'trial' | 'other';
  /** Stages it works on, when it says so. */
  readonly stages: readonly string[];
  /** Of a tracked training or sweep. */
  readonly runId: string | null;
  readonly model: string | null;
  /** What it prints; null when somebody else started it. */
  readonly log: string | null;
  /** Of a training that can be steered; `count` grows whenever it was, so that its run must be read again. */
  readonly steering: { readonly paused: boolean; readonly count: number } | null;
}

interface TensorFlowInstalled {
  readonly version: string;
  readonly folder: string;
  /** False: it was there already. */
  readonly changed: boolean;
}

interface PlannedFile {
  /** Relative to the new project's root, with forward slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** A packaged template. Texts as its author wrote them. */
export interface TemplateChoice {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
}

export interface NewProjectRequest {
  /** Folder that is to become the project's root. */
  readonly target: string;
  readonly template: string;
  /** By question name; a missing one takes its default. */
  readonly answers: Readonly<Partial<Record<string, string>>>;
}

/** name → what is asked and what is answered. A new request is a new row here and in `src/engine.ts`. */
interface EngineRequests {
  /** Sent first, and again whenever one of these changes: which folders the window shows and whether they are trusted. */
  configure: {
    payload: { readonly folders: readonly string[]; readonly trusted: boolean };
    reply: readonly ProjectFolder[];
  };
  /** From now on these people ask the tracking servers, from the engine and from what it starts; what was told before is forgotten. */
  useCredentials: { payload: { readonly servers: CredentialsByServer }; reply: null };
  /** Asks a server whether it takes these; the reply is its address, by which they are to be kept. */
  tryCredentials: {
    payload: { readonly uri: string; readonly credentials: ServerCredentials };
    reply: { readonly server: string };
  };
  readStatus: { payload: InProject; reply: StatusDocument };
  listConfigs: { payload: InProject; reply: readonly ConfigOutline[] };
  /** `folder` is relative to the root, as `data` or `data/raw`. */
  listData: { payload: InProject & { readonly folder: string }; reply: readonly DataEntry[] };
  listRuns: { payload: InProject; reply: RunList };
  /** What has changed in the runs since a stamp that an earlier reply bore; null: all of them. */
  readRunTable: { payload: InProject & { readonly since: TableStamp | null }; reply: RunTablePart };
  /** The views of the table of runs that the project keeps in `.mlops/views`, by name. */
  listViews: { payload: InProject; reply: readonly SavedView[] };
  /** Plots of dvc.yaml in the work tree (`workspace`) and in commits; a commit that is not here is told among the problems. */
  readPlots: {
    payload: InProject & { readonly revisions: readonly string[]; readonly runIds: readonly string[] };
    reply: DrawnPlots;
  };
  /** A file that can't be read is not overwritten. */
  saveView: { payload: InProject & { readonly name: string; readonly view: RunsView }; reply: null };
  /** As one HTML file, written whole or not at all. */
  writeReport: {
    payload: InProject & { readonly report: ReportRequest; readonly file: string };
    reply: WrittenReport;
  };
  /** In Markdown. */
  tellReport: { payload: InProject & { readonly report: ReportRequest }; reply: string };
  /** Every point of these metrics of these runs as CSV; how many those are. */
  writePoints: {
    payload: InProject & {
      readonly runIds: readonly string[];
      readonly metrics: readonly string[];
      readonly file: string;
    };
    reply: number;
  };
  /** What a page has made, to where a person wants it. */
  writeFile: { payload: { readonly file: string; readonly bytes: Uint8Array }; reply: null };
  deleteView: { payload: InProject & { readonly name: string }; reply: null };
  /** How the metric went that says most of a run; null where none has a course. */
  readRunCourse: { payload: OfRun; reply: RunCourse | null };
  /** The sweep of that run, else the newest; null where there is none. */
  readTrials: { payload: InProject & { readonly runId: string | null }; reply: ShownSweep | null };
  /** One run with every point of every metric. */
  readRun: { payload: InProject & { readonly runId: string }; reply: RunDetails };
  /** New points of many runs, in parts. */
  readSeries: { payload: InProject & SeriesQuestion; reply: SeriesReading };
  /** Runs may have changed where nothing tells of it (on a server): whoever shows them is told to ask again. */
  lookForRuns: { payload: InProject; reply: null };
  /** What a person reads of a run beside its points. */
  readRunAbout: { payload: OfRun; reply: RunAbout };
  listArtifacts: {
    payload: OfRun & { readonly folder: string };
    reply: { readonly entries: readonly ArtifactEntry[]; readonly trouble: string | null };
  };
  /** Artifacts that are pictures by step. */
  listPictures: { payload: OfRun; reply: RunPictures };
  viewArtifact: { payload: OfRun & { readonly path: string }; reply: ArtifactView };
  /** The whole of an artifact, for an editor. */
  readArtifact: { payload: OfRun & { readonly path: string }; reply: Uint8Array };
  /** Examples of a class that a run's model took for another (or knew); their pictures only in a trusted folder. */
  readExamples: {
    payload: OfRun & { readonly actual: string; readonly predicted: string };
    reply: CellExamples;
  };
  /** What runs have not in common; the first is what the others are measured by. */
  compareRuns: { payload: InProject & { readonly runIds: readonly string[] }; reply: ShownComparison };
  compareCode: { payload: InProject & { readonly before: string; readonly after: string }; reply: CodeComparison };
  /** A file of the project (relative to it) as a commit has it. */
  readCommitFile: { payload: InProject & { readonly commit: string; readonly file: string }; reply: Uint8Array };
  /** The log file that tells of a run; null when none is kept. */
  findRunLog: { payload: InProject & { readonly runId: string }; reply: string | null };
  listModels: { payload: InProject; reply: readonly ModelFolder[] };
  listRegisteredModels: { payload: InProject; reply: RegistryList };
  /** What is known of a model, in Markdown. `model`: a version (`digits/2`), a trained model, a run. */
  readModelCard: { payload: InProject & { readonly model: string }; reply: string };
  /** `model`: a run or a trained model; it becomes the next version of `name`. */
  registerModel: {
    payload: InProject & { readonly model: string; readonly name: string };
    reply: { readonly name: string; readonly version: string };
  };
  /** Moves the alias to the version, with a record of it. */
  promoteModel: { payload: InProject & { readonly model: string; readonly alias: string }; reply: AliasChange };
  /** Takes the last move of the alias back; fails with `changed-meanwhile` when somebody has moved it since. */
  undoAlias: { payload: InProject & { readonly name: string; readonly alias: string }; reply: AliasChange };
  listProcesses: { payload: InProject; reply: readonly LiveProcess[] };
  /** Starts `mlops ARGUMENT…` detached from this window; it goes on when the window closes. */
  startProcess: { payload: InProject & { readonly arguments: readonly string[] }; reply: LiveProcess };
  /** From now on `output` events give its log from byte `offset`, and one `exited` event its end. The caller chooses `follower`. */
  followProcess: {
    payload: InProject & { readonly id: string; readonly offset: number; readonly follower: string };
    reply: null;
  };
  unfollowProcess: { payload: { readonly follower: string }; reply: null };
  /** Resolves when the process and all that it started are gone. */
  stopProcess: { payload: InProject & { readonly id: string }; reply: null };
  /** `author`: who git would name as the author of a commit; null when it does not know. */
  readTemplates: {
    payload: null;
    reply: { readonly templates: readonly TemplateChoice[]; readonly author: string | null };
  };
  planProject: { payload: NewProjectRequest; reply: readonly PlannedFile[] };
  /** Writes the project; the reply names its root and what the user should know (as: no first commit, and why). */
  newProject: { payload: NewProjectRequest; reply: { readonly root: string; readonly notes: readonly string[] } };
  /** Problems of pipeline, params and config files. `open`: texts that are not saved yet. */
  checkFiles: { payload: InProject & { readonly open: readonly OpenText[] }; reply: readonly Finding[] };
  /** What stands above the stages of a dvc.yaml. */
  readLenses: { payload: InProject & OpenText; reply: readonly StageLens[] };
  /** What stands above the lines of a config. */
  readConfigLenses: { payload: InProject & OpenText; reply: readonly ConfigLens[] };
  /** What could be tried next of each of a config's hyperparameters. */
  offerGrid: { payload: InProject & OpenText; reply: readonly GridOffer[] };
  /** What puts values (as YAML's flow notation has them) among those that a sweep tries of a hyperparameter. */
  planGridAddition: {
    payload: InProject & OpenText & { readonly name: string; readonly values: readonly string[] };
    reply: TextEdit;
  };
  complete: { payload: InProject & TextQuestion; reply: readonly Completion[] };
  hover: { payload: InProject & TextQuestion; reply: Hover | null };
  listDecorations: { payload: InProject; reply: readonly Decoration[] };
  /** `file` is relative to the root. Git forgets it; on disk it stays. */
  untrackFile: { payload: InProject & { readonly file: string }; reply: null };
  /** What a stage that is to be added must fit in with, and what may be chosen for it. */
  readStageGround: { payload: InProject; reply: StageGround };
  planStage: { payload: InProject & { readonly stage: StageRequest }; reply: StagePlan };
  /** Writes it into dvc.yaml. */
  addStage: { payload: InProject & { readonly stage: StageRequest }; reply: StageAddition };
  readFlow: { payload: InProject; reply: FlowState };
  /** What {@link performFlow} would do, or why it can't. */
  planFlow: { payload: InProject & { readonly flow: FlowRequest }; reply: FlowPlanDocument };
  performFlow: { payload: InProject & { readonly flow: FlowRequest }; reply: FlowResult };
  /** Ends what `performFlow` and `checkFlow` do there: before its next step, or at once where it waits for a remote or runs tests. */
  stopFlow: { payload: InProject; reply: null };
  /** The gates of a branch, with lint and tests run. */
  checkFlow: { payload: InProject & { readonly type: FinishedType; readonly name: string }; reply: FlowCheck };
  suggestVersion: { payload: InProject & { readonly type: 'release' | 'hotfix' }; reply: VersionSuggestion };
  /** Resolves when the training has done it, at the end of its batch, or after a while with `waiting`. */
  steerRun: {
    payload: InProject & { readonly runId: string; readonly steering: Steering };
    reply: SteeringAnswer;
  };
  /** What a sweep by this config would do; `config` is relative to the root. The model's own code may be asked. */
  planSweep: { payload: InProject & { readonly config: string; readonly choice: SweepChoice }; reply: SweepOutline };
  /** Arguments of `mlops` with which a run of a training or of a sweep goes on. Fails with the reason where it can't. */
  /** What is missing to reproduce a run throws; else the folder in which it would be trained again, and what may make a difference. */
  planReproduction: {
    payload: InProject & { readonly runId: string };
    reply: {
      readonly name: string;
      readonly folder: string;
      readonly patch: boolean;
      readonly notes: readonly string[];
    };
  };
  planResumption: { payload: InProject & { readonly runId: string }; reply: readonly string[] };
  /** A lost run (RUNNING, its writer gone) becomes FAILED. */
  editRun: { payload: InProject & { readonly runId: string; readonly edit: RunEdit }; reply: null };
  repairRun: { payload: InProject & { readonly runId: string }; reply: null };
  /** Tracking stores that the project uses, wherever they are named. */
  listStores: { payload: InProject; reply: StoreList };
  /** Shows a store's runs in the project as well; `uri` may be an absolute path. */
  addStore: { payload: InProject & { readonly uri: string }; reply: StoreChange };
  /** Its runs stay where they are. */
  removeStore: { payload: InProject & { readonly uri: string }; reply: StoreChange };
  /** What can execute tensors for the project, best first; every rung is started. */
  listBackends: { payload: InProject; reply: readonly BackendStatus[] };
  /** Writes `training.backend`; `config` is relative to the root. The reply is its line, from 1. */
  chooseBackend: { payload: InProject & { readonly config: string; readonly backend: BackendChoice }; reply: number };
  /** `installing` events tell how far it is. One at a time in a window. */
  installTensorFlow: { payload: InProject & { readonly gpu: boolean }; reply: TensorFlowInstalled };
  /** The request above fails with `stopped` when all is undone. */
  stopInstallation: { payload: null; reply: null };
  /** `images` are absolute paths. */
  predict: {
    payload: InProject & { readonly model: string; readonly images: readonly string[] };
    reply: readonly Prediction[];
  };
  /** `out`: the new folder, absolute. */
  exportModel: {
    payload: InProject & { readonly model: string; readonly format: ExportFormat; readonly out: string };
    reply: { readonly path: string };
  };
}

interface InProject {
  /** Root of the project. */
  readonly project: string;
}

interface OfRun extends InProject {
  readonly runId: string;
}

export interface EngineEvents {
  /** Projects of the window appeared, went or changed their branch. */
  projects: { readonly projects: readonly ProjectFolder[] };
  changed: { readonly project: string; readonly areas: readonly Area[] };
  processes: { readonly project: string; readonly processes: readonly LiveProcess[] };
  /** New points of a live run, in the order in which they were written; the first is point number `from` of the metric, from 0. */
  points: {
    readonly project: string;
    readonly runId: string;
    readonly metric: string;
    readonly from: number;
    readonly points: MetricHistory;
  };
  /** `offset`: where in the log the text ends, in bytes. */
  output: { readonly follower: string; readonly text: string; readonly offset: number };
  /** `exitCode` is null when nobody could see how it ended. */
  exited: { readonly follower: string; readonly exitCode: number | null };
  /** How far the installation of TensorFlow is; `percent` is a whole number. */
  installing: { readonly text: string; readonly percent: number };
  log: { readonly level: 'info' | 'warning' | 'error'; readonly text: string };
}

export type RequestName = keyof EngineRequests;
export type EventName = keyof EngineEvents;
export type PayloadOf<N extends RequestName> = EngineRequests[N]['payload'];
export type ReplyOf<N extends RequestName> = EngineRequests[N]['reply'];

/** What the rest of the extension sees of the engine. */
export interface EngineClient {
  /** Rejects with the engine's error, or with the reason why the channel was closed. */
  request<N extends RequestName>(name: N, payload: PayloadOf<N>): Promise<ReplyOf<N>>;
  onEvent<N extends EventName>(name: N, listener: (event: EngineEvents[N]) => void): { dispose(): void };
}

export type EngineHandlers = {
  readonly [N in RequestName]: (payload: PayloadOf<N>) => ReplyOf<N> | Promise<ReplyOf<N>>;
};

/** One end of the channel, whatever carries it: structured clones go in and come out in order. */
export interface Port {
  /** `handedOver`: buffers in the message that are the other end's from now on, instead of a copy. */
  post(message: unknown, handedOver?: readonly ArrayBufferLike[]): void;
  listen(listener: (message: unknown) => void): void;
}

type ToEngine =
  | { readonly type: 'hello'; readonly protocol: number }
  | { readonly type: 'request'; readonly id: number; readonly name: RequestName; readonly payload: unknown };

type FromEngine =
  | { readonly type: 'hello'; readonly protocol: number }
  | { readonly type: 'reply'; readonly id: number; readonly reply: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: ErrorDocument }
  | { readonly type: 'event'; readonly name: EventName; readonly event: unknown };

export type Emit = <N extends EventName>(name: N, event: EngineEvents[N]) => void;

/** Replies with buffers so large that they are handed over. */
const handedOver: { readonly [N in RequestName]?: (reply: ReplyOf<N>) => readonly ArrayBufferLike[] } = {
  readSeries: ({ runs }) => [
    ...new Set(
      runs.flatMap(({ series }) => series.flatMap((one) => [one.steps.buffer, one.values.buffer, one.times.buffer])),
    ),
  ],
};

/** The engine's end: answers every request by its handler, a thrown error by a failure. Gives the sender of events. */
export function serveEngine(port: Port, handlers: EngineHandlers): Emit {
  const post = (message: FromEngine, handedOver: readonly ArrayBufferLike[] = []): void =>
    port.post(message, handedOver);
  const answer = async (id: number, name: RequestName, payload: unknown): Promise<void> => {
    try {
      if (!Object.hasOwn(handlers, name)) throw new Error(`The engine knows no request "${name}".`);
      const handler = handlers[name] as (payload: unknown) => unknown;
      const reply = await handler(payload);
      const buffersOf = handedOver[name] as ((reply: unknown) => readonly ArrayBufferLike[]) | undefined;
      post({ type: 'reply', id, reply }, buffersOf?.(reply));
    } catch (error) {
      post({ type: 'failure', id, error: toErrorDocument(error) });
    }
  };
  let greeted = false;
  port.listen((raw) => {
    const message = raw as ToEngine;
    if (message.type === 'hello') {
      checkVersion(message.protocol);
      greeted = true;
    } else if (greeted) void answer(message.id, message.name, message.payload);
    else throw new Error('The first message must be a hello.');
  });
  post({ type: 'hello', protocol: engineProtocolVersion });
  return (name, event) => post({ type: 'event', name, event });
}

/**
 * The extension's end. `emit` gets every event; `close` fails every pending and every later request with the reason.
 */
export function connectEngine(port: Port, emit: Emit): Pick<EngineClient, 'request'> & { close(reason: Error): void } {
  const pending = new Map<number, { resolve: (reply: unknown) => void; reject: (error: Error) => void }>();
  let nextId = 1;
  let closed: Error | undefined;
  const close = (reason: Error): void => {
    closed ??= reason;
    for (const { reject } of pending.values()) reject(closed);
    pending.clear();
  };
  const receive = (message: FromEngine): void => {
    switch (message.type) {
      case 'hello': {
        checkVersion(message.protocol);
        return;
      }
      case 'event': {
        emit(message.name, message.event as EngineEvents[EventName]);
        return;
      }
      case 'reply':
      case 'failure': {
        const waiting = pending.get(message.id);
        pending.delete(message.id);
        if (message.type === 'reply') waiting?.resolve(message.reply);
        else waiting?.reject(fromErrorDocument(message.error));
      }
    }
  };
  port.listen((raw) => {
    if (closed !== undefined) return;
    try {
      receive(raw as FromEngine);
    } catch (error) {
      close(error instanceof Error ? error : new Error(String(error)));
    }
  });
  port.post({ type: 'hello', protocol: engineProtocolVersion } satisfies ToEngine);
  return {
    close,
    request: <N extends RequestName>(name: N, payload: PayloadOf<N>) =>
      new Promise<ReplyOf<N>>((resolve, reject) => {
        if (closed !== undefined) {
          reject(closed);
          return;
        }
        const id = nextId++;
        pending.set(id, { resolve: resolve as (reply: unknown) => void, reject });
        port.post({ type: 'request', id, name, payload } satisfies ToEngine);
      }),
  };
}

/** Listeners by event name; one that throws does not keep the others from hearing, `report` gets what it threw. */
export function createListeners(report: (error: unknown) => void): { on: EngineClient['onEvent']; emit: Emit } {
  const byName = new Map<EventName, Set<(event: never) => void>>();
  return {
    on(name, listener) {
      const own = byName.get(name) ?? new Set();
      byName.set(name, own.add(listener));
      return { dispose: () => void own.delete(listener) };
    },
    emit(name, event) {
      for (const listener of [...(byName.get(name) ?? [])]) {
        try {
          listener(event as never);
        } catch (error) {
          report(error);
        }
      }
    },
  };
}

function checkVersion(other: number): void {
  if (other !== engineProtocolVersion)
    throw new Error(
      `The extension and its engine do not fit together: protocol ${engineProtocolVersion} here, ${other} there. Reload the window.`,
    );
}
