import { findConfig } from '../git/git.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { FinishOptions, FinishedType } from '../../protocol/gitflow.ts';
import { findNextValue, readFlag, type ReadySettings } from './settings.ts';
import type { FlowFacts } from './facts.ts';

type Flag = {
  readonly [Key in keyof FinishOptions]-?: NonNullable<FinishOptions[Key]> extends boolean ? Key : never;
}[keyof FinishOptions];
type Text = Exclude<keyof FinishOptions, Flag>;

interface FlagRow {
  /** Last part of git's setting `gitflow.<type>.finish.<key>`. */
  readonly key: string;
  /** The command line's flag. */
  readonly flag: string;
  readonly types: readonly FinishedType[];
  readonly summary: string;
}

const WORK = ['feature', 'bugfix'] as const;
const VERSIONS = ['release', 'hotfix'] as const;
const RELEASE = ['release'] as const;
const ALL = [...WORK, ...VERSIONS] as const;

/** Every switch of `finish`: AVH's names in the configuration, which types have it, and how the command line calls it. */
export const finishFlags: Readonly<Record<Flag, FlagRow>> = {
  keep: { key: 'keep', flag: 'keep', types: ALL, summary: 'keep the branch, here and on the remote' },
  keepLocal: { key: 'keeplocal', flag: 'keep-local', types: ALL, summary: 'keep the branch here' },
  keepRemote: { key: 'keepremote', flag: 'keep-remote', types: ALL, summary: 'keep the branch on the remote' },
  forceDelete: {
    key: 'force-delete',
    flag: 'force-delete',
    types: ALL,
    summary: 'delete the branch even where git sees commits that are nowhere else',
  },
  noFastForward: {
    key: 'no-ff',
    flag: 'no-ff',
    types: WORK,
    summary: 'make a merge commit also for a single commit',
  },
  fetch: { key: 'fetch', flag: 'fetch', types: ALL, summary: 'fetch the branches that are merged into first' },
  push: { key: 'push', flag: 'push', types: ALL, summary: 'push the result' },
  rebase: { key: 'rebase', flag: 'rebase', types: WORK, summary: 'rebase the branch onto its base first' },
  preserveMerges: {
    key: 'preserve-merges',
    flag: 'preserve-merges',
    types: WORK,
    summary: 'keep merges of the branch while it is rebased',
  },
  squash: { key: 'squash', flag: 'squash', types: ALL, summary: 'merge as one commit' },
  squashInfo: {
    key: 'squash-info',
    flag: 'squash-info',
    types: ALL,
    summary: 'list in the squashed commit what it was made of',
  },
  noTag: { key: 'notag', flag: 'no-tag', types: VERSIONS, summary: 'make no tag' },
  noBackMerge: {
    key: 'nobackmerge',
    flag: 'no-back-merge',
    types: VERSIONS,
    summary: 'merge the branch itself into development, not the tag of production',
  },
  noDevelopMerge: {
    key: 'nodevelopmerge',
    flag: 'no-develop-merge',
    types: RELEASE,
    summary: 'merge nothing into development',
  },
  pushProduction: { key: 'pushproduction', flag: 'push-production', types: RELEASE, summary: 'push production only' },
  pushDevelop: { key: 'pushdevelop', flag: 'push-develop', types: RELEASE, summary: 'push development only' },
  pushTag: { key: 'pushtag', flag: 'push-tag', types: RELEASE, summary: 'push the tag only' },
  sign: { key: 'sign', flag: 'sign', types: VERSIONS, summary: 'sign the tag' },
};

interface TextRow extends Omit<FlagRow, 'key'> {
  /** Null: it can't be set once for all. */
  readonly key: string | null;
  readonly value: string;
}

export const finishTexts: Readonly<Record<Text, TextRow>> = {
  tagName: {
    key: null,
    flag: 'tag-name',
    value: 'NAME',
    types: VERSIONS,
    summary: 'name of the tag, without its prefix (default: the version)',
  },
  message: { key: 'message', flag: 'message', value: 'TEXT', types: VERSIONS, summary: 'message of the tag' },
  messageFile: {
    key: 'messagefile',
    flag: 'message-file',
    value: 'FILE',
    types: VERSIONS,
    summary: 'file with the message of the tag',
  },
  signingKey: {
    key: 'signingkey',
    flag: 'signing-key',
    value: 'KEY',
    types: VERSIONS,
    summary: 'key that signs the tag',
  },
  model: {
    key: null,
    flag: 'model',
    value: 'MODEL',
    types: VERSIONS,
    summary: 'version of a registered model that goes out, as digits/7, or none (default: those of the trained models)',
  },
  override: {
    key: null,
    flag: 'override',
    value: 'REASON',
    types: ALL,
    summary: 'finish although gates do not hold; the reason goes into the merge message',
  },
};

/** All of `finish`, settled. */
export type SettledOptions = Readonly<Record<Flag, boolean> & Record<Text, string | undefined>>;

/** The request's options, else the repository's defaults (`gitflow.<type>.finish.<option>`), else git-flow-next's definitions. */
export function settleOptions(
  { config }: FlowFacts,
  settings: ReadySettings,
  type: FinishedType,
  request: FinishOptions,
): SettledOptions {
  const flags = Object.entries(finishFlags).map(([name, { key, types }]) => {
    const given = request[name as Flag];
    const has = types.includes(type);
    if (given === true && !has)
      throw new ExpectedError(
        'bad-arguments',
        `Finishing a ${type} has no such option: --${finishFlags[name as Flag].flag}.`,
      );
    return [name, given ?? (has && readFlag(config, `gitflow.${type}.finish.${key}`))] as const;
  });
  const texts = Object.entries(finishTexts).map(([name, { key, types }]) => {
    const set = key === null || !types.includes(type) ? undefined : findConfig(config, `gitflow.${type}.finish.${key}`);
    return [name, request[name as Text] ?? (set === '' ? undefined : set)] as const;
  });
  const settled = Object.fromEntries([...flags, ...texts]) as SettledOptions;
  return withNext(config, settings, type, withImplied(settled), request);
}

/** As AVH reads its options together. */
function withImplied(options: SettledOptions): SettledOptions {
  if (options.message !== undefined && options.messageFile !== undefined)
    throw new ExpectedError('bad-arguments', 'Give the message of the tag, or the file that holds it, not both.');
  const { push } = options;
  return {
    ...options,
    keep: options.keep || (options.keepLocal && options.keepRemote),
    sign: options.sign || options.signingKey !== undefined,
    pushProduction: push || options.pushProduction,
    pushDevelop: push || options.pushDevelop,
    pushTag: push || options.pushTag,
  };
}

/** git-flow-next says in `finish.merge` and in a type's definition what AVH has switches for; it never fast-forwards. */
function withNext(
  config: FlowFacts['config'],
  settings: ReadySettings,
  type: FinishedType,
  options: SettledOptions,
  request: FinishOptions,
): SettledOptions {
  if (settings.edition !== 'next') return options;
  const strategy =
    findConfig(config, `gitflow.${type}.finish.merge`) ?? findNextValue(config, type, 'upstreamStrategy') ?? 'merge';
  const is = (name: string): boolean => strategy === name;
  const defined = (key: string): boolean => {
    const value = findNextValue(config, type, key);
    return value !== undefined && readFlag([{ scope: 'local', key, value }], key);
  };
  return {
    ...options,
    squash: request.squash ?? (options.squash || is('squash')),
    rebase: request.rebase ?? (options.rebase || is('rebase')),
    noFastForward: options.noFastForward || !is('rebase'),
    forceDelete: options.forceDelete || defined('forceDelete'),
    keepRemote: options.keepRemote || findNextValue(config, type, 'deleteRemote') === 'false',
    noTag: options.noTag || findNextValue(config, type, 'tag') === 'false',
  };
}
