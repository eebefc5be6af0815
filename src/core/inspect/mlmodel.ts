import { isMapping, parseYaml } from '../yaml/yaml.ts';
import type { TensorFact } from '../../protocol/inspect.ts';
import { FormatFailure } from './bytes.ts';
import type { Draft, Reading } from './draft.ts';
import { fieldsOf, listOf, shapeOf, textOf } from './json.ts';

const MAX_BYTES = 1 << 20;

/** Keys of an MLmodel that are told as they stand there. */
const plainFacts = {
  run_id: 'runId',
  model_id: 'modelId',
  model_uuid: 'modelUuid',
  mlflow_version: 'mlflowVersion',
  utc_time_created: 'created',
  model_size_bytes: 'modelBytes',
} as const;

/** MLflow's description of a model: flavours, signature, and which Python its loader would run. */
export function readMlmodel({ source, draft }: Reading): void {
  if (source.length > MAX_BYTES) throw new FormatFailure(`An MLmodel of ${source.length} bytes is not read`, 0);
  const text = new TextDecoder().decode(source.read(0, source.length));
  const { value: file, problems } = parseYaml(text, 'MLmodel');
  const [problem] = problems;
  if (problem !== undefined && file === undefined)
    throw new FormatFailure(`${problem.message} (line ${problem.line})`, offsetOf(text, problem));
  const value = file?.value;
  if (!isMapping(value)) throw new FormatFailure('This is no MLmodel, or it is cut', source.length);
  for (const [key, fact] of Object.entries(plainFacts)) {
    const found = value[key];
    if (typeof found === 'string' || typeof found === 'number') draft.facts[fact] = found;
  }
  const licence = textOf(fieldsOf(value['metadata'])['license']) ?? textOf(fieldsOf(value['metadata'])['licence']);
  if (licence !== undefined) draft.facts['licence'] = licence;
  const flavors = fieldsOf(value['flavors']);
  if (Object.keys(flavors).length === 0)
    draft.problems.push({ offset: source.length, message: 'No flavours are named: it is cut, or no whole MLmodel.' });
  else draft.facts['flavours'] = Object.keys(flavors).join(', ');
  readFlavors(flavors, draft);
  const signature = fieldsOf(value['signature']);
  draft.inputs.push(...readSchema(signature['inputs'], draft));
  draft.outputs.push(...readSchema(signature['outputs'], draft));
}

function offsetOf(text: string, { line, column }: { readonly line: number; readonly column: number }): number {
  const lines = text.split('\n').slice(0, line);
  const before = [...lines.slice(0, -1), (lines.at(-1) ?? '').slice(0, column - 1)].join('\n');
  return new TextEncoder().encode(before).length;
}

function readFlavors(flavors: Readonly<Record<string, unknown>>, draft: Draft): void {
  for (const [name, flavor] of Object.entries(flavors)) {
    const fields = fieldsOf(flavor);
    for (const [key, value] of Object.entries(fields))
      if (key.endsWith('_version') && typeof value === 'string') draft.facts[`${name} ${key}`] = value;
    const loader = textOf(fields['loader_module']);
    if (loader !== undefined) draft.facts['loader'] = loader;
    const code = textOf(fields['code']) ?? textOf(fields['model_code_path']);
    if (code !== undefined) warn(draft, `MLflow imports the Python code in "${code}" when it loads the model.`);
    const pickled = textOf(fields['python_model']);
    if (pickled !== undefined) warn(draft, `MLflow unpickles "${pickled}" when it loads the model.`);
  }
}

function warn(draft: Draft, reason: string): void {
  draft.canExecuteCode = 'yes';
  if (!draft.reasons.includes(reason)) draft.reasons.push(reason);
}

/** A schema is JSON in a text: columns with a type, or tensors with a shape. */
function readSchema(value: unknown, draft: Draft): readonly TensorFact[] {
  const text = textOf(value);
  if (text === undefined) return [];
  try {
    return listOf(JSON.parse(text)).map((entry, index) => {
      const column = fieldsOf(entry);
      const name = textOf(column['name']) ?? (index === 0 ? '' : String(index));
      const tensor = fieldsOf(column['tensor-spec']);
      const dtype = textOf(tensor['dtype']) ?? textOf(column['type']) ?? '?';
      return { name, dtype, shape: shapeOf(tensor['shape']) ?? null };
    });
  } catch {
    draft.problems.push({ offset: null, message: 'The signature is no JSON.' });
    return [];
  }
}
