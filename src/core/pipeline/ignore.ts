// Patterns of .gitignore and .dvcignore files: DVC reads its own file with rules much like Git's, and .gitignore files to know which
// folders may hold a dvc.yaml and which outputs are ignored already. No regular expression sees more than a character: patterns come
// from whoever wrote the folder, and one over whole paths could be kept busy for ever.

/** Any number of characters of a name, or of names of a path. */
const RUN = Symbol('any number');
type Run = typeof RUN;

/** A name of a path: as it is, or by its characters. */
type NamePattern = string | readonly (string | RegExp | Run)[];
type PathPattern = readonly (NamePattern | Run)[];

const ANY_NAME: NamePattern = [RUN];
const ANY_CHARACTER = /[^]/u;

interface IgnoreRule {
  readonly negated: boolean;
  /** The folders that it names. */
  readonly folders: PathPattern;
  /** What it names of all else; undefined: nothing. */
  readonly files: PathPattern | undefined;
}

/** Rules of one ignore file; they apply to what lies below `base` (relative to the root of the search, '' for itself). */
export interface IgnoreFile {
  readonly base: string;
  readonly rules: readonly IgnoreRule[];
}

/** Whose reading: to DVC a pattern also speaks for what lies below the folder that it names. */
export type IgnoreDialect = 'git' | 'dvc';

/** What DVC never looks into, whatever its ignore files say. */
export const builtInIgnore: IgnoreFile = parseIgnoreFile('.hg/\n.git/\n.git\n.dvc/\n', '', 'dvc');

export function parseIgnoreFile(text: string, base: string, dialect: IgnoreDialect): IgnoreFile {
  const rules = text
    .split('\n')
    .map((line) => (dialect === 'dvc' ? line.trim() : withoutSpacesBehind(line)))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .flatMap((line) => parseRule(line, { dialect, isNested: base !== '' }));
  const isNestedInDvc = dialect === 'dvc' && base !== '';
  return { base, rules: isNestedInDvc ? withoutFolder(rules) : rules };
}

/** To DVC `**` in a file below the root names the folder of that file too, so that nothing in it can be let in again. */
function withoutFolder(rules: readonly IgnoreRule[]): readonly IgnoreRule[] {
  const last = rules.findLast(({ folders }) => folders.length === 1 && folders[0] === RUN);
  return last?.negated === false ? [{ ...last, files: last.folders }] : rules;
}

/** Git keeps the spaces in front, and one behind that a backslash quotes. */
function withoutSpacesBehind(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  let end = text.length;
  while (text[end - 1] === ' ') end -= 1;
  const bare = text.slice(0, end);
  const slashes = bare.length - bare.replace(/\\*$/, '').length;
  return end < text.length && slashes % 2 === 1 ? `${bare} ` : bare;
}

function parseRule(line: string, { dialect, isNested }: { dialect: IgnoreDialect; isNested: boolean }): IgnoreRule[] {
  const negated = line.startsWith('!');
  const written = negated ? line.slice(1) : line;
  const ofFolders = written.endsWith('/');
  const pattern = ofFolders ? written.slice(0, -1) : written;
  const names = pattern.replace(/^\//, '').split('/').map(parseName);
  // What is no pattern names nothing.
  if (names.includes(undefined)) return [];
  const path = (pattern.includes('/') ? names : [RUN, ...names]) as PathPattern;
  const whole = path.filter((name, index) => name !== RUN || path[index - 1] !== RUN);
  const scope = dialect === 'git' ? toGitScope(whole) : toDvcScope(whole, { ofFolders, isNested });
  if (scope === undefined) return [];
  return [{ negated, folders: scope.folders, files: ofFolders ? undefined : scope.files }];
}

interface Scope {
  readonly folders: PathPattern;
  readonly files: PathPattern;
}

/** `a/**` names what lies inside of `a`, not `a` itself. */
function toGitScope(path: PathPattern): Scope {
  const whole = path.at(-1) === RUN ? [...path, ANY_NAME] : path;
  return { folders: whole, files: whole };
}

/**
 * With everything below what it names: `!data` lets in again what another pattern takes out of `data`. And `a/**` names `a` itself,
 * so that nothing in it can be let in again.
 */
function toDvcScope(
  path: PathPattern,
  { ofFolders, isNested }: { ofFolders: boolean; isNested: boolean },
): Scope | undefined {
  const stem = path.slice(0, path.findLastIndex((name) => name !== RUN) + 1);
  const isInside = ofFolders || stem.length < path.length;
  const namesAll = stem.length === 2 && stem[0] === RUN && stem[1] === ANY_NAME;
  // Such patterns match nothing in DVC, unless it has put the folder of their file in front.
  if (!isNested && (stem.length === 0 ? ofFolders : isInside && namesAll)) return undefined;
  return { folders: [...stem, RUN], files: isInside ? [...stem, ANY_NAME, RUN] : [...stem, RUN] };
}

/** Undefined for what is no pattern. */
function parseName(text: string): NamePattern | Run | undefined {
  if (text === '') return undefined;
  if (text === '**') return RUN;
  if (text === '*') return ANY_NAME;
  const tokens: (string | RegExp | Run)[] = [];
  for (let rest = text; rest !== '';) {
    const [length, token] = nextToken(rest);
    if (token === undefined) return undefined;
    tokens.push(token);
    rest = rest.slice(length);
  }
  return tokens.every((token) => typeof token === 'string') ? tokens.join('') : tokens;
}

/** What the next characters of a pattern stand for, and how many they are. */
function nextToken(rest: string): readonly [length: number, token: string | RegExp | Run | undefined] {
  const [char = ''] = rest;
  if (char === '*') return [1, RUN];
  if (char === '?') return [1, ANY_CHARACTER];
  if (char === '\\') {
    const [, quoted] = rest;
    return [1 + (quoted?.length ?? 0), quoted];
  }
  if (char !== '[') return [char.length, char];
  const set = /^\[([!^])?(\]?(?:\[:[a-z]+:\]|\\.|[^\]\\])*)\]/su.exec(rest);
  return set === null ? [1, undefined] : [set[0].length, toCharacterClass(set[1] !== undefined, set[2] ?? '')];
}

const namedSets: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  blank: ' \\t',
  cntrl: '\\0-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: ' \\t-\\r',
  upper: 'A-Z',
  xdigit: '0-9A-Fa-f',
};

/** Undefined for "[z-a]", which no character is in. */
function toCharacterClass(negated: boolean, members: string): RegExp | undefined {
  const source = members.replace(
    /\[:([a-z]+):\]|\\(.)|([[\]\\^])/gsu,
    (_, set: string | undefined, quoted: string | undefined, char: string | undefined) => {
      if (set !== undefined) return namedSets[set] ?? '';
      const member = quoted ?? char ?? '';
      return /[\^$\\.*+?()[\]{}|/-]/.test(member) ? `\\${member}` : member;
    },
  );
  try {
    return new RegExp(`[${negated ? '^' : ''}${source}]`, 'su');
  } catch {
    return undefined;
  }
}

function matchesPath(pattern: PathPattern | undefined, names: readonly string[]): boolean {
  return pattern !== undefined && matches(pattern, names, matchesName);
}

function matchesName(pattern: NamePattern, name: string): boolean {
  if (typeof pattern === 'string' || pattern === ANY_NAME) return pattern === ANY_NAME || pattern === name;
  return matches(pattern, Array.from(name), matchesCharacter);
}

function matchesCharacter(pattern: string | RegExp, char: string): boolean {
  return typeof pattern === 'string' ? pattern === char : pattern.test(char);
}

/**
 * True when the pattern fits all of the items. Only the last run that was met is ever made longer: what stood before it fits already,
 * and a longer earlier run would leave less for the rest. So the work is at most the product of both lengths.
 */
function matches<P, I>(
  pattern: readonly (P | Run)[],
  items: readonly I[],
  fits: (one: P, item: I) => boolean,
): boolean {
  let [at, next] = [0, 0];
  let run: { readonly after: number; readonly from: number } | undefined;
  while (next < items.length) {
    const one = pattern[at];
    if (one === RUN) {
      run = { after: at + 1, from: next };
      at += 1;
    } else if (one !== undefined && fits(one, items[next] as I)) {
      at += 1;
      next += 1;
    } else if (run !== undefined) {
      run = { after: run.after, from: run.from + 1 };
      at = run.after;
      next = run.from;
    } else return false;
  }
  return pattern.slice(at).every((one) => one === RUN);
}

/**
 * True when `path` (relative, forward slashes) or one of its parents is ignored. Later files, and later lines, win; below an
 * ignored folder nothing can be let in again. `files` are ordered from the root downwards.
 */
export function isIgnored(files: readonly IgnoreFile[], path: string, isDirectory: boolean): boolean {
  const parts = path.split('/');
  return parts.some((_, index) => {
    const isLast = index === parts.length - 1;
    return isIgnoredHere(files, parts.slice(0, index + 1).join('/'), !isLast || isDirectory);
  });
}

/** As {@link isIgnored} for a path whose parents are known not to be ignored. */
export function isIgnoredHere(files: readonly IgnoreFile[], path: string, isDirectory: boolean): boolean {
  const at = path.lastIndexOf('/');
  return ignoredIn(files, at === -1 ? '' : path.slice(0, at))(path.slice(at + 1), isDirectory);
}

/** Tells what of a folder is ignored, by name; the folder itself is known not to be. For folders with very many files. */
export function ignoredIn(
  files: readonly IgnoreFile[],
  folder: string,
): (name: string, isDirectory: boolean) => boolean {
  const layers = files.toReversed().flatMap(({ base, rules }) => {
    const relative = placeBelow(base, folder);
    return relative === undefined ? [] : [{ rules, names: [...relative, ''] }];
  });
  return (name, isDirectory) => {
    for (const { rules, names } of layers) {
      names[names.length - 1] = name;
      const rule = rules.findLast(({ folders, files: others }) => matchesPath(isDirectory ? folders : others, names));
      if (rule !== undefined) return !rule.negated;
    }
    return false;
  };
}

/** The folders from `base` down to `folder`; undefined when it lies elsewhere. */
function placeBelow(base: string, folder: string): readonly string[] | undefined {
  if (folder === base) return [];
  if (base === '') return folder.split('/');
  return folder.startsWith(`${base}/`) ? folder.slice(base.length + 1).split('/') : undefined;
}

/**
 * The text of a .gitignore with an entry for `name` (a file or folder beside it), as DVC adds it; unchanged if it is there. Backslashes
 * and spaces at the end are quoted, which DVC forgets; no line can hold the end of one, so that any character may stand in its place.
 */
export function addIgnoreEntry(text: string, name: string): string {
  const quoted = name.replace(/[[\]!*#?\\]| (?= *$)/g, (char) => `\\${char}`);
  const entry = `/${quoted.replace(/[\n\r]/g, '?')}`;
  if (text.split('\n').includes(entry)) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${entry}\n`;
}
