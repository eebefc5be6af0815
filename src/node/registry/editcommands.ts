import { parseModelReference } from '../../core/registry/registry.ts';
import { exitCodes } from '../../protocol/errors.ts';
import { parseTag, takePositionals, type Command, type Invocation } from '../commandline/commandline.ts';
import {
  editRegistry,
  findRegisteredVersion,
  openRegistryOf,
  type OpenRegistry,
  type RegistryEdit,
} from './registry.ts';
import { chooseFrom, registryOptions } from './words.ts';

// Commands with which a person changes what is said of a registered model (`digits`), or of one of its versions (`digits/2`, `digits@champion`).

const describeCommand: Command = {
  words: ['models', 'describe'],
  summary: 'write the description of a registered model or of a version; an empty one removes it',
  positionals: 'MODEL TEXT',
  example: 'mlops models describe digits/3 "trained on the new sevens"',
  options: registryOptions,
  run: (invocation) => {
    const [model = '', text = ''] = takePositionals(invocation, describeCommand);
    return edit(invocation, model, { description: text === '' ? null : text });
  },
};

const tagCommand: Command = {
  words: ['models', 'tag'],
  summary: 'set tags of a registered model or of a version; NAME= removes one',
  positionals: 'MODEL NAME=VALUE…',
  example: 'mlops models tag digits@champion reviewed=yes',
  options: registryOptions,
  run: (invocation) => {
    const [model = '', ...pairs] = takePositionals(invocation, tagCommand);
    return edit(invocation, model, { tags: Object.fromEntries(pairs.map(parseTag)) });
  },
};

async function edit(invocation: Invocation, text: string, change: RegistryEdit): Promise<number> {
  const { output, options } = invocation;
  const open = await openRegistryOf(await chooseFrom(invocation));
  const { name, version } = await findEdited(open, text);
  const title = version === null ? name : `${name}/${version}`;
  const isDryRun = options.flag('dry-run');
  if (!isDryRun) await editRegistry(open, name, version, change);
  output.result({ name, version, ...change }, () => (isDryRun ? `Would change ${title}.` : `${title} is changed.`));
  return exitCodes.done;
}

async function findEdited(
  open: OpenRegistry,
  text: string,
): Promise<{ readonly name: string; readonly version: string | null }> {
  const reference = parseModelReference(text);
  if (reference !== undefined && reference.alias === undefined && reference.version === undefined) {
    const { models } = await open.registry.listModels();
    if (models.some(({ name }) => name === reference.name)) return { name: reference.name, version: null };
  }
  const { model, version } = await findRegisteredVersion(open, text);
  return { name: model.name, version: version.version };
}

export const editCommands: readonly Command[] = [describeCommand, tagCommand];
