// Gitflow between the engine and whoever shows or starts it: the state of a repository, requests, plans and results.

export type TopicType = 'feature' | 'bugfix' | 'release' | 'hotfix' | 'support';
/** Types that can be started and finished today. */
export type SupportedTopicType = 'feature' | 'bugfix';

/** How many commits each side has that the other lacks. */
export interface Distance {
  readonly ahead: number;
  readonly behind: number;
}

/** A local branch that Gitflow knows by its prefix. */
export interface FlowTopic {
  readonly type: TopicType;
  /** Without the prefix. */
  readonly name: string;
  /** With the prefix. */
  readonly branch: string;
  /** Branch into which it is finished; null for a support branch, which is never finished. */
  readonly base: string | null;
  /** Full hash of its last commit. */
  readonly commit: string;
  /** Against the base; null when there is no such base branch. */
  readonly distance: Distance | null;
  /** True when the base has all its commits: it was merged, or nothing was committed yet. */
  readonly merged: boolean;
  readonly current: boolean;
  /** Against its counterpart on the remote; null when it was not published. */
  readonly remote: Distance | null;
}

/** Something begun that must be ended first. `advice` is the next step, as a sentence. */
export interface UnfinishedOperation {
  /** `finish`: a merge of git-flow's (AVH) or ours that stopped; `next`: one of git-flow-next's. */
  readonly kind: 'finish' | 'merge' | 'rebase' | 'next';
  /** Branch that is being merged, where that can be told. */
  readonly branch: string | null;
  /** Branch into which it is merged, where that can be told. */
  readonly base: string | null;
  /** Files with conflicts, relative to the repository's root. */
  readonly conflicts: readonly string[];
  readonly advice: string;
}

/** `mlops flow status --json`. */
export interface FlowState {
  /** Absolute path of the top of the work tree. */
  readonly root: string;
  readonly initialised: boolean;
  /** Why it is not initialised, as a sentence. */
  readonly reason: string | null;
  /** `next` when git-flow-next has written its keys. */
  readonly edition: 'avh' | 'next';
  readonly production: string | null;
  readonly develop: string | null;
  readonly origin: string;
  readonly prefixes: Readonly<Record<TopicType, string | null>>;
  readonly versionTag: string | null;
  /** Branch that is checked out; null when HEAD is detached. */
  readonly current: string | null;
  /** Tracked files with changes, relative to the root. */
  readonly changed: readonly string[];
  readonly topics: readonly FlowTopic[];
  readonly unfinished: UnfinishedOperation | null;
}

export type FlowRequest =
  | {
      readonly action: 'init';
      readonly production?: string;
      readonly develop?: string;
      readonly prefixes?: Readonly<Partial<Record<TopicType, string>>>;
      readonly versionTag?: string;
      /** Allows changing what is already set. */
      readonly force?: boolean;
    }
  | {
      readonly action: 'start';
      readonly type: SupportedTopicType;
      readonly name: string;
      readonly base?: string;
    }
  | {
      readonly action: 'finish';
      readonly type: SupportedTopicType;
      /** Default: the branch that is checked out. */
      readonly name?: string;
      /** Keeps the branch, here and on the remote. */
      readonly keep?: boolean;
      /** A merge commit also for a single commit. */
      readonly noFastForward?: boolean;
    };

/** A step for people: what it does, and the git command that does it (null: no git command does it). */
export interface FlowStep {
  readonly title: string;
  readonly command: string | null;
}

/** `mlops flow … --dry-run --json`. */
export interface FlowPlanDocument {
  readonly plan: readonly FlowStep[];
  readonly warnings: readonly string[];
}

/** `mlops flow init|TYPE start|TYPE finish … --json`. */
export interface FlowResult {
  readonly action: FlowRequest['action'];
  /** Branch that was started or finished; the integration branch after `init`. */
  readonly branch: string;
  readonly base: string;
  /** Branch that is checked out now. */
  readonly current: string | null;
  readonly steps: readonly FlowStep[];
  readonly warnings: readonly string[];
  /** What was done and what comes next, as sentences. */
  readonly summary: readonly string[];
}
