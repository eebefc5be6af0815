import type { Node } from 'yaml';
import type { VariableSource } from '../../protocol/editing.ts';
import {
  UnreadableValue,
  folderOf,
  formatPythonJson,
  isList,
  isPyMap,
  joinPath,
  keyText,
  toPyValue,
  type PyMap,
  type PyValue,
} from '../pipeline/pipeline.ts';
import { listParams } from './params.ts';
import {
  itemsOf,
  keyOf,
  pairOf,
  pairsOf,
  positionOf,
  readEditedText,
  spanOf,
  textOf,
  valueOf,
  type EditedText,
} from './text.ts';

/** A params file as it stands: its text for places, its values where it could be read. */
export interface ParamsText {
  readonly text: string;
  readonly value: PyMap | undefined;
}

export interface Variable {
  readonly name: string;
  readonly value: PyValue;
  readonly file: string;
  /** Where its value stands; undefined where only the file is known. */
  readonly find: () => number | undefined;
}

interface VarFile {
  readonly file: string;
  /** undefined: all. */
  readonly keys: readonly string[] | undefined;
}

/** Files that `${…}` of this text may come from: params.yaml beside it, and what `vars` names. */
export function listVarFiles(edited: EditedText): readonly VarFile[] {
  const folder = folderOf(edited.file);
  const named = itemsOf(valueOf(edited.yaml.document.contents, 'vars')).flatMap((item) => {
    const [, name = '', keys] = /^([^:]+)(?::(.+))?$/.exec(textOf(item) ?? '') ?? [];
    return name === '' ? [] : [{ file: joinPath(folder, name), keys: keys?.split(',') }];
  });
  return [{ file: joinPath(folder, 'params.yaml'), keys: undefined }, ...named];
}

/** Every name that `${…}` may have in this text, and in this stage of it; of a group the values of all its stages. */
export function listVariables(
  edited: EditedText,
  stage: string | undefined,
  files: ReadonlyMap<string, ParamsText | undefined>,
): readonly Variable[] {
  const fromFiles = listVarFiles(edited).flatMap(({ file, keys }) => {
    const source = files.get(file);
    return source?.value === undefined
      ? []
      : listParams(source.value)
          .filter(([name]) => keys === undefined || keys.includes(name.split('.')[0] ?? ''))
          .map(([name, value]) => ({ name, value, file, find: () => lineOf(source.text, file, name) }));
  });
  const inline = itemsOf(valueOf(edited.yaml.document.contents, 'vars')).flatMap((item) =>
    inlineVariables(edited, item),
  );
  const all = [...fromFiles, ...inline];
  return [...all, ...(stage === undefined ? [] : groupVariables(edited, stage, all))];
}

function inlineVariables(edited: EditedText, item: unknown): readonly Variable[] {
  const value = readValue(edited, item);
  if (!isPyMap(value)) return [];
  return listParams(value).map(([name, own]) => ({
    name,
    value: own,
    file: edited.file,
    find: () => lineIn(edited, item, name),
  }));
}

/** The value of a node; undefined where it can't be read as DVC reads it. */
function readValue({ yaml }: EditedText, node: unknown): PyValue | undefined {
  try {
    return toPyValue((node ?? null) as Node | null, yaml.document);
  } catch (error) {
    if (error instanceof UnreadableValue || error instanceof ReferenceError) return undefined;
    throw error;
  }
}

function groupVariables(edited: EditedText, stage: string, known: readonly Variable[]): readonly Variable[] {
  const definition = valueOf(valueOf(edited.yaml.document.contents, 'stages'), stage);
  const foreach = pairOf(definition, 'foreach');
  const matrix = valueOf(definition, 'matrix');
  const own = { file: edited.file };
  const here = (node: unknown) => () => {
    const start = spanOf(node)?.[0];
    return start === undefined ? undefined : positionOf(edited, start).line;
  };
  if (foreach !== undefined) {
    const items = resolve(readValue(edited, foreach.value), known);
    const find = here(foreach.key);
    if (isPyMap(items))
      return items.entries.flatMap(([key, value]) => [
        { name: 'key', value: keyText(key), ...own, find },
        ...withParts('item', value).map((part) => ({ ...part, ...own, find })),
      ]);
    return (isList(items) ? items : []).flatMap((value) =>
      withParts('item', value).map((part) => ({ ...part, ...own, find })),
    );
  }
  return pairsOf(matrix).flatMap((pair) => {
    const values = resolve(readValue(edited, pair.value), known);
    return (isList(values) ? values : []).flatMap((value) =>
      withParts(`item.${keyOf(pair)}`, value).map((part) => ({ ...part, ...own, find: here(pair.key) })),
    );
  });
}

function resolve(value: PyValue | undefined, known: readonly Variable[]): PyValue | undefined {
  const name = typeof value === 'string' ? /^\$\{\s*([^}]+?)\s*\}$/.exec(value)?.[1] : undefined;
  return name === undefined ? value : known.find((variable) => variable.name === name)?.value;
}

function withParts(name: string, value: PyValue): readonly { name: string; value: PyValue }[] {
  const parts = isPyMap(value) ? listParams(value) : [];
  return [{ name, value }, ...parts.map(([part, own]) => ({ name: `${name}.${part}`, value: own }))];
}

/** Line of a dotted name in a params file of YAML or JSON. */
function lineOf(text: string, file: string, name: string): number | undefined {
  const edited = /\.(?:toml|py)$/.test(file) ? undefined : readEditedText(text, file);
  return edited === undefined ? undefined : lineIn(edited, edited.yaml.document.contents, name);
}

function lineIn(edited: EditedText, map: unknown, name: string): number | undefined {
  let pair = undefined as ReturnType<typeof pairOf>;
  let value: unknown = map;
  for (const part of name.split('.')) {
    pair = pairOf(value, part);
    value = pair?.value;
  }
  const start = spanOf(pair?.key)?.[0];
  return start === undefined ? undefined : positionOf(edited, start).line;
}

const LONGEST_VALUE = 200;

/** A value in one line, as YAML would take it. */
export function showValue(value: PyValue): string {
  const text = typeof value === 'string' ? value : formatPythonJson(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text;
}

/** All that `name` may stand for; list positions are looked up in the list. */
export function findVariable(name: string, variables: readonly Variable[]): readonly VariableSource[] {
  const [, base = name, index] = /^(.*?)(?:\[(\d+)\]|\.(\d+))?$/.exec(name)?.slice(0, 3) ?? [];
  const exact = variables.filter((variable) => variable.name === name);
  const found =
    exact.length > 0 || index === undefined ? exact : variables.filter((variable) => variable.name === base);
  const sources = found.map(({ value, file, find }) => ({
    value: showValue(exact.length === 0 && isList(value) ? (value[Number(index)] ?? null) : value),
    file,
    line: find() ?? null,
  }));
  return [...new Map(sources.map((source) => [source.value, source])).values()].slice(0, MOST_SOURCES);
}

const MOST_SOURCES = 20;
