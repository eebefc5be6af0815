import { checkRefName } from '../git/git.ts';
import type { ReleaseModel } from './release.ts';
import type { FinishedType, FinishOptions } from '../../protocol/gitflow.ts';

// What is written down of finishes that wait for their pull requests: beside the repository, so that they stand in nobody's way.

/** A finish that waits for the host: the branch is there, and somebody has to merge it. */
export interface PullRequest {
  readonly type: FinishedType;
  /** Without the prefix. */
  readonly name: string;
  readonly branch: string;
  readonly into: string;
  readonly title: string;
  /** The host's page of it, or the one on which it is opened; null where the host is not known. */
  readonly url: string | null;
  /** Commit of the branch when it was pushed last; null until then. */
  readonly commit: string | null;
  /** How the finish was asked for, for what is left of it. */
  readonly options: FinishOptions;
  /** The versions of registered models that go out with it; absent where none was known. */
  readonly models?: readonly ReleaseModel[];
}

export function formatPullRequests(pullRequests: readonly PullRequest[]): string {
  return `${JSON.stringify({ version: 1, pullRequests }, null, 1)}\n`;
}

/** Text of the file; what is cut or of somebody else counts for nothing. */
export function parsePullRequests(text: string): readonly PullRequest[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Written by a rename, so that it is whole or foreign; foreign is not ours to judge.
    return [];
  }
  if (!isRecord(value) || value['version'] !== 1 || !Array.isArray(value['pullRequests'])) return [];
  return value['pullRequests'].filter(isPullRequest);
}

export function isPullRequest(value: unknown): value is PullRequest {
  if (!isRecord(value)) return false;
  const { type, name, branch, into, title, url, commit, options, models = [] } = value;
  return (
    isFinishedType(type) &&
    typeof title === 'string' &&
    [name, branch, into].every((text) => typeof text === 'string' && checkRefName(text) === undefined) &&
    (url === null || (typeof url === 'string' && /^https?:\/\//.test(url))) &&
    (commit === null || (typeof commit === 'string' && /^[0-9a-f]{40,64}$/.test(commit))) &&
    isFinishOptions(options) &&
    Array.isArray(models) &&
    models.every(isReleaseModel)
  );
}

export function isFinishedType(value: unknown): value is FinishedType {
  return typeof value === 'string' && ['feature', 'bugfix', 'release', 'hotfix'].includes(value);
}

/** What a finish is asked for with, however it is called. */
export function isFinishOptions(value: unknown): value is FinishOptions {
  return (
    isRecord(value) && Object.values(value).every((option) => typeof option === 'string' || typeof option === 'boolean')
  );
}

/** Each becomes a line of a tag, so that none may hold another. */
function isReleaseModel(value: unknown): value is ReleaseModel {
  if (!isRecord(value)) return false;
  const { name, version, runId, hash, store, from } = value;
  const isNumber = (text: unknown): boolean => isLine(text) && /^\d+$/.test(String(text));
  return (
    [name, store].every(isLine) &&
    isNumber(version) &&
    [runId, hash].every((text) => text === null || isLine(text)) &&
    (from === null || isNumber(from))
  );
}

function isLine(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && !/\p{Cc}/u.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
