import { findConfig } from '../git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FinishedType, FlowRequest } from '../../protocol/gitflow.ts';
import { findBranch, findRemoteBranch } from './branches.ts';
import type { Operation } from './operation.ts';
import type { PullRequest } from './pullrequest.ts';
import { quoteWord } from './shell.ts';
import { findTopicBase, isVersioned, parseSettings, topicTypes } from './settings.ts';
import { findLive, findUnfinished } from './state.ts';
import type { FlowFacts } from './facts.ts';
import { findTargets } from './targets.ts';

// Which finishes go by a pull request, and which of those that wait are meant or have come in.

/** A branch that has come into the remote's. */
export interface Arrival {
  /** Commit of the remote's branch by which it has come in: a merge, a squash, or the last of the rebased ones. */
  readonly commit: string;
  /** State of the branch that has come in. */
  readonly tip: string;
  /** All states that were asked for and are there. */
  readonly arrived: readonly string[];
}

/** Whether one branch is in another is asked by these. */
export interface ArrivalQuestion {
  readonly branch: string;
  /** States of the branch, the newest first: ours, the remote's, the one that was pushed last. */
  readonly tips: readonly string[];
  /** The one of them that was pushed last, if that is known. */
  readonly pushed: string | null;
  /** Commit of the remote's branch into which it goes. */
  readonly into: string;
}

type Refs = Pick<FlowFacts, 'config' | 'branches' | 'current' | 'pullRequests'>;
type FinishRequest = Extract<FlowRequest, { action: 'finish' }>;

export function findPullRequest(
  { pullRequests }: Pick<FlowFacts, 'pullRequests'>,
  branch: string,
): PullRequest | undefined {
  return pullRequests.find((candidate) => candidate.branch === branch);
}

/** Those whose branch is still here. */
function listWaiting({ pullRequests, branches }: Refs): readonly PullRequest[] {
  return pullRequests.filter(({ branch }) => findBranch(branches, branch) !== undefined);
}

/** What has to be asked about branches that wait: all of them, or those of a request. */
export function listQuestions(facts: Refs, request?: FlowRequest): readonly ArrivalQuestion[] {
  const { origin } = parseSettings(facts.config);
  const wanted = request === undefined ? undefined : nameRequested(facts, request);
  return listWaiting(facts)
    .filter(({ branch }) => request === undefined || branch === wanted)
    .flatMap(({ branch, into, commit }) => {
      const target = findRemoteBranch(facts.branches, origin, into)?.commit;
      const tips = [
        findBranch(facts.branches, branch)?.commit,
        findRemoteBranch(facts.branches, origin, branch)?.commit,
        commit ?? undefined,
      ].filter((tip) => tip !== undefined);
      return target === undefined ? [] : [{ branch, tips: [...new Set(tips)], pushed: commit, into: target }];
    });
}

/** The branch whose commits a pull request would be opened with; undefined where the request opens none. */
export function findDraft(
  facts: Refs & Pick<FlowFacts, 'refusing'>,
  request: FlowRequest,
): { readonly branch: string; readonly base: string } | undefined {
  if (request.action !== 'finish') return undefined;
  const branch = nameRequested(facts, request) ?? '';
  const into = findTarget(facts, request.type, branch);
  const isKnown =
    findBranch(facts.branches, branch) !== undefined && findBranch(facts.branches, into ?? '') !== undefined;
  return isKnown && into !== undefined && goesByPullRequest(facts, request, into) ? { branch, base: into } : undefined;
}

function nameRequested({ config, current }: Refs, request: FlowRequest): string | undefined {
  if (request.action !== 'finish') return undefined;
  const prefix = parseSettings(config).prefixes[request.type] ?? '';
  return request.name === undefined ? current : prefix + request.name;
}

function findTarget({ config }: Refs, type: FinishedType, branch: string): string | undefined {
  const { production, develop, edition } = parseSettings(config);
  if (production === undefined || develop === undefined) return undefined;
  const home = topicTypes[type].home === 'develop' ? develop : production;
  return findTargets({ production, develop, edition }, type, findTopicBase(config, branch) ?? home).target;
}

/** Chosen for this finish, else known from the remote, else as the repository's settings say for the type or for all. */
export function goesByPullRequest(
  { config, refusing }: Pick<FlowFacts, 'config' | 'refusing'>,
  { type, pullRequest }: Pick<FinishRequest, 'type' | 'pullRequest'>,
  into: string,
): boolean {
  if (pullRequest !== undefined) return pullRequest;
  if (isProtected({ config, refusing }, into)) return true;
  const keys = [`mlops.flow.${type}.finish`, 'mlops.flow.finish'];
  const [key = '', way] =
    keys.map((name) => [name, findConfig(config, name)] as const).find(([, text]) => text !== undefined) ?? [];
  if (way === undefined || way === 'merge') return false;
  if (way === 'pullrequest') return true;
  throw new ExpectedError('bad-input', `git's setting ${key} is "${way}", which is neither merge nor pullrequest.`);
}

/** True for a branch to which nobody pushes: a setting says so, or the remote has refused it. */
export function isProtected({ config, refusing }: Pick<FlowFacts, 'config' | 'refusing'>, branch: string): boolean {
  return refusing.includes(branch) || config.some(({ key, value }) => key === PROTECTED && value === branch);
}

/** git's setting that lists the branches to which nobody pushes, one in each of its lines. */
export const PROTECTED = 'mlops.flow.protected';

/**
 * Which of the pushed branches a remote has refused, by its words. A hook refuses all that comes with one push; where it names a
 * branch, that is the one. ` ! [remote rejected] develop -> develop (pre-receive hook declined)`
 */
export function findRefused(message: string, branches: readonly string[]): readonly string[] {
  const lines = message.split('\n');
  const isOutcome = (line: string): boolean => line.includes('[remote rejected]');
  const refused = branches.filter((branch) =>
    lines.some((line) => isOutcome(line) && line.includes(` ${branch} -> ${branch} `) && !line.includes('atomic')),
  );
  const candidates = refused.length === 0 ? branches : refused;
  // Our own words stand around it, and name branches too.
  const said = lines.flatMap((line) => (line.includes('remote: ') ? [line.slice(line.indexOf('remote: '))] : []));
  const words = new Set(said.flatMap((line) => line.split(/[\s'"`,:;()]+/)));
  const named = candidates.filter((branch) => words.has(branch) || words.has(`refs/heads/${branch}`));
  return named.length === 0 ? candidates : named;
}

/** What is left to a person where the remote has refused the push of a finish that is not taken back by itself. */
export function adviseRefused({ isResolved, branch, command }: Operation, refused: readonly string[]): string {
  const keep = refused.map((name) => `git branch NAME ${quoteWord(name)}`).join(', ');
  const resolved =
    isResolved === true ? 'Since somebody has resolved something in it, it is not taken back by itself. ' : '';
  const [, type = '', , name = ''] = command.split(' ');
  return `${resolved}Whoever may push goes on with "mlops flow continue". To let ${branch} be merged there instead: keep what was merged here under another name (${keep}), take it back with "mlops flow abort", then run "mlops flow ${type} finish ${name} --pull-request".`;
}

/** The request with what is remembered: a finish goes on as it was asked for when its pull request was opened. */
export function resolveRequest(facts: FlowFacts, request: FlowRequest): FlowRequest {
  const wanted = resolveContinue(facts, request);
  if (wanted.action !== 'finish' || wanted.pullRequest === false) return wanted;
  const waiting = findPullRequest(facts, nameRequested(facts, wanted) ?? '');
  return waiting === undefined ? wanted : { ...waiting.options, ...wanted };
}

/** "continue" where nothing has stopped means the pull request that waits: that of the branch which is checked out, or the only one. */
function resolveContinue(facts: FlowFacts, request: FlowRequest): FlowRequest {
  if (request.action !== 'continue' || findLive(facts) !== undefined || findUnfinished(facts) !== undefined)
    return request;
  const waiting = listWaiting(facts);
  const own = waiting.find(({ branch }) => branch === facts.current) ?? (waiting.length === 1 ? waiting[0] : undefined);
  if (own !== undefined) return { action: 'finish', type: own.type, name: own.name };
  if (waiting.length === 0) return request;
  const commands = waiting.map(({ type, name }) => `  mlops flow ${type} finish ${quoteWord(name)}`);
  throw new ExpectedError(
    'bad-arguments',
    ['Nothing has stopped, and more than one pull request waits. Go on with one of them:', ...commands].join('\n'),
  );
}

/** Title and text of a pull request, from the subjects of what is in it. */
export function draftWords(
  type: FinishedType,
  name: string,
  subjects: readonly string[],
): { title: string; body: string } {
  const [first, second] = subjects;
  const title = isVersioned(type)
    ? `${type === 'release' ? 'Release' : 'Hotfix'} ${name}`
    : first !== undefined && second === undefined
      ? first
      : toWords(name);
  const shown = subjects.slice(0, MAX_SUBJECTS).map((subject) => `- ${subject}`);
  const more = subjects.length > MAX_SUBJECTS ? ['- …'] : [];
  return { title, body: subjects.length < 2 && title === first ? '' : [...shown, ...more].join('\n') };
}

export const MAX_SUBJECTS = 50;

/** `better-augmentation` → `Better augmentation`. */
function toWords(name: string): string {
  const words = name.replace(/[-_/]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
