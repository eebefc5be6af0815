// What git writes for programs, turned into values, and the rules for names that may be handed to git. Pure.
export { parseBatch, parseCommit, parseReferences, referenceFormat, type Commit, type Reference } from './objects.ts';

export { countDistances } from './distances.ts';
export { normalisePatch, parsePatchLog, patchLogFormat, patchOptions } from './patches.ts';

/** One line of git's configuration; `value` is null for a key without "=", which git reads as true. */
export interface ConfigEntry {
  readonly scope: string;
  /** Section and variable in lower case, the subsection between the first and the last dot as written. */
  readonly key: string;
  readonly value: string | null;
}

/** A changed path of the work tree, as `git status --porcelain=v2` tells. */
export interface StatusEntry {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly kind: 'changed' | 'unmerged' | 'untracked';
  /** Two letters, index then work tree, "." for unchanged: git's own. */
  readonly code: string;
}

export interface Branch {
  /** Without `refs/heads/` or `refs/remotes/`. */
  readonly name: string;
  readonly remote: boolean;
  readonly commit: string;
  /**
   * Where it is checked out, or null: the work tree's folder as git writes it. A main work tree whose repository lies elsewhere
   * (a submodule, `--separate-git-dir`) is known to git by that repository's folder only.
   */
  readonly worktree: string | null;
}

const FORBIDDEN_CHARACTERS = /[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff~^:?*[\\]/;
const MAX_NAME_BYTES = 200;

/**
 * Why `name` can't be a branch, tag or remote, as the end of a sentence; undefined when it can. The rules are those of
 * `git check-ref-format --branch`, and stricter in that invisible characters and names over 200 bytes are refused.
 */
export function checkRefName(name: string): string | undefined {
  const rules: readonly (readonly [boolean, string])[] = [
    [name === '', 'it is empty'],
    [name.startsWith('-'), 'it begins with "-"'],
    [FORBIDDEN_CHARACTERS.test(name), 'it holds a space, a control character or one of ~ ^ : ? * [ \\'],
    [/[\ud800-\udfff]/u.test(name), 'it is not valid Unicode'],
    [name.includes('..'), 'it holds ".."'],
    [name.includes('@{'), 'it holds "@{"'],
    [name.includes('//') || name.startsWith('/') || name.endsWith('/'), 'a part between slashes is empty'],
    [name.endsWith('.'), 'it ends with "."'],
    [name.split('/').some((part) => part.startsWith('.')), 'a part begins with "."'],
    [name.split('/').some((part) => part.toLowerCase().endsWith('.lock')), 'a part ends with ".lock"'],
    [name === '@' || name === 'HEAD', 'git keeps this name for itself'],
    [new TextEncoder().encode(name).length > MAX_NAME_BYTES, `it is longer than ${MAX_NAME_BYTES} bytes`],
  ];
  return rules.find(([broken]) => broken)?.[1];
}

/** Text of `git config --list --show-scope -z`: `scope NUL key [LF value] NUL …`. */
export function parseConfigList(text: string): readonly ConfigEntry[] {
  const fields = text.split('\0');
  const entries: ConfigEntry[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [scope = '', entry = ''] = [fields[index], fields[index + 1]];
    const end = entry.indexOf('\n');
    entries.push(
      end === -1
        ? { scope, key: entry, value: null }
        : { scope, key: entry.slice(0, end), value: entry.slice(end + 1) },
    );
  }
  return entries;
}

/** The value that git would use: the last one. A key without "=" reads as "true". */
export function findConfig(entries: readonly ConfigEntry[], key: string): string | undefined {
  const entry = entries.findLast((candidate) => candidate.key === key);
  return entry === undefined ? undefined : (entry.value ?? 'true');
}

/** A boolean as git reads it; undefined when it is none. */
export function parseGitBoolean(value: string): boolean | undefined {
  const text = value.toLowerCase();
  if (['true', 'yes', 'on'].includes(text)) return true;
  if (['false', 'no', 'off', ''].includes(text)) return false;
  return /^[+-]?\d+[kmg]?$/.test(text) ? Number.parseInt(text, 10) !== 0 : undefined;
}

/**
 * Settings that keep reads from running programs which the repository's own configuration names: its filter drivers are
 * emptied. Drivers from the user's or the system's configuration (as git LFS's) are the user's choice and stay.
 */
export function planDriverOverrides(entries: readonly ConfigEntry[]): readonly (readonly [string, string])[] {
  return listDrivers(entries).flatMap((name) => [
    [`filter.${name}.clean`, ''] as const,
    [`filter.${name}.smudge`, ''] as const,
    [`filter.${name}.process`, ''] as const,
    // Without this an emptied driver that the repository calls required would be an error.
    [`filter.${name}.required`, 'false'] as const,
  ]);
}

/** Names of the filter drivers that the repository's own configuration has. */
export function listDrivers(entries: readonly ConfigEntry[]): readonly string[] {
  const names = entries
    .filter(({ scope }) => scope === 'local' || scope === 'worktree')
    .map(({ key }) => /^filter\.(.+)\.[^.]+$/s.exec(key)?.[1])
    .filter((name) => name !== undefined);
  return [...new Set(names)];
}

/** Text of `git status --porcelain=v2 -z`. */
export function parseStatus(text: string): readonly StatusEntry[] {
  const fields = text.split('\0');
  const entries: StatusEntry[] = [];
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] ?? '';
    const [type = '', code = ''] = field.split(' ', 2);
    if (type === '1') entries.push({ kind: 'changed', code, path: afterSpaces(field, 8) });
    if (type === '2') {
      entries.push({ kind: 'changed', code, path: afterSpaces(field, 9) });
      // A rename is followed by its old path in a field of its own.
      index += 1;
    }
    if (type === 'u') entries.push({ kind: 'unmerged', code, path: afterSpaces(field, 10) });
    if (type === '?') entries.push({ kind: 'untracked', code: '??', path: afterSpaces(field, 1) });
  }
  return entries;
}

/** HEAD as `git status --porcelain=v2 --branch -z` tells it. */
export function parseStatusHead(text: string): {
  readonly commit: string | undefined;
  readonly branch: string | undefined;
} {
  const find = (name: string): string | undefined =>
    text
      .split('\0')
      .find((field) => field.startsWith(`# branch.${name} `))
      ?.slice(`# branch.${name} `.length);
  const [commit, branch] = [find('oid'), find('head')];
  return {
    commit: commit === '(initial)' ? undefined : commit,
    branch: branch === '(detached)' ? undefined : branch,
  };
}

/** Fields of the format that {@link parseBranches} reads; git replaces %00 by a NUL. */
export const branchFormat = '%(refname)%00%(objectname)%00%(symref)';

/**
 * Lines of `git for-each-ref --format=<branchFormat> refs/heads refs/remotes`; symbolic ones (origin/HEAD) are left out.
 * `worktrees` is the text of `git worktree list --porcelain`.
 */
export function parseBranches(text: string, worktrees: string): readonly Branch[] {
  const folders = parseWorktrees(worktrees);
  return text.split('\n').flatMap((line) => {
    const [ref = '', commit = '', symref = ''] = line.split('\0');
    const [, kind, name] = /^refs\/(heads|remotes)\/(.+)$/s.exec(ref) ?? [];
    if (name === undefined || symref !== '') return [];
    return [{ name, remote: kind === 'remotes', commit, worktree: folders.get(ref) ?? null }];
  });
}

/** Those of the same lines whose full names begin with `prefix`, and where they stand. */
export function parseRefsBelow(text: string, prefix: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line.startsWith(prefix));
  return new Map(lines.map((line) => line.split('\0') as [ref: string, commit: string]));
}

export interface AnnotatedTag {
  /** Without `refs/tags/`. */
  readonly name: string;
  readonly subject: string;
  /** Everything below the subject, trailers included, a signature not. */
  readonly body: string;
  /** When it was made, in milliseconds since 1970. */
  readonly time: number;
}

/** Fields of the format that {@link parseAnnotatedTags} reads. A tag's text holds no NUL, so two of them end it. */
export const tagFormat =
  '%(refname:strip=2)%00%(objecttype)%00%(taggerdate:unix)%00%(contents:subject)%00%(contents:body)%00%00';

/** Lines of `git for-each-ref --format=<tagFormat> refs/tags`; lightweight tags are left out. */
export function parseAnnotatedTags(text: string): readonly AnnotatedTag[] {
  return text.split('\0\0\n').flatMap((entry) => {
    const [name = '', type = '', seconds = '', subject = '', body = ''] = entry.split('\0');
    return type === 'tag' ? [{ name, subject, body, time: Number(seconds) * 1000 }] : [];
  });
}

/** Full name of a branch → folder. A bare repository has no work tree, although its HEAD names a branch. */
function parseWorktrees(text: string): ReadonlyMap<string, string> {
  const entries = text.split('\n\n').flatMap((entry) => {
    const folder = /^worktree (.+)$/m.exec(entry)?.[1];
    const branch = /^branch (.+)$/m.exec(entry)?.[1];
    return folder === undefined || branch === undefined ? [] : [[branch, folder] as const];
  });
  return new Map(entries);
}

function afterSpaces(text: string, count: number): string {
  let start = 0;
  for (let found = 0; found < count; found += 1) start = text.indexOf(' ', start) + 1;
  return text.slice(start);
}
