import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import { readTextIfExists } from '../files/files.ts';
import type { Project } from '../project/project.ts';

/** What of DVC's configuration matters for running a pipeline. */
export interface DvcSettings {
  /** Absolute path of the cache. */
  readonly cache: string;
  /** The project is used without Git. */
  readonly noScm: boolean;
}

/**
 * Reads DVC's configuration: the user's own, `.dvc/config`, `.dvc/config.local`, later ones win. Throws `not-supported` for
 * settings that change how the cache must be used.
 */
export async function readDvcSettings(project: Project, env: NodeJS.ProcessEnv): Promise<DvcSettings> {
  const home = env['XDG_CONFIG_HOME'] ?? path.join(env['HOME'] ?? env['USERPROFILE'] ?? '', '.config');
  const own = path.join(project.root, '.dvc');
  let settings: DvcSettings = { cache: path.join(own, 'cache'), noScm: false };
  for (const file of [path.join(home, 'dvc', 'config'), path.join(own, 'config'), path.join(own, 'config.local')]) {
    const text = path.isAbsolute(file) ? await readTextIfExists(file) : undefined;
    if (text !== undefined) settings = applySettings(settings, text, file);
  }
  return settings;
}

function applySettings(settings: DvcSettings, text: string, file: string): DvcSettings {
  let { cache, noScm } = settings;
  let section = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\s*'?([^\]']*)'?\s*\]/.exec(line);
    if (header !== null) section = (header[1] ?? '').trim().toLowerCase();
    const [, key = '', raw = ''] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    const value = withoutComment(raw);
    const name = `${section}.${key.toLowerCase()}`;
    if (isForeign(name, value)) refuse(name, value, file, index + 1);
    if (name === 'core.no_scm') noScm = value.toLowerCase() === 'true';
    if (name === 'cache.dir') cache = path.resolve(path.dirname(file), value);
  }
  return { cache, noScm };
}

/** As ConfigObj reads a value: in quotes as it stands, else up to a `#`. */
function withoutComment(raw: string): string {
  const quoted = /^(["'])(.*?)\1\s*(?:#.*)?$/.exec(raw);
  return quoted?.[2] ?? raw.replace(/\s*#.*$/, '');
}

/** Settings under which files would have to be linked, shared or kept elsewhere. */
function isForeign(name: string, value: string): boolean {
  const [first = ''] = value.split(',').map((type) => type.trim());
  return (
    (name === 'cache.type' && !['reflink', 'copy'].includes(first)) ||
    name === 'cache.shared' ||
    (name === 'cache.dir' && /^[a-z][a-z0-9+.-]+:\/\//i.test(value))
  );
}

function refuse(name: string, value: string, file: string, line: number): never {
  const message = `Not yet supported: ${name} = ${value} in DVC's configuration.`;
  throw new ExpectedError('not-supported', message, [{ file, line, column: 1, severity: 'error', message }]);
}
