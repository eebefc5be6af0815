import { topicTypeNames } from '../../core/gitflow/gitflow.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { FlowRequest, TopicType } from '../../protocol/gitflow.ts';
import { takePositionals, type Command, type Invocation, type OptionSpec } from '../commandline/commandline.ts';
import { check } from './gatecommands.ts';
import { readFlow } from './gitflow.ts';
import { carryOut, folderOf, formatState, showTopics } from './showing.ts';
import { commandsOf } from './topiccommands.ts';

/** Actions of a type that other tools know and we don't: ours are called update, track and checkout. */
const laterActions = ['rebase', 'pull', 'co'];
const laterWords = ['config', 'version', 'log'];

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

/** Ways on from, and back before, what was done last. */
const ways = (
  [
    ['continue', 'go on with what has stopped: after a conflict that is resolved, a crash, a lost connection'],
    ['abort', 'return to where you were before what has stopped; changes that are not committed stay'],
    ['undo', 'take back what was done last, until it is pushed'],
  ] as const
).map(([action, summary]): Command => {
  const command: Command = {
    words: ['flow', action],
    summary,
    positionals: '',
    example: `mlops flow ${action}`,
    options: {},
    run: (invocation) => {
      takePositionals(invocation, command);
      return carryOut(invocation, { action });
    },
  };
  return command;
});

/** What Gitflow has and we don't yet, told apart from a slip: these answer, but no list shows them. */
const later: readonly Command[] = [
  ...laterWords.map((word) => ['flow', word]),
  ...topicTypeNames.flatMap((type) => laterActions.map((action) => ['flow', type, action])),
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

const offered: readonly Command[] = [init, status, overview, check, ...ways, ...topicTypeNames.flatMap(commandsOf)];

export const commands: readonly Command[] = [...offered, ...later];

function notYet(words: readonly string[]): ExpectedError {
  const usages = offered.map((command) => `  mlops ${command.words.join(' ')} ${command.positionals}`.trimEnd());
  return new ExpectedError(
    'not-supported',
    [`"mlops ${words.join(' ')}" is not supported yet. There are:`, ...usages].join('\n'),
  );
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
