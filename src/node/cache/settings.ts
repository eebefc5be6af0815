import path from 'node:path';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { defaultFlags, type FlagSettings } from '../../core/pipeline/pipeline.ts';
import { readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';
import type { LinkType } from './linking.ts';

/** What of DVC's configuration matters for running a pipeline. */
export interface DvcSettings {
  /** Absolute path of the cache. */
  readonly cache: string;
  /** How files come from the cache into the workspace, in the order in which it is tried. */
  readonly links: readonly LinkType[];
  /** The project is used without Git. */
  readonly noScm: boolean;
}

const LINK_TYPES: readonly LinkType[] = ['reflink', 'hardlink', 'symlink', 'copy'];

/**
 * Reads DVC's configuration: the user's own, `.dvc/config`, `.dvc/config.local`, later ones win. Throws `not-supported` for
 * settings that change how the cache must be used.
 */
export async function readDvcSettings(project: Project, env: NodeJS.ProcessEnv): Promise<DvcSettings> {
  let settings: DvcSettings = {
    cache: path.join(project.root, '.dvc', 'cache'),
    links: ['reflink', 'copy'],
    noScm: false,
  };
  for (const { file, text } of await readConfigFiles(project, env)) settings = applySettings(settings, text, file);
  return settings;
}

/** The section `[parsing]`: how a mapping in `cmd` becomes flags. Throws `bad-input` for a word that DVC does not know. */
export async function readFlagSettings(project: Project, env: NodeJS.ProcessEnv): Promise<FlagSettings> {
  let { bool, list } = defaultFlags;
  for (const { file, text } of await readConfigFiles(project, env)) {
    for (const { name, value, line } of settingsIn(text)) {
      const word = value.toLowerCase();
      if (name === 'parsing.bool') bool = oneOf(['store_true', 'boolean_optional'], word, { name, file, line });
      if (name === 'parsing.list') list = oneOf(['nargs', 'append'], word, { name, file, line });
    }
  }
  return { bool, list };
}

function oneOf<T extends string>(
  words: readonly T[],
  word: string,
  at: { name: string; file: string; line: number },
): T {
  const known = words.find((candidate) => candidate === word);
  if (known !== undefined) return known;
  const message = `${at.name} in DVC's configuration must be ${words.join(' or ')}, not "${word}".`;
  throw badInput(message, [{ file: at.file, line: at.line, column: 1, severity: 'error', message }]);
}

async function readConfigFiles(project: Project, env: NodeJS.ProcessEnv): Promise<{ file: string; text: string }[]> {
  const home = env['XDG_CONFIG_HOME'] ?? path.join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.config');
  const own = path.join(project.root, '.dvc');
  const found = [];
  for (const file of [path.join(home, 'dvc', 'config'), path.join(own, 'config'), path.join(own, 'config.local')]) {
    const text = path.isAbsolute(file) ? await readTextIfExists(file) : undefined;
    if (text !== undefined) found.push({ file, text });
  }
  return found;
}

function* settingsIn(text: string): Generator<{ name: string; value: string; line: number }> {
  let section = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\s*'?([^\]']*)'?\s*\]/.exec(line);
    if (header !== null) section = (header[1] ?? '').trim().toLowerCase();
    const [, key = '', raw = ''] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    yield { name: `${section}.${key.toLowerCase()}`, value: withoutComment(raw), line: index + 1 };
  }
}

function applySettings(settings: DvcSettings, text: string, file: string): DvcSettings {
  let { cache, links, noScm } = settings;
  for (const { name, value, line } of settingsIn(text)) {
    if (isForeign(name, value)) refuse(name, value, file, line);
    if (name === 'core.no_scm') noScm = value.toLowerCase() === 'true';
    if (name === 'cache.type') links = parseLinks(value, file, line);
    if (name === 'cache.dir') cache = path.resolve(path.dirname(file), value);
  }
  return { cache, links, noScm };
}

/** As ConfigObj reads a value: in quotes as it stands, else up to a `#`. */
function withoutComment(raw: string): string {
  const quoted = /^(["'])(.*?)\1\s*(?:#.*)?$/.exec(raw);
  return quoted?.[2] ?? raw.replace(/\s*#.*$/, '');
}

function parseLinks(value: string, file: string, line: number): readonly LinkType[] {
  const names = value.split(',').map((name) => name.trim().toLowerCase());
  const types = names.flatMap((name) => LINK_TYPES.find((type) => type === name) ?? []);
  if (types.length < names.length || types.length === 0)
    throw badInput("DVC's configuration can not be used as it is:", [
      {
        file,
        line,
        column: 1,
        severity: 'error',
        message: `cache.type takes ${LINK_TYPES.join(', ')}, not "${value}".`,
      },
    ]);
  return types;
}

/** Settings under which the cache would have to be shared or kept elsewhere. */
function isForeign(name: string, value: string): boolean {
  return name === 'cache.shared' || (name === 'cache.dir' && /^[a-z][a-z0-9+.-]+:\/\//i.test(value));
}

function refuse(name: string, value: string, file: string, line: number): never {
  const message = `Not yet supported: ${name} = ${value} in DVC's configuration.`;
  throw new ExpectedError('not-supported', message, [{ file, line, column: 1, severity: 'error', message }]);
}
