import type { CodeRisk, FileInspection, ModelInspection, TensorFact } from '../../protocol/inspect.ts';
import { toOneLine } from '../../protocol/text.ts';

/** Rows that a person is shown of a list. */
const SHOWN = 50;

const titles: Readonly<Record<FileInspection['format'], string>> = {
  mlmodel: "MLflow's description",
  tfjs: 'TensorFlow.js',
  onnx: 'ONNX',
  savedmodel: 'SavedModel of TensorFlow',
  keras: 'Keras',
  hdf5: 'HDF5',
  pickle: 'pickle of Python',
  joblib: 'joblib',
  pytorch: 'PyTorch',
  unknown: 'not known',
};

const badges: Readonly<Record<CodeRisk, string>> = {
  yes: '**Can execute code** when it is loaded. Load it only if you trust whoever made it.',
  unknown: '**May execute code** when it is loaded: not all of it can be seen.',
  no: 'No code of its own was found.',
};

/** What was found, in Markdown that reads well as it stands too. Texts from the files are quoted, and stay on their line. */
export function formatInspection({ path, bytes, canExecuteCode, files }: ModelInspection): string {
  const head = [`# ${quote(path)}`, `${formatBytes(bytes)}. ${badges[canExecuteCode]}`];
  const told = files.map(formatFile);
  const nothing = files.length === 0 ? ['No file of a model was found here.'] : [];
  return `${[...head, ...nothing, ...told].join('\n\n')}\n`;
}

function formatFile(file: FileInspection): string {
  const facts = Object.entries(file.facts).map(([name, value]) => `- ${name}: ${quote(String(value))}`);
  const parts = [
    `## ${quote(file.path)}`,
    [
      `${titles[file.format]}, ${formatBytes(file.bytes)}`,
      ...file.reasons.map((reason) => `- ⚠ ${toOneLine(reason)}`),
    ].join('\n'),
    facts.join('\n'),
    list('Inputs', file.inputs.map(formatTensor)),
    list('Outputs', file.outputs.map(formatTensor)),
    list(
      file.format === 'onnx' ? 'Weights' : 'Layers',
      file.parts.map(({ name, kind, shape, parameters }) => {
        const learnt = parameters === null || parameters === 0 ? '' : `, ${formatCount(parameters)} parameters`;
        return `${quote(name)}: ${toOneLine(kind)}${shape === null ? '' : ` ${formatShape(shape)}`}${learnt}`;
      }),
    ),
    list(
      'Operations',
      ['keras', 'tfjs'].includes(file.format) && file.parts.length > 0
        ? []
        : Object.entries(file.operations).map(([name, count]) => `${toOneLine(name)}: ${count}`),
    ),
    list('Imports', file.imports.map(quote)),
    list(
      'Problems',
      file.problems.map(({ offset, message }) => `${offset === null ? '' : `byte ${offset}: `}${toOneLine(message)}`),
    ),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function list(title: string, rows: readonly string[]): string {
  if (rows.length === 0) return '';
  const more = rows.length > SHOWN ? [`- … and ${rows.length - SHOWN} more`] : [];
  return [`### ${title}`, '', ...rows.slice(0, SHOWN).map((row) => `- ${row}`), ...more].join('\n');
}

function formatTensor({ name, dtype, shape }: TensorFact): string {
  return `${name === '' ? '' : `${quote(name)}: `}${toOneLine(dtype)}${shape === null ? '' : ` ${formatShape(shape)}`}`;
}

function formatShape(shape: readonly (number | string)[]): string {
  const sizes = shape.map((size) => (size === -1 ? '?' : toOneLine(String(size))));
  return shape.length === 0 ? '(one number)' : `(${sizes.join(', ')})`;
}

/** As code, which Markdown leaves as it is. */
function quote(text: string): string {
  const line = toOneLine(text);
  return line.includes('`') ? `\`\` ${line} \`\`` : `\`${line}\``;
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US').replaceAll(',', '\u202f');
}

function formatBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'] as const;
  const at = bytes < 1024 ? 0 : Math.min(3, Math.floor(Math.log2(bytes) / 10));
  return at === 0 ? `${bytes} bytes` : `${(bytes / 1024 ** at).toFixed(1)} ${units[at] ?? ''}`;
}
