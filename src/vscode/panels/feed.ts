import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { SeriesQuestion, SeriesReading } from '../../protocol/chartfeedreading.ts';
import type { ShownComparison } from '../../protocol/compare.ts';
import type { RunChange, RunChoice, RunSnapshot } from '../../protocol/charts.ts';
import type { StatusDocument } from '../../protocol/pipeline.ts';
import type { DrawnPlots, PlotsQuestion } from '../../protocol/plots.ts';
import type { ReportRequest, WrittenReport } from '../../protocol/report.ts';
import type { RunsView } from '../../protocol/runsview.ts';
import type { RunAction, RunTablePart, SavedView, TableStamp } from '../../protocol/runtable.ts';
import type { Steering } from '../../protocol/steering.ts';
import type { Prediction } from '../../protocol/training.ts';
import type { AnswerPictures } from './pictures.ts';
import type { Sides } from '../rundiffs.ts';

/**
 * What the Run chart panel needs of the engine. `root` is the absolute path of a project (or of a folder that has only a
 * tracking store). A promise that rejects with an `ExpectedError` is shown as a sentence in the page.
 */
export interface RunFeed {
  /** Every point of a run. Rejects with `unknown-name` when there is no such run. */
  snapshot(root: string, runId: string): Promise<RunSnapshot>;
  /**
   * Tells what changes in a run from now on until disposed. May repeat points that a snapshot already had: points carry the index where they
   * belong. Also tells when the run ends (a change with new facts). Never calls back synchronously.
   */
  follow(root: string, runId: string, listener: (change: RunChange) => void): { dispose(): void };
  /** Runs of the project for the picker, newest first. */
  runs(root: string): Promise<readonly RunChoice[]>;
  /** Asks the run's process to stop; resolves when it has been asked. */
  stop(root: string, runId: string): Promise<void>;
  /** Resolves when the run's training has done it, or has been asked and is in the middle of a batch. */
  steer(root: string, runId: string, steering: Steering): Promise<void>;
  /** Shows the output of the run's process: terminal, log file or output channel. */
  openLog(root: string, runId: string): Promise<void>;
}

/** What the Predict panel needs of the engine. */
export interface PredictFeed {
  /** Runs images (absolute paths) through a trained model of the project, by its own `predict.ts`. */
  predict(root: string, model: string, images: readonly string[]): Promise<readonly Prediction[]>;
}

/** What the panel of the pipeline's graph needs of the engine and of the commands. `root` is the project's absolute path. */
export interface DagFeed {
  read(root: string): Promise<StatusDocument>;
  /** Tells when the status may have changed, until disposed. */
  follow(root: string, listener: () => void): { dispose(): void };
  /** Runs a stage or a group with what it needs; `downstream`: with everything that needs it. */
  run(root: string, name: string, downstream: boolean): Promise<void>;
  addStage(root: string): Promise<void>;
}

/** What a person takes away as a file. */
export interface ExportFeed {
  writeReport(root: string, report: ReportRequest, file: string): Promise<WrittenReport>;
  /** In Markdown. */
  tellReport(root: string, report: ReportRequest): Promise<string>;
  /** Gives how many. */
  writePoints(
    root: string,
    points: { readonly runIds: readonly string[]; readonly metrics: readonly string[]; readonly file: string },
  ): Promise<number>;
  writeFile(file: string, bytes: Uint8Array): Promise<void>;
}

/** What the page of runs needs of the engine and of the commands. `root` is the absolute path of a project or of a folder with runs only. */
export interface RunsFeed extends ExportFeed {
  read(root: string, since: TableStamp | null): Promise<RunTablePart>;
  views(root: string): Promise<readonly SavedView[]>;
  /** Tells when runs or views may have changed, until disposed. */
  follow(root: string, listener: () => void): { dispose(): void };
  readSeries(root: string, question: SeriesQuestion): Promise<SeriesReading>;
  /** Tells the new points of live runs, as they are written, until disposed. */
  followSeries(root: string, listener: (points: RunPoints) => void): { dispose(): void };
  /** Runs that nothing tells of are looked at; whoever follows hears of it. */
  look(root: string): Promise<void>;
  /** Plots of dvc.yaml in these revisions, and tables that runs have logged. */
  plots(root: string, asked: Pick<PlotsQuestion, 'revisions' | 'runIds'>): Promise<DrawnPlots>;
  /** Tells when plots may have changed, until disposed. */
  followPlots(root: string, listener: () => void): { dispose(): void };
  pictures: AnswerPictures;
  act(root: string, action: RunAction, runIds: readonly string[]): Promise<void>;
  saveView(root: string, name: string, view: RunsView): Promise<void>;
  deleteView(root: string, name: string): Promise<void>;
}

/** What the page that compares runs needs of the engine and of the editor. */
export interface CompareFeed {
  /** The first run is what the others are measured by. */
  read(root: string, runIds: readonly string[]): Promise<ShownComparison>;
  /** Tells when a run may have changed, until disposed. */
  follow(root: string, listener: () => void): { dispose(): void };
  open(root: string, runId: string): Promise<void>;
  /** Each opens the editor's own diff. */
  code(sides: Sides): Promise<void>;
  config(sides: Sides): Promise<void>;
  artifact(sides: Sides, path: string): Promise<void>;
}
