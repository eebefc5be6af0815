import type { RunEvent } from '../../protocol/charts.ts';
import { isSystemMetric, type MetricHistory, type RunSummary } from '../../protocol/tracking.ts';
import { isMapping, parseYaml } from '../yaml/yaml.ts';

// What it takes to do a training again, what of it is not there, and whether what came out is the same.

/** Tags of a run that say how it can be made again; the first ones are written with every run, the last by the run that repeats one. */
export const reproductionTags = {
  commit: 'mlflow.source.git.commit',
  config: 'mlops.config',
  backend: 'mlops.backend',
  threads: 'mlops.threads',
  seed: 'mlops.seed',
  data: 'mlops.data',
  sweep: 'mlops.sweep',
  trial: 'mlops.trial',
  /** A sentence: what of the changes against the commit was not kept with the run. */
  notKept: 'mlops.not_kept',
  reproduces: 'mlops.reproduces',
} as const;

/** A path of the project with the hash that it had. */
export interface HashedData {
  readonly path: string;
  readonly md5: string;
  /** As DVC 2 kept it. */
  readonly legacy: boolean;
}

/** Everything that was looked up about a run, in its store and in the repository. */
export interface ReproductionFacts {
  readonly run: Pick<RunSummary, 'runId' | 'name' | 'status' | 'lost' | 'tags' | 'params'>;
  readonly isCommitHere: boolean;
  /** Null: the run keeps none. */
  readonly patch: 'applies' | 'broken' | null;
  /** Why its artifacts can't be read; null when they can. */
  readonly artifactsTrouble: string | null;
  /** Hashes of what it read, and where they come from. */
  readonly data: readonly HashedData[];
  readonly dataFrom: 'run' | 'commit' | null;
  /** Paths of `data` whose content the cache does not hold whole. */
  readonly lost: readonly string[];
  /** The data lies in the commit itself. */
  readonly isDataInCommit: boolean;
  readonly events: readonly Pick<RunEvent, 'kind' | 'text'>[];
}

export interface ReproductionPlan {
  readonly runId: string;
  readonly name: string;
  readonly commit: string;
  readonly config: string;
  /** The run's changes against its commit are applied. */
  readonly patch: boolean;
  readonly data: readonly HashedData[];
  readonly seed: string | null;
  readonly backend: string | null;
  readonly threads: string | null;
  /** Greatest relative difference of two values that count as the same. */
  readonly tolerance: number;
  /** What may make a difference although everything is there. */
  readonly notes: readonly string[];
  /** What is not there: with anything in it nothing is started. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly what: 'run' | 'commit' | 'patch' | 'data';
  readonly message: string;
}

export function planReproduction(facts: ReproductionFacts, tolerance?: number): ReproductionPlan {
  const { run, data, patch } = facts;
  const tag = (name: keyof typeof reproductionTags): string | null => run.tags[reproductionTags[name]] ?? null;
  const backend = tag('backend');
  return {
    ...{ runId: run.runId, name: run.name, commit: tag('commit') ?? '', config: tag('config') ?? '' },
    ...{ patch: patch !== null, data, seed: tag('seed'), backend, threads: tag('threads') },
    tolerance: tolerance ?? defaultTolerance(backend),
    notes: listNotes(facts),
    missing: listMissing(facts),
  };
}

/**
 * JavaScript and WebAssembly add in the same order each time: what differs is another processor's last digits. Native and GPU backends
 * share sums out among threads as they are free.
 */
function defaultTolerance(backend: string | null): number {
  return backend === 'cpu' || backend === 'wasm' ? 1e-6 : 1e-2;
}

function listMissing(facts: ReproductionFacts): readonly Missing[] {
  const { run, isCommitHere, patch, artifactsTrouble, lost, data, isDataInCommit } = facts;
  const { commit, config, sweep, trial } = reproductionTags;
  const hash = run.tags[commit];
  const dataPath = dataPathOf(run);
  const rows: readonly (readonly [isMissing: boolean, what: Missing['what'], message: string])[] = [
    [run.status === 'RUNNING' && !run.lost, 'run', 'It is still going on.'],
    [
      run.tags[config] === undefined,
      'run',
      run.tags[sweep] !== undefined && run.tags[trial] === undefined
        ? 'It is a sweep as a whole: reproduce one of its trials.'
        : `It was not made by "mlops train" (it has no tag ${config}): how it was started is not known.`,
    ],
    [
      hash === undefined,
      'commit',
      `Its code is not known: it has no tag ${commit}, as it was made outside of a git repository.`,
    ],
    [
      hash !== undefined && !isCommitHere,
      'commit',
      `Its commit ${hash ?? ''} is not in this repository: fetch it ("git fetch --all").`,
    ],
    [
      artifactsTrouble !== null,
      'patch',
      `Whether it had changes that were not committed can't be told: ${artifactsTrouble ?? ''}`,
    ],
    [
      patch === 'broken',
      'patch',
      'Its changes against the commit (artifact mlops/dirty.patch) do not apply to that commit: the file is damaged.',
    ],
    [
      patch === null && run.tags[reproductionTags.notKept] !== undefined,
      'patch',
      `It had changes that were not committed, and they were not kept. ${run.tags[reproductionTags.notKept] ?? ''}`,
    ],
    ...lost.map(
      (path) =>
        [
          true,
          'data',
          `Its data ${path} is not in the cache any more (hash ${data.find((one) => one.path === path)?.md5 ?? ''}): get it from where the cache is shared ("dvc fetch").`,
        ] as const,
    ),
    [
      isCommitHere && data.length === 0 && !isDataInCommit && dataPath !== null && isInProject(dataPath),
      'data',
      `Nothing tells what its data ${dataPath ?? ''} was: the run keeps no hash of it, and it is neither in the commit nor tracked there ("mlops data add" tracks it from now on).`,
    ],
  ];
  return rows.flatMap(([isMissing, what, message]) => (isMissing ? [{ what, message }] : []));
}

function listNotes({ run, patch, data, dataFrom, events }: ReproductionFacts): readonly string[] {
  const dataPath = dataPathOf(run);
  const notKept = run.tags[reproductionTags.notKept];
  const steered = events.filter(({ kind }) => kind === 'steering');
  const rows: readonly (readonly [boolean, string])[] = [
    [patch !== null && notKept !== undefined, notKept ?? ''],
    [
      dataPath !== null && !isInProject(dataPath),
      `Its data ${dataPath ?? ''} lies outside of the project and is read as it is now.`,
    ],
    [dataFrom === 'commit' && data.length > 0, 'The run keeps no hash of its data; that of the commit is taken.'],
    [
      steered.length > 0,
      `It was steered by hand (${steered
        .map(({ text }) => text)
        .slice(0, SHOWN)
        .join('; ')}), which is not repeated.`,
    ],
    [
      run.status === 'KILLED' || run.status === 'FAILED' || run.lost,
      'It did not end well: the points that it has are compared.',
    ],
  ];
  return rows.flatMap(([isTrue, text]) => (isTrue ? [text] : []));
}

const SHOWN = 3;

/** The config's `data.dataset_path`, as the run's params have it. */
export function dataPathOf({ params }: Pick<RunSummary, 'params'>): string | null {
  const path = (params['data.dataset_path'] ?? '').replace(/\/+$/, '');
  return path === '' ? null : path;
}

export function isInProject(path: string): boolean {
  return !/^(?:[/\\]|[a-z]:|\.\.(?:[/\\]|$))/i.test(path);
}

/** The dependencies in a run's `mlops/stage.lock.yaml`; none for a text that is no such thing. */
export function readLockedData(text: string): readonly HashedData[] {
  const { value } = parseYaml(text, 'stage.lock.yaml', { maxLength: 64 << 20, maxDepth: 64 });
  const stages = isMapping(value?.value) && isMapping(value.value['stages']) ? value.value['stages'] : {};
  return Object.values(stages).flatMap((stage) => {
    const deps: unknown = isMapping(stage) ? stage['deps'] : undefined;
    return Array.isArray(deps) ? (deps as unknown[]).flatMap(toHashed) : [];
  });
}

/** An entry of `dvc.lock` or of a `.dvc` file. */
export function toHashed(entry: unknown): readonly HashedData[] {
  if (!isMapping(entry)) return [];
  const { path, md5, hash } = entry;
  const isSound = typeof path === 'string' && typeof md5 === 'string' && /^[0-9a-f]{32}(?:\.dir)?$/.test(md5);
  return isSound && isInProject(path) ? [{ path, md5, legacy: hash !== 'md5' }] : [];
}

/** One metric of both runs. */
interface MetricAgreement {
  readonly metric: string;
  /** Last values. Null: the new run has no point where the old one has some. */
  readonly before: number;
  readonly after: number | null;
  /** Greatest relative difference at a step that both have, and that step; Infinity where only one is a number. */
  readonly difference: number;
  readonly step: number | null;
}

export interface Agreement {
  /** `nothing`: the old run has no points. */
  readonly verdict: 'equal' | 'agrees' | 'differs' | 'nothing';
  /** Those that differ most first. */
  readonly metrics: readonly MetricAgreement[];
}

/** Metrics that the clock has a say in: which batches are told depends on how quick it was. */
function isTimed(metric: string): boolean {
  return isSystemMetric(metric) || metric === 'batch_loss';
}

/**
 * Compares what both runs logged, step by step, by the relative difference. `equal`: to the last bit. Points that only the new run has
 * count for nothing: the old one may have been stopped, or have been a trial without test.
 */
export function compareHistories(
  before: Readonly<Record<string, MetricHistory>>,
  after: Readonly<Record<string, MetricHistory>>,
  tolerance: number,
): Agreement {
  const metrics = Object.entries(before)
    .filter(([metric, { steps }]) => !isTimed(metric) && steps.length > 0)
    .map(([metric, history]) => compareMetric(metric, history, after[metric]))
    .sort((a, b) => b.difference - a.difference || (a.metric < b.metric ? -1 : 1));
  const most = metrics[0]?.difference;
  if (most === undefined) return { verdict: 'nothing', metrics };
  return { verdict: most === 0 ? 'equal' : most <= tolerance ? 'agrees' : 'differs', metrics };
}

function compareMetric(metric: string, old: MetricHistory, now: MetricHistory | undefined): MetricAgreement {
  const values = new Map(now?.steps.map((step, index) => [step, now.values[index] ?? NaN]));
  let [difference, worst]: [number, number | null] = [0, null];
  for (const [index, step] of old.steps.entries()) {
    const found = relativeDifference(old.values[index] ?? NaN, values.get(step));
    if (found > difference) [difference, worst] = [found, step];
  }
  const last = old.steps.at(-1) ?? 0;
  return { metric, before: old.values.at(-1) ?? NaN, after: values.get(last) ?? null, difference, step: worst };
}

function relativeDifference(a: number, b: number | undefined): number {
  if (b === undefined) return Infinity;
  if (Object.is(a, b) || a === b) return 0;
  const difference = Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b));
  return Number.isNaN(difference) ? Infinity : difference;
}
