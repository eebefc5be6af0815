import { parseModelReference } from '../../core/registry/registry.ts';
import { exitCodes } from '../../protocol/errors.ts';
import { isShownTag, type AliasChange, type ModelVersion, type RegisteredModel } from '../../protocol/registry.ts';
import { toOneLine } from '../../protocol/text.ts';
import {
  parseTag,
  takePositionals,
  type Command,
  type Invocation,
  type Output,
  type OptionSpec,
} from '../commandline/commandline.ts';
import { editCommands } from './editcommands.ts';
import {
  findRegisteredVersion,
  listRegisteredModels,
  moveAlias,
  openRegistryOf,
  planPromotion,
  planRegistration,
  planRemoval,
  planTakingBack,
  register,
  toModelDocument,
  type ModelDocument,
  type OpenRegistry,
} from './registry.ts';
import { chooseFrom, describeVersion, registryOptions } from './words.ts';

const listCommand: Command = {
  words: ['models', 'list'],
  summary: 'registered models, their versions and aliases',
  positionals: '',
  example: 'mlops models list --json',
  options: registryOptions,
  run: async (invocation) => {
    takePositionals(invocation, listCommand);
    const { output } = invocation;
    const { models, problems } = await listRegisteredModels(await chooseFrom(invocation));
    for (const { file, message } of problems) output.note(`warning: ${file}: ${message}`);
    output.result(models, () => output.table(toTable(models)));
    return exitCodes.done;
  },
};

function toTable(models: readonly RegisteredModel[]): { columns: string[]; rows: string[][] } {
  const rows = models.flatMap((model) => {
    const rowOf = (version: ModelVersion): string[] => {
      const aliases = Object.entries(model.aliases).flatMap(([name, at]) => (at === version.version ? [name] : []));
      const created = version.createdTime === null ? '-' : formatTime(version.createdTime);
      const cells = [model.name, version.version, aliases.join(', ') || '-', version.stage ?? '-'];
      return [...cells, version.runId?.slice(0, 8) ?? '-', created];
    };
    return model.versions.length === 0 ? [[model.name, '-', '-', '-', '-', '-']] : model.versions.map(rowOf);
  });
  return { columns: ['MODEL', 'VERSION', 'ALIASES', 'STAGE', 'RUN', 'CREATED'], rows };
}

const showCommand: Command = {
  words: ['models', 'show'],
  summary:
    'a registered model with its versions and the moves of its aliases, or one version (digits@champion, digits/2)',
  positionals: 'MODEL',
  example: 'mlops models show digits@champion',
  options: registryOptions,
  run: async (invocation) => {
    const [text = ''] = takePositionals(invocation, showCommand);
    const { output } = invocation;
    const open = await openRegistryOf(await chooseFrom(invocation));
    const { model, version } = await findForShow(open, text);
    if (version !== undefined) {
      output.result({ name: model.name, ...version }, () => describeVersion(model, version));
      return exitCodes.done;
    }
    const document = toModelDocument(model);
    output.result(document, () => describeModel(document, output));
    return exitCodes.done;
  },
};

/** The name alone means the model itself; anything more, or a run, one version. */
async function findForShow(
  open: OpenRegistry,
  text: string,
): Promise<{ readonly model: RegisteredModel; readonly version: ModelVersion | undefined }> {
  const reference = parseModelReference(text);
  const isBare = reference !== undefined && reference.alias === undefined && reference.version === undefined;
  const { models } = isBare ? await listRegisteredModels(open.choice) : { models: [] };
  const model = models.find(({ name }) => name === reference?.name);
  return model === undefined ? findRegisteredVersion(open, text) : { model, version: undefined };
}

function describeModel(model: ModelDocument, output: Output): string {
  const tags = Object.entries(model.tags).filter(([name]) => isShownTag(name));
  const moves = model.history.map(({ alias, from, to, time, user, reason, isUndo }) => [
    formatTime(time),
    alias,
    from ?? '-',
    to ?? '-',
    user,
    `${isUndo ? '(undo) ' : ''}${reason ?? ''}`,
  ]);
  const part = (title: string, text: string): string => (text === '' ? '' : `\n\n${title}\n${text}`);
  return [
    `${model.name}${model.description === null ? '' : `: ${model.description}`}`,
    part('Versions', output.table(toTable([model]))),
    part(
      'Tags',
      tags.length === 0 ? '' : output.table({ columns: ['NAME', 'VALUE'], rows: tags.map((tag) => [...tag]) }),
    ),
    part(
      'Moves of aliases',
      moves.length === 0 ? '' : output.table({ columns: ['TIME', 'ALIAS', 'FROM', 'TO', 'WHO', 'WHY'], rows: moves }),
    ),
  ].join('');
}

const registerCommand: Command = {
  words: ['models', 'register'],
  summary: "make a run's model (or a folder with one) a version of a registered model",
  positionals: 'RUN',
  example: 'mlops models register @best --name digits --alias challenger',
  options: {
    ...registryOptions,
    name: { type: 'string', value: 'NAME', summary: 'of the registered model (default: that of the trained model)' },
    artifact: { type: 'string', value: 'PATH', summary: "of the model among the run's artifacts (default: model)" },
    alias: { type: 'string', value: 'ALIAS', summary: 'set it to the new version' },
    description: { type: 'string', value: 'TEXT', summary: 'of the version' },
    tag: { type: 'string', multiple: true, value: 'NAME=VALUE', summary: 'a tag of the version; may be repeated' },
  },
  run: async (invocation) => {
    const [model = ''] = takePositionals(invocation, registerCommand);
    const { output, options } = invocation;
    const open = await openRegistryOf(await chooseFrom(invocation));
    const tags = options.list('tag').map(parseTag);
    const plan = await planRegistration(open, {
      ...{ model, name: options.text('name'), artifactPath: options.text('artifact'), alias: options.text('alias') },
      description: options.text('description'),
      tags: Object.fromEntries(tags.map(([name, value]) => [name, value ?? ''])),
    });
    if (plan.warning !== null) output.note(`warning: ${plan.warning}`);
    if (options.flag('dry-run')) {
      output.result(plan, () => `Would register ${plan.source ?? model} as the next version of ${plan.name}.`);
      return exitCodes.done;
    }
    const document = await register(open, plan);
    const { name, version, alias } = document;
    output.result(document, () => `${name}/${version}${alias === null ? '' : `, ${alias}`}`);
    return exitCodes.done;
  },
};

const reasonOption: OptionSpec = { type: 'string', value: 'TEXT', summary: 'why; kept in the history' };

const aliasCommand: Command = {
  words: ['models', 'alias'],
  summary: 'set an alias to a version, or take it away with --delete',
  positionals: 'MODEL ALIAS',
  example: 'mlops models alias digits/3 challenger',
  options: {
    ...registryOptions,
    delete: { type: 'boolean', summary: 'take the alias away (MODEL is the name of the registered model)' },
    reason: reasonOption,
  },
  run: async (invocation) => {
    const [text = '', alias = ''] = takePositionals(invocation, aliasCommand);
    const { options } = invocation;
    return move(invocation, (open) => {
      const reason = options.text('reason');
      if (!options.flag('delete')) return planPromotion(open, { model: text, alias, reason });
      return planRemoval(open, parseModelReference(text)?.name ?? text, alias, reason);
    });
  },
};

const promoteCommand: Command = {
  words: ['models', 'promote'],
  summary: 'make a version the one in use: moves an alias, with a record of who did it, when and why',
  positionals: 'MODEL',
  example: 'mlops models promote digits@challenger --to champion --reason "better on the new sevens"',
  options: {
    ...registryOptions,
    to: { type: 'string', value: 'ALIAS', summary: 'the alias that moves to it (default: champion)' },
    reason: reasonOption,
  },
  run: async (invocation) => {
    const [model = ''] = takePositionals(invocation, promoteCommand);
    const { options } = invocation;
    return move(invocation, (open) =>
      planPromotion(open, { model, alias: options.text('to'), reason: options.text('reason') }),
    );
  },
};

const undoCommand: Command = {
  words: ['models', 'undo'],
  summary: 'take back the last move of an alias, unless somebody has moved it since',
  positionals: 'MODEL',
  example: 'mlops models undo digits --alias champion',
  options: {
    ...registryOptions,
    alias: { type: 'string', value: 'ALIAS', summary: 'which one (default: the one that was moved last)' },
    reason: reasonOption,
  },
  run: async (invocation) => {
    const [text = ''] = takePositionals(invocation, undoCommand);
    const { options } = invocation;
    const name = parseModelReference(text)?.name ?? text;
    return move(invocation, (open) =>
      planTakingBack(open, { name, alias: options.text('alias'), reason: options.text('reason') }),
    );
  },
};

/** Plans the move of an alias, and makes it unless only the plan is asked for. */
async function move(invocation: Invocation, plan: (open: OpenRegistry) => Promise<AliasChange>): Promise<number> {
  const { output, options } = invocation;
  const open = await openRegistryOf(await chooseFrom(invocation));
  const change = await plan(open);
  const isDryRun = options.flag('dry-run');
  if (!isDryRun) await moveAlias(open, change);
  output.result(change, () => toOneLine(`${isDryRun ? 'Would do: ' : ''}${describeChange(change)}`));
  return exitCodes.done;
}

function describeChange({ name, alias, from, to }: AliasChange): string {
  const place = (version: string | null): string => (version === null ? 'no version' : `version ${version}`);
  return `${alias} of ${name}: ${place(from)} → ${place(to)}`;
}

function formatTime(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace('T', ' ');
}

export const commands: readonly Command[] = [
  listCommand,
  showCommand,
  registerCommand,
  aliasCommand,
  promoteCommand,
  undoCommand,
  ...editCommands,
];
