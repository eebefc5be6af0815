// Patterns of .gitignore and .dvcignore files: DVC reads its own file with Git's rules, and reads .gitignore files itself to
// know which folders may hold a dvc.yaml and which outputs are ignored already.

interface IgnoreRule {
  readonly regex: RegExp;
  readonly negated: boolean;
  readonly directoriesOnly: boolean;
}

/** Rules of one ignore file; they apply to what lies below `base` (relative to the root of the search, '' for itself). */
export interface IgnoreFile {
  readonly base: string;
  readonly rules: readonly IgnoreRule[];
}

/** What DVC never looks into, whatever its ignore files say. */
export const builtInIgnore: IgnoreFile = parseIgnoreFile('.hg/\n.git/\n.git\n.dvc/\n', '');

export function parseIgnoreFile(text: string, base: string): IgnoreFile {
  return { base, rules: text.split('\n').flatMap(parseRule) };
}

function parseRule(line: string): IgnoreRule[] {
  let pattern = line.trim();
  if (pattern === '' || pattern.startsWith('#')) return [];
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1);
  const directoriesOnly = pattern.endsWith('/');
  if (directoriesOnly) pattern = pattern.replace(/\/+$/, '');
  if (pattern === '') return [];
  const anchored = pattern.includes('/');
  const source = toRegexSource(pattern.replace(/^\//, ''));
  const regex = compile(`^${anchored ? '' : '(?:.*/)?'}${source}$`);
  return regex === undefined ? [] : [{ regex, negated, directoriesOnly }];
}

function compile(source: string): RegExp | undefined {
  try {
    return new RegExp(source, 'su');
  } catch {
    // A pattern such as "[z-a]" matches nothing, in Git as well.
    return undefined;
  }
}

function toRegexSource(pattern: string): string {
  let out = '';
  for (let i = 0; i < pattern.length;) {
    const rest = pattern.slice(i);
    const [token, source] = nextToken(rest, i === 0);
    out += source;
    i += token.length;
  }
  return out;
}

/** The next piece of a pattern and the regular expression that it stands for. */
function nextToken(rest: string, isStart: boolean): [string, string] {
  if (isStart && rest.startsWith('**/')) return ['**/', '(?:.*/)?'];
  if (rest.startsWith('/**/')) return ['/**/', '/(?:.*/)?'];
  if (rest === '/**') return ['/**', '/.+'];
  const stars = /^\*+/.exec(rest);
  if (stars !== null) return [stars[0], '[^/]*'];
  if (rest.startsWith('?')) return ['?', '[^/]'];
  const set = /^\[(!|\^)?(\]?(?:\\.|[^\]\\])*)\]/.exec(rest);
  if (set !== null) return [set[0], toCharacterClass(set[1] !== undefined, set[2] ?? '')];
  const escaped = /^\\(.)/su.exec(rest);
  if (escaped !== null) return [escaped[0], quote(escaped[1] ?? '')];
  const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  return [char, quote(char)];
}

function toCharacterClass(negated: boolean, members: string): string {
  const escaped = members.replace(/\\(.)|([[\]\\^])/gsu, (_, quoted: string | undefined, char: string | undefined) => {
    const member = quoted ?? char ?? '';
    return /[\^$\\.*+?()[\]{}|/-]/.test(member) ? `\\${member}` : member;
  });
  return `(?!/)[${negated ? '^' : ''}${escaped}]`;
}

function quote(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char;
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
  for (const { base, rules } of files.toReversed()) {
    const relative = base === '' ? path : path.startsWith(`${base}/`) ? path.slice(base.length + 1) : undefined;
    if (relative === undefined) continue;
    const rule = rules.findLast(
      ({ regex, directoriesOnly }) => (isDirectory || !directoriesOnly) && regex.test(relative),
    );
    if (rule !== undefined) return !rule.negated;
  }
  return false;
}

/** The text of a .gitignore with an entry for `name` (a file or folder beside it), as DVC adds it; unchanged if it is there. */
export function addIgnoreEntry(text: string, name: string): string {
  const entry = `/${name.replace(/[[\]!*#?]/g, (char) => `\\${char}`)}`;
  if (text.split('\n').includes(entry)) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${entry}\n`;
}
