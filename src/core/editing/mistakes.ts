import { isScalar, type Pair } from 'yaml';
import type { Finding, Fix } from '../../protocol/editing.ts';
import type { Problem } from '../../protocol/problem.ts';
import { findNearest } from '../names/names.ts';
import {
  commandsOf,
  folderOf,
  formatPythonJson,
  isWithin,
  pickParams,
  type LockedStage,
  type ParamsFile,
  type PyMap,
  type Stage,
  type StagePath,
} from '../pipeline/pipeline.ts';
import { findProgram } from './commandword.ts';
import { addParam, removeItem, replaceScalar } from './fixes.ts';
import { outlineStages, type OutlinedStage } from './outline.ts';
import { listParamKeys } from './params.ts';
import {
  applyEdits,
  editBetween,
  itemsOf,
  keyOf,
  offsetOf,
  pairOf,
  pairsOf,
  positionOf,
  rangeAt,
  spanOf,
  textOf,
  type EditedText,
} from './text.ts';

/** What the disk says, as far as mistakes are about it. Files are relative to the project's root. */
export interface ProjectFacts {
  readonly stages: readonly Stage[];
  readonly locked: (stage: Stage) => LockedStage | undefined;
  /** Dependencies that nothing makes and that are not there. */
  readonly missing: ReadonlySet<string>;
  /** `.dvc` files: data that is tracked by itself. */
  readonly dataFiles: ReadonlySet<string>;
  /** What stands beside missing dependencies. */
  readonly nearby: readonly string[];
  /** Outputs of which Git tracks something. */
  readonly inGit: ReadonlySet<string>;
  /** Params files by name; undefined: there is none. */
  readonly params: ReadonlyMap<string, { readonly text: string; readonly value: PyMap | undefined } | undefined>;
  /** Programs that can't be found, by folder and word, with those that may be meant. */
  readonly programs: ReadonlyMap<string, readonly string[]>;
}

/** Key in {@link ProjectFacts.programs}: a path in a command means another file in another folder. */
export function programKey(wdir: string, word: string): string {
  return word.includes('/') ? `${wdir}:${word}` : word;
}

type Texts = ReadonlyMap<string, EditedText>;

interface Mistake extends Problem {
  /** Asked for the first mistakes only: nobody mends a thousand one by one, and looking for what is meant takes its time. */
  readonly findFixes: () => readonly (Fix | undefined)[];
}

const MOST_MENDED = 50;
/** Most names among which one is looked for that may be meant. */
const MOST_CANDIDATES = 1000;

/** Mistakes that only show beside the disk: each stage could be read, and could not run. The same one of many stages stands once. */
export function findMistakes(facts: ProjectFacts, texts: Texts): readonly Finding[] {
  const bodies = new Map<string, OutlinedStage>();
  for (const [file, text] of texts) for (const stage of outlineStages(text)) bodies.set(`${file}:${stage.name}`, stage);
  const isMade = indexOuts(facts.stages);
  const mistakes = facts.stages.flatMap((stage) => {
    const text = texts.get(stage.place.file);
    const outlined =
      bodies.get(`${stage.place.file}:${stage.key.replace(/@[^@]*$/, '')}`) ??
      bodies.get(`${stage.place.file}:${stage.key}`);
    const own = { stage, facts, isMade, text, body: outlined?.body };
    return [...missingDeps(own), ...trackedOuts(own), ...paramMistakes(own), ...commandMistakes(own)];
  });
  return once(mistakes).map(({ findFixes, ...problem }, index) => {
    const fixes = index < MOST_MENDED ? findFixes().filter((fix) => fix !== undefined) : [];
    return toFinding({ ...problem, fixes }, texts.get(problem.file));
  });
}

/** A problem with the stretch of text that it is about. */
export function toFinding(
  problem: Problem & { readonly fixes?: readonly Fix[] },
  text: EditedText | undefined,
): Finding {
  return { fixes: [], ...problem, ...rangeAt(text, problem) };
}

/** Of the stages of a group each has the mistake of their common text; the first tells it. */
function once(mistakes: readonly Mistake[]): readonly Mistake[] {
  const seen = new Set<string>();
  return mistakes.filter(({ file, line, column, message }) => {
    const key = `${file}:${line}:${column}:${message.replace(/^[^:]*: /, '')}`;
    return !seen.has(key) && seen.add(key);
  });
}

interface Own {
  readonly stage: Stage;
  readonly facts: ProjectFacts;
  readonly isMade: (file: string) => boolean;
  readonly text: EditedText | undefined;
  readonly body: unknown;
}

function mistake(
  place: Pick<Problem, 'file' | 'line' | 'column'>,
  severity: Problem['severity'],
  message: string,
  findFixes: Mistake['findFixes'] = () => [],
): Mistake {
  const { file, line, column } = place;
  return { file, line, column, severity, message, findFixes };
}

/** Tells whether a path is an output, lies in one, or holds one. */
export function indexOuts(stages: readonly Stage[]): (file: string) => boolean {
  const made = new Set(stages.flatMap(({ outs }) => outs.map(({ file }) => file)));
  const around = new Set([...made].flatMap(foldersAround));
  return (file) => made.has(file) || around.has(file) || foldersAround(file).some((folder) => made.has(folder));
}

function foldersAround(file: string): readonly string[] {
  const parts = file.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

function missingDeps(own: Own): readonly Mistake[] {
  const { stage, facts } = own;
  return stage.deps
    .filter(({ file }) => facts.missing.has(file))
    .map((dep) => {
      const words = facts.dataFiles.has(`${dep.file}.dvc`)
        ? `${dep.path} is tracked by ${dep.path}.dvc and not here: get it with "dvc pull".`
        : `the dependency ${dep.path} does not exist, and no stage makes it.`;
      const findFixes = facts.dataFiles.has(`${dep.file}.dvc`) ? undefined : () => fixesOfMissing(own, dep);
      return mistake(dep.place, 'warning', `${stage.key}: ${words}`, findFixes);
    });
}

function fixesOfMissing({ stage, facts, text, body }: Own, dep: StagePath): readonly (Fix | undefined)[] {
  const outs = facts.stages.flatMap((other) => (other === stage ? [] : other.outs.map(({ file }) => file)));
  const near = findNearest(dep.file, [...facts.nearby, ...outs].slice(0, MOST_CANDIDATES));
  return [
    ...near.map((file) => replaceItem(text, body, dep, toWritten(file, stage.wdir))),
    isWithin('', dep.file) ? { kind: 'create-file', file: dep.file, text: '' } : undefined,
    removeEntry(text, body, 'deps', dep),
  ];
}

/** A file as a path relative to the stage's folder. */
function toWritten(file: string, wdir: string): string {
  if (wdir === '') return file;
  const [from, to] = [wdir.split('/'), file.split('/')];
  let same = 0;
  while (same < from.length && from[same] === to[same]) same += 1;
  return [...from.slice(same).map(() => '..'), ...to.slice(same)].join('/');
}

function findItem(text: EditedText | undefined, owner: Pair | undefined, { place }: StagePath): number {
  if (text === undefined) return -1;
  const start = offsetOf(text, place);
  return itemsOf(owner?.value).findIndex((item) => spanOf(item)?.[0] === start);
}

function replaceItem(text: EditedText | undefined, body: unknown, dep: StagePath, by: string): Fix | undefined {
  const owner = pairOf(body, 'deps');
  const item = itemsOf(owner?.value)[findItem(text, owner, dep)];
  // A text with ${…} stands for several paths: there is no one word to put in its place.
  return textOf(item) === dep.path ? replaceWord(text, item, by) : undefined;
}

function removeEntry(text: EditedText | undefined, body: unknown, section: string, entry: StagePath): Fix | undefined {
  const owner = pairOf(body, section);
  const index = findItem(text, owner, entry);
  const edits = text === undefined || owner === undefined || index === -1 ? undefined : removeItem(text, owner, index);
  return edits === undefined
    ? undefined
    : { kind: 'remove', what: textOf(itemsOf(owner?.value)[index]) ?? entry.path, edits };
}

function trackedOuts({ stage, facts }: Own): readonly Mistake[] {
  return stage.outs
    .filter(({ file, cache }) => cache && facts.inGit.has(file))
    .map(({ file, path, place }) =>
      mistake(
        place,
        'error',
        `${stage.key}: the output ${path} is also tracked by Git. Take it out of Git first: git rm -r --cached ${file}`,
        () => [{ kind: 'untrack', file }],
      ),
    );
}

function paramMistakes(own: Own): readonly Mistake[] {
  const { stage, isMade } = own;
  if (stage.frozen) return [];
  return stage.params.filter(({ file }) => !isMade(file)).flatMap((file) => mistakesOfParams(own, file));
}

function mistakesOfParams(own: Own, file: ParamsFile): readonly Mistake[] {
  const { stage, facts } = own;
  const found = facts.params.get(file.file);
  if (found === undefined) {
    const isYaml = /\.ya?ml$/.test(file.file) && isWithin('', file.file);
    return [
      mistake(file.place, 'error', `${stage.key}: the params file ${file.path} does not exist.`, () => [
        isYaml ? { kind: 'create-file', file: file.file, text: newParams(file.keys) } : undefined,
      ]),
    ];
  }
  const { text, value } = found;
  if (value === undefined) return [];
  const { values, ambiguous } = pickParams(value, file.keys);
  const present = new Set([...values.keys(), ...ambiguous]);
  return file.keys.filter((key) => !present.has(key)).map((key) => unknownParam(own, file, key, { text, value }));
}

function unknownParam(own: Own, file: ParamsFile, key: string, source: { text: string; value: PyMap }): Mistake {
  const { stage, text, body } = own;
  const node = findParamNode(body, file.path, key);
  const start = spanOf(node)?.[0];
  const place =
    text === undefined || start === undefined ? file.place : { file: file.place.file, ...positionOf(text, start) };
  return mistake(place, 'error', `${stage.key}: ${file.path} has no param "${key}".`, () => {
    const locked = own.facts.locked(stage)?.params.get(file.path)?.get(key);
    const edits = addParam(source.text, file.file, key, locked === undefined ? 'null' : formatPythonJson(locked));
    return [
      ...findNearest(key, listParamKeys(source.value)).map((by) => replaceWord(text, node, by)),
      edits === undefined ? undefined : { kind: 'add-param', key, paramsFile: file.path, edits },
    ];
  });
}

function replaceWord(text: EditedText | undefined, node: unknown, by: string): Fix | undefined {
  const edits = text === undefined ? undefined : replaceScalar(text, node, by);
  return edits === undefined ? undefined : { kind: 'replace', by, edits };
}

function newParams(keys: readonly string[]): string {
  return keys.reduce((text, key) => applyEdits(text, addParam(text, 'params.yaml', key, 'null') ?? []), '');
}

/** The scalar that names this key of this file among the stage's params. */
function findParamNode(body: unknown, path: string, key: string): unknown {
  for (const item of itemsOf(pairOf(body, 'params')?.value)) {
    if (isScalar(item) && path === 'params.yaml' && item.value === key) return item;
    for (const pair of pairsOf(item)) {
      const found = keyOf(pair) === path ? itemsOf(pair.value).find((name) => textOf(name) === key) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function commandMistakes({ stage, facts, text, body }: Own): readonly Mistake[] {
  const commands = commandsOf(stage.cmd);
  return commands.flatMap((command, index) => {
    const program = findProgram(command);
    const near = program && facts.programs.get(programKey(stage.wdir, program.word));
    if (program === undefined || near === undefined) return [];
    const node = findCommandNode(body, index);
    const span = spanOf(node);
    const word = text === undefined || span === undefined ? -1 : text.text.slice(...span).indexOf(program.word);
    const start = span === undefined || word === -1 ? undefined : span[0] + word;
    const place =
      text === undefined || start === undefined ? stage.place : { file: stage.place.file, ...positionOf(text, start) };
    const message = `${stage.key}: there is no command "${program.word}" on this machine.`;
    const fixes = near.map((by): Fix | undefined => {
      if (text === undefined || start === undefined) return undefined;
      return { kind: 'replace', by, edits: [editBetween(text, start, start + program.word.length, by)] };
    });
    return [mistake(place, 'warning', message, () => fixes)];
  });
}

/** Of a list the item of this command; a text with several lines is one node. */
function findCommandNode(body: unknown, index: number): unknown {
  const value = pairOf(body, 'cmd')?.value;
  return isScalar(value) ? value : itemsOf(value)[index];
}

/** Folders whose entries may hold what is meant by missing dependencies. */
export function foldersNearby(missing: Iterable<string>): readonly string[] {
  return [...new Set([...missing].map(folderOf))];
}

/** All texts, keys of mappings included, that can be told apart as programs of these stages. */
export function listPrograms(stages: readonly Stage[]): readonly { readonly wdir: string; readonly word: string }[] {
  const found = stages.flatMap(({ cmd, wdir }) =>
    commandsOf(cmd).flatMap((command) => {
      const word = findProgram(command)?.word;
      return word === undefined ? [] : [[programKey(wdir, word), { wdir, word }] as const];
    }),
  );
  return [...new Map(found).values()];
}
