import { isPair, isScalar, isSeq, type Node, type Pair } from 'yaml';
import type { Hover, PathState, TextQuestion, TextRange } from '../../protocol/editing.ts';
import type { StageStatus } from '../../protocol/pipeline.ts';
import {
  overlaps,
  pickParams,
  shapesAt,
  type LockedStage,
  type Out,
  type Stage,
  type StagePath,
  type YamlPath,
} from '../pipeline/pipeline.ts';
import { keyOf, offsetOf, rangeBetween, readEditedText, spanOf, trailTo, type EditedText } from './text.ts';
import { findVariable, listVariables, showValue, type ParamsText } from './variables.ts';

/** What stands under the mouse, as far as the text alone can tell. */
export type Pointed = TextRange &
  (
    | { readonly kind: 'key'; readonly key: string; readonly description: string }
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'path'; readonly role: 'dep' | 'out'; readonly written: string }
    | { readonly kind: 'param'; readonly key: string }
  ) & { readonly stage: string | undefined };

export function findPointed(question: TextQuestion): { edited: EditedText; pointed: Pointed } | undefined {
  const edited = readEditedText(question.text, question.file);
  if (edited === undefined) return undefined;
  const offset = offsetOf(edited, question);
  const trail = trailTo(edited, offset);
  const node = trail.at(-1);
  if (!isScalar(node)) return undefined;
  const path = pathOf(trail);
  const stage = path[0] === 'stages' && typeof path[1] === 'string' ? path[1] : undefined;
  const pointed = pointVariable(edited, node, offset) ?? pointKey(edited, trail, path) ?? pointItem(edited, node, path);
  return pointed === undefined ? undefined : { edited, pointed: { ...pointed, stage } as Pointed };
}

type Unplaced<P> = P extends unknown ? Omit<P, 'stage'> : never;

function pointVariable(edited: EditedText, node: Node, offset: number): Unplaced<Pointed> | undefined {
  const [start, end] = spanOf(node) ?? [0, 0];
  for (const match of edited.text.slice(start, end).matchAll(/(?<!\\)\$\{\s*([^}]*?)\s*\}/g)) {
    const from = start + match.index;
    if (offset < from || offset > from + match[0].length) continue;
    return { kind: 'variable', name: match[1] ?? '', ...rangeBetween(edited, from, from + match[0].length) };
  }
  return undefined;
}

function pointKey(edited: EditedText, trail: readonly (Node | Pair)[], path: YamlPath): Unplaced<Pointed> | undefined {
  const [node, pair] = [trail.at(-1), trail.at(-2)];
  if (!isPair(pair) || pair.key !== node) return undefined;
  const key = keyOf(pair);
  for (const shape of shapesAt(path.slice(0, -1))) {
    const field = shape.kind === 'record' && Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
    if (field !== undefined) return { kind: 'key', key, description: field.description, ...rangeOf(edited, node) };
  }
  return undefined;
}

function pointItem(edited: EditedText, node: Node, path: YamlPath): Unplaced<Pointed> | undefined {
  const below = path.slice(path[2] === 'do' ? 3 : 2);
  const written = isScalar(node) ? String(node.value) : '';
  const [section] = below;
  const range = rangeOf(edited, node);
  if (section === 'deps' && below.length === 2) return { kind: 'path', role: 'dep', written, ...range };
  if (['outs', 'metrics', 'plots'].includes(String(section)) && (below.length === 2 || below[2] === written))
    return below.length > 3 ? undefined : { kind: 'path', role: 'out', written, ...range };
  const isParam = section === 'params' && (below.length === 2 || below.length === 4);
  return isParam ? { kind: 'param', key: written, ...range } : undefined;
}

function rangeOf(edited: EditedText, node: unknown): TextRange {
  const [start, end] = spanOf(node) ?? [0, 0];
  return rangeBetween(edited, start, end);
}

function pathOf(trail: readonly (Node | Pair)[]): YamlPath {
  return trail.flatMap((part, index): YamlPath => {
    if (isPair(part)) return [keyOf(part)];
    const next = trail[index + 1];
    return isSeq(part) && next !== undefined ? [part.items.indexOf(next)] : [];
  });
}

/** What the pipeline and the disk say about it. */
export interface HoverFacts {
  readonly stages: readonly Stage[];
  readonly status: readonly StageStatus[];
  readonly locked: (stage: Stage) => LockedStage | undefined;
  readonly files: ReadonlyMap<string, ParamsText | undefined>;
  readonly size: Extract<Hover, { kind: 'path' }>['size'];
}

export function toHover(edited: EditedText, pointed: Pointed, facts: HoverFacts): Hover | undefined {
  const { line, column, endLine, endColumn } = pointed;
  const range = { line, column, endLine, endColumn };
  switch (pointed.kind) {
    case 'key':
      return { ...range, kind: 'key', key: pointed.key, description: pointed.description };
    case 'variable': {
      const sources = findVariable(pointed.name, listVariables(edited, pointed.stage, facts.files));
      return { ...range, kind: 'variable', name: pointed.name, sources };
    }
    case 'path': {
      const found = findPath(edited, pointed, facts.stages);
      return found === undefined ? undefined : { ...range, ...describePath(found, pointed.role, facts) };
    }
    case 'param':
      return describeParam(edited, pointed, range, facts);
  }
}

interface FoundPath {
  readonly stage: Stage;
  readonly path: StagePath;
}

/** The dependency or output that stands at this place; of a group the first stage's. */
export function findPath(edited: EditedText, pointed: Pointed, stages: readonly Stage[]): FoundPath | undefined {
  for (const stage of stages) {
    if (stage.place.file !== edited.file) continue;
    const path = [...stage.deps, ...stage.outs].find(
      ({ place }) => place.line === pointed.line && place.column === pointed.column,
    );
    if (path !== undefined) return { stage, path };
  }
  return undefined;
}

function describePath(
  { stage, path }: FoundPath,
  role: 'dep' | 'out',
  { stages, status, size }: HoverFacts,
): Omit<Extract<Hover, { kind: 'path' }>, keyof TextRange> {
  const makers = stages.filter(({ outs }) => outs.some(({ file }) => overlaps(file, path.file)));
  const readers = stages.filter(({ deps, params }) =>
    [...deps, ...params].some(({ file }) => overlaps(file, path.file)),
  );
  const [maker] = makers;
  const out = maker?.outs.find(({ file }) => overlaps(file, path.file));
  const own = (name: string): StageStatus | undefined => status.find((candidate) => candidate.name === name);
  return {
    kind: 'path',
    path: path.file,
    role,
    size,
    state:
      maker === undefined || out === undefined ? stateOfDep(own(stage.name), path) : stateOfOut(own(maker.name), out),
    madeBy: role === 'out' ? [] : makers.map(({ name }) => name),
    usedBy: role === 'dep' ? [] : readers.map(({ name }) => name),
  };
}

function stateOfDep(status: StageStatus | undefined, { path }: StagePath): PathState | null {
  if (status === undefined || status.state === 'never-run') return null;
  const reason = status.reasons.find((candidate) => candidate.kind === 'dep' && candidate.path === path);
  return reason === undefined ? 'fresh' : reason.change === 'deleted' ? 'missing' : 'modified';
}

/** How an output stands: as its stage left it, or changed, or out of date with what it was made of. */
export function stateOfOut(status: StageStatus | undefined, { path }: Out): PathState | null {
  if (status === undefined || status.state === 'never-run') return null;
  const reason = status.reasons.find((candidate) => candidate.kind === 'out' && candidate.path === path);
  if (reason?.change === 'deleted') return 'missing';
  if (reason?.change === 'not-in-cache') return 'not-in-cache';
  if (reason !== undefined) return 'modified';
  return ['stale', 'blocked', 'failed'].includes(status.state) ? 'stale' : 'fresh';
}

function describeParam(
  edited: EditedText,
  pointed: Extract<Pointed, { kind: 'param' }>,
  range: TextRange,
  { stages, locked, files }: HoverFacts,
): Hover | undefined {
  for (const stage of stages) {
    if (stage.place.file !== edited.file || stage.key.replace(/@[^@]*$/, '') !== pointed.stage) continue;
    const file = stage.params.find(({ keys }) => keys.includes(pointed.key));
    if (file === undefined) continue;
    const source = files.get(file.file);
    const value =
      source?.value === undefined ? undefined : pickParams(source.value, [pointed.key]).values.get(pointed.key);
    const before = locked(stage)?.params.get(file.path)?.get(pointed.key);
    return {
      ...range,
      kind: 'param',
      key: pointed.key,
      paramsFile: file.file,
      current: value === undefined ? null : showValue(value),
      locked: before === undefined ? null : showValue(before),
    };
  }
  return undefined;
}
