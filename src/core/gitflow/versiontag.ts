import { checkRefName } from '../git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FinishedType, FinishOptions } from '../../protocol/gitflow.ts';
import type { Topic } from './checks.ts';
import type { SettledOptions } from './finishoptions.ts';
import { findBranch } from './branches.ts';
import { toModelTrailers } from './release.ts';
import { findDistance } from './distances.ts';
import type { FlowFacts } from './facts.ts';
import type { GitStep, TagMessage } from './steps.ts';
import { quoteWord } from './shell.ts';

/** A finish with all that the request, the repository's settings and the branch itself say. */
export interface Finish extends Topic {
  readonly type: FinishedType;
  readonly base: string;
  /** Where the branch is merged: its base, or production for a release from development. */
  readonly target: string;
  /** Development, where the result is merged back into it. */
  readonly back: string | undefined;
  /** Full name of the tag; undefined where none is made. */
  readonly tag: string | undefined;
  readonly options: SettledOptions;
  /** Those of the request alone, for what is left of it another time. */
  readonly given: FinishOptions;
  /** As the user would type it again, without "mlops". */
  readonly command: string;
}

/** Undefined where none is made, or is there already. */
export function planTag(facts: FlowFacts, finish: Finish, isMerged: boolean): GitStep | undefined {
  const { tag, target, branch } = finish;
  if (tag === undefined) return undefined;
  const reason = checkRefName(tag);
  if (reason !== undefined)
    throw new ExpectedError('bad-arguments', `${JSON.stringify(tag)} can't be a tag: ${reason}.`);
  const commit = facts.points.get(`refs/tags/${tag}`);
  if (commit !== undefined) {
    const ofTag = { commit };
    const isOurs =
      isMerged &&
      findDistance(facts.distances, branch, ofTag)?.ahead === 0 &&
      findDistance(facts.distances, ofTag, findBranch(facts.branches, target))?.ahead === 0;
    if (isOurs) return undefined;
    throw new ExpectedError(
      'branch-state',
      `The tag ${tag} exists already, on another commit. Take another with --tag-name, or delete it first: git tag -d ${quoteWord(tag)}.`,
    );
  }
  return toTag(facts, finish, tag);
}

/** Default: at the end of the branch. */
export function toTag(
  facts: FlowFacts,
  { target, options }: Finish,
  tag: string,
  place: { readonly commit?: string } = {},
): GitStep {
  const trailers = toModelTrailers(facts);
  const { messageFile, message = `Tagging version ${tag}`, sign, signingKey } = options;
  const words: TagMessage = messageFile === undefined ? { text: message } : { file: messageFile };
  return {
    kind: 'tag',
    tag,
    on: target,
    ...place,
    message: words,
    sign,
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(trailers.length === 0 ? {} : { trailers }),
  };
}
