import { exitCodes } from '../../protocol/errors.ts';
import { exportFormats, type ExportFormat, type TensorSpec } from '../../protocol/training.ts';
import { badArguments, takePositionals, type Command, type Output } from '../commandline/commandline.ts';
import { commands as inspectCommands } from '../inspect/commands.ts';
import { commands as registryCommands } from '../registry/commands.ts';
import { exportModel, planExport, type ExportDocument } from './models.ts';

const exportCommand: Command = {
  words: ['models', 'export'],
  summary: 'write a trained model in the format of another program',
  positionals: 'MODEL',
  example: 'mlops models export cnnbased --format savedmodel --out exports/cnnbased',
  options: {
    format: {
      type: 'string',
      value: 'FORMAT',
      summary: "savedmodel: TensorFlow's own, for its Python, TensorFlow Serving and MLflow",
    },
    out: { type: 'string', value: 'DIR', summary: 'the folder that it becomes: a new or an empty one' },
    store: { type: 'string', value: 'URI', summary: "the tracking store of a run (default: the project's)" },
  },
  run: async (invocation) => {
    const [model = ''] = takePositionals(invocation, exportCommand);
    const { cwd, installation, env, output, options, signal } = invocation;
    const format = toFormat(options.text('format'));
    const out = options.text('out');
    if (out === undefined || out === '') throw badArguments('--out DIR is missing: the folder that the model becomes.');
    const project = await invocation.project();
    const request = { model, format, out, cwd, installation, env, store: options.text('store') };
    if (options.flag('dry-run')) {
      const plan = await planExport(project, request);
      output.result(plan, () => `Would write the model in ${plan.source} as ${format} to ${plan.path}.`);
      return exitCodes.done;
    }
    const document = await exportModel(project, request, signal);
    output.result(document, () => formatResult(document, output));
    return exitCodes.done;
  },
};

function toFormat(text: string | undefined): ExportFormat {
  const known = exportFormats.join(', ');
  if (text === undefined) throw badArguments(`--format is missing: one of ${known}.`);
  const format = exportFormats.find((name) => name === text);
  if (format === undefined) throw badArguments(`--format takes one of ${known}, not "${text}".`);
  return format;
}

function formatResult({ path, inputs, outputs }: ExportDocument, output: Output): string {
  const toRows = (kind: string, specs: readonly TensorSpec[]): string[][] =>
    specs.map(({ name, dtype, shape }) => [kind, name, dtype, shape.map((size) => (size < 0 ? '?' : size)).join('×')]);
  const rows = [...toRows('input', inputs), ...toRows('output', outputs)];
  return `${path}\n${output.table({ columns: ['KIND', 'NAME', 'TYPE', 'SHAPE'], rows })}`;
}

export const commands: readonly Command[] = [...registryCommands, ...inspectCommands, exportCommand];
