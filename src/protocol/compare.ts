import type { ComparedText, ComparedValue, Objective, RunStatus } from './tracking.ts';

// The border between the extension and the page that compares runs. The page says `ready` and gets the whole comparison, and again whenever a run of
// it has changed. Numbers travel as they are read by people: what has no place in JSON (NaN, infinite values) arrives all the same.

export const compareProtocolVersion = 1;

/** Type of the webview panel; also the key under which VS Code restores it. */
export const compareViewType = 'mlops.compareRuns';

/** What a page shows of a comparison: only what the runs have not in common. Every list is in the order of `runs`. */
export interface ShownComparison {
  /** The first is what the others are measured by. */
  readonly runs: readonly ShownRun[];
  readonly metrics: readonly ShownMetric[];
  /** Metrics that are the same in all of them. */
  readonly equalMetrics: number;
  readonly params: readonly ComparedText[];
  readonly tags: readonly ComparedText[];
  /** By path. */
  readonly artifacts: readonly ShownArtifact[];
  /** Why artifacts are not listed, or not all of them. */
  readonly troubles: readonly string[];
}

export interface ShownRun {
  readonly runId: string;
  readonly name: string;
  readonly experiment: string;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  /** It says of which commit it is. */
  readonly hasCommit: boolean;
  /** It says of which config of that commit it was made. */
  readonly hasConfig: boolean;
}

export interface ShownMetric {
  readonly name: string;
  readonly direction: Objective['direction'] | null;
  /** null where a run has none. */
  readonly values: readonly (ShownValue | null)[];
}

export interface ShownValue {
  /** null without a direction. */
  readonly best: ShownPoint | null;
  readonly last: ShownPoint;
  readonly change: ComparedValue['change'];
}

export interface ShownPoint {
  readonly text: string;
  readonly step: number;
  /** With its sign; null for the first run, where one of the two has no number, and for no difference. */
  readonly delta: string | null;
}

export interface ShownArtifact {
  /** From the root of the artifacts, with forward slashes. */
  readonly path: string;
  readonly runs: readonly { readonly isThere: boolean; readonly bytes: number | null }[];
}

export interface CompareNotice {
  readonly kind: 'loading' | 'broken';
  readonly text: string;
  readonly action: 'none' | 'retry';
}

interface Numbered {
  readonly protocol: number;
  readonly sequence: number;
}

export type ToComparePage =
  | (Numbered & { readonly type: 'comparison'; readonly comparison: ShownComparison })
  | (Numbered & { readonly type: 'notice'; readonly notice: CompareNotice });

export type FromComparePage =
  | { readonly type: 'ready'; readonly protocol: number }
  /** The user wants to try again. */
  | { readonly type: 'resync' }
  | { readonly type: 'open'; readonly runId: string }
  /** The others are measured by this run from now on. */
  | { readonly type: 'measure'; readonly runId: string }
  /** What differs between the first run and this one, in the editor's own diffs. */
  | { readonly type: 'code'; readonly runId: string }
  | { readonly type: 'config'; readonly runId: string }
  | { readonly type: 'artifact'; readonly runId: string; readonly path: string }
  | { readonly type: 'error'; readonly message: string };

/** What the page is loaded with; the extension restores a panel by it. */
export interface ComparePageContext {
  readonly root: string;
  readonly runIds: readonly string[];
  /** False in Restricted Mode, where nothing of the repository is read. */
  readonly mayReadCode: boolean;
}

/** Words of the page, in the user's language; `{0}` marks a place to be filled in. */
export type CompareTexts = Readonly<
  Record<
    | 'title'
    | 'differences'
    | 'openRun'
    | 'measure'
    | 'measuredBy'
    | 'code'
    | 'codeOf'
    | 'config'
    | 'configOf'
    | 'compare'
    | 'compareOf'
    | 'metrics'
    | 'params'
    | 'tags'
    | 'artifacts'
    | 'equalMetrics'
    | 'equalMetric'
    | 'lowerIsBetter'
    | 'higherIsBetter'
    | 'better'
    | 'worse'
    | 'same'
    | 'atStep'
    | 'last'
    | 'noValue'
    | 'isThere'
    | 'notThere'
    | 'nothingDiffers'
    | 'running'
    | 'scheduled'
    | 'succeeded'
    | 'failed'
    | 'stopped'
    | 'loading'
    | 'retry'
    | 'ignored',
    string
  >
>;
