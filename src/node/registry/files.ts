import path from 'node:path';
import { compareCodePoints, findModelNameMistake } from '../../core/names/names.ts';
import { isPrompt, parseModelMeta, parseVersionMeta } from '../../core/registry/registry.ts';
import type { Parsed } from '../../protocol/problem.ts';
import type { ModelVersion, RegisteredModel, RegistryProblem } from '../../protocol/registry.ts';
import { describeMeta, listDirectories, readFolder, toTexts, tryReadFile, type Flaw } from '../tracking/tracking.ts';

// What the files of a registry say, in MLflow's layout. The folders' names count, whatever a meta claims: paths are built from them.

export interface ModelReading {
  /** Undefined for what is no model: a prompt. */
  readonly model: RegisteredModel | undefined;
  readonly problems: readonly RegistryProblem[];
}

export function listModelNames(models: string): readonly string[] {
  return listDirectories(models)
    .filter((name) => findModelNameMistake(name) === undefined)
    .sort(compareCodePoints);
}

/** A model whose meta is broken is shown with what else is known of it; a version whose meta is broken is left out. */
export function readModelFolder(models: string, name: string): ModelReading {
  const folder = path.join(models, name);
  const { texts: tags, problems: tagProblems } = readTexts(folder, 'tags');
  if (isPrompt(tags)) return { model: undefined, problems: [] };
  const { meta, problems } = readMetaFile(folder, parseModelMeta);
  const { aliases, problems: aliasProblems } = readAliases(folder);
  const versions = listVersionNumbers(folder)
    .toReversed()
    .map((number) => readVersion(folder, number));
  return {
    model: {
      ...{ name, origin: 'mlflow', aliases, tags },
      ...(meta ?? { description: null, createdTime: null, updatedTime: null }),
      versions: versions.flatMap(({ version }) => (version === undefined ? [] : [version])),
    },
    problems: [...problems, ...tagProblems, ...aliasProblems, ...versions.flatMap((version) => version.problems)],
  };
}

/** Ascending. */
export function listVersionNumbers(folder: string): readonly number[] {
  return listDirectories(folder)
    .flatMap((name) => /^version-([1-9]\d{0,14})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

interface VersionReading {
  /** Undefined for one that was deleted, or can't be read. */
  readonly version: ModelVersion | undefined;
  readonly problems: readonly RegistryProblem[];
}

export function readVersion(model: string, number: number): VersionReading {
  const folder = path.join(model, `version-${number}`);
  const { meta, problems } = readMetaFile(folder, parseVersionMeta);
  if (meta === undefined) return { version: undefined, problems };
  const { isDeleted, ...facts } = meta;
  if (isDeleted) return { version: undefined, problems: [] };
  const { texts: tags, problems: tagProblems } = readTexts(folder, 'tags');
  return { version: { version: String(number), ...facts, tags }, problems: tagProblems };
}

export function readAliases(folder: string): {
  readonly aliases: Readonly<Record<string, string>>;
  readonly problems: readonly RegistryProblem[];
} {
  const { texts, problems } = readTexts(folder, 'aliases');
  const isVersion = (text: string): boolean => /^\d+$/.test(text.trim());
  const entries = Object.entries(texts);
  return {
    aliases: Object.fromEntries(
      entries.filter(([, text]) => isVersion(text)).map(([name, text]) => [name, text.trim()]),
    ),
    problems: [
      ...problems,
      ...entries
        .filter(([, text]) => !isVersion(text))
        .map(([name]) => ({ file: path.join(folder, 'aliases', name), message: 'The alias names no version.' })),
    ],
  };
}

/** The version that an alias names now; null for none. */
export function readAlias(folder: string, alias: string): string | null {
  const { aliases } = readAliases(folder);
  return Object.hasOwn(aliases, alias) ? (aliases[alias] ?? null) : null;
}

/** The files below a folder as texts by name: tags, aliases. */
function readTexts(
  folder: string,
  part: string,
): { readonly texts: Readonly<Record<string, string>>; readonly problems: readonly RegistryProblem[] } {
  const flaws: Flaw[] = [];
  const texts = toTexts(readFolder(folder, part, flaws));
  return { texts, problems: flaws.map(({ file, message }) => ({ file: path.join(folder, file), message })) };
}

/** What `parse` makes of a meta, or what is wrong with it. */
function readMetaFile<T>(
  folder: string,
  parse: (text: string, file: string) => Parsed<T>,
): { readonly meta: T | undefined; readonly problems: readonly RegistryProblem[] } {
  const file = path.join(folder, 'meta.yaml');
  const reading = tryReadFile(file);
  const { value: meta, problems } = parse(reading.text ?? '', file);
  return { meta, problems: meta === undefined ? [{ file, message: describeMeta(reading, problems) }] : [] };
}
