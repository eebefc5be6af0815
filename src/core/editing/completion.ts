import type { Completion, TextQuestion, TextRange } from '../../protocol/editing.ts';
import {
  folderOf,
  isList,
  isPyMap,
  joinPath,
  shapesAt,
  type PyMap,
  type Shape,
  type YamlPath,
} from '../pipeline/pipeline.ts';
import { readCursor, type Cursor } from './cursor.ts';
import { outlineStages } from './outline.ts';
import { listParams } from './params.ts';
import { itemsOf, keyOf, pairsOf, readEditedText, textOf, valueOf, type EditedText } from './text.ts';
import { showValue, type Variable } from './variables.ts';

/** What must be known before anything can be offered at a place. */
export interface CompletionPlan {
  readonly cursor: Cursor;
  readonly edited: EditedText | undefined;
  /** The stage or group that the place belongs to. */
  readonly stage: string | undefined;
  readonly wants: Wanted;
}

type Wanted =
  | { readonly kind: 'keys' }
  /** Entries of `folder` (relative to the project); `outs`: what stages make is offered as well. */
  | {
      readonly kind: 'paths';
      readonly folder: string;
      readonly base: string;
      readonly only: 'folders' | 'params' | 'all';
      readonly outs: boolean;
    }
  | { readonly kind: 'params'; readonly file: string; readonly folder: string; readonly orFiles: boolean }
  | { readonly kind: 'variables'; readonly lists: boolean };

export interface CompletionFacts {
  readonly entries: readonly { readonly name: string; readonly isFolder: boolean }[];
  readonly params: PyMap | undefined;
  readonly variables: readonly Variable[];
}

interface Place {
  /** The folder that paths are relative to: that of dvc.yaml, or the stage's own. */
  readonly base: string;
  readonly folder: string;
  readonly path: YamlPath;
  /** Folders typed so far, as `src/`. */
  readonly typed: string;
}

const paths =
  (
    only: 'folders' | 'params' | 'all',
    { from = 'base', outs = false }: { from?: 'base' | 'folder'; outs?: boolean } = {},
  ) =>
  (place: Place): Wanted => ({
    kind: 'paths',
    folder: joinPath(place[from], place.typed),
    base: place[from],
    only,
    outs,
  });
const lists = (): Wanted => ({ kind: 'variables', lists: true });
const params = ({ base, path }: Place): Wanted => {
  const isDefault = path.length === 2;
  return {
    kind: 'params',
    file: joinPath(base, isDefault ? 'params.yaml' : String(path[2])),
    folder: base,
    orFiles: isDefault,
  };
};

/** Which paths, below a stage's body, take which values: the first row that matches decides. */
const rows: readonly (readonly [RegExp, (place: Place) => Wanted])[] = [
  [/^deps\/0$/, paths('all', { outs: true })],
  [/^(outs|metrics|plots)\/0$/, paths('all')],
  [/^params\/0(\/.+\/0)?$/, params],
  [/^wdir$/, paths('folders', { from: 'folder' })],
  [/^vars\/0$/, paths('params')],
  [/^foreach$/, lists],
  [/^matrix\/[^/]+$/, lists],
];
const topRows: typeof rows = [
  [/^(vars|params)\/0$/, paths('params')],
  [/^(metrics|plots)\/0$/, paths('all', { outs: true })],
  [/^artifacts\/[^/]+\/path$/, paths('all', { outs: true })],
];

/** Decides from the text alone what could be written at the cursor. */
export function planCompletion({ text, file, line, column }: TextQuestion): CompletionPlan {
  const edited = readEditedText(text, file);
  const cursor = readCursor(text, { line, column });
  const [top, name] = cursor.path;
  const stage = top === 'stages' && typeof name === 'string' ? name : undefined;
  const whole = text.split(/\r?\n/)[line - 1] ?? '';
  const before = whole.slice(0, column - 1);
  const variable = /(?<!\\)\$\{\s*([\w.[\]-]*)$/.exec(before)?.[1];
  if (variable !== undefined) {
    const start = column - variable.length;
    // The editor may have closed the brace already.
    const tail = /^[\w.[\]-]*\}?/.exec(whole.slice(column - 1))?.[0].length ?? 0;
    const range = { line, column: start, endLine: line, endColumn: column + tail };
    return {
      cursor: { ...cursor, prefix: variable, range },
      edited,
      stage,
      wants: { kind: 'variables', lists: false },
    };
  }
  return { cursor, edited, stage, wants: wantedAt(cursor, edited, stage) };
}

function wantedAt(cursor: Cursor, edited: EditedText | undefined, stage: string | undefined): Wanted {
  const below = stage === undefined ? cursor.path : cursor.path.slice(cursor.path[2] === 'do' ? 3 : 2);
  const path = cursor.at === 'key' && cursor.needsDash && isListPlace(cursor.path) ? [...below, 0] : below;
  const row = (stage === undefined ? topRows : rows).find(([pattern]) => pattern.test(path.join('/')));
  const folder = folderOf(edited?.file ?? '');
  const base = stage === undefined || edited === undefined ? folder : joinPath(folder, wdirOf(edited, stage));
  return row?.[1]({ base, folder, path, typed: foldersTyped(cursor) }) ?? { kind: 'keys' };
}

function foldersTyped({ prefix }: Cursor): string {
  return prefix.replace(/^["']/, '').replace(/[^/]*$/, '');
}

function isListPlace(path: YamlPath): boolean {
  return shapesAt(path).some(({ kind }) => kind === 'list');
}

function wdirOf(edited: EditedText, stage: string): string {
  const body = outlineStages(edited).find(({ name }) => name === stage)?.body;
  return textOf(valueOf(body, 'wdir')) ?? '';
}

export function toCompletions(plan: CompletionPlan, facts: CompletionFacts): readonly Completion[] {
  const { cursor, wants } = plan;
  switch (wants.kind) {
    case 'variables':
      return offerVariables(plan, facts, wants.lists);
    case 'paths':
      return [...offerPaths(plan, facts, wants), ...offerKeys(cursor)];
    case 'params':
      return offerParams(plan, facts, wants.orFiles);
    case 'keys':
      return [...offerKeys(cursor), ...offerFlags(cursor)];
  }
}

function offer(
  cursor: Pick<Cursor, 'range'>,
  kind: Completion['kind'],
  label: string,
  rest: Partial<Pick<Completion, 'text' | 'isSnippet' | 'detail' | 'description' | 'rank'>> & {
    range?: TextRange;
  } = {},
): Completion {
  return {
    kind,
    label,
    text: label,
    isSnippet: false,
    range: cursor.range,
    detail: '',
    description: '',
    rank: 1,
    ...rest,
  };
}

/** Keys of every mapping that may stand here and has room for those that do: a stage has other keys than a group. */
function offerKeys(cursor: Cursor): readonly Completion[] {
  if (cursor.at !== 'key') return [];
  const records = shapesAt(cursor.path).filter((shape) => shape.kind === 'record');
  return (
    records
      .filter(({ fields }) => cursor.siblings.every((key) => Object.hasOwn(fields, key)))
      .toSorted((a, b) => Object.keys(b.fields).length - Object.keys(a.fields).length)
      .flatMap(({ fields, required }) => Object.entries(fields).map((field) => ({ field, required })))
      // DVC refuses a matrix inside of a foreach.
      .filter(({ field: [key] }) => !cursor.siblings.includes(key) && !(key === 'matrix' && cursor.path[2] === 'do'))
      .map(({ field: [key, { shape, description }], required }, rank) =>
        offer(cursor, 'key', key, {
          text: `${key}:${toSnippet(shape, cursor.indent)}`,
          isSnippet: true,
          description,
          detail: required.includes(key) ? '*' : '',
          rank,
        }),
      )
  );
}

/** What follows a key: a list begins, a mapping opens, a value is awaited. */
function toSnippet(shape: Shape, indent: number): string {
  const kinds = shape.kind === 'either' ? shape.shapes.map(({ kind }) => kind) : [shape.kind];
  const inner = ' '.repeat(indent + 2);
  if (kinds[0] === 'list') return `\n${inner}- $0`;
  if (kinds.every((kind) => kind === 'record' || kind === 'mapping')) return `\n${inner}$0`;
  return ' $0';
}

function offerFlags(cursor: Cursor): readonly Completion[] {
  if (cursor.at !== 'value' || !shapesAt(cursor.path).some(({ kind }) => kind === 'flag')) return [];
  return ['true', 'false'].map((word) => offer(cursor, 'value', word));
}

function offerPaths(
  { cursor, edited, stage }: CompletionPlan,
  { entries }: CompletionFacts,
  { only, outs, base }: Extract<Wanted, { kind: 'paths' }>,
): readonly Completion[] {
  const dash = dashOf(cursor);
  const typed = foldersTyped(cursor);
  const quote = /^["']/.exec(cursor.prefix)?.[0] ?? '';
  const present = entries
    .filter(({ name, isFolder }) => isFolder || only === 'all' || (only === 'params' && isParamsName(name)))
    .map(({ name, isFolder }) =>
      offer(cursor, isFolder ? 'folder' : 'file', `${typed}${name}${isFolder ? '/' : ''}`, {
        text: `${dash}${quote}${typed}${name}`,
        rank: 2,
      }),
    );
  const made = outs && edited !== undefined ? listOuts(edited) : [];
  const own = new Set(made.filter((out) => out.stage === stage).map(({ file }) => file));
  return [
    ...made
      .filter(({ file }) => !own.has(file) && (base === '' || file.startsWith(`${base}/`)))
      .map(({ file, stage: maker }) => {
        const written = base === '' ? file : file.slice(base.length + 1);
        return offer(cursor, 'file', written, { text: `${dash}${quote}${written}`, detail: maker, rank: 1 });
      }),
    ...present,
  ];
}

function dashOf(cursor: Cursor): string {
  return cursor.at === 'key' && cursor.needsDash ? '- ' : '';
}

function isParamsName(name: string): boolean {
  return /\.(?:ya?ml|json|toml|py)$/.test(name) && name !== 'dvc.yaml';
}

/** Outputs as the text writes them, relative to the project. */
function listOuts(edited: EditedText): readonly { readonly file: string; readonly stage: string }[] {
  const folder = folderOf(edited.file);
  return outlineStages(edited).flatMap(({ name, body }) => {
    const base = joinPath(folder, textOf(valueOf(body, 'wdir')) ?? '');
    return ['outs', 'metrics', 'plots'].flatMap((section) =>
      itemsOf(valueOf(body, section))
        .flatMap((item) => textOf(item) ?? pairsOf(item).map(keyOf))
        .map((path) => ({ file: joinPath(base, path), stage: name })),
    );
  });
}

function offerParams(
  { cursor }: CompletionPlan,
  { params, entries }: CompletionFacts,
  orFiles: boolean,
): readonly Completion[] {
  const dash = dashOf(cursor);
  const keys = (params === undefined ? [] : listParams(params)).map(([name, value]) =>
    offer(cursor, 'param', name, { text: `${dash}${name}`, detail: isPyMap(value) ? '' : showValue(value) }),
  );
  const indent = ' '.repeat(cursor.indent + dash.length + 2);
  const files = entries
    .filter(({ name, isFolder }) => orFiles && !isFolder && isParamsName(name) && name !== 'params.yaml')
    .map(({ name }) =>
      offer(cursor, 'file', `${name}:`, { text: `${dash}${name}:\n${indent}- $0`, isSnippet: true, rank: 2 }),
    );
  return [...keys, ...files];
}

function offerVariables(
  { cursor }: CompletionPlan,
  { variables }: CompletionFacts,
  lists: boolean,
): readonly Completion[] {
  const byName = Map.groupBy(variables, ({ name }) => name);
  return [...byName].flatMap(([name, own]) => {
    const [first] = own;
    if (first === undefined) return [];
    const isCollection = isList(first.value) || isPyMap(first.value);
    if (lists && !isCollection) return [];
    const values = [...new Set(own.map(({ value }) => (isPyMap(value) ? '{…}' : showValue(value))))].join(', ');
    const text = lists ? `\${${name}}` : `${name}}`;
    return [
      offer(cursor, 'variable', name, {
        text,
        detail: values,
        rank: name.startsWith('item') || name === 'key' ? 0 : 1,
      }),
    ];
  });
}
