import { planDriverOverrides, type ConfigEntry } from '../../core/git/git.ts';
import { createCalls, requireName, type GitOptions } from './calls.ts';

/** What a branch has added since it left its base, as git tells it. */
interface Added {
  /** `git diff --raw -z`, of what is not deleted. */
  readonly raw: string;
  /** A patch without context; files over a megabyte and binary ones have no lines in it. */
  readonly patch: string;
  /** Sizes by object, of what `raw` names. */
  readonly sizes: ReadonlyMap<string, number>;
}

/** Options of both parts; the patch has names as they are, in `a/` and `b/`. */
const DIFF = [
  'diff',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--ignore-submodules=all',
  '--diff-filter=d',
  '--no-abbrev',
  '--unified=0',
  '--src-prefix=a/',
  '--dst-prefix=b/',
];

/**
 * Both are commits or full names of references. Nothing of the repository's own configuration runs, of which `config` is all. `toObjects`: the
 * objects that a `git diff --raw -z` names.
 */
export async function readAdded(
  folder: string,
  [base, branch]: readonly [base: string, branch: string],
  toObjects: (raw: string) => readonly string[],
  { config, ...options }: GitOptions & { readonly config: readonly ConfigEntry[] },
): Promise<Added> {
  const { readWith, query } = createCalls(folder, options);
  const range = `${requireName(base, 'commit')}...${requireName(branch, 'commit')}`;
  const read = async (...parts: readonly string[]): Promise<string> => {
    const settings = [
      ...planDriverOverrides(config),
      ['core.quotePath', 'false'],
      ['core.bigFileThreshold', '1m'],
    ] as const;
    return (await readWith([...DIFF, ...parts, range, '--'], settings)).toString();
  };
  const { raw, patch } = splitParts(await read('--raw', '--patch', '-z'));
  const objects = [...new Set(toObjects(raw))];
  const lines =
    objects.length === 0
      ? ''
      : await query(['cat-file', '--batch-check=%(objectname) %(objectsize)'], `${objects.join('\n')}\n`);
  const sizes = lines.split('\n').flatMap((line) => {
    const [object = '', size] = line.split(' ');
    return size === undefined || !/^\d+$/.test(size) ? [] : [[object, Number(size)] as const];
  });
  // A name of several lines would be read as lines of the patch; only without -z git puts it into quotes.
  return { raw, patch: raw.includes('\n') ? await read('--patch') : patch, sizes: new Map(sizes) };
}

/** Records that end with NUL, one more NUL, and the patch, in which there may be NULs too. */
function splitParts(text: string): { readonly raw: string; readonly patch: string } {
  const end = text.indexOf('\0\0');
  return end === -1 ? { raw: text, patch: '' } : { raw: text.slice(0, end + 1), patch: text.slice(end + 2) };
}
