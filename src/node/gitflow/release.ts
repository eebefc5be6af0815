import path from 'node:path';
import {
  findTopic,
  listAliasMoves,
  parseSettings,
  releaseFiles,
  settleRelease,
  type FlowFacts,
  type FoundCommit,
  type ReleaseFacts,
  type ReleaseModel,
} from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FlowRequest } from '../../protocol/gitflow.ts';
import { openObjects, type Git } from '../git/git.ts';
import { findOwnProject } from './gates.ts';

/** Stores and pipelines are half of the program: loaded where a release meets them. */
const loadStores = async () => import('./releasestores.ts');

interface Place {
  readonly git: Git;
  readonly facts: FlowFacts;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The facts with what a release needs to know, and with the aliases that an action which is taken back has moved. */
export async function withRelease(place: Place, request: FlowRequest): Promise<FlowFacts> {
  const { facts } = place;
  const moves = listAliasMoves(facts.operation?.steps ?? []);
  if (request.action === 'undo' || request.action === 'abort' || request.action === 'continue')
    return moves.length === 0 ? facts : { ...facts, aliases: await (await loadStores()).readAliases(place, moves) };
  const isLive = facts.operation !== undefined && facts.operation.phase !== 'done';
  if (request.action !== 'finish' || (request.type !== 'release' && request.type !== 'hotfix') || isLive) return facts;
  return { ...facts, release: await readRelease(place, request) };
}

async function readRelease(place: Place, request: Extract<FlowRequest, { action: 'finish' }>): Promise<ReleaseFacts> {
  const { git, facts, folder, env } = place;
  const { branch } = findTopic(facts, request);
  const commit = facts.branches.find(({ remote, name }) => !remote && name === branch)?.commit ?? '';
  const project = await findOwnProject(git, folder);
  const root = project?.root ?? git.folder;
  const inside = path.relative(git.folder, root).split(path.sep).join('/');
  const { writesFiles } = settleRelease(facts);
  const warnings: string[] = [];
  const remembered = findRemembered(facts, request, { branch, commit });
  const asked =
    remembered !== undefined
      ? await recall(place, remembered, warnings)
      : project === undefined
        ? []
        : await tell(warnings, async () => (await loadStores()).readModels(place, project, commit, request.model));
  const commits = writesFiles ? await readWork(git, facts, branch) : [];
  return {
    today: new Date().toISOString().slice(0, 10),
    folder: inside === '' ? '' : `${inside}/`,
    files: writesFiles ? await openObjects(root, { env }).readFiles(commit, releaseFiles) : new Map(),
    isProject: project !== undefined,
    commits,
    runs:
      project === undefined || commits.length === 0
        ? []
        : await tell(warnings, async () => (await loadStores()).readRuns(project, env)),
    models: asked,
    warnings,
  };
}

/** The models with which a pull request was opened, where it still waits with these very commits, or the branch is not here to be asked. */
function findRemembered(
  { pullRequests, head }: FlowFacts,
  { pullRequest, model }: Extract<FlowRequest, { action: 'finish' }>,
  { branch, commit }: { readonly branch: string; readonly commit: string },
): readonly ReleaseModel[] | undefined {
  const waiting = pullRequests.find((candidate) => candidate.branch === branch);
  const isAnew = pullRequest !== undefined || model !== waiting?.options.model;
  const isKnown = head !== commit || waiting?.commit === commit;
  return isAnew || !isKnown ? undefined : waiting?.models;
}

async function recall(
  place: Place,
  remembered: readonly ReleaseModel[],
  warnings: string[],
): Promise<readonly ReleaseModel[]> {
  return remembered.length === 0 ? [] : (await loadStores()).recallModels(place, remembered, warnings);
}

/** A store that can't be read holds no release up: what it has to add is left out, and that is said. */
async function tell<T>(
  warnings: string[],
  read: () => Promise<{ found: readonly T[]; warnings?: readonly string[] }>,
): Promise<readonly T[]> {
  try {
    const { found, warnings: more = [] } = await read();
    warnings.push(...more);
    return found;
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'bad-arguments' || error.code === 'unknown-name')
      throw error;
    warnings.push(`The release is made without what the tracking store knows: ${error.message}`);
    return [];
  }
}

/** What has come since the last release, by the first parents of the branch that is finished. */
export async function readWork(
  git: Git,
  facts: Pick<FlowFacts, 'config' | 'branches'>,
  branch: string,
): Promise<readonly FoundCommit[]> {
  const { production = '' } = parseSettings(facts.config);
  const base = facts.branches.some(({ remote, name }) => !remote && name === production) ? production : branch;
  const fields = (await git.logFirstParents(base, branch)).split('\0');
  const commits: FoundCommit[] = [];
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [parents = '', subject = '', body = ''] = fields.slice(at, at + 3);
    commits.push({ parents: parents.split(' ').length, subject, body });
  }
  return commits;
}
