import { noteTag, type MetricSummary, type RunSummary } from '../../protocol/tracking.ts';

/** What a cell is sorted and grouped by. A param that is written as a number is one. */
export type Value = number | string;

type ColumnKind = 'status' | 'text' | 'time' | 'duration' | 'param' | 'metric' | 'tag';

/** Which point of a metric: the best by the run's objective (its last one where the objective is another metric), or another. */
export type PointChoice = 'best' | 'last' | 'min' | 'max';

/**
 * A column of the table of runs. Its id says all of it and is what view files hold: `name`, `params.lr`, `tags.team`,
 * `metrics.val_loss`, `last(metrics.val_loss)`.
 */
export interface Column {
  readonly id: string;
  readonly kind: ColumnKind;
  /** Of a param, metric or tag its name; of an attribute its id. */
  readonly name: string;
  /** Of a metric only. */
  readonly point: PointChoice | null;
  /** Undefined where the run has no such thing. */
  readonly of: (run: RunSummary) => Value | undefined;
  /** As it is written down, where that is not the value itself. */
  readonly textOf?: (run: RunSummary) => string | undefined;
}

/** The column of an id; undefined for what names none. */
export function toColumn(id: string): Column | undefined {
  const attribute = attributes.get(id);
  if (attribute !== undefined) return { id, name: id, point: null, ...attribute };
  const [, choice, , chosen, , param, tag] =
    /^(?:(last|min|max)\((metrics)\.(.+)\)|(params)\.(.+)|tags\.(.+))$/s.exec(id) ?? [];
  if (choice !== undefined && chosen !== undefined) return toMetric(id, chosen, choice as PointChoice);
  if (param !== undefined) return toParam(id, param);
  if (tag !== undefined) return { id, kind: 'tag', name: tag, point: null, of: textIn('tags', tag) };
  const metric = /^metrics\.(.+)$/s.exec(id)?.[1];
  return metric === undefined ? undefined : toMetric(id, metric, 'best');
}

/** `metrics.val_loss` with another point of it. */
export function metricColumnId(metric: string, point: PointChoice): string {
  return point === 'best' ? `metrics.${metric}` : `${point}(metrics.${metric})`;
}

/** The point that a metric's column shows of a run. */
export function pointOf(summary: MetricSummary, choice: PointChoice): MetricSummary['best'] {
  return choice === 'best' ? (summary.best ?? summary.last) : summary[choice];
}

export function summaryOf(run: RunSummary, metric: string): MetricSummary | undefined {
  return Object.hasOwn(run.metrics, metric) ? run.metrics[metric] : undefined;
}

function toMetric(id: string, name: string, point: PointChoice): Column {
  return {
    ...{ id, kind: 'metric', name, point },
    of(run) {
      const summary = summaryOf(run, name);
      return summary === undefined ? undefined : (pointOf(summary, point)?.value ?? undefined);
    },
  };
}

function toParam(id: string, name: string): Column {
  const textOf = textIn('params', name);
  return {
    ...{ id, kind: 'param', name, point: null, textOf },
    of(run) {
      const text = textOf(run);
      return text === undefined ? undefined : toValue(text);
    },
  };
}

/** `1e-3` and `0.001` are the same; `0x10`, ` ` and `007 b` are texts. */
function toValue(text: string): Value {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
}

function textIn(part: 'params' | 'tags', name: string): (run: RunSummary) => string | undefined {
  return (run) => (Object.hasOwn(run[part], name) ? run[part][name] : undefined);
}

type Attribute = Pick<Column, 'kind' | 'of'>;

const ofTag = (tag: string): Attribute => ({ kind: 'text', of: textIn('tags', tag) });

/** In the order in which they are offered. */
const attributes = new Map<string, Attribute>([
  ['name', { kind: 'text', of: ({ name }) => name }],
  ['status', { kind: 'status', of: ({ status, lost }) => (lost ? 'LOST' : status) }],
  ['experiment', { kind: 'text', of: ({ experiment }) => experiment }],
  ['store', { kind: 'text', of: ({ store }) => store }],
  ['start', { kind: 'time', of: ({ startTime }) => startTime }],
  [
    'duration',
    { kind: 'duration', of: ({ startTime, endTime }) => (endTime === null ? undefined : (endTime - startTime) / 1000) },
  ],
  // Of `configs/cnnbased.yaml`: cnnbased, as the filter has it.
  ['model', { kind: 'text', of: ({ tags }) => /([^/]+)\.ya?ml$/.exec(tags['mlops.config'] ?? '')?.[1] }],
  ['user', ofTag('mlflow.user')],
  ['commit', { kind: 'text', of: ({ tags }) => tags['mlflow.source.git.commit']?.slice(0, 8) }],
  ['branch', ofTag('mlflow.source.git.branch')],
  ['note', ofTag(noteTag)],
  ['runId', { kind: 'text', of: ({ runId }) => runId }],
]);

export const attributeIds: readonly string[] = [...attributes.keys()];
