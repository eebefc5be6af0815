import type { FlowGate } from './gates.ts';

// Gitflow between the engine and whoever shows or starts it: the state of a repository, requests, plans and results.

export type TopicType = 'feature' | 'bugfix' | 'release' | 'hotfix' | 'support';
/** Types that are finished; a support branch lives on beside production. */
export type FinishedType = Exclude<TopicType, 'support'>;

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
  /** The pull request by which it is finished; null where there is none. */
  readonly pullRequest: FlowPullRequest | null;
}

/** A finish that waits for its pull request. */
export interface FlowPullRequest {
  readonly branch: string;
  readonly into: string;
  readonly title: string;
  /** The host's page of it, or the one on which it is opened; null where the host is not known. */
  readonly url: string | null;
  /** `merged`: its commits are in the remote's branch, as far as that was fetched; the finish can be completed. */
  readonly state: 'open' | 'merged';
}

/** Something begun that must be ended first. `advice` is the next step, as a sentence. */
export interface UnfinishedOperation {
  /**
   * `finish`: one of git-flow's (AVH) or ours that stopped; `operation`: anything else of ours; `next`: git-flow-next's; `pick`: a
   * cherry-pick or revert.
   */
  readonly kind: 'finish' | 'operation' | 'merge' | 'rebase' | 'pick' | 'next';
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
      readonly type: TopicType;
      /** A version, for releases, hotfixes and support. */
      readonly name: string;
      /** A branch; for support a commit or tag of production, and needed. */
      readonly base?: string;
      /** What the branch is for, in a line: git's own description of it, and a tag of the runs that are made on it. */
      readonly note?: string;
      readonly fetch?: boolean;
    }
  | ({
      readonly action: 'finish';
      readonly type: FinishedType;
      /** Default: the branch that is checked out. */
      readonly name?: string;
      /** By a pull request on the remote's host, or merged here; absent: as the settings say, and what the remote has refused. */
      readonly pullRequest?: boolean;
      /** Takes the pull request that waits for merged, whatever git can see of it. */
      readonly wasMerged?: boolean;
    } & FinishOptions)
  | { readonly action: 'publish'; readonly type: TopicType; readonly name?: string }
  | { readonly action: 'track'; readonly type: TopicType; readonly name: string }
  | {
      readonly action: 'update';
      readonly type: TopicType;
      readonly name?: string;
      /** How the parent's commits come in; default: as the repository's settings say, else by the type. */
      readonly strategy?: UpdateStrategy;
      readonly fetch?: boolean;
      readonly preserveMerges?: boolean;
    }
  | {
      readonly action: 'delete';
      readonly type: TopicType;
      readonly name: string;
      /** Also when commits of it are nowhere else. */
      readonly force?: boolean;
      /** On the remote too. */
      readonly remote?: boolean;
    }
  | {
      readonly action: 'rename';
      readonly type: TopicType;
      /** Default: the branch that is checked out. */
      readonly name?: string;
      readonly newName: string;
    }
  /** Goes on with what has stopped, returns to before it, or takes back what was done last. */
  | { readonly action: 'continue' | 'abort' | 'undo' }
  | {
      readonly action: 'checkout';
      readonly type: TopicType;
      /** A beginning is enough where only one branch has it. */
      readonly name: string;
    };

export type UpdateStrategy = 'merge' | 'rebase';

/** Options of `finish` by git-flow's (AVH) names; what is absent is as the repository's configuration says. */
export interface FinishOptions {
  /** Keeps the branch, here and on the remote. */
  readonly keep?: boolean;
  readonly keepLocal?: boolean;
  readonly keepRemote?: boolean;
  /** Deletes the branch even where git sees commits on it that are nowhere else. */
  readonly forceDelete?: boolean;
  /** A merge commit also for a single commit. */
  readonly noFastForward?: boolean;
  readonly fetch?: boolean;
  readonly push?: boolean;
  readonly rebase?: boolean;
  readonly preserveMerges?: boolean;
  readonly squash?: boolean;
  /** The squashed commit lists what it was made of. */
  readonly squashInfo?: boolean;
  readonly noTag?: boolean;
  readonly noBackMerge?: boolean;
  readonly noDevelopMerge?: boolean;
  readonly pushProduction?: boolean;
  readonly pushDevelop?: boolean;
  readonly pushTag?: boolean;
  readonly sign?: boolean;
  /** Name of the tag without its prefix; default: the version. */
  readonly tagName?: string;
  readonly message?: string;
  readonly messageFile?: string;
  readonly signingKey?: string;
  /** The version of a registered model that goes out with a release, as `digits/7`; `none`. Default: those of the trained models. */
  readonly model?: string;
  /** Why it is finished although gates don't hold: goes into the merge message. */
  readonly override?: string;
}

/** A step for people: what it does, and the git command that does it (null: no git command does it). */
export interface FlowStep {
  readonly title: string;
  readonly command: string | null;
}

/** `mlops flow … --dry-run --json`. */
export interface FlowPlanDocument {
  readonly plan: readonly FlowStep[];
  readonly warnings: readonly string[];
  /** What is looked at before the first step of a finish; a plan starts no program for it. */
  readonly gates: readonly FlowGate[];
}

/** `mlops flow init|TYPE ACTION … --json`. */
export interface FlowResult {
  readonly action: FlowRequest['action'];
  /** Branch that was started, finished or changed; the integration branch after `init`. */
  readonly branch: string;
  readonly base: string;
  /** Branch that is checked out now. */
  readonly current: string | null;
  readonly steps: readonly FlowStep[];
  readonly warnings: readonly string[];
  readonly gates: readonly FlowGate[];
  /** What was done and what comes next, as sentences. */
  readonly summary: readonly string[];
  /** The pull request that waits now; `wasOpened` when this very action has begun it, so that its page is to be shown. */
  readonly pullRequest: (FlowPullRequest & { readonly wasOpened: boolean }) | null;
}

/** The version that a release or hotfix may have, by what has come since the last one. */
export interface VersionSuggestion {
  readonly version: string;
  /** The last version that was released; null where there is none. */
  readonly last: string | null;
  /** As "2 features since 1.2.0". */
  readonly reason: string;
}

/** `mlops flow TYPE diff --json`. */
export interface FlowDiff {
  readonly branch: string;
  readonly base: string;
  /** As `git apply` takes it. */
  readonly patch: string;
}
