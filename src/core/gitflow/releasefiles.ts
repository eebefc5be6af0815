// A version written into the files that name it, with everything else of them left as it stands. Pure.

/** What npm takes as a version. */
const semver = /^(\d+)\.(\d+)\.(\d+)(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

/** Numbers of a version as 1.2.0 or v1.2.0-rc.1; undefined for what is none. */
export function parseVersion(text: string): readonly [major: number, minor: number, patch: number] | undefined {
  const [, major, minor, patch] = semver.exec(text.replace(/^v/, '')) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** Below, equal or above zero, as sorting wants it; what follows a dash is not compared. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  if (left === undefined || right === undefined) return 0;
  return left.map((number, index) => number - (right[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** How each file is given a version; undefined where it has none. By the file's name. */
export const versionFiles: Readonly<Record<string, (text: string, version: string) => string | undefined>> = {
  'package.json': (text, version) => replaceJson(text, [['version']], version),
  'package-lock.json': (text, version) => replaceJson(text, [['version'], ['packages', '', 'version']], version),
  'pyproject.toml': replaceToml,
};

/** Texts at the paths replaced, whatever the file's layout; undefined where the first is not there. */
function replaceJson(text: string, paths: readonly (readonly string[])[], version: string): string | undefined {
  const places = paths.map((path) => findText(text, path));
  if (places[0] === undefined) return undefined;
  const known = places.filter((place) => place !== undefined).sort((a, b) => b.start - a.start);
  return known.reduce(
    (whole, { start, end }) => whole.slice(0, start) + JSON.stringify(version) + whole.slice(end),
    text,
  );
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the text at a path of a JSON document stands, quotes included. Only objects are entered. */
function findText(text: string, path: readonly string[]): Span | undefined {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/gy;
  const keys: (string | undefined)[] = [];
  let key: string | undefined;
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, token.lastIndex)) {
    token.lastIndex = at;
    const [found] = token.exec(text) ?? [];
    if (found === undefined) return undefined;
    if (found === '{' || found === '[') keys.push(key);
    else if (found === '}' || found === ']') keys.pop();
    if (found === ':' || !found.startsWith('"')) {
      if (found !== ':') key = undefined;
      continue;
    }
    const isKey = text[skipSpace(text, token.lastIndex)] === ':';
    if (isKey) key = readText(found);
    else if (isPath([...keys.slice(1), key], path)) return { start: at, end: token.lastIndex };
  }
  return undefined;
}

function isPath(keys: readonly (string | undefined)[], path: readonly string[]): boolean {
  return keys.length === path.length && keys.every((key, index) => key === path[index]);
}

function readText(quoted: string): string | undefined {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    // A text that JSON does not know is nobody's key.
    return undefined;
  }
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (/\s/.test(text[at] ?? '')) at += 1;
  return at;
}

/** `version = "…"` of the sections that name a project; none where it is made by a program (`dynamic`). */
function replaceToml(text: string, version: string): string | undefined {
  let section = '';
  const lines = text.split('\n').map((line) => {
    section = /^\s*\[([^[\]]+)\]\s*(?:#.*)?$/.exec(line)?.[1]?.trim() ?? section;
    const [, before, quote] = /^(\s*version\s*=\s*)(["'])[^"']*\2/.exec(line) ?? [];
    if (before === undefined || quote === undefined || !['project', 'tool.poetry'].includes(section)) return line;
    return line.replace(/^(\s*version\s*=\s*)(["'])[^"']*\2/, `$1$2${version}$2`);
  });
  const written = lines.join('\n');
  return written === text ? undefined : written;
}
