import { joinRuns, packRun } from '../../src/protocol/runtablecodec.ts';
import type { FromRunsPage, SavedView, ToRunsPage } from '../../src/protocol/runtable.ts';
import type { MetricSummary, RunSummary } from '../../src/protocol/tracking.ts';
import { runsTexts } from '../../src/vscode/panels/runstexts.ts';
import type { Bench, OpenOptions, OpenPage } from './browser.ts';

export const texts = runsTexts({ t: (message) => message });

const rates = ['0.1', '0.03', '0.01', '0.003', '0.001'];
const adjectives = ['calm', 'bold', 'warm', 'shy', 'deep', 'slow', 'keen'];
const animals = ['fox', 'lynx', 'heron', 'otter', 'wren', 'ibis', 'hare', 'lark'];

function metric(last: number, best: number, isJudged: boolean): MetricSummary {
  const [end, ideal] = [
    { value: last, step: 24 },
    { value: best, step: 18 },
  ];
  const ends = best < last ? { min: ideal, max: end } : { min: end, max: ideal };
  return { points: 24, last: end, ...ends, best: isJudged ? ideal : null };
}

/** So many runs, each always the same: number 0 is the newest. Every 12th is a sweep of the two behind it. */
export function makeRuns(count: number): readonly RunSummary[] {
  return Array.from({ length: count }, (_, index) => makeRun(index));
}

const idOf = (index: number): string => index.toString(16).padStart(32, '0');
const pickFrom = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;
const statuses = ['FINISHED', 'FINISHED', 'FINISHED', 'FAILED', 'KILLED', 'FINISHED'] as const;

function makeRun(index: number): RunSummary {
  const place = index % 12;
  const startTime = Date.UTC(2026, 10, 20) - index * 60_000;
  return {
    runId: idOf(index),
    name: place === 0 ? `sweep-${index}` : `${pickFrom(adjectives, index)}-${pickFrom(animals, index)}-${index}`,
    experiment: index % 3 === 0 ? 'cnnBased' : 'singleOutput',
    status: index === 0 ? 'RUNNING' : pickFrom(statuses, index),
    startTime,
    endTime: index === 0 ? null : startTime + 41_000,
    parentRunId: place === 1 || place === 2 ? idOf(index - place) : null,
    ...(place === 0 ? { params: {}, metrics: {} } : makeTraining(index)),
    tags: {
      ...(index % 40 === 4 ? { 'mlops.star': '1' } : {}),
      ...(index % 50 === 5 ? { 'mlops.colour': 'purple' } : {}),
      ...(index % 100 === 7 ? { 'mlops.hidden': '1' } : {}),
      'mlflow.user': 'ada',
    },
    lost: false,
    artifacts: null,
  };
}

function makeTraining(index: number): Pick<RunSummary, 'params' | 'metrics'> {
  const loss = 0.08 + 0.15 * (Math.sin(index * 12.9898) + 1);
  return {
    params: {
      'training.learning_rate': pickFrom(rates, index),
      'training.batch_size': String(64 * (1 + (index % 3))),
      'model.num_layers': String(3 + (index % 2)),
    },
    metrics: {
      val_loss: metric(loss + 0.02, loss, true),
      val_accuracy: metric(1 - loss / 2, 1 - loss / 2 + 0.004, false),
      test_accuracy: metric(0.97 - loss / 3, 0.97 - loss / 3, false),
    },
  };
}

export interface Shown extends OpenPage {
  posts(): readonly FromRunsPage[];
  /** Tells the page runs that have changed; `begins`: instead of all that it has. */
  tell(
    runs: readonly RunSummary[],
    options?: { readonly begins?: boolean; readonly removed?: readonly string[] },
  ): Promise<void>;
  tellViews(views: readonly SavedView[]): Promise<void>;
  /** A message with the next number. */
  say(message: Readonly<Record<string, unknown>>): Promise<void>;
}

/** The extension's half, in short: answers `ready` and `resync` as the panel does. */
export async function openRuns(
  bench: Bench,
  runs: readonly RunSummary[],
  {
    views = [],
    onPost,
    ...options
  }: Partial<OpenOptions> & {
    readonly views?: readonly SavedView[];
    /** Called with what the page says beside asking for the runs. */
    readonly onPost?: (message: FromRunsPage, to: OpenPage) => void;
  } = {},
): Promise<Shown> {
  let sequence = 0;
  const say = async (to: OpenPage, message: Readonly<Record<string, unknown>>): Promise<void> => {
    sequence += 1;
    await to.send({ protocol: 1, sequence, ...message });
  };
  const toMessage = (own: readonly RunSummary[], begins: boolean, removed: readonly string[]) =>
    ({ type: 'runs', begins, ends: true, bytes: joinRuns(own.map(packRun)), removed, unreadable: [] }) satisfies Omit<
      Extract<ToRunsPage, { type: 'runs' }>,
      'protocol' | 'sequence'
    >;
  const page = await bench.open({
    page: 'runs',
    texts,
    context: { root: '/project', mayEdit: true, kept: null },
    ...options,
    onMessage: (raw, to) => {
      const message = raw as FromRunsPage;
      onPost?.(message, to);
      if (message.type !== 'ready' && message.type !== 'resync') return;
      void say(to, { type: 'views', views }).then(() => say(to, toMessage(runs, true, [])));
    },
  });
  await page.page.locator('.notice p', { hasText: texts.loading }).waitFor({ state: 'hidden' });
  return {
    ...page,
    posts: () => page.posted as FromRunsPage[],
    tell: (own, { begins = false, removed = [] } = {}) => say(page, toMessage(own, begins, removed)),
    tellViews: (own) => say(page, { type: 'views', views: own }),
    say: (message) => say(page, message),
  };
}
