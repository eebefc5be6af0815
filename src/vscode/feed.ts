import { toRunChoice, toRunFacts, toRunPoints, toRunSnapshot, toSeriesPoints } from '../core/charts/charts.ts';
import type { Area, EngineClient, EngineEvents, LiveProcess } from '../protocol/engine.ts';
import type { CompareFeed, DagFeed, ExportFeed, PredictFeed, RunFeed, RunsFeed } from './panels/feed.ts';
import { createPictureAnswers } from './panels/pictures.ts';
import { openArtifactDiff, openCodeDiff, openConfigDiff } from './rundiffs.ts';
import { requireProcessOfRun, stopProcess } from './processes.ts';

/** What the panels need, asked of the engine thread. */
export function createRunFeed(
  engine: EngineClient,
  { openLog, report }: { openLog: RunFeed['openLog']; report: (error: unknown) => void },
): RunFeed {
  return {
    async snapshot(root, runId) {
      const { run, histories, events, sweep, answers } = await engine.request('readRun', { project: root, runId });
      return toRunSnapshot(toRunFacts(run, { sweep, answers }), histories, events);
    },
    follow(root, runId, listener) {
      let before = 'gone';
      let isSweep = false;
      let isReading = false;
      const readFacts = async (): Promise<void> => {
        const { run, events, sweep, answers } = await engine.request('readRun', { project: root, runId });
        listener({ run: toRunFacts(run, { sweep, answers }), series: [], events });
      };
      /**
       * A run begins with few facts and ends with all, and changes when it is steered: all of it shows in the list of live processes,
       * and so do the trials that a sweep begins and ends.
       */
      const lookOf = (processes: readonly LiveProcess[]): string => {
        const own = processes.find((process) => process.runId === runId);
        isSweep = own?.kind === 'sweep';
        if (own === undefined) return 'gone';
        const trials = isSweep ? processes.filter(({ id }) => id === own.id).map((trial) => trial.runId) : [];
        return JSON.stringify([own.steering, trials]);
      };
      /** Between begin and end of its trials their own values are what moves. */
      const readTrials = async (): Promise<void> => {
        if (!isSweep || isReading) return;
        isReading = true;
        await readFacts().finally(() => (isReading = false));
      };
      const hear = ({ project, processes }: EngineEvents['processes']): void => {
        if (project !== root) return;
        const now = lookOf(processes);
        if (now !== before) readFacts().catch(report);
        before = now;
      };
      const subscriptions = [
        engine.onEvent('processes', hear),
        engine.onEvent('changed', ({ project, areas }) => {
          if (project === root && areas.includes('runs')) readTrials().catch(report);
        }),
        engine.onEvent('points', ({ project, runId: id, metric, from, points }) => {
          if (project === root && id === runId)
            listener({ series: [toSeriesPoints(metric, from, points)], events: [] });
        }),
      ];
      engine.request('listProcesses', { project: root }).then((processes) => {
        before = lookOf(processes);
      }, report);
      return { dispose: () => subscriptions.forEach((subscription) => subscription.dispose()) };
    },
    async runs(root) {
      const { runs } = await engine.request('listRuns', { project: root });
      return [...runs].sort((a, b) => b.startTime - a.startTime).map(toRunChoice);
    },
    async stop(root, runId) {
      const process = requireProcessOfRun(await engine.request('listProcesses', { project: root }), runId);
      await stopProcess(engine, root, process);
    },
    async steer(root, runId, steering) {
      await engine.request('steerRun', { project: root, runId, steering });
    },
    openLog,
  };
}

export function createPredictFeed(engine: EngineClient): PredictFeed {
  return { predict: (root, model, images) => engine.request('predict', { project: root, model, images }) };
}

/** `run` and `addStage` are commands, with all that stands before commands (trust, failures). */
export function createDagFeed(engine: EngineClient, commands: Pick<DagFeed, 'run' | 'addStage'>): DagFeed {
  return {
    ...commands,
    read: (root) => engine.request('readStatus', { project: root }),
    follow: (root, listener) =>
      engine.onEvent('changed', ({ project, areas }) => {
        if (project === root && areas.some((area) => statusAreas.has(area))) listener();
      }),
  };
}

/** What the status is made of. */
const statusAreas: ReadonlySet<Area> = new Set(['pipeline', 'processes', 'data']);

/** Where files of plots lie, and what says which there are. */
const plotAreas: ReadonlySet<Area> = new Set(['pipeline', 'data', 'models', 'branches']);

export function createExportFeed(engine: EngineClient): ExportFeed {
  return {
    writeReport: (root, report, file) => engine.request('writeReport', { project: root, report, file }),
    tellReport: (root, report) => engine.request('tellReport', { project: root, report }),
    writePoints: (root, points) => engine.request('writePoints', { project: root, ...points }),
    async writeFile(file, bytes) {
      await engine.request('writeFile', { file, bytes });
    },
  };
}

/** `act` is done by commands. */
export function createRunsFeed(engine: EngineClient, commands: Pick<RunsFeed, 'act'>): RunsFeed {
  return {
    ...commands,
    ...createExportFeed(engine),
    read: (root, since) => engine.request('readRunTable', { project: root, since }),
    views: (root) => engine.request('listViews', { project: root }),
    follow: (root, listener) =>
      engine.onEvent('changed', ({ project, areas }) => {
        // A run whose process is gone is lost, though no file of it has changed.
        if (project === root && (areas.includes('runs') || areas.includes('processes'))) listener();
      }),
    readSeries: (root, question) => engine.request('readSeries', { project: root, ...question }),
    followSeries: (root, listener) =>
      engine.onEvent('points', ({ project, runId, metric, from, points }) => {
        if (project === root) listener(toRunPoints(runId, metric, from, points));
      }),
    pictures: createPictureAnswers(engine),
    async look(root) {
      await engine.request('lookForRuns', { project: root });
    },
    plots: (root, { revisions, runIds }) => engine.request('readPlots', { project: root, revisions, runIds }),
    followPlots: (root, listener) =>
      engine.onEvent('changed', ({ project, areas }) => {
        if (project === root && areas.some((area) => plotAreas.has(area))) listener();
      }),
    async saveView(root, name, view) {
      await engine.request('saveView', { project: root, name, view });
    },
    async deleteView(root, name) {
      await engine.request('deleteView', { project: root, name });
    },
  };
}

/** `open` is done by a command. */
export function createCompareFeed(engine: EngineClient, commands: Pick<CompareFeed, 'open'>): CompareFeed {
  return {
    ...commands,
    read: (root, runIds) => engine.request('compareRuns', { project: root, runIds }),
    follow: (root, listener) =>
      engine.onEvent('changed', ({ project, areas }) => {
        if (project === root && areas.includes('runs')) listener();
      }),
    code: ({ root, before, after }) => openCodeDiff(engine, root, [before.runId, after.runId]),
    config: (sides) => openConfigDiff(engine, sides),
    artifact: openArtifactDiff,
  };
}
