import {
  isPaused,
  isSystemMetric,
  type MetricSummary,
  type RunList,
  type RunSummary,
} from '../../protocol/tracking.ts';
import { formatValue } from '../charts/charts.ts';
import type { EntryIcon, Translate, TreeEntry } from './entry.ts';

type ShownStatus = RunSummary['status'] | 'LOST' | 'PAUSED';

const icons: Readonly<Record<ShownStatus, EntryIcon>> = {
  RUNNING: { id: 'sync~spin', color: 'charts.blue' },
  PAUSED: { id: 'debug-pause', color: 'charts.blue' },
  SCHEDULED: { id: 'watch' },
  FINISHED: { id: 'pass', color: 'testing.iconPassed' },
  FAILED: { id: 'error', color: 'testing.iconFailed' },
  KILLED: { id: 'circle-slash', color: 'disabledForeground' },
  LOST: { id: 'debug-disconnect', color: 'list.warningForeground' },
};

/** The metric that says most about a run comes first; for a live one what moves. */
const telling = ['test_accuracy', 'val_accuracy', 'val_loss', 'training_loss'];
const tellingWhileLive = ['val_loss', 'training_loss', 'batch_loss'];
/** Says nothing of a run as a whole. */
const duringTraining: ReadonlySet<string> = new Set(['batch_loss', 'learning_rate']);
const epochMetrics = ['training_loss', 'val_loss'];

/** The Runs view: newest first; runs that can't be read stand at the end and hide no other. */
export function toRunEntries({ runs, unreadable }: RunList, project: string, t: Translate): readonly TreeEntry[] {
  const newestFirst = [...runs].sort((a, b) => b.startTime - a.startTime);
  return [
    ...newestFirst.map((run) => toRunEntry(run, project, t)),
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

function toRunEntry(run: RunSummary, project: string, t: Translate): TreeEntry {
  const status = statusOf(run);
  const description = describeRun(run, t);
  return {
    id: `run:${project}:${run.runId}`,
    label: run.name,
    description,
    icon: icons[status],
    ...(isSaid(run) ? {} : { state: nameStatus(status, t) }),
    tooltip: [`${run.name}: ${nameStatus(status, t)}`, description, run.experiment, run.runId],
    context: `run ${status.toLowerCase()}`,
    target: { kind: 'run', project, runId: run.runId },
    children: () => toRunChildren(run, project, t),
  };
}

function statusOf(run: RunSummary): ShownStatus {
  if (run.lost) return 'LOST';
  return isPaused(run) ? 'PAUSED' : run.status;
}

/** The description of every other run begins with what became of it. */
function isSaid(run: RunSummary): boolean {
  const status = statusOf(run);
  if (status === 'FAILED') return run.tags['mlops.reason'] === undefined;
  return status !== 'RUNNING' && status !== 'FINISHED';
}

function describeRun(run: RunSummary, t: Translate): string {
  switch (statusOf(run)) {
    case 'RUNNING':
      return joinParts([describeMetric(run, tellingWhileLive, t), describeProgress(run, t)]);
    case 'PAUSED':
      return joinParts([t('paused'), describeMetric(run, tellingWhileLive, t), describeProgress(run, t)]);
    case 'FAILED':
      return run.tags['mlops.reason'] ?? t('failed');
    case 'KILLED':
      return joinParts([t('stopped'), describeMetric(run, telling, t)]);
    case 'LOST':
      return t('lost: its process is gone');
    case 'SCHEDULED':
      return t('scheduled');
    case 'FINISHED':
      return describeMetric(run, telling, t);
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
  return points > 1 && best !== null && best.step !== last.step
    ? t('{0} at {1}', formatValue(best.value), best.step)
    : formatValue(last.value);
}

/** 'epoch 14/24'; empty before the first epoch is done. */
export function describeProgress(run: RunSummary, t: Translate): string {
  const { epoch, epochs } = epochOf(run);
  if (epoch === 0) return '';
  return epochs === null ? t('epoch {0}', epoch) : t('epoch {0}/{1}', epoch, epochs);
}

/** Epochs completed, and how many are planned (null when its params do not say). */
export function epochOf({ metrics, params }: Pick<RunSummary, 'metrics' | 'params'>): {
  epoch: number;
  epochs: number | null;
} {
  const steps = epochMetrics.flatMap((name) => {
    const summary = Object.hasOwn(metrics, name) ? metrics[name] : undefined;
    return summary === undefined ? [] : [summary.last.step];
  });
  const planned = Number(params['training.num_epochs'] ?? params['num_epochs']);
  return { epoch: Math.max(0, ...steps), epochs: Number.isSafeInteger(planned) && planned > 0 ? planned : null };
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

function nameStatus(status: ShownStatus, t: Translate): string {
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
