import type { SweepFacts, TrialFacts } from '../../protocol/charts.ts';
import type { ShownSweep } from '../../protocol/sweep.ts';
import { formatDuration, formatValue } from '../charts/charts.ts';
import { nameOfKey, orderTrials } from '../sweep/sweep.ts';
import type { Translate, TreeEntry } from './entry.ts';
import { bestIcon, describeSweep, icons, nameStatus, statusOf, type ShownStatus } from './runs.ts';

/** The Trials view: one sweep, and below it what goes on, then its trials from the best to what has no value. */
export function toTrialEntries({ run, sweep }: ShownSweep, project: string, t: Translate): readonly TreeEntry[] {
  const status = statusOf(run);
  const words = describeSweep(run, sweep, t);
  return [
    {
      id: `trials:${project}:${run.runId}`,
      label: run.name,
      description: words,
      icon: icons[status],
      state: nameStatus(status, t),
      tooltip: [`${run.name}: ${nameStatus(status, t)}`, words, describeSearch(sweep, t), run.runId],
      context: `sweep ${status.toLowerCase()}`,
      target: { kind: 'run', project, runId: run.runId },
      children: () => orderTrials(sweep, 'standing').map((trial) => toTrialEntry(trial, sweep, project, t)),
      expanded: true,
    },
  ];
}

function describeSearch({ keys, objective }: SweepFacts, t: Translate): string {
  const names = keys.map(nameOfKey).join(', ');
  return objective.direction === 'minimize'
    ? t('Searches {0} for the least {1}.', names, objective.metric)
    : t('Searches {0} for the greatest {1}.', names, objective.metric);
}

function toTrialEntry(trial: TrialFacts, sweep: SweepFacts, project: string, t: Translate): TreeEntry {
  const { runId, number, name, value } = trial;
  const status = shownStatus(trial);
  const isBest = runId === sweep.best;
  const values = trial.values.map((text, index) => `${nameOfKey(sweep.keys[index] ?? '')} ${text}`);
  const description = [describeState(trial, t), values.join(', ')].filter((part) => part !== '').join(' · ');
  return {
    id: `trial:${project}:${runId}`,
    // The view is narrow, and what the metric is called stands above: the number and the value are always seen.
    label: value === null ? `#${number}` : `#${number} · ${formatValue(value)}`,
    description,
    icon: isBest ? bestIcon : icons[status],
    state: isBest ? t('best trial') : nameStatus(status, t),
    tooltip: [
      `${name}: ${nameStatus(status, t)}`,
      value === null ? '' : `${sweep.objective.metric} ${formatValue(value)}`,
      description,
      runId,
    ],
    context: `trial ${status.toLowerCase()}`,
    target: { kind: 'run', project, runId },
    does: 'mlops.showRunChart',
  };
}

function shownStatus({ status, lost, paused }: TrialFacts): ShownStatus {
  if (lost) return 'LOST';
  return paused ? 'PAUSED' : status;
}

/** `48 s`, `epoch 3`, `failed: out of memory`. */
function describeState(trial: TrialFacts, t: Translate): string {
  const { epoch, seconds, reason } = trial;
  const status = shownStatus(trial);
  if (status === 'FAILED') return reason === null ? t('failed') : t('failed: {0}', reason);
  const isLive = status === 'RUNNING' || status === 'PAUSED';
  const parts = [
    status === 'FINISHED' || status === 'RUNNING' ? '' : nameStatus(status, t),
    isLive && epoch > 0 ? t('epoch {0}', epoch) : '',
    seconds === null ? '' : formatDuration(seconds),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}
