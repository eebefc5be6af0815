import type { AnswerFacts, AnswerTexts } from './answers.ts';
import type { HistogramText } from './histograms.ts';
import type { PictureText } from './pictures.ts';
import type { RunPageQuestion } from './runpage.ts';
import type { Steering } from './steering.ts';
import type { Objective, RunStatus } from './tracking.ts';

// The border between the extension and its pages (Run chart, Predict). A page says `ready`, the extension answers with a
// snapshot and then sends appends; each message to a page bears a sequence number, the page acknowledges what it has drawn,
// and asks to `resync` when one is missing. At most one message is on its way. Both sides parse what arrives: anything that
// is not a message of this version is ignored and counted, never acted upon. Plain numbers are finite (the channel is JSON
// in part, which has no NaN); points travel as typed arrays, where NaN means "no number here".

export const chartProtocolVersion = 5;

/** Type of the webview panel that shows one run; also the key under which VS Code restores it. */
export const runChartViewType = 'mlops.runChart';
export const predictViewType = 'mlops.predictImage';

/** Points of one metric from index `from` on: they replace whatever stood there and after. Equal lengths, steps ascending. */
export interface SeriesPoints {
  readonly name: string;
  readonly from: number;
  readonly steps: Float64Array;
  readonly values: Float64Array;
}

/** What is known of a run beside its points. Times in milliseconds since 1970. */
export interface RunFacts {
  readonly runId: string;
  readonly name: string;
  readonly model: string | null;
  readonly experiment: string;
  readonly status: RunStatus;
  /** The record says RUNNING, but the process that wrote it is gone. */
  readonly lost: boolean;
  /** It waits for the user to let it go on. */
  readonly paused: boolean;
  /** Why it failed, where that is known. */
  readonly reason: string | null;
  readonly startTime: number;
  readonly endTime: number | null;
  /** Epochs planned; the epoch reached is read from the points. */
  readonly epochs: number | null;
  readonly examplesPerSecond: number | null;
  readonly objective: Objective | null;
  readonly params: readonly NamedText[];
  /** Tags worth showing, with a human name: backend, branch, seed … */
  readonly details: readonly NamedText[];
  /** The run that this one is a trial of. */
  readonly parent: string | null;
  /** Of the run of a sweep. */
  readonly sweep: SweepFacts | null;
  /** Of a run that has ended and left its predictions. */
  readonly answers: AnswerFacts | null;
}

/** The trials of a sweep as their runs tell of them. */
export interface SweepFacts {
  readonly objective: Objective;
  /** Trials that are to be trained; with successive halving about so many. */
  readonly planned: number;
  /** Trials that have ended, well or not; one that was stopped is to be done again. */
  readonly done: number;
  /** Params that differ from trial to trial. */
  readonly keys: readonly string[];
  /** In the order in which they were begun. */
  readonly trials: readonly TrialFacts[];
  /** Id of the best trial's run, as the sweep itself has judged; null before the first has ended well. */
  readonly best: string | null;
}

export interface TrialFacts {
  readonly runId: string;
  readonly name: string;
  /** From 0. */
  readonly number: number;
  readonly status: RunStatus;
  readonly lost: boolean;
  readonly paused: boolean;
  readonly reason: string | null;
  /** The objective's best so far; null before the first. */
  readonly value: number | null;
  readonly epoch: number;
  /** Seconds from begin to end; null before the end. */
  readonly seconds: number | null;
  /** Of the sweep's keys, in their order. */
  readonly values: readonly string[];
}

/** A pair, not a record: names come from files and may be `__proto__`. */
export type NamedText = readonly [name: string, text: string];

/** A line of `mlops/events.jsonl`: steering, checkpoint, warning. */
export interface RunEvent {
  readonly time: number;
  readonly step: number | null;
  readonly kind: string;
  readonly text: string;
}

/** A row of the run picker. */
export interface RunChoice {
  readonly runId: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly lost: boolean;
  readonly startTime: number;
}

/** All of one run: every series from index 0, events in order of time. */
export interface RunSnapshot {
  readonly run: RunFacts;
  readonly series: readonly SeriesPoints[];
  readonly events: readonly RunEvent[];
}

/** What changed since: new facts if any, new points, new events (appended). */
export interface RunChange {
  readonly run?: RunFacts;
  readonly series: readonly SeriesPoints[];
  readonly events: readonly RunEvent[];
}

/** Why there is nothing to draw: one sentence, and one action that the page offers. */
export interface PageNotice {
  readonly kind: 'loading' | 'empty' | 'broken';
  readonly text: string;
  readonly action: 'none' | 'retry';
}

interface Numbered {
  readonly protocol: number;
  readonly sequence: number;
}

export type ToRunPage =
  | (Numbered & { readonly type: 'snapshot'; readonly snapshot: RunSnapshot; readonly runs: readonly RunChoice[] })
  | (Numbered & { readonly type: 'append'; readonly change: RunChange; readonly runs?: readonly RunChoice[] })
  | (Numbered & { readonly type: 'notice'; readonly notice: PageNotice; readonly runs: readonly RunChoice[] });

/**
 * The run that the page asked to stop goes on. It bears no number, for it tells nothing of the run; a page that misses it was
 * loaded anew meanwhile and has asked for nothing.
 */
export interface StopRefused {
  readonly type: 'stopRefused';
  readonly protocol: number;
  readonly runId: string;
}

/** What the page has wished for is done, or was refused and said so. It bears no number, as {@link StopRefused}. */
export interface Steered {
  readonly type: 'steered';
  readonly protocol: number;
  readonly runId: string;
}

/** What the Run chart page is loaded with; the extension restores a panel by `root` and `runId`. */
export interface RunPageContext {
  readonly root: string;
  readonly runId: string;
  /** False in Restricted Mode, where nothing is stopped or steered. */
  readonly mayStop: boolean;
}

export type FromRunPage =
  | RunPageQuestion
  | { readonly type: 'ready'; readonly protocol: number }
  | { readonly type: 'ack'; readonly sequence: number }
  /** A message is missing: send everything again. Also what "Try again" asks for. */
  | { readonly type: 'resync' }
  | { readonly type: 'setRun'; readonly runId: string }
  | { readonly type: 'stopRun'; readonly runId: string }
  | { readonly type: 'steerRun'; readonly runId: string; readonly steering: Steering }
  | { readonly type: 'openLog'; readonly runId: string }
  | { readonly type: 'error'; readonly message: string };

/** One image through a model. `probabilities` by label, in the model's order; empty for a model without them. */
export interface PredictedImage {
  readonly name: string;
  /** The file's bytes, to be shown; null if it could not be read. */
  readonly bytes: Uint8Array | null;
  /** `image/png` or `image/jpeg`. */
  readonly mediaType: string;
  readonly label: string;
  readonly probabilities: readonly (readonly [label: string, probability: number])[];
}

export type ToPredictPage =
  | (Numbered & { readonly type: 'predictions'; readonly model: string; readonly images: readonly PredictedImage[] })
  | (Numbered & { readonly type: 'notice'; readonly model: string; readonly notice: PageNotice });

/** Each message to the Predict page is all that it shows; the one with the greatest number holds. */
export type FromPredictPage =
  | { readonly type: 'ready'; readonly protocol: number }
  | { readonly type: 'retry' }
  | { readonly type: 'chooseImages' }
  | { readonly type: 'error'; readonly message: string };

/** Words of the Run chart page, in the user's language; `{0}` marks a place to be filled in. */
export type RunTexts = AnswerTexts &
  Readonly<Record<PictureText | HistogramText, string>> &
  Readonly<
    Record<
      | 'chooseRun'
      | 'charts'
      | 'overview'
      | 'artifacts'
      | 'note'
      | 'noNote'
      | 'saveNote'
      | 'discard'
      | 'metrics'
      | 'metric'
      | 'course'
      | 'last'
      | 'valueAt'
      | 'openConfig'
      | 'datasets'
      | 'tags'
      | 'noTags'
      | 'noArtifacts'
      | 'readingArtifacts'
      | 'chooseArtifact'
      | 'openInEditor'
      | 'artifactText'
      | 'artifactTextOf'
      | 'onlyBeginning'
      | 'onlyRows'
      | 'tooLarge'
      | 'noText'
      | 'running'
      | 'paused'
      | 'scheduled'
      | 'succeeded'
      | 'failed'
      | 'stopped'
      | 'lost'
      | 'epochOf'
      | 'epoch'
      | 'step'
      | 'throughput'
      | 'duration'
      | 'stop'
      | 'stopping'
      | 'steering'
      | 'pause'
      | 'resume'
      | 'learningRate'
      | 'setLearningRate'
      | 'wrongLearningRate'
      | 'snapshot'
      | 'stopAfterEpoch'
      | 'stopAtBest'
      | 'allTrials'
      | 'trials'
      | 'trialsEnded'
      | 'afterTrials'
      | 'trialNumber'
      | 'runName'
      | 'state'
      | 'took'
      | 'best'
      | 'sortBy'
      | 'firstTrials'
      | 'trialsDone'
      | 'trialsOf'
      | 'bestTrial'
      | 'bestSoFar'
      | 'waitingForTrial'
      | 'openLog'
      | 'details'
      | 'resetZoom'
      | 'validationAndTraining'
      | 'validation'
      | 'training'
      | 'byBatch'
      | 'byBatchSmoothed'
      | 'raw'
      | 'rawOf'
      | 'smoothed'
      | 'smoothedBy'
      | 'smooth'
      | 'smoothing'
      | 'smoothingWeight'
      | 'smoothingAutomatic'
      | 'smoothingOff'
      | 'smoothingExponential'
      | 'smoothingGaussian'
      | 'smoothingMean'
      | 'epochs'
      | 'batches'
      | 'experiment'
      | 'log'
      | 'logScale'
      | 'table'
      | 'tableOf'
      | 'chartOf'
      | 'lastValue'
      | 'bestAt'
      | 'bestOf'
      | 'noValue'
      | 'onlyLast'
      | 'testSplit'
      | 'parameters'
      | 'noParameters'
      | 'runDetails'
      | 'events'
      | 'loading'
      | 'waiting'
      | 'nothingMeasured'
      | 'noConnection'
      | 'retry'
      | 'ignored',
      string
    >
  >;

export type PredictTexts = Readonly<
  Record<
    | 'title'
    | 'chooseImages'
    | 'loading'
    | 'empty'
    | 'retry'
    | 'noPicture'
    | 'probabilitiesOf'
    | 'noProbabilities'
    | 'more'
    | 'ignored',
    string
  >
>;
