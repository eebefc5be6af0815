import path from 'node:path';
import { topicTypeNames } from '../../core/gitflow/gitflow.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type {
  Distance,
  FlowRequest,
  FlowState,
  FlowTopic,
  SupportedTopicType,
  TopicType,
} from '../../protocol/gitflow.ts';
import { takePositionals, type Command, type Invocation, type OptionSpec } from '../commandline/commandline.ts';
import { performFlow, planFlow, readFlow } from './gitflow.ts';

const supportedTypes: readonly SupportedTopicType[] = ['feature', 'bugfix'];
/** Actions of a type that other tools know and we don't yet. */
const laterActions = ['publish', 'track', 'update', 'delete', 'rename', 'diff', 'checkout', 'rebase', 'pull'];
const laterWords = ['continue', 'abort', 'undo', 'config', 'version', 'log'];

const branchName = (summary: string): OptionSpec => ({ type: 'string', value: 'BRANCH', summary });
const prefixOf = (type: TopicType): OptionSpec => ({
  type: 'string',
  value: 'PREFIX',
  summary: `prefix of ${type} branches (default: ${type}/)`,
});

const init: Command = {
  words: ['flow', 'init'],
  summary: 'set Gitflow up: production and development branch, prefixes, as git-flow (AVH) keeps them',
  positionals: '',
  example: 'mlops flow init --production main --develop develop',
  options: {
    'production': branchName('branch of what is in production (default: main or master, whichever exists)'),
    'develop': branchName('branch on which work comes together (default: develop, made if missing)'),
    ...Object.fromEntries(topicTypeNames.map((type) => [`${type}-prefix`, prefixOf(type)])),
    'tag-prefix': { type: 'string', value: 'PREFIX', summary: 'prefix of version tags (default: none)' },
    'force': { type: 'boolean', summary: 'change what is set up already' },
  },
  run: (invocation) => {
    takePositionals(invocation, init);
    return carryOut(invocation, toInitRequest(invocation));
  },
};

const status: Command = {
  words: ['flow', 'status'],
  summary: 'whether Gitflow is set up, what is checked out, and what was left unfinished',
  positionals: '',
  example: 'mlops flow status --json',
  options: {},
  run: async (invocation) => {
    takePositionals(invocation, status);
    const state = await readFlow(folderOf(invocation), invocation);
    invocation.output.result(state, () => formatState(state));
    return exitCodes.done;
  },
};

const overview: Command = {
  words: ['flow', 'overview'],
  summary: 'all topic branches: where each stands against its base and the remote',
  positionals: '',
  example: 'mlops flow overview',
  options: {},
  run: async (invocation) => {
    takePositionals(invocation, overview);
    return showTopics(invocation, () => true);
  },
};

function commandsOf(type: SupportedTopicType): readonly Command[] {
  const start: Command = {
    words: ['flow', type, 'start'],
    summary: `begin a ${type}: a branch of its own, from development or BASE`,
    positionals: 'NAME [BASE]',
    example: `mlops flow ${type} start better-augmentation`,
    options: {},
    run: (invocation) => {
      const [name = '', base] = takePositionals(invocation, start);
      return carryOut(invocation, { action: 'start', type, name, ...(base === undefined ? {} : { base }) });
    },
  };
  const finish: Command = {
    words: ['flow', type, 'finish'],
    summary: `end a ${type}: merge it into its base and delete its branch (default: what is checked out)`,
    positionals: '[NAME]',
    example: `mlops flow ${type} finish better-augmentation`,
    options: {
      'keep': { type: 'boolean', summary: 'keep the branch, here and on the remote' },
      'no-ff': { type: 'boolean', summary: 'make a merge commit also for a single commit' },
    },
    run: (invocation) => {
      const [name] = takePositionals(invocation, finish);
      const { options } = invocation;
      return carryOut(invocation, {
        action: 'finish',
        type,
        ...(name === undefined ? {} : { name }),
        keep: options.flag('keep'),
        noFastForward: options.flag('no-ff'),
      });
    },
  };
  const list: Command = {
    words: ['flow', type, 'list'],
    summary: `the ${type} branches`,
    positionals: '',
    example: `mlops flow ${type} list`,
    options: {},
    run: (invocation) => {
      takePositionals(invocation, list);
      return showTopics(invocation, (topic) => topic.type === type);
    },
  };
  return [start, finish, list];
}

/** What Gitflow has and we don't yet, told apart from a slip: these answer, but no list shows them. */
const later: readonly Command[] = [
  ...[...topicTypeNames.filter((type) => !supportedTypes.some((name) => name === type)), ...laterWords].map((word) => [
    'flow',
    word,
  ]),
  ...supportedTypes.flatMap((type) => laterActions.map((action) => ['flow', type, action])),
].map((words) => ({
  words,
  summary: 'not supported yet',
  positionals: '',
  example: `mlops ${words.join(' ')}`,
  options: {},
  passThrough: true,
  hidden: true,
  run: () => Promise.reject(notYet(words)),
}));

const offered: readonly Command[] = [init, status, overview, ...supportedTypes.flatMap(commandsOf)];

export const commands: readonly Command[] = [...offered, ...later];

function notYet(words: readonly string[]): ExpectedError {
  const usages = offered.map((command) => `  mlops ${command.words.join(' ')} ${command.positionals}`.trimEnd());
  return new ExpectedError(
    'not-supported',
    [`"mlops ${words.join(' ')}" is not supported yet. There are:`, ...usages].join('\n'),
  );
}

function folderOf({ cwd, options }: Invocation): string {
  return path.resolve(cwd, options.text('project') ?? '.');
}

function toInitRequest({ options }: Invocation): FlowRequest {
  const [production, develop, versionTag] = ['production', 'develop', 'tag-prefix'].map((name) => options.text(name));
  const prefixes = topicTypeNames.flatMap((type) => {
    const prefix = options.text(`${type}-prefix`);
    return prefix === undefined ? [] : [[type, prefix] as const];
  });
  return {
    action: 'init',
    ...(production === undefined ? {} : { production }),
    ...(develop === undefined ? {} : { develop }),
    ...(versionTag === undefined ? {} : { versionTag }),
    prefixes: Object.fromEntries(prefixes),
    force: options.flag('force'),
  };
}

async function carryOut(invocation: Invocation, request: FlowRequest): Promise<number> {
  const { output, env, signal, options } = invocation;
  const folder = folderOf(invocation);
  if (options.flag('dry-run')) {
    const document = await planFlow(folder, request, { env });
    document.warnings.forEach((warning) => output.note(warning));
    output.result(document, () => document.plan.map(({ title, command }) => command ?? `# ${title}`).join('\n'));
    return exitCodes.done;
  }
  const result = await performFlow(folder, request, {
    env,
    signal,
    reporter: { stepStarted: ({ title }) => output.note(`${title} …`), note: (text) => output.note(text) },
  });
  result.warnings.forEach((warning) => output.note(warning));
  output.result(result, () => result.summary.join('\n'));
  return exitCodes.done;
}

async function showTopics(invocation: Invocation, isWanted: (topic: FlowTopic) => boolean): Promise<number> {
  const { output } = invocation;
  const state = await readFlow(folderOf(invocation), invocation);
  if (!state.initialised)
    throw new ExpectedError(
      'not-gitflow',
      `Gitflow is not set up in this repository. ${state.reason ?? ''} Run "mlops flow init" first.`,
    );
  const topics = state.topics.filter(isWanted);
  if (topics.length === 0) output.note('There are no such branches. Begin one with "mlops flow feature start NAME".');
  if (state.unfinished !== null) output.note(state.unfinished.advice);
  output.result({ topics }, () =>
    topics.length === 0
      ? ''
      : output.table({
          columns: ['', 'type', 'name', 'base', 'state', state.origin],
          rows: topics.map((topic) => [
            topic.current ? '*' : '',
            topic.type,
            topic.name,
            topic.base ?? '',
            describeDistance(topic.distance, 'no such base'),
            describeDistance(topic.remote, 'not published'),
          ]),
        }),
  );
  return exitCodes.done;
}

function describeDistance(distance: Distance | null, otherwise: string): string {
  if (distance === null) return otherwise;
  const { ahead, behind } = distance;
  const parts = [...(ahead > 0 ? [`${ahead} ahead`] : []), ...(behind > 0 ? [`${behind} behind`] : [])];
  return parts.length === 0 ? 'equal' : parts.join(', ');
}

function describeStanding({ base, distance }: FlowTopic): string {
  if (base === null || distance === null) return 'without a base';
  const words = describeDistance(distance, '');
  return `${words} ${words === 'equal' ? 'to' : 'of'} ${base}`;
}

function formatState(state: FlowState): string {
  const setUp = state.initialised
    ? `Gitflow: production ${state.production ?? ''}, development ${state.develop ?? ''}.`
    : `Gitflow is not set up. ${state.reason ?? ''} "mlops flow init" does it.`;
  const topic = state.topics.find(({ current }) => current);
  const checkedOut = state.current === null ? 'No branch is checked out.' : `Checked out: ${state.current}`;
  const standing = topic === undefined ? '' : ` (${topic.type}, ${describeStanding(topic)})`;
  return [
    setUp,
    `${checkedOut}${standing}`,
    ...(state.changed.length > 0 ? [`Files with changes that are not committed: ${state.changed.length}`] : []),
    ...(state.unfinished === null ? [] : [state.unfinished.advice]),
  ].join('\n');
}
