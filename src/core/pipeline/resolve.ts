import type { Problem } from '../../protocol/problem.ts';
import type { YamlFile } from '../yaml/yaml.ts';
import type { RawStage } from './expand.ts';
import { InterpolationError, interpolate } from './interpolation.ts';
import type { YamlPath } from './schema.ts';
import {
  addressOf,
  folderOf,
  isAbsolutePath,
  isOutside,
  joinPath,
  type Out,
  type ParamsFile,
  type Place,
  type Stage,
  type StagePath,
} from './stage.ts';
import { getKey, isList, isPyMap, keyText, type PyMap, type PyValue } from './values.ts';

/** Fills in one stage. Empty when it is wrong (the problems say why); `unsupported` is filled when it is only beyond us yet. */
export function resolveStage(yaml: YamlFile, raw: RawStage, problems: Problem[]): Stage[] {
  return new StageReader(yaml, raw, problems).read();
}

/** Reads the fields of one stage and collects what is wrong with them. */
class StageReader {
  readonly #yaml: YamlFile;
  readonly #raw: RawStage;
  readonly #problems: Problem[];
  readonly #unsupported: string[] = [];
  #isWrong = false;

  constructor(yaml: YamlFile, raw: RawStage, problems: Problem[]) {
    this.#yaml = yaml;
    this.#raw = raw;
    this.#problems = problems;
  }

  read(): Stage[] {
    const { key, definition, base } = this.#raw;
    if (getKey(definition, 'vars') !== undefined) this.#notSupported(['vars'], 'vars of a stage');
    const wdir = this.#wdir();
    const stage: Stage = {
      name: addressOf(this.#yaml.file, key),
      key,
      place: { file: this.#yaml.file, ...this.#yaml.place(base, 'key') },
      cmd: this.#cmd(),
      wdir,
      deps: this.#deps(wdir),
      params: this.#params(wdir),
      outs: (['outs', 'metrics', 'plots'] as const).flatMap((section) => this.#outs(section, wdir)),
      frozen: getKey(definition, 'frozen') === true,
      alwaysChanged: getKey(definition, 'always_changed') === true,
      desc: this.#text(getKey(definition, 'desc') ?? null),
      unsupported: this.#unsupported,
    };
    return this.#isWrong ? [] : [stage];
  }

  #problem(path: YamlPath, message: string): void {
    this.#problems.push(this.#yaml.problemAt([...this.#raw.body, ...path], `${this.#raw.key}: ${message}`));
  }

  #wrong(path: YamlPath, message: string): void {
    this.#isWrong = true;
    this.#problem(path, message);
  }

  #notSupported(path: YamlPath, what: string): void {
    this.#unsupported.push(what);
    this.#problem(path, `Not yet supported: ${what}.`);
  }

  /** The field with `${…}` filled in; undefined when it is absent or can't be filled in. */
  #field(name: string): PyValue | undefined {
    const value = getKey(this.#raw.definition, name);
    if (value === undefined) return undefined;
    try {
      return interpolate(value, this.#raw.context, { collections: false });
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error;
      if (error.unsupported) this.#notSupported([name], error.message);
      else this.#wrong([name], error.message);
      return undefined;
    }
  }

  #text(value: PyValue): string | undefined {
    return typeof value === 'string' ? value : undefined;
  }

  #wdir(): string {
    const own = folderOf(this.#yaml.file);
    const wdir = this.#field('wdir');
    if (wdir === undefined) return own;
    if (typeof wdir !== 'string') this.#wrong(['wdir'], 'wdir must be text.');
    const folder = joinPath(own, typeof wdir === 'string' ? wdir : '');
    if (isOutside(folder) || isAbsolutePath(keyText(wdir))) this.#wrong(['wdir'], 'wdir leads out of the project.');
    return folder;
  }

  #cmd(): Stage['cmd'] {
    const cmd = this.#field('cmd');
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
    if (/^[a-zA-Z][a-zA-Z0-9+.-]+:\/\//.test(path)) this.#notSupported(at, `${path} (only local paths are)`);
    else if (isAbsolutePath(path)) this.#notSupported(at, `${path} (an absolute path)`);
    const file = joinPath(wdir, path);
    if (file === '') this.#wrong(at, 'The whole project can be neither a dependency nor an output of a stage.');
    return { path, file, place: this.#place(at) };
  }

  #deps(wdir: string): StagePath[] {
    const deps = this.#field('deps');
    return (isList(deps) ? deps : []).flatMap((dep, index) => {
      if (typeof dep === 'string') return [this.#path(dep, ['deps', index], wdir)];
      this.#wrong(['deps', index], 'A dependency must be a path.');
      return [];
    });
  }

  /** Entries for one file are merged; a file that any entry names whole is tracked whole. */
  #params(wdir: string): ParamsFile[] {
    const entries = this.#field('params');
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
    return [...files].map(([path, { at, keys, whole }]) => {
      if (/\.(?:toml|py)$/.test(path)) this.#notSupported(at, `params from ${path}`);
      return { ...this.#path(path, at, wdir), keys: whole ? [] : [...new Set(keys)] };
    });
  }

  #keys(keys: PyValue, at: YamlPath): readonly string[] | undefined {
    if (keys === null || (isList(keys) && keys.length === 0)) return undefined;
    const names = isList(keys) ? keys : [keys];
    for (const name of names) {
      if (typeof name !== 'string') this.#wrong(at, 'Names of params must be text.');
      else if (/[*?[\]]/.test(name)) this.#notSupported(at, `params by pattern (${name})`);
    }
    return names.filter((name) => typeof name === 'string');
  }

  #outs(section: 'outs' | 'metrics' | 'plots', wdir: string): Out[] {
    const entries = this.#field(section);
    const kind = ({ outs: 'out', metrics: 'metric', plots: 'plot' } as const)[section];
    const merged = new Map<string, { at: YamlPath; options: PyMap['entries'] }>();
    for (const [index, entry] of (isList(entries) ? entries : []).entries()) {
      const pairs = isPyMap(entry) ? entry.entries : [[entry, null] as const];
      for (const [path, options] of pairs) {
        const at = [section, index];
        if (typeof path !== 'string') this.#wrong(at, 'An output must be a path.');
        else if (isList(options)) this.#notSupported(at, 'several plots of one file');
        else merged.set(path, mergeOptions(merged.get(path), at, options));
      }
    }
    return [...merged].map(([path, { at, options }]) => this.#out(path, at, options, kind, wdir));
  }

  #out(path: string, at: YamlPath, options: PyMap['entries'], kind: Out['kind'], wdir: string): Out {
    const option = (name: string): PyValue | undefined => options.findLast(([key]) => key === name)?.[1];
    const base = this.#path(path, at, wdir);
    if (isOutside(base.file)) this.#notSupported(at, `${path} (an output outside of the project)`);
    if (/(?:^|\/)dvc\.yaml$|\.dvc$/.test(path)) this.#wrong(at, `${path} can not be an output: it belongs to DVC.`);
    if (option('remote') !== undefined) this.#notSupported(at, 'outputs with a remote of their own');
    return { ...base, kind, cache: option('cache') !== false, persist: option('persist') === true };
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
