import type { AnswerFacts } from '../../protocol/answers.ts';
import type {
  NamedText,
  RunChoice,
  RunEvent,
  RunFacts,
  RunSnapshot,
  SeriesPoints,
  SweepFacts,
} from '../../protocol/charts.ts';
import {
  isErrorMetric,
  isPaused,
  noteTag,
  systemMetrics,
  type MetricHistory,
  type Objective,
  type RunSummary,
} from '../../protocol/tracking.ts';
import { toPoints } from './points.ts';

/** Longest text of a param or tag that is worth sending to a page, in UTF-16 units; the rest is cut off with an ellipsis. */
const longestText = 2000;

/** Tags that a reader of one run wants to see, with the name to show. */
const shownTags: readonly NamedText[] = [
  ['mlops.backend', 'backend'],
  ['mlops.threads', 'threads'],
  ['mlops.seed', 'seed'],
  ['mlops.stage', 'stage'],
  ['mlflow.source.git.branch', 'branch'],
  ['mlflow.source.git.commit', 'commit'],
  ['mlops.data', 'data'],
  ['mlflow.user', 'user'],
  [noteTag, 'note'],
];

/** A run as the engine reads it, made ready for the page; `sweep` for the run of one, `answers` for one that has left its predictions. */
export function toRunFacts(
  run: RunSummary,
  { sweep = null, answers = null }: { readonly sweep?: SweepFacts | null; readonly answers?: AnswerFacts | null } = {},
): RunFacts {
  const tag = (name: string): string | undefined => (Object.hasOwn(run.tags, name) ? run.tags[name] : undefined);
  const param = (name: string): string | undefined => (Object.hasOwn(run.params, name) ? run.params[name] : undefined);
  return {
    runId: run.runId,
    name: shorten(run.name),
    model: modelOf(tag('mlops.config')),
    experiment: shorten(run.experiment),
    status: run.status,
    lost: run.lost,
    paused: isPaused(run),
    reason: shortenOrNull(tag('mlops.reason')),
    startTime: run.startTime,
    endTime: run.endTime,
    epochs: toCount(param('training.num_epochs') ?? param('num_epochs')),
    examplesPerSecond: toPositive(tag('mlops.examples_per_second')) ?? paceOf(run),
    objective: sweep?.objective ?? objectiveOf(run),
    params: Object.entries(run.params).map(([name, text]): NamedText => [shorten(name), shorten(text)]),
    details: shownTags.flatMap(([name, label]): NamedText[] => {
      const text = tag(name);
      return text === undefined || text === ''
        ? []
        : [[label, shorten(name.endsWith('.commit') ? text.slice(0, 10) : text)]];
    }),
    parent: run.parentRunId,
    sweep: sweep === null ? null : shortenSweep(sweep),
    answers,
  };
}

export function toRunChoice({ runId, name, status, lost, startTime }: RunSummary): RunChoice {
  return { runId, name: shorten(name), status, lost, startTime };
}

export function toRunSnapshot(
  run: RunFacts,
  histories: readonly { readonly metric: string; readonly points: MetricHistory }[],
  events: readonly RunEvent[],
): RunSnapshot {
  return { run, series: histories.map(({ metric, points }) => toSeriesPoints(metric, 0, points)), events };
}

/** Points of one metric, the first of which is number `from` of it. */
export function toSeriesPoints(name: string, from: number, { steps, values }: MetricHistory): SeriesPoints {
  return { name, from, ...toPoints(steps, values) };
}

/**
 * The engine gives `best` to the objective's metric alone: its direction is seen from which end of the values that is. Before anything is
 * measured, and where the engine knows of no objective, it is the usual one.
 */
function objectiveOf({ metrics }: RunSummary): Objective {
  const [metric, summary] = Object.entries(metrics).find(([, { best }]) => best !== null) ?? [];
  if (metric === undefined || summary === undefined) return { metric: 'val_loss', direction: 'minimize' };
  const { best, min, max } = summary;
  if (min?.value === max?.value) return { metric, direction: isErrorMetric(metric) ? 'minimize' : 'maximize' };
  return { metric, direction: best?.value === max?.value ? 'maximize' : 'minimize' };
}

function shortenSweep(sweep: SweepFacts): SweepFacts {
  return {
    ...sweep,
    keys: sweep.keys.map(shorten),
    trials: sweep.trials.map((trial) => ({
      ...trial,
      name: shorten(trial.name),
      reason: shortenOrNull(trial.reason ?? undefined),
      values: trial.values.map(shorten),
    })),
  };
}

function shorten(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

function shortenOrNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : shorten(text);
}

/** `configs/cnnbased.yaml` → `cnnbased`. */
function modelOf(config: string | undefined): string | null {
  const stem = config
    ?.split(/[\\/]/)
    .at(-1)
    ?.replace(/\.ya?ml$/, '');
  return stem === undefined || stem === '' ? null : shorten(stem);
}

/** Of a live run, as it was last measured. */
function paceOf({ metrics }: RunSummary): number | null {
  const name = systemMetrics.examplesPerSecond;
  const value = Object.hasOwn(metrics, name) ? (metrics[name]?.last.value ?? NaN) : NaN;
  return Number.isFinite(value) ? value : null;
}

function toCount(text: string | undefined): number | null {
  const value = Number(text ?? '');
  return text !== undefined && Number.isSafeInteger(value) && value > 0 ? value : null;
}

function toPositive(text: string | undefined): number | null {
  const value = Number(text ?? '');
  return text !== undefined && Number.isFinite(value) && value > 0 ? value : null;
}
