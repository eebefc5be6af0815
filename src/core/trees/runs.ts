import type { SweepFacts } from '../../protocol/charts.ts';
import {
  epochOf,
  isPaused,
  isSystemMetric,
  type MetricSummary,
  type RunList,
  type RunSummary,
  type UnreadableRun,
} from '../../protocol/tracking.ts';
import { formatValue } from '../charts/charts.ts';
import { nameOfKey, orderTrials, toSweepFacts } from '../sweep/sweep.ts';
import type { EntryIcon, Translate, TreeEntry } from './entry.ts';

export type ShownStatus = RunSummary['status'] | 'LOST' | 'PAUSED';

export const icons: Readonly<Record<ShownStatus, EntryIcon>> = {
  RUNNING: { id: 'sync~spin', color: 'charts.blue' },
  PAUSED: { id: 'debug-pause', color: 'charts.blue' },
  SCHEDULED: { id: 'watch' },
  FINISHED: { id: 'pass', color: 'testing.iconPassed' },
  FAILED: { id: 'error', color: 'testing.iconFailed' },
  KILLED: { id: 'circle-slash', color: 'disabledForeground' },
  LOST: { id: 'debug-disconnect', color: 'list.warningForeground' },
};
export const bestIcon: EntryIcon = { id: 'star-full', color: 'charts.yellow' };

/** The metric that says most about a run comes first; for a live one what moves. */
const telling = ['test_accuracy', 'val_accuracy', 'val_loss', 'training_loss'];
const tellingWhileLive = ['val_loss', 'training_loss', 'batch_loss'];
/** Says nothing of a run as a whole. */
const duringTraining: ReadonlySet<string> = new Set(['batch_loss', 'learning_rate']);

/** What the entries of one list share. */
interface Listing {
  readonly project: string;
  readonly t: Translate;
  readonly resumable: ReadonlySet<string>;
  /** What is wrong with runs that are shown all the same, by the run's id. */
  readonly warned: ReadonlyMap<string, readonly UnreadableRun[]>;
  /** What stores are called whose runs are marked, by their URI: all but the one that takes new runs. */
  readonly marks: ReadonlyMap<string, string>;
  /** Stores in which nothing of a run can be changed. */
  readonly fixed: ReadonlySet<string>;
  /** Runs by the run that they belong to. */
  readonly below: ReadonlyMap<string | null, readonly RunSummary[]>;
}

/**
 * The Runs view: newest first, the trials of a sweep (any run with a parent, as MLflow has them) below their run. Runs and stores that
 * can't be read stand at the end and hide no other.
 */
export function toRunEntries(
  { runs, unreadable, warnings = [], resumable = [], stores = [] }: RunList,
  project: string,
  t: Translate,
): readonly TreeEntry[] {
  const below = groupByParent(runs);
  const warned = Map.groupBy(warnings, ({ runId }) => runId);
  const listing: Listing = {
    ...{ project, t, resumable: new Set(resumable), below, warned },
    marks: new Map(stores.slice(1).map(({ uri, label }) => [uri, label])),
    fixed: new Set(stores.filter(({ abilities }) => !abilities.edits).map(({ uri }) => uri)),
  };
  return [
    ...newestFirst(below.get(null) ?? []).map((run) => toRunEntry(run, listing)),
    // What concerns no run, but a whole store or one of its experiments.
    ...toWarningEntries(warned.get('') ?? [], project),
    ...unreadable.map(({ runId, file, message }) => ({
      id: `run:${project}:${runId}`,
      label: runId,
      description: t('unreadable: {0}', message),
      icon: { id: 'warning', color: 'problemsWarningIcon.foreground' },
      tooltip: [message, file],
      context: 'run unreadable',
      opens: { file },
    })),
  ];
}

/** A click leads to the file that is meant. */
function toWarningEntries(warnings: readonly UnreadableRun[], project: string): readonly TreeEntry[] {
  return warnings.map(({ runId, file, message, server }) => ({
    id: `run-warning:${project}:${runId}:${file}:${message}`,
    label: message,
    description: file.split(/[\\/]/).at(-1) ?? file,
    icon: { id: 'warning', color: 'problemsWarningIcon.foreground' },
    tooltip: [message, file],
    context: server === undefined ? 'run-warning' : 'run-warning unauthorized',
    ...(server === undefined ? {} : { target: { kind: 'server', project, server } }),
    // A store may be named by the project itself, which is no file.
    ...(file === project ? {} : { opens: { file } }),
  }));
}

function newestFirst(runs: readonly RunSummary[]): readonly RunSummary[] {
  return [...runs].sort((a, b) => b.startTime - a.startTime);
}

/** Runs that lie deeper than this are in a circle, or may as well be. */
const MOST_LEVELS = 20;

/** Under null what stands at the top: also a run whose parent is not in the list, and runs that name each other. */
function groupByParent(runs: readonly RunSummary[]): Listing['below'] {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const parentOf = (run: RunSummary): RunSummary | undefined => byId.get(run.parentRunId ?? '');
  const hasTop = (run: RunSummary): boolean => {
    let above: RunSummary | undefined = run;
    for (let level = 0; level < MOST_LEVELS && above !== undefined; level += 1) above = parentOf(above);
    return above === undefined;
  };
  return Map.groupBy(runs, (run) => (hasTop(run) ? (parentOf(run)?.runId ?? null) : null));
}

/** A run, or a sweep with its trials; `more`: what the run's sweep has to say of it. */
function toRunEntry(run: RunSummary, listing: Listing, more?: TrialWords): TreeEntry {
  const { project, t } = listing;
  const below = listing.below.get(run.runId) ?? [];
  const sweep = toSweepFacts(run, below);
  const status = statusOf(run);
  const words = sweep === null ? describeRun(run, t, more?.metrics) : describeSweep(run, sweep, t);
  const count = sweep === null && below.length > 0 ? describeCount(below.length, t) : '';
  const description = joinParts([words, count, more?.values ?? '', markOf(run, listing, more)]);
  const isBest = more?.isBest === true;
  const warnings = listing.warned.get(run.runId) ?? [];
  return {
    id: `run:${project}:${run.runId}`,
    label: run.name,
    description,
    icon: isBest ? bestIcon : icons[status],
    ...(isBest ? { state: t('best trial') } : isSaid(run) ? {} : { state: nameStatus(status, t) }),
    tooltip: [
      `${run.name}: ${nameStatus(status, t)}`,
      description,
      ...warnings.map(({ message }) => message),
      ...describePlace(run),
    ],
    context: contextOf(run, sweep, listing),
    target: { kind: 'run', project, runId: run.runId },
    children: () => [
      ...toWarningEntries(warnings, project),
      ...toTrialEntries(below, sweep, listing),
      ...toRunChildren(run, project, t),
    ],
  };
}

/** What its store is called; a trial bears the mark of its sweep. */
function markOf({ store = '' }: RunSummary, { marks }: Listing, trial: TrialWords | undefined): string {
  return trial === undefined ? (marks.get(store) ?? '') : '';
}

function describePlace({ experiment, runId, store }: RunSummary): readonly string[] {
  return [experiment, runId, ...(store === undefined ? [] : [store])];
}

/** `run failed`, `sweep killed resumable`, `run finished readonly`. */
function contextOf(run: RunSummary, sweep: SweepFacts | null, { resumable, fixed }: Listing): string {
  const kind = sweep === null ? 'run' : 'sweep';
  const more = fixed.has(run.store ?? '') ? ' readonly' : resumable.has(run.runId) ? ' resumable' : '';
  return `${kind} ${statusOf(run).toLowerCase()}${more}`;
}

function describeCount(runs: number, t: Translate): string {
  return runs === 1 ? t('1 run') : t('{0} runs', runs);
}

interface TrialWords {
  /** The objective, which says most about it. */
  readonly metrics: readonly string[];
  /** `batch_size 128, num_units 64` */
  readonly values: string;
  readonly isBest: boolean;
}

/** What goes on, then the best; what is no trial of the sweep, or was one that was begun anew, stands last. */
function toTrialEntries(runs: readonly RunSummary[], sweep: SweepFacts | null, listing: Listing): readonly TreeEntry[] {
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const entries = (sweep === null ? [] : orderTrials(sweep, 'standing')).flatMap(({ runId, values }) => {
    const run = byId.get(runId);
    if (run === undefined) return [];
    byId.delete(runId);
    const words = values.map((value, index) => `${nameOfKey(sweep?.keys[index] ?? '')} ${value}`).join(', ');
    const metrics = sweep === null ? [] : [sweep.objective.metric];
    return [toRunEntry(run, listing, { metrics, values: words, isBest: runId === sweep?.best })];
  });
  return [...entries, ...newestFirst([...byId.values()]).map((run) => toRunEntry(run, listing))];
}

export function describeSweep(run: RunSummary, sweep: SweepFacts, t: Translate): string {
  const best = sweep.trials.find(({ runId }) => runId === sweep.best)?.value ?? null;
  const status = statusOf(run);
  return joinParts([
    status === 'FINISHED' || status === 'RUNNING' ? '' : describeEnd(run, t),
    describeTrials(sweep, t),
    best === null ? '' : `${sweep.objective.metric} ${formatValue(best)}`,
  ]);
}

/** '3/24 trials', in the end '24 trials'. */
export function describeTrials({ done, planned }: Pick<SweepFacts, 'done' | 'planned'>, t: Translate): string {
  if (done < planned) return t('{0}/{1} trials', done, planned);
  return done === 1 ? t('1 trial') : t('{0} trials', done);
}

function describeEnd(run: RunSummary, t: Translate): string {
  const status = statusOf(run);
  return status === 'FAILED' ? (run.tags['mlops.reason'] ?? t('failed')) : nameStatus(status, t);
}

export function statusOf(run: RunSummary): ShownStatus {
  if (run.lost) return 'LOST';
  return isPaused(run) ? 'PAUSED' : run.status;
}

/** The description of every other run begins with what became of it. */
function isSaid(run: RunSummary): boolean {
  const status = statusOf(run);
  if (status === 'FAILED') return run.tags['mlops.reason'] === undefined;
  return status !== 'RUNNING' && status !== 'FINISHED';
}

/** `first`: metrics that say more of this run than the usual ones. */
export function describeRun(run: RunSummary, t: Translate, first: readonly string[] = []): string {
  switch (statusOf(run)) {
    case 'RUNNING':
      return joinParts([describeMetric(run, [...first, ...tellingWhileLive], t), describeProgress(run, t)]);
    case 'PAUSED':
      return joinParts([
        t('paused'),
        describeMetric(run, [...first, ...tellingWhileLive], t),
        describeProgress(run, t),
      ]);
    case 'FAILED':
      return describeEnd(run, t);
    case 'KILLED':
      return joinParts([t('stopped'), describeMetric(run, [...first, ...telling], t)]);
    case 'LOST':
      return t('lost: its process is gone');
    case 'SCHEDULED':
      return t('scheduled');
    case 'FINISHED':
      return describeMetric(run, [...first, ...telling], t);
  }
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

function describeMetric({ metrics }: RunSummary, names: readonly string[], t: Translate): string {
  const others = Object.keys(metrics).filter(
    (candidate) => !duringTraining.has(candidate) && !isSystemMetric(candidate),
  );
  const name = names.find((candidate) => Object.hasOwn(metrics, candidate)) ?? others.sort()[0];
  const summary = name === undefined ? undefined : metrics[name];
  return name === undefined || summary === undefined ? '' : `${name} ${describeSummary(summary, t)}`;
}

function describeSummary({ points, last, best }: MetricSummary, t: Translate): string {
  return points !== 1 && best !== null && best.step !== last.step
    ? t('{0} at {1}', formatValue(best.value), best.step)
    : formatValue(last.value);
}

/** 'epoch 14/24'; empty before the first epoch is done. */
export function describeProgress(run: RunSummary, t: Translate): string {
  const { epoch, epochs } = epochOf(run);
  if (epoch === 0) return '';
  return epochs === null ? t('epoch {0}', epoch) : t('epoch {0}/{1}', epoch, epochs);
}

function toRunChildren(run: RunSummary, project: string, t: Translate): readonly TreeEntry[] {
  const groups: readonly (readonly [string, string, string, readonly (readonly [string, string])[]])[] = [
    [
      'metrics',
      t('Metrics'),
      'graph-line',
      Object.entries(run.metrics).map(([name, summary]) => [name, describeSummary(summary, t)]),
    ],
    ['params', t('Params'), 'symbol-parameter', Object.entries(run.params)],
    ['tags', t('Tags'), 'tag', Object.entries(run.tags)],
  ];
  return groups
    .filter(([, , , rows]) => rows.length > 0)
    .map(([key, label, icon, rows]) => ({
      id: `run:${project}:${run.runId}:${key}`,
      label,
      description: String(rows.length),
      icon: { id: icon },
      tooltip: [],
      context: 'run-part',
      children: () =>
        [...rows]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, value]) => ({
            id: `run:${project}:${run.runId}:${key}:${name}`,
            label: name,
            description: value,
            tooltip: [`${name}: ${value}`],
            context: 'run-value',
          })),
    }));
}

export function nameStatus(status: ShownStatus, t: Translate): string {
  switch (status) {
    case 'RUNNING':
      return t('running');
    case 'PAUSED':
      return t('paused');
    case 'SCHEDULED':
      return t('scheduled');
    case 'FINISHED':
      return t('finished');
    case 'FAILED':
      return t('failed');
    case 'KILLED':
      return t('stopped');
    case 'LOST':
      return t('lost: its process is gone');
  }
}
