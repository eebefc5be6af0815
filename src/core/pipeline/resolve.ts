import type { Problem } from '../../protocol/problem.ts';
import type { YamlFile } from '../yaml/yaml.ts';
import type { RawStage } from './expand.ts';
import type { FlagSettings } from './flags.ts';
import { InterpolationError, interpolate } from './interpolation.ts';
import type { YamlPath } from './schema.ts';
import {
  addressOf,
  folderOf,
  isAbsolutePath,
  joinPath,
  relativeTo,
  type Out,
  type ParamsFile,
  type Place,
  type Stage,
  type StagePath,
} from './stage.ts';
import { getKey, isList, isPyMap, keyText, type PyMap, type PyValue } from './values.ts';

/** What of the project a dvc.yaml is read with. */
export interface ProjectFacts {
  /** Absolute path of the project's root. */
  readonly root: string;
  readonly flags: FlagSettings;
}

/** Fills in one stage. Empty when it is wrong (the problems say why); `unsupported` is filled where only DVC can do it. */
export function resolveStage(yaml: YamlFile, raw: RawStage, facts: ProjectFacts, problems: Problem[]): Stage[] {
  return new StageReader(yaml, raw, facts, problems).read();
}

/**
 * The folder in which a stage runs, relative to the root. Undefined where it can't be told: resolving the stage says why.
 */
export function resolveFolder(
  file: string,
  { definition, scope }: RawStage,
  { root }: ProjectFacts,
): string | undefined {
  const wdir = getKey(definition, 'wdir') ?? '';
  try {
    const value = interpolate(wdir, scope.context, 'single');
    return typeof value === 'string' ? resolvePath(root, folderOf(file), value) : undefined;
  } catch (error) {
    if (error instanceof InterpolationError) return undefined;
    throw error;
  }
}

/** A path as written, seen from the root; undefined where none leads there (another drive). */
export function resolvePath(root: string, folder: string, path: string): string | undefined {
  return isAbsolutePath(path) ? relativeTo(root, path) : joinPath(folder, path);
}

/** Reads the fields of one stage and collects what is wrong with them. */
class StageReader {
  readonly #yaml: YamlFile;
  readonly #raw: RawStage;
  readonly #facts: ProjectFacts;
  readonly #problems: Problem[];
  readonly #unsupported: string[] = [];
  #isWrong = false;

  constructor(yaml: YamlFile, raw: RawStage, facts: ProjectFacts, problems: Problem[]) {
    this.#yaml = yaml;
    this.#raw = raw;
    this.#facts = facts;
    this.#problems = problems;
  }

  read(): Stage[] {
    const { key, base } = this.#raw;
    const fields = this.#fields();
    const wdir = this.#wdir(fields.get('wdir'));
    const stage: Stage = {
      name: addressOf(this.#yaml.file, key),
      key,
      place: { file: this.#yaml.file, ...this.#yaml.place(base, 'key') },
      cmd: this.#cmd(fields.get('cmd')),
      wdir,
      deps: this.#deps(fields.get('deps'), wdir),
      params: this.#params(fields.get('params'), wdir),
      outs: (['outs', 'metrics', 'plots'] as const).flatMap((name) => this.#outs(name, fields.get(name), wdir)),
      frozen: fields.get('frozen') === true,
      alwaysChanged: fields.get('always_changed') === true,
      desc: this.#text(fields.get('desc') ?? null),
      unsupported: this.#unsupported,
    };
    return this.#isWrong ? [] : [stage];
  }

  #problem(path: YamlPath, message: string, severity: Problem['severity'] = 'error'): void {
    const text = `${this.#raw.key}: ${message}`;
    this.#problems.push(this.#yaml.problemAt([...this.#raw.body, ...path], text, { severity }));
  }

  #wrong(path: YamlPath, message: string): void {
    this.#isWrong = true;
    this.#problem(path, message);
  }

  #needsDvc(path: YamlPath, what: string): void {
    this.#unsupported.push(what);
    this.#problem(path, `Needs DVC: ${what}.`, 'warning');
  }

  /** Every field with `${…}` filled in, those too that nobody here reads: DVC refuses what can't be filled in. */
  #fields(): ReadonlyMap<string, PyValue> {
    const { definition, scope } = this.#raw;
    const fields = new Map<string, PyValue>();
    for (const [key, value] of definition.entries) {
      const name = keyText(key);
      if (name === 'vars') continue;
      try {
        fields.set(name, interpolate(value, scope.context, name === 'cmd' ? this.#facts.flags : 'single'));
      } catch (error) {
        if (!(error instanceof InterpolationError)) throw error;
        this.#wrong([name], error.message);
      }
    }
    return fields;
  }

  #text(value: PyValue): string | undefined {
    return typeof value === 'string' ? value : undefined;
  }

  #wdir(wdir: PyValue | undefined): string {
    const own = folderOf(this.#yaml.file);
    if (wdir === undefined) return own;
    if (typeof wdir !== 'string') this.#wrong(['wdir'], 'wdir must be text.');
    return (typeof wdir === 'string' ? this.#resolve(wdir, ['wdir'], own) : undefined) ?? own;
  }

  /** A path seen from the root. */
  #resolve(path: string, at: YamlPath, folder: string): string {
    const file = resolvePath(this.#facts.root, folder, path);
    if (file === undefined) this.#needsDvc(at, `${path} (another drive)`);
    return file ?? path;
  }

  #cmd(cmd: PyValue | undefined): Stage['cmd'] {
    if (cmd === undefined) return '';
    const items = isList(cmd) ? cmd : [cmd];
    if (!items.every((item) => typeof item === 'string')) this.#wrong(['cmd'], 'cmd must be text, or a list of texts.');
    const texts = items.filter((item) => typeof item === 'string');
    if (texts.every((text) => text.trim() === '')) this.#wrong(['cmd'], 'cmd is empty.');
    return isList(cmd) ? texts : (texts[0] ?? '');
  }

  #place(path: YamlPath): Place {
    return { file: this.#yaml.file, ...this.#yaml.place([...this.#raw.body, ...path]) };
  }

  #path(path: string, at: YamlPath, wdir: string): StagePath {
    if (path.startsWith('ds://')) this.#needsDvc(at, `${path} (a dataset)`);
    else if (/^[a-zA-Z][a-zA-Z0-9+.-]+:\/\//.test(path)) this.#needsDvc(at, `${path} (only DVC reaches it)`);
    const file = this.#resolve(path, at, wdir);
    if (/(?:^|\/)dvc\.yaml$|\.dvc$/.test(path))
      this.#wrong(at, `${path} belongs to DVC: it can be neither a dependency nor an output.`);
    if (file === '') this.#wrong(at, 'The whole project can be neither a dependency nor an output of a stage.');
    return { path: this.#asLocked(path, file, wdir), file, place: this.#place(at) };
  }

  /** In dvc.lock an absolute path into the project is told as seen from wdir; every other one stays as written. */
  #asLocked(path: string, file: string, wdir: string): string {
    if (!isAbsolutePath(path) || file.startsWith('../')) return path;
    return relativeTo(`/${wdir}`, `/${file}`) ?? path;
  }

  #deps(deps: PyValue | undefined, wdir: string): StagePath[] {
    return (isList(deps) ? deps : []).flatMap((dep, index) => {
      if (typeof dep === 'string') return [this.#path(dep, ['deps', index], wdir)];
      this.#wrong(['deps', index], 'A dependency must be a path.');
      return [];
    });
  }

  /** Entries for one file are merged; a file that any entry names whole is tracked whole. */
  #params(entries: PyValue | undefined, wdir: string): ParamsFile[] {
    const files = new Map<string, { at: YamlPath; keys: string[]; whole: boolean }>();
    const add = (path: string, keys: readonly string[] | undefined, at: YamlPath): void => {
      const file = files.get(path) ?? { at, keys: [], whole: false };
      files.set(path, file);
      if (keys === undefined) file.whole = true;
      else file.keys.push(...keys);
    };
    for (const [index, entry] of (isList(entries) ? entries : []).entries()) {
      const at = ['params', index];
      if (isPyMap(entry)) {
        for (const [path, keys] of entry.entries) add(keyText(path), this.#keys(keys, [...at, keyText(path)]), at);
      } else add('params.yaml', this.#keys([entry], at), at);
    }
    return [...files].map(([path, { at, keys, whole }]) => ({
      ...this.#path(path, at, wdir),
      keys: whole ? [] : [...new Set(keys)],
    }));
  }

  /** Names of params; undefined for the whole file, which any empty value stands for. */
  #keys(keys: PyValue, at: YamlPath): readonly string[] | undefined {
    if (isEmpty(keys)) return undefined;
    if (!isList(keys)) this.#wrong(at, 'Names of params must be a list.');
    const names = isList(keys) ? keys : [];
    if (!names.every((name) => typeof name === 'string')) this.#wrong(at, 'Names of params must be text.');
    return names.filter((name) => typeof name === 'string');
  }

  #outs(section: 'outs' | 'metrics' | 'plots', entries: PyValue | undefined, wdir: string): Out[] {
    const kind = ({ outs: 'out', metrics: 'metric', plots: 'plot' } as const)[section];
    const merged = new Map<string, { at: YamlPath; options: PyMap['entries'] }>();
    for (const [index, entry] of (isList(entries) ? entries : []).entries()) {
      const pairs = isPyMap(entry) ? entry.entries : [[entry, null] as const];
      for (const [path, options] of pairs) {
        const at = [section, index];
        if (typeof path !== 'string') this.#wrong(at, 'An output must be a path.');
        else if (isList(options))
          this.#wrong([...at, path], 'A list of plots belongs to the section "plots" of the file.');
        else merged.set(path, mergeOptions(merged.get(path), at, options));
      }
    }
    return [...merged].map(([path, { at, options }]) => this.#out(path, at, options, kind, wdir));
  }

  #out(path: string, at: YamlPath, options: PyMap['entries'], kind: Out['kind'], wdir: string): Out {
    const option = (name: string): PyValue | undefined => options.findLast(([key]) => key === name)?.[1];
    const base = this.#path(path, at, wdir);
    const out = { ...base, kind, cache: option('cache') !== false, persist: option('persist') === true };
    return kind === 'plot' && options.length > 0
      ? { ...out, display: { kind: 'map', entries: [...new Map(options)] } }
      : out;
  }
}

function mergeOptions(
  earlier: { at: YamlPath; options: PyMap['entries'] } | undefined,
  at: YamlPath,
  options: PyValue,
): { at: YamlPath; options: PyMap['entries'] } {
  const own = isPyMap(options) ? options.entries : [];
  return { at: earlier?.at ?? at, options: [...(earlier?.options ?? []), ...own] };
}

/** What Python takes for false. */
function isEmpty(value: PyValue): boolean {
  if (isList(value)) return value.length === 0;
  if (isPyMap(value)) return value.entries.length === 0;
  return value === null || value === '' || value === false;
}
