import type { GateName } from '../../protocol/gates.ts';
import type { Distance } from '../../protocol/gitflow.ts';
import type { Branch, ConfigEntry } from '../git/git.ts';
import type { Operation } from './operation.ts';
import type { PullRequest } from './pullrequest.ts';
import type { Arrival } from './pullrequests.ts';
import type { ReleaseFacts } from './release.ts';

/** What a repository tells about itself; everything that plans and state are made from. */
export interface FlowFacts {
  /** Absolute path of the top of the work tree. */
  readonly root: string;
  readonly config: readonly ConfigEntry[];
  readonly branches: readonly Branch[];
  /** Branch that HEAD names, also when it has no commit; undefined when HEAD is detached. */
  readonly current: string | undefined;
  /** True when HEAD has no commit yet. */
  readonly isUnborn: boolean;
  /** Commit that is checked out. */
  readonly head: string | undefined;
  /** What we have written down of the last action: unfinished, or done and not undone. */
  readonly operation: Operation | undefined;
  /** Full names of the references that keep what the last action has taken out of reach. */
  readonly kept: readonly string[];
  /** Files that git does not know and that a step which was cut may have written; empty where none was. */
  readonly leftovers: readonly string[];
  /** Tracked files with changes, and those with conflicts, relative to the root. */
  readonly changed: readonly string[];
  readonly conflicts: readonly string[];
  /** Tracked files that look changed, of which only the repository's filters can tell whether they are, which were not asked. */
  readonly unsure: readonly string[];
  readonly hasIdentity: boolean;
  /** Names of remotes that have an address. */
  readonly remotes: readonly string[];
  readonly hooks: FlowHooks;
  /** Branch in AVH's `.gitflow/MERGE_BASE`: a finish of it or of us has stopped at its merge. */
  readonly mergeBase: string | undefined;
  /** Commit in MERGE_HEAD: a merge is not committed yet. */
  readonly mergeHead: string | undefined;
  readonly isRebasing: boolean;
  /** A commit that is being copied or taken back is not committed yet. */
  readonly picking: 'cherry-pick' | 'revert' | undefined;
  /** Text of git-flow-next's `gitflow/state/merge.json`. */
  readonly nextState: string | undefined;
  /** Distances by {@link pairKey}; pairs that {@link listPairs} does not name are absent. */
  readonly distances: ReadonlyMap<string, Distance>;
  /** Commits by the names that {@link listPoints} asks for; a name that stands for none is absent. */
  readonly points: ReadonlyMap<string, string>;
  /** Lines of the first mark in files with conflicts; absent where nothing that has stopped is gone on with. */
  readonly marks?: ReadonlyMap<string, number>;
  /** Gates of a finish that do not hold; absent where they were not asked. */
  readonly failedGates?: readonly GateName[];
  /** Absent where no release is finished for the first time. */
  readonly release?: ReleaseFacts;
  /** Versions on which the aliases are that the last action has moved, by {@link aliasKey}; absent where nobody takes it back. */
  readonly aliases?: ReadonlyMap<string, string | null>;
  /** Finishes that wait for their pull requests, also of branches that are gone. */
  readonly pullRequests: readonly PullRequest[];
  /** By branch: those that have come into the remote's, as far as it was fetched. */
  readonly arrivals: ReadonlyMap<string, Arrival>;
  /** Branches to which the remote has just refused a push. */
  readonly refusing: readonly string[];
  /** First lines of the commits with which a pull request would be opened, the oldest first. */
  readonly subjects: readonly string[];
}

interface FlowHooks {
  /** Absolute path, or as the user's configuration gives it. */
  readonly folder: string;
  /** Names of the programs in it that Gitflow would run. */
  readonly names: readonly string[];
}

/** Facts without the distances, from which {@link listPairs} tells which distances are worth asking for. */
export type RefFacts = Pick<
  FlowFacts,
  'config' | 'branches' | 'current' | 'mergeBase' | 'points' | 'operation' | 'pullRequests' | 'arrivals'
>;
