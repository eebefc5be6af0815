import type { FlowGate } from '../../protocol/gates.ts';
import type { Problem } from '../../protocol/problem.ts';
import { toGate } from './gates.ts';

// What a branch adds to the repository for good: large files, and what looks like a secret.

/** A file that a branch has added or changed. */
export interface AddedFile {
  /** Relative to the top of the work tree. */
  readonly path: string;
  readonly size: number;
}

/** A line that a branch has added. */
export interface AddedLine {
  readonly path: string;
  /** From 1, in the file as the branch has it. */
  readonly line: number;
  readonly text: string;
}

export function judgeFiles(files: readonly AddedFile[], maxFileSize: number): FlowGate {
  const large = files.filter(({ size }) => size > maxFileSize);
  if (large.length === 0)
    return toGate('files', 'passed', `No file of more than ${describeSize(maxFileSize)} is added.`);
  const places = large.map(({ path, size }) => at(path, 1, `has ${describeSize(size)}`));
  const what = large.length === 1 ? 'A large file is' : `${large.length} large files are`;
  const message = `${what} added, which stays in the history of git for good. Track it with "mlops data add" instead and take it out of the branch's commits; mlops.gate.maxfilesize allows larger ones.`;
  return toGate('files', 'failed', message, { places });
}

function describeSize(bytes: number): string {
  const mebibytes = bytes / (1024 * 1024);
  return mebibytes >= 1 ? `${Number(mebibytes.toFixed(1))} MiB` : `${Math.ceil(bytes / 1024)} KiB`;
}

export function judgeSecrets(files: readonly AddedFile[], lines: readonly AddedLine[]): FlowGate {
  const named = files.flatMap(({ path }) => {
    const kind = secretFiles.find(([, pattern]) => pattern.test(path))?.[0];
    return kind === undefined ? [] : [at(path, 1, `is ${kind}`)];
  });
  const found = lines.flatMap(({ path, line, text }) => {
    const secret = findSecret(path, text);
    return secret === undefined ? [] : [at(path, line, `looks like ${secret.kind}`, secret.column)];
  });
  const places = [...named, ...found];
  if (places.length === 0) return toGate('secrets', 'passed', 'Nothing that looks like a secret is added.');
  const message = `${places.length === 1 ? 'Something that looks' : `${places.length} things that look`} like a secret ${places.length === 1 ? 'is' : 'are'} added. Take it out of the branch's commits and have it replaced; what is none gets "${NO_SECRET}" into its line.`;
  return toGate('secrets', 'failed', message, { places });
}

/** Stands in a line that looks like a secret and is none. */
const NO_SECRET = 'mlops:no-secret';

function at(file: string, line: number, message: string, column = 1): Problem {
  return { file, line, column, severity: 'error', message };
}

const secretFiles: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['a file of secrets', /(?:^|\/)\.env(?:\.(?!example$|sample$|template$)[\w-]+)?$/],
  ['a private key', /(?:^|\/)id_(?:rsa|dsa|ecdsa|ed25519)$/],
  ['a store of keys', /\.(?:p12|pfx|keystore|jks)$/i],
  ['a file of credentials', /(?:^|\/)(?:\.netrc|\.pypirc|\.mlflow\/credentials|\.aws\/credentials)$/],
];

/** Tokens that their makers have given a shape of their own. */
const tokens: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['a private key', /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/],
  ['a key of AWS', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a token of GitHub', /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})/],
  ['a token of GitLab', /\bglpat-[\w-]{20,}/],
  ['a token of Slack', /\bxox[abeprs]-[\w-]{10,}/],
  ['a key of Google', /\bAIza[\w-]{35}/],
  ['a token of Hugging Face', /\bhf_[A-Za-z0-9]{30,}/],
  ['a key of a language model', /\bsk-(?:ant-|proj-)?[\w-]{32,}/],
  ['a token of npm', /\bnpm_[A-Za-z0-9]{36}\b/],
  ['a token of PyPI', /\bpypi-AgE[\w-]{50,}/],
  ['a token of Databricks', /\bdapi[0-9a-f]{32}\b/],
  ['a key of Azure storage', /\bAccountKey=[A-Za-z0-9+/]{60,}={0,2}/],
  ['a key of Stripe', /\b[rs]k_live_[A-Za-z0-9]{20,}/],
  ['a signed token (JWT)', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}/],
  ['a password in an address', /\b[a-z][a-z+.-]*:\/\/[^\s/:@]+:(?![$<{*]|password@|pass@|secret@)[^\s/:@]{6,}@/i],
];

/** What is said to be a secret, and is as mixed as one. */
const assignment =
  /(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s*(?::|=>?|:=)\s*["'`]?([\w+/=.~-]{16,})["'`]?/i;
/** Written by programs, full of hashes. */
const generated = /(?:^|\/)(?:dvc\.lock|[\w-]+\.dvc|package-lock\.json|[\w.-]+\.lock|[\w.-]+\.(?:ipynb|svg))$/;
const MIN_ENTROPY = 3.5;

/** A name that ends as those of secrets do, then what is assigned: `DB_PASSWORD = "…"`, `"token": "…"`, `password: str = "…"`. */
const NAMED =
  '(password|passwd|passphrase|pwd|secret(?:[_-]?key)?|token|api[_-]?key)["\'\\]]{0,2}\\s*(?::\\s*[A-Za-z][\\w|[\\]]{0,40}\\s*=|:=|=>|[:=])(?!=)\\s*';
const quoted = new RegExp(`${NAMED}[brf]?(["'\`])((?:(?!\\2)\\S){8,})\\2`, 'gi');
/** As in YAML and .ini: the rest of the line. In code such a word is a name, a type or a call. */
const bare = new RegExp(`${NAMED}()([^\\s"'\`#,;(){}[\\]<>$]{8,})\\s*(?:#.*)?$`, 'gi');
const code = /\.(?:[cm]?[jt]sx?|py|java|kts?|go|rs|c|cc|cpp|h|hpp|cs|rb|php|swift|scala|r|jl|lua|vue|svelte|sql)$/i;

function findNamed(path: string, text: string): Secret | undefined {
  const found = [...text.matchAll(quoted), ...(code.test(path) ? [] : text.matchAll(bare))];
  const [match] = found.filter(([, name = '', , value = '']) => isOwnWord(name, value));
  if (match === undefined) return undefined;
  return { kind: /^pass|^pwd/i.test(match[1] ?? '') ? 'a password' : 'a secret', column: match.index + 1 };
}

/** Words of everyday stand for names, labels and types. A password may be of words, if they are put together; all else has digits. */
function isOwnWord(name: string, value: string): boolean {
  const isWord = /^[A-Za-z_]+$/.test(value) || /^\P{ASCII}*\p{L}+$/u.test(value) || /^[\d.,:_-]+$/.test(value);
  if (isWord || isPlaceholder(value) || isElsewhere.test(value)) return false;
  if (/\d/.test(value) && /\p{L}/u.test(value)) return true;
  // `new-password` is a label, `correct-horse-battery` is none.
  return (
    /^pass|^pwd/i.test(name) && /\p{L}/u.test(value) && !/pass(?:w|phrase)|pwd|secret|token|key|field/i.test(value)
  );
}

/** Read, made or put in somewhere else: `${…}`, `{{ … }}`, `<…>`, `[PAD]`, `%(pw)s`, `$PW`, `@file`, a path, an address. */
const isElsewhere = /^[$<{[%@~/.!]|\$\{|\{\{|:\/\/|^(?:process|os|env|ENV|System|Deno|Bun|import)[.[]/;

function isPlaceholder(value: string): boolean {
  return (
    /example|placeholder|dummy|change[_-]?(?:me|it)|xxx|\*{3}|\.{3}|your[_-]|^(?:test|fake|mock|sample)/i.test(value) ||
    /^(.)\1*$/.test(value) ||
    /^\w+(?:\.[A-Za-z_]\w*)+$/.test(value)
  );
}

interface Secret {
  readonly kind: string;
  readonly column: number;
}

function findSecret(path: string, text: string): Secret | undefined {
  if (text.includes(NO_SECRET)) return undefined;
  for (const [kind, pattern] of tokens) {
    const column = text.search(pattern) + 1;
    if (column > 0) return { kind, column };
  }
  return generated.test(path) ? undefined : (findMixed(text) ?? findNamed(path, text));
}

/** A word is no secret, nor is what is read from elsewhere: secrets have digits and letters, mixed well. */
function findMixed(text: string): Secret | undefined {
  const found = assignment.exec(text);
  const value = found?.[1] ?? '';
  const isMixed = /\d/.test(value) && /[A-Za-z]/.test(value) && entropyOf(value) >= MIN_ENTROPY;
  return found !== null && isMixed && !isPlaceholder(value) ? { kind: 'a secret', column: found.index + 1 } : undefined;
}

/** Shannon's, in bits a character. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const char of text) counts.set(char, (counts.get(char) ?? 0) + 1);
  return [...counts.values()].reduce((sum, many) => sum - (many / text.length) * Math.log2(many / text.length), 0);
}

/** Lines that a patch without context adds, with their places. Files are named as with `--dst-prefix=b/ -z`-less quoting off. */
export function parseAddedLines(patch: string): readonly AddedLine[] {
  const added: AddedLine[] = [];
  let path: string | undefined;
  let line = 0;
  let left = 0;
  for (const text of patch.split('\n')) {
    // Inside a hunk every line is counted, so that a line which looks like a header is none.
    if (left > 0 && text.startsWith('+')) {
      if (path !== undefined) added.push({ path, line, text: text.slice(1).slice(0, MAX_LINE) });
      line += 1;
      left -= 1;
      continue;
    }
    const [, start, many] = /^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@/.exec(text) ?? [];
    if (start !== undefined) [line, left] = [Number(start), Number(many ?? 1)];
    else if (text.startsWith('+++ ')) path = unquote(text.slice(4).replace(/\t$/, ''));
    else if (text.startsWith('diff --git ')) path = undefined;
  }
  return added;
}

/** Longer lines are data: what stands behind is not looked at. */
const MAX_LINE = 4000;

/** git's own quotes around names with special characters; undefined for none (`/dev/null`). */
function unquote(name: string): string | undefined {
  const bare = name.startsWith('"') ? name.slice(1, -1).replace(/\\(.)/g, '$1') : name;
  return bare.startsWith('b/') ? bare.slice(2) : undefined;
}

/** Entries of `git diff --raw -z --no-renames`: path and object of what was added or changed. */
export function parseChangedObjects(text: string): readonly { readonly path: string; readonly object: string }[] {
  const fields = text.split('\0');
  const found: { path: string; object: string }[] = [];
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const [, mode = '', , object = '', status = ''] = (fields[at] ?? '').split(' ');
    const path = fields[at + 1] ?? '';
    // Submodules are commits of elsewhere, and what is deleted adds nothing.
    if (status !== 'D' && mode !== '160000') found.push({ path, object });
  }
  return found;
}
