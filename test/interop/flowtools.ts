import { cp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { performFlow } from '../../src/node/gitflow/gitflow.ts';
import type { FlowRequest, TopicType } from '../../src/protocol/gitflow.ts';
import { commit, end, git, makeGround, readFlowConfig, readGraph, type Ground } from '../unit/node/git/repository.ts';

/** One of the two tools, driven by the same words. */
export interface Tool {
  readonly name: string;
  flow(folder: string, request: FlowRequest): Promise<{ readonly ok: boolean; readonly output: string }>;
}

export type Script = (folder: string, flow: (request: FlowRequest) => Promise<void>) => Promise<void>;

export const INIT = { action: 'init' } as const;
export const start = (name: string, base?: string, type: TopicType = 'feature'): FlowRequest => ({
  action: 'start',
  type,
  name,
  ...(base === undefined ? {} : { base }),
});
export const finish = (
  name: string,
  options: object = {},
  type: Exclude<TopicType, 'support'> = 'feature',
): FlowRequest => ({ action: 'finish', type, name, ...options });

export const M = { message: 'A version' };
export const release = (name: string, options: object = M): FlowRequest => finish(name, options, 'release');
export const hotfix = (name: string, options: object = M): FlowRequest => finish(name, options, 'hotfix');
export const on = (
  action: 'publish' | 'track' | 'checkout',
  name: string,
  type: TopicType = 'feature',
): FlowRequest => ({
  action,
  type,
  name,
});
export const remove = (name: string, options: object = {}, type: TopicType = 'feature'): FlowRequest => ({
  action: 'delete',
  type,
  name,
  ...options,
});
export const rebase = (name: string, type: TopicType = 'feature'): FlowRequest => ({
  action: 'update',
  type,
  name,
  strategy: 'rebase',
});
export const rename = (newName: string, name?: string, type: TopicType = 'feature'): FlowRequest => ({
  action: 'rename',
  type,
  newName,
  ...(name === undefined ? {} : { name }),
});

const SWITCHES: Readonly<Record<string, string>> = {
  keep: '-k',
  keepLocal: '--keeplocal',
  keepRemote: '--keepremote',
  forceDelete: '-D',
  noFastForward: '--no-ff',
  fetch: '-F',
  push: '--push',
  rebase: '-r',
  squash: '-S',
  noTag: '-n',
  noBackMerge: '-b',
  noDevelopMerge: '--nodevelopmerge',
  pushProduction: '--pushproduction',
  pushDevelop: '--pushdevelop',
  pushTag: '--pushtag',
  force: '-f',
  remote: '-r',
};
const TEXTS: Readonly<Record<string, string>> = { tagName: '-T', message: '-m', messageFile: '-f' };

/** The request in AVH's words. */
function toArguments(request: FlowRequest): readonly string[] {
  if (request.action === 'init')
    return ['init', '-d', ...(request.prefixes?.feature === undefined ? [] : ['-p', request.prefixes.feature])];
  if (!('type' in request)) throw new Error(`AVH has no ${request.action}.`);
  const { action, type } = request;
  const options = Object.entries(request).flatMap(([key, value]) => {
    if (value === true && SWITCHES[key] !== undefined) return [SWITCHES[key]];
    return typeof value === 'string' && TEXTS[key] !== undefined ? [TEXTS[key], value] : [];
  });
  const verb = action === 'update' ? 'rebase' : action;
  const words = [
    ...(request.action === 'rename' ? [request.newName] : []),
    request.name,
    ...(request.action === 'start' ? [request.base] : []),
  ];
  return [type, verb, ...options, ...words.filter((word) => word !== undefined)];
}

export interface FlowTools {
  readonly ground: () => Ground;
  readonly ours: Tool;
  readonly avh: Tool;
  readonly add: (folder: string, file: string, text?: string) => Promise<void>;
  readonly run: (folder: string, ...args: readonly string[]) => Promise<string>;
  /** A bare remote with all branches, and the copy fetched. */
  readonly addOrigin: (folder: string) => Promise<string>;
  /** Commits the file `a` as if the conflict in it were resolved. */
  readonly resolve: (folder: string) => Promise<void>;
  readonly play: (tool: Tool, script: Script) => Promise<Played>;
  /** As `play`, in a repository where AVH is set up already: master, develop, and a file `a`. */
  readonly playReady: (tool: Tool, script: Script) => Promise<Played>;
}

type Flow = (request: FlowRequest) => Promise<void>;

/** Beginnings that more than one test goes on from. */
export function useBeginnings({ add, run }: Pick<FlowTools, 'add' | 'run'>): {
  readonly begin: (folder: string, flow: Flow, type: TopicType, name?: string) => Promise<void>;
  readonly conflictInProduction: (folder: string, flow: Flow) => Promise<void>;
  readonly conflictInDevelop: (folder: string, flow: Flow) => Promise<void>;
} {
  /** A release with a commit, checked out. */
  async function begin(folder: string, flow: Flow, type: TopicType, name = '1.0'): Promise<void> {
    await flow(start(name, undefined, type));
    await add(folder, 'r');
  }

  /** Both sides change `a`, so that the release's merge into master meets a conflict. */
  async function conflictInProduction(folder: string, flow: Flow): Promise<void> {
    await flow(start('1.0', undefined, 'release'));
    await add(folder, 'a', 'theirs');
    await run(folder, 'checkout', '-q', 'master');
    await add(folder, 'a', 'ours');
  }

  /** The merge into master is clean, the one back into develop is not. */
  async function conflictInDevelop(folder: string, flow: Flow): Promise<void> {
    await flow(start('1.0', undefined, 'release'));
    await add(folder, 'a', 'theirs');
    await run(folder, 'checkout', '-q', 'develop');
    await add(folder, 'a', 'ours');
  }

  return { begin, conflictInProduction, conflictInDevelop };
}

export interface Played {
  readonly folder: string;
  readonly graph: unknown;
  readonly config: unknown;
}

/** Real repositories for the tests of one file, and both tools in them. */
export function useFlowTools(): FlowTools {
  let made: Ground;
  beforeAll(async () => {
    made = await makeGround();
    const { output } = await end(made.folder, made.env, 'git', 'flow', 'version');
    if (!output.includes('AVH'))
      throw new Error(
        `These tests need git-flow (AVH), "apt-get install git-flow" on Debian; "git flow version" says: ${output}`,
      );
  });
  afterAll(() => made.remove());
  const run = (folder: string, ...args: readonly string[]): Promise<string> => git(folder, made.env, ...args);
  const ours: Tool = {
    name: 'ours',
    async flow(folder, request) {
      try {
        return { ok: true, output: (await performFlow(folder, request, { env: made.env })).summary.join('\n') };
      } catch (error) {
        return { ok: false, output: String(error) };
      }
    },
  };
  const avh: Tool = {
    name: 'git-flow (AVH)',
    async flow(folder, request) {
      const { code, output } = await end(folder, made.env, 'git', 'flow', ...toArguments(request));
      return { ok: code === 0, output };
    },
  };
  let template: Promise<string> | undefined;
  const makeTemplate = async (): Promise<string> => {
    const folder = await made.make('template');
    await run(folder, 'init', '-q', '-b', 'master');
    await commit(folder, made.env, 'a', 'base');
    await run(folder, 'flow', 'init', '-d');
    return folder;
  };
  const carry = async (tool: Tool, folder: string, script: Script): Promise<Played> => {
    await script(folder, async (request) => {
      const { ok, output } = await tool.flow(folder, request);
      if (!ok) throw new Error(`${tool.name}: ${output}`);
    });
    return { folder, ...(await readState(folder, made.env)) };
  };
  return {
    ground: () => made,
    ours,
    avh,
    run,
    add: (folder, file, text = '1') => commit(folder, made.env, file, text),
    async addOrigin(folder) {
      const origin = await made.make('origin');
      await run(origin, 'init', '-q', '--bare', '-b', 'master');
      await run(folder, 'remote', 'add', 'origin', origin);
      await run(folder, 'push', '-q', 'origin', '--all');
      return origin;
    },
    async resolve(folder) {
      await writeFile(path.join(folder, 'a'), 'both');
      await run(folder, 'add', 'a');
      await run(folder, 'commit', '-q', '--no-edit');
    },
    async play(tool, script) {
      const folder = await made.make();
      await run(folder, 'init', '-q', '-b', 'master');
      return carry(tool, folder, script);
    },
    async playReady(tool, script) {
      template ??= makeTemplate();
      const folder = await made.make();
      await cp(await template, folder, { recursive: true });
      await run(folder, 'config', 'gitflow.path.hooks', path.join(folder, '.git', 'hooks'));
      return carry(tool, folder, script);
    },
  };
}

/** Commits, branches and tags, here and on the remote, and the settings of both tools and of git's own tracking. */
export async function readState(folder: string, env: NodeJS.ProcessEnv): Promise<Omit<Played, 'folder'>> {
  const config = await readFlowConfig(folder, env, '^(gitflow|branch)\\.');
  const { code, output } = await end(folder, env, 'git', 'remote', 'get-url', 'origin');
  const remote = code === 0 ? await readGraph(output.trim(), env) : [];
  return {
    graph: [...(await readGraph(folder, env)), ...remote.map((line) => `origin: ${line}`)],
    config: config.map((line) => line.replace(folder, '<root>')),
  };
}
