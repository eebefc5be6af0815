import {
  parseExperiments,
  parseHistoryPage,
  parseRunPage,
  parseServerRun,
  type Page,
  type ServerRun,
} from '../../core/mlflowserver/mlflowserver.ts';
import { summarize, toHistory, type TimedPoint } from '../../core/tracking/tracking.ts';
import { isRecord } from '../../protocol/shapes.ts';
import type { MetricHistory, MetricSummary } from '../../protocol/tracking.ts';
import { ServerError, collectPages, type MlflowClient } from '../mlflowserver/mlflowserver.ts';

// What is asked of an MLflow server about its runs, whatever is made of it.

const PAGE = 1000;
const POINTS_PAGE = 25_000;
/** So many questions at once: a server has a handful of processes that answer. */
const AT_ONCE = 8;

type LifeCycle = 'ACTIVE_ONLY' | 'DELETED_ONLY';

export interface RunSearch {
  readonly life?: LifeCycle;
  /** In MLflow's search syntax. */
  readonly filter?: string;
  /** Default: all. The newest come first. */
  readonly most?: number;
}

/** Names of the experiments that are not deleted, by id. */
export async function listServerExperiments(client: MlflowClient): Promise<ReadonlyMap<string, string>> {
  const { items } = await collectPages((token) =>
    client.call(
      {
        ...{ method: 'POST', endpoint: 'experiments/search', repeats: true },
        body: { max_results: PAGE, view_type: 'ACTIVE_ONLY', ...(token === undefined ? {} : { page_token: token }) },
      },
      parseExperiments,
    ),
  );
  return new Map(items.filter(({ isDeleted }) => !isDeleted).map(({ experimentId, name }) => [experimentId, name]));
}

/** The newest runs of these experiments; `nextToken` says whether there are more. */
export async function searchServerRuns(
  client: MlflowClient,
  experiments: readonly string[],
  { life = 'ACTIVE_ONLY', filter, most = Infinity }: RunSearch,
): Promise<Page<ServerRun>> {
  if (experiments.length === 0) return { items: [], unreadable: 0, nextToken: null };
  return collectPages(
    (token) =>
      client.call(
        {
          ...{ method: 'POST', endpoint: 'runs/search', repeats: true },
          body: {
            ...{ experiment_ids: experiments, run_view_type: life, order_by: ['attributes.start_time DESC'] },
            max_results: Math.min(PAGE, most),
            ...(filter === undefined ? {} : { filter }),
            ...(token === undefined ? {} : { page_token: token }),
          },
        },
        parseRunPage,
      ),
    most,
  );
}

export function readServerRun(client: MlflowClient, runId: string): Promise<ServerRun> {
  return client.call({ endpoint: 'runs/get', query: { run_id: runId } }, (answer) =>
    isRecord(answer) ? parseServerRun(answer['run']) : undefined,
  );
}

/** Every point of a metric; none for a metric that the run has not. Servers on a folder know no pages. */
export async function readServerPoints(
  client: MlflowClient,
  runId: string,
  metric: string,
): Promise<readonly TimedPoint[]> {
  const ask = (paging: Readonly<Record<string, string | number | undefined>>): Promise<Page<TimedPoint>> =>
    client.call(
      { endpoint: 'metrics/get-history', query: { run_id: runId, metric_key: metric, ...paging } },
      parseHistoryPage,
    );
  try {
    return (await collectPages((token) => ask({ max_results: POINTS_PAGE, page_token: token }))).items;
  } catch (error) {
    if (!(error instanceof ServerError) || !/paginat/i.test(error.message)) throw error;
    return (await ask({})).items;
  }
}

export async function readServerHistory(client: MlflowClient, runId: string, metric: string): Promise<MetricHistory> {
  return toHistory(await readServerPoints(client, runId, metric));
}

/** Summaries stay true as long as the last point is the same: asked for once in a process, but for the newest so many. */
const MOST_KEPT = 20_000;
const kept = new Map<string, MetricSummary>();

/** A metric in short, from all of its points: a server itself tells the last one only. */
export async function summarizeServerMetric(
  client: MlflowClient,
  { runId, metrics }: ServerRun,
  metric: string,
): Promise<MetricSummary | undefined> {
  const last = Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  if (last === undefined) return undefined;
  const key = JSON.stringify([client.base, runId, metric, last.step, last.timestamp, String(last.value)]);
  const known = kept.get(key);
  if (known !== undefined) return known;
  const summary = summarize(await readServerPoints(client, runId, metric));
  if (summary === undefined) return undefined;
  kept.set(key, summary);
  if (kept.size > MOST_KEPT) for (const old of [...kept.keys()].slice(0, MOST_KEPT / 2)) kept.delete(old);
  return summary;
}

/** As `Promise.all`, with a few at a time. */
export async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const walk = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, walk));
  return results;
}
