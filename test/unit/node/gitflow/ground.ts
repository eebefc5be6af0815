import { cp } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { performFlow } from '../../../../src/node/gitflow/gitflow.ts';
import type { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowRequest, FlowResult } from '../../../../src/protocol/gitflow.ts';
import { commit, git, makeGround, type Ground } from '../git/repository.ts';

/** Real repositories for the tests of one file, and our Gitflow in them. */
export interface FlowGround {
  readonly ground: () => Ground;
  readonly env: () => NodeJS.ProcessEnv;
  readonly flow: (folder: string, request: FlowRequest) => Promise<FlowResult>;
  readonly start: (folder: string, name: string, base?: string) => Promise<FlowResult>;
  readonly finish: (folder: string, name?: string) => Promise<FlowResult>;
  /** A repository with main and develop, Gitflow set up, develop checked out; with `remote` both are pushed to an origin. */
  readonly makeFlow: (options?: { remote?: boolean }) => Promise<string>;
  /** develop and feature/x both change file `a`: finishing feature/x must stop. */
  readonly makeConflict: () => Promise<string>;
  readonly current: (folder: string) => Promise<string>;
}

export function useFlowGround(): FlowGround {
  let ground: Ground;
  let template: string;
  const env = (): NodeJS.ProcessEnv => ground.env;
  const flow = (folder: string, request: FlowRequest): Promise<FlowResult> =>
    performFlow(folder, request, { env: env() });
  beforeAll(async () => {
    ground = await makeGround();
    template = await ground.make('template');
    await git(template, env(), 'init', '-q', '-b', 'main');
    await commit(template, env(), 'a', '1');
    await flow(template, { action: 'init' });
  });
  afterAll(() => ground.remove());

  const makeFlow = async ({ remote = false } = {}): Promise<string> => {
    const folder = await ground.make();
    await cp(template, folder, { recursive: true });
    // The one setting that knows where the repository lies.
    await git(folder, env(), 'config', 'gitflow.path.hooks', path.join(folder, '.git', 'hooks'));
    if (remote) {
      const origin = await ground.make('origin');
      await git(origin, env(), 'init', '-q', '--bare');
      await git(folder, env(), 'remote', 'add', 'origin', origin);
      await git(folder, env(), 'push', '-q', 'origin', '--all');
    }
    return folder;
  };
  const start = (folder: string, name: string, base?: string): Promise<FlowResult> =>
    flow(folder, { action: 'start', type: 'feature', name, ...(base === undefined ? {} : { base }) });
  return {
    ground: () => ground,
    env,
    flow,
    start,
    finish: (folder, name) =>
      flow(folder, { action: 'finish', type: 'feature', ...(name === undefined ? {} : { name }) }),
    makeFlow,
    async makeConflict() {
      const folder = await makeFlow();
      await start(folder, 'x');
      await commit(folder, env(), 'a', 'theirs');
      await commit(folder, env(), 'b', '1');
      await git(folder, env(), 'checkout', '-q', 'develop');
      await commit(folder, env(), 'a', 'ours');
      return folder;
    },
    current: (folder) => git(folder, env(), 'rev-parse', '--abbrev-ref', 'HEAD'),
  };
}

/** The error with which `work` ends; fails when it ends well. */
export async function refused(work: Promise<unknown>): Promise<ExpectedError> {
  try {
    await work;
  } catch (error) {
    return error as ExpectedError;
  }
  throw new Error('It was not refused.');
}
