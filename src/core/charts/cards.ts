import { isSystemMetric, type Objective } from '../../protocol/tracking.ts';

type Role = 'validation' | 'training' | 'single';

export interface CardSeries {
  /** Name of the metric as stored. */
  readonly metric: string;
  readonly role: Role;
}

/** One chart: metrics that share a value axis. */
export interface Card {
  /** Names the card from one drawing to the next. */
  readonly key: string;
  readonly title: string;
  /** What the steps count. */
  readonly axis: 'epoch' | 'batch' | 'trial';
  /** Drawn in this order: the last one lies on top. */
  readonly series: readonly CardSeries[];
}

export interface Cards {
  readonly cards: readonly Card[];
  /** Metrics that are one value, not a curve: `test_accuracy` and the like. */
  readonly strip: readonly string[];
}

interface Metric {
  readonly name: string;
  readonly points: number;
}

const stripOrder = ['test_accuracy', 'test_precision', 'test_recall', 'test_f1', 'test_loss'];
const isBatchMetric = (name: string): boolean => name.startsWith('batch_');
const isTestMetric = (name: string): boolean => name.startsWith('test_');

/**
 * Sorts metrics into charts. `training_x` (other tools write `train_x` or a bare `x`) and `val_x` share the card `x`; `batch_loss` has steps of its own and
 * so a card of its own; what was measured once is a value, not a curve; what tells of the machine is not shown. Order: the objective, loss, accuracy, the rest by name, learning rate, batches.
 */
export function groupCards(metrics: readonly Metric[], objective: Objective | null): Cards {
  const present = metrics.filter(({ name, points }) => points > 0 && !isSystemMetric(name));
  const names = new Set(present.map(({ name }) => name));
  const strip = present.filter(isOneValue).map(({ name }) => name);
  const drawn = present.filter((metric) => !isOneValue(metric)).map(({ name }) => ({ name, ...placeOf(name, names) }));
  const groups = Map.groupBy(drawn, ({ key }) => key);
  const cards = [...groups].map(([key, members]): Card => {
    const series = members.map(({ name, role }): CardSeries => ({ metric: name, role }));
    const only = series.length === 1 && series[0]?.role === 'single';
    return {
      key,
      title: titleOf(key),
      axis: only && isBatchMetric(key) ? 'batch' : 'epoch',
      series: series.toSorted((a, b) => rank(b.role) - rank(a.role) || compare(a.metric, b.metric)),
    };
  });
  const objectiveKey = objective === null ? '' : placeOf(objective.metric, names).key;
  const orderOf = (key: string): number => cardOrder(key, objectiveKey);
  return {
    cards: cards.toSorted((a, b) => orderOf(a.key) - orderOf(b.key) || compare(a.key, b.key)),
    strip: strip.toSorted((a, b) => stripRank(a) - stripRank(b) || compare(a, b)),
  };
}

/** `val_loss` → `loss`: the words of a metric without its split. */
export function metricLabel(name: string): string {
  const label = titleOf(name.replace(/^(test|val|training)_(?=.)/, ''));
  return label === 'f1' ? 'F1' : label;
}

function isOneValue({ name, points }: Metric): boolean {
  if (points > 1) return false;
  return isTestMetric(name) || !/^(val|training|train|batch)_|^(learning_rate|loss|accuracy)$/.test(name);
}

function placeOf(name: string, names: ReadonlySet<string>): { key: string; role: Role } {
  const [, split, rest] = /^(val|training|train)_(.+)$/s.exec(name) ?? [];
  if (rest !== undefined) return { key: rest, role: split === 'val' ? 'validation' : 'training' };
  return { key: name, role: names.has(`val_${name}`) ? 'training' : 'single' };
}

function titleOf(key: string): string {
  return key.replaceAll('_', ' ');
}

/** Single curves and validation are drawn over training. */
function rank(role: Role): number {
  return role === 'training' ? 1 : 0;
}

function cardOrder(key: string, objectiveKey: string): number {
  if (key === objectiveKey) return 0;
  const known = ['loss', 'accuracy'].indexOf(key);
  if (known >= 0) return 1 + known;
  if (key === 'learning_rate') return 8;
  return isBatchMetric(key) ? 9 : 5;
}

function stripRank(name: string): number {
  const known = stripOrder.indexOf(name);
  return known < 0 ? stripOrder.length : known;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
