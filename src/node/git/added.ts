import { parseConfigList, planDriverOverrides } from '../../core/git/git.ts';
import { LIST_CONFIG, createCalls, requireName, type GitOptions } from './calls.ts';

/** What a branch has added since it left its base, as git tells it. */
interface Added {
  /** `git diff --raw -z`. */
  readonly raw: string;
  /** A patch without context; files over a megabyte and binary ones have no lines in it. */
  readonly patch: string;
  /** Sizes by object, of what `raw` names. */
  readonly sizes: ReadonlyMap<string, number>;
}

const COMMON = ['diff', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', '--ignore-submodules=all'];

/**
 * Both are commits or full names of references. Nothing of the repository's own configuration runs. `toObjects`: the objects that a
 * `git diff --raw -z` names.
 */
export async function readAdded(
  folder: string,
  [base, branch]: readonly [base: string, branch: string],
  toObjects: (raw: string) => readonly string[],
  options: GitOptions,
): Promise<Added> {
  const { read, readWith, query } = createCalls(folder, options);
  const range = `${requireName(base, 'commit')}...${requireName(branch, 'commit')}`;
  const settings = planDriverOverrides(parseConfigList(await read(LIST_CONFIG)));
  const [raw, patch] = await Promise.all([
    readWith([...COMMON, '--raw', '--no-abbrev', '-z', range, '--'], settings),
    readWith(
      [...COMMON, '--unified=0', '--src-prefix=a/', '--dst-prefix=b/', '--diff-filter=d', range, '--'],
      [...settings, ['core.quotePath', 'false'], ['core.bigFileThreshold', '1m']],
    ),
  ]);
  const objects = [...new Set(toObjects(raw.toString()))];
  const lines =
    objects.length === 0
      ? ''
      : await query(['cat-file', '--batch-check=%(objectname) %(objectsize)'], `${objects.join('\n')}\n`);
  const sizes = lines.split('\n').flatMap((line) => {
    const [object = '', size] = line.split(' ');
    return size === undefined || !/^\d+$/.test(size) ? [] : [[object, Number(size)] as const];
  });
  return { raw: raw.toString(), patch: patch.toString(), sizes: new Map(sizes) };
}
