import path from 'node:path';
import { compareVersions, finishFlags, finishTexts, parseVersion, quoteWord } from '../../core/gitflow/gitflow.ts';
import { ExpectedError, exitCodes } from '../../protocol/errors.ts';
import type { FinishOptions, FinishedType, TopicType } from '../../protocol/gitflow.ts';
import { takePositionals, type Command, type Invocation, type OptionSpec } from '../commandline/commandline.ts';
import { toBranchName } from '../../core/names/names.ts';
import { exists } from '../files/files.ts';
import { diffTopic } from './gitflow.ts';
import { suggestVersion } from './versions.ts';
import { carryOut, folderOf, showTopics } from './showing.ts';

/** What a branch of a type is called in an example: work has a name, the others a version. */
const exampleNames: Readonly<Record<TopicType, string>> = {
  feature: 'better-augmentation',
  bugfix: 'shuffled-labels',
  release: '1.2.0',
  hotfix: '1.2.1',
  support: '1.x',
};

interface Row {
  readonly action: string;
  readonly positionals: string;
  readonly summary: (type: TopicType) => string;
  readonly options?: Readonly<Record<string, OptionSpec>>;
  readonly run: (type: TopicType, words: readonly string[], invocation: Invocation) => Promise<number>;
}

const flag = (summary: string): OptionSpec => ({ type: 'boolean', summary });
const named = (name: string | undefined): { name?: string } => (name === undefined ? {} : { name });

const start: Row = {
  action: 'start',
  positionals: 'NAME [BASE]',
  summary: (type) =>
    type === 'support'
      ? 'begin a support branch at a version of production, which lives on beside it'
      : `begin a ${type}: a branch of its own, from ${type === 'hotfix' ? 'production' : 'development'} or BASE`,
  options: { fetch: flag('fetch the base first') },
  run: async (type, [name, base], invocation) =>
    carryOut(invocation, {
      action: 'start',
      type,
      ...(await settleWork(type, name, invocation)),
      ...(base === undefined ? {} : { base }),
      ...(invocation.options.flag('fetch') ? { fetch: true } : {}),
    }),
};

/** Releases and hotfixes are versions: without one the next is suggested, and taken with --yes. */
async function settleName(type: TopicType, name: string | undefined, invocation: Invocation): Promise<string> {
  if (type !== 'release' && type !== 'hotfix') return name ?? '';
  if (name !== undefined && parseVersion(name) === undefined) return name;
  const { version, last, reason } = await suggestVersion(folderOf(invocation), type, invocation);
  if (name === undefined && invocation.options.flag('yes')) return version;
  if (name === undefined)
    throw new ExpectedError(
      'missing-answer',
      `The version is missing. ${version} would be the next (${reason}): mlops flow ${type} start ${quoteWord(version)}, or --yes to take it.`,
    );
  if (last !== null && compareVersions(name, last) <= 0)
    invocation.output.note(`${name} is not above ${last}, the last version; ${version} would be the next (${reason}).`);
  return name;
}

/** The name of a feature, with what it is for: an experiment or a config gives both. */
async function settleWork(
  type: TopicType,
  name: string | undefined,
  invocation: Invocation,
): Promise<{ readonly name: string; readonly note?: string }> {
  const [experiment, config] = ['experiment', 'config'].map((option) => invocation.options.text(option));
  if (experiment !== undefined && config !== undefined)
    throw new ExpectedError('bad-arguments', 'Either --experiment or --config.');
  if (config !== undefined && !(await exists(path.resolve(folderOf(invocation), config))))
    throw new ExpectedError('missing-file', `There is no config ${config}.`);
  const told = experiment ?? config;
  if (told === undefined && name === undefined && type === 'feature')
    throw new ExpectedError(
      'bad-arguments',
      'Usage: mlops flow feature start NAME [BASE]; with --experiment NAME or --config FILE the name may be left out.',
    );
  if (told === undefined) return { name: await settleName(type, name, invocation) };
  return { name: name ?? toBranchName(told), note: `${experiment === undefined ? 'config' : 'experiment'} ${told}` };
}

const featureOptions: Readonly<Record<string, OptionSpec>> = {
  ...start.options,
  experiment: {
    type: 'string',
    value: 'NAME',
    summary: 'experiment that it is for: its name, where none is given, and its note',
  },
  config: {
    type: 'string',
    value: 'FILE',
    summary: 'config that it is for: its name, where none is given, and its note',
  },
};

/** What every type has. */
const rows: readonly Row[] = [
  {
    action: 'publish',
    positionals: '[NAME]',
    summary: (type) => `share a ${type}: its branch goes to the remote (default: what is checked out)`,
    run: (type, [name], invocation) => carryOut(invocation, { action: 'publish', type, ...named(name) }),
  },
  {
    action: 'track',
    positionals: 'NAME',
    summary: (type) => `get a ${type} that somebody has published, and check it out`,
    run: (type, [name = ''], invocation) => carryOut(invocation, { action: 'track', type, name }),
  },
  {
    action: 'delete',
    positionals: 'NAME',
    summary: (type) => `delete a ${type} branch whose commits are elsewhere`,
    options: {
      force: flag('also when commits of it are nowhere else'),
      remote: flag('on the remote too'),
    },
    run: (type, [name = ''], invocation) =>
      carryOut(invocation, { action: 'delete', type, name, ...given(invocation, ['force', 'remote']) }),
  },
  {
    action: 'rename',
    positionals: 'NEW [NAME]',
    summary: (type) => `rename a ${type} branch (default: what is checked out)`,
    run: (type, [newName = '', name], invocation) =>
      carryOut(invocation, { action: 'rename', type, newName, ...named(name) }),
  },
  {
    action: 'checkout',
    positionals: 'NAME',
    summary: (type) => `check a ${type} branch out; the beginning of its name is enough`,
    run: (type, [name = ''], invocation) => carryOut(invocation, { action: 'checkout', type, name }),
  },
  {
    action: 'list',
    positionals: '',
    summary: (type) => `the ${type} branches`,
    run: (type, _words, invocation) => showTopics(invocation, (topic) => topic.type === type),
  },
];

/** What has a base. */
const basedRows: readonly Row[] = [
  {
    action: 'update',
    positionals: '[NAME]',
    summary: (type) => `take the commits of its base into a ${type} (default: what is checked out)`,
    options: {
      'merge': flag('merge the base into the branch'),
      'rebase': flag('put the branch on top of the base; AVH’s "rebase"'),
      'preserve-merges': flag('keep merges of the branch while it is rebased'),
      'fetch': flag('fetch the base first'),
    },
    run: (type, [name], invocation) => {
      const { merge, rebase, ...rest } = given(invocation, ['merge', 'rebase', 'fetch', 'preserve-merges']);
      if (merge === true && rebase === true) throw new ExpectedError('bad-arguments', 'Either --merge or --rebase.');
      const strategy = merge === true ? 'merge' : rebase === true ? 'rebase' : undefined;
      return carryOut(invocation, {
        action: 'update',
        type,
        ...named(name),
        ...(strategy === undefined ? {} : { strategy }),
        ...(rest.fetch === true ? { fetch: true } : {}),
        ...(rest['preserve-merges'] === true ? { preserveMerges: true } : {}),
      });
    },
  },
  {
    action: 'diff',
    positionals: '[NAME]',
    summary: (type) => `what a ${type} has changed since it left its base, as a patch`,
    run: async (type, [name], invocation) => {
      const diff = await diffTopic(folderOf(invocation), { type, ...named(name) }, invocation);
      invocation.output.result(diff, () => diff.patch.trimEnd());
      return exitCodes.done;
    },
  },
];

function finishRow(type: FinishedType): Row {
  const flags = Object.entries(finishFlags).filter(([, { types }]) => types.includes(type));
  const texts = Object.entries(finishTexts).filter(([, { types }]) => types.includes(type));
  const where = {
    feature: 'merge it into its base',
    bugfix: 'merge it into its base',
    release: 'merge it into production, tag that, merge it back into development',
    hotfix: 'merge it into production, tag that, merge it back into development',
  };
  return {
    action: 'finish',
    positionals: '[NAME]',
    summary: () => `end a ${type}: ${where[type]}, and delete its branch (default: what is checked out)`,
    options: {
      'pull-request': flag(
        'push the branch and open a pull request; once that is merged, the same command ends the rest',
      ),
      'merge-here': flag('merge it here, whatever the settings say'),
      'was-merged': flag('take its pull request for merged, whatever git can see of it'),
      ...Object.fromEntries(flags.map(([, row]) => [row.flag, flag(row.summary)])),
      ...Object.fromEntries(
        texts.map(([, { flag: name, value, summary }]) => [name, { type: 'string', value, summary } as const]),
      ),
    },
    run: (_type, [name], invocation) =>
      carryOut(invocation, {
        action: 'finish',
        type,
        ...named(name),
        ...readWay(invocation),
        ...readFinishOptions(invocation),
      }),
  };
}

function readWay({ options }: Invocation): { pullRequest?: boolean; wasMerged?: true } {
  const [opens, merges, wasMerged] = ['pull-request', 'merge-here', 'was-merged'].map((name) => options.flag(name));
  if (opens === true && merges === true)
    throw new ExpectedError('bad-arguments', 'Either --pull-request or --merge-here.');
  return {
    ...(opens === true || merges === true ? { pullRequest: opens === true } : {}),
    ...(wasMerged === true ? { wasMerged } : {}),
  };
}

/** Flags that were given; the repository's settings say the rest. */
function readFinishOptions({ options, cwd }: Invocation): FinishOptions {
  const flags = Object.entries(finishFlags).flatMap(([key, row]) => (options.flag(row.flag) ? [[key, true]] : []));
  const texts = Object.entries(finishTexts).flatMap(([key, row]) => {
    const text = options.text(row.flag);
    if (text === undefined) return [];
    return [[key, key === 'messageFile' ? path.resolve(cwd, text) : text]];
  });
  return Object.fromEntries([...flags, ...texts]) as FinishOptions;
}

function given<Name extends string>({ options }: Invocation, names: readonly Name[]): Partial<Record<Name, true>> {
  return Object.fromEntries(names.filter((name) => options.flag(name)).map((name) => [name, true])) as Partial<
    Record<Name, true>
  >;
}

/** The commands of one type of branch. */
export function commandsOf(type: TopicType): readonly Command[] {
  const own = type === 'support' ? [] : [finishRow(type), ...basedRows];
  const isVersioned = type === 'release' || type === 'hotfix';
  const positionals = type === 'support' ? 'NAME BASE' : isVersioned ? '[NAME] [BASE]' : start.positionals;
  const begin =
    type === 'feature'
      ? { ...start, positionals: '[NAME] [BASE]', options: featureOptions }
      : { ...start, positionals };
  return [begin, ...own, ...rows].map((row) => toCommand(type, row));
}

function toCommand(type: TopicType, row: Row): Command {
  const isNamed = row.positionals !== '';
  const words = row.action === 'rename' ? ` ${exampleNames[type]}-2` : isNamed ? ` ${exampleNames[type]}` : '';
  const command: Command = {
    words: ['flow', type, row.action],
    summary: row.summary(type),
    positionals: row.positionals,
    example: `mlops flow ${type} ${row.action}${words}${row.positionals === 'NAME BASE' ? ' 1.2.0' : ''}`,
    options: row.options ?? {},
    run: (invocation) => row.run(type, takePositionals(invocation, command), invocation),
  };
  return command;
}
