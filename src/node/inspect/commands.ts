import { formatInspection } from '../../core/inspect/inspect.ts';
import { exitCodes } from '../../protocol/errors.ts';
import { takePositionals, type Command } from '../commandline/commandline.ts';
import { chooseFrom, findModelPlace, registryOptions } from '../registry/registry.ts';
import { inspectModel } from './inspect.ts';

const inspectCommand: Command = {
  words: ['models', 'inspect'],
  summary: 'what the files of a model say of themselves (signature, layers, opset, imports), without loading any',
  positionals: 'MODEL',
  example: 'mlops models inspect digits@champion',
  options: registryOptions,
  run: async (invocation) => {
    const [text = ''] = takePositionals(invocation, inspectCommand);
    const inspection = await inspectModel(await findModelPlace(await chooseFrom(invocation), text));
    invocation.output.result(inspection, () => formatInspection(inspection).trimEnd());
    return exitCodes.done;
  },
};

export const commands: readonly Command[] = [inspectCommand];
