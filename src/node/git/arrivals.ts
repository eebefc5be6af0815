import { normalisePatch, parsePatchLog, patchLogFormat, patchOptions } from '../../core/git/git.ts';
import { requireName, withoutLineEnd, type Calls } from './calls.ts';
import type { Git } from './git.ts';

/** How far back a squashed commit is looked for. */
const MAX_COMMITS = 300;

/** By which commit one line of history has taken another one in, whichever way the host has merged it. */
export function arrivalReads(calls: Calls): Pick<Git, 'findArrival'> {
  return {
    async findArrival(tip, into) {
      const [from, to] = [requireName(tip, 'commit'), requireName(into, 'commit')];
      const merged = await findMerge(calls, from, to);
      if (merged !== undefined) return merged;
      const alike = (await findRebased(calls, from, to)) ?? (await findSquashed(calls, from, to));
      return alike === undefined || (await isTakenBack(calls, from, to)) ? undefined : alike;
    },
  };
}

/** The commit itself is there: by a merge, or because the branch was moved forward to it. */
async function findMerge({ ask, read }: Calls, tip: string, into: string): Promise<string | undefined> {
  if ((await ask(['merge-base', '--is-ancestor', tip, into])) === undefined) return undefined;
  const range = [into, `^${tip}`, '--'];
  const line = lines(await read(['rev-list', '--first-parent', '--parents', ...range])).map((text) => text.split(' '));
  const holding = new Set(lines(await read(['rev-list', '--ancestry-path', ...range])));
  const [commit, parent] = line.findLast(([hash = '']) => holding.has(hash)) ?? [];
  return commit === undefined || parent === tip ? tip : commit;
}

/** Every commit of the branch has its like there: the last one of these. */
async function findRebased({ read }: Calls, tip: string, into: string): Promise<string | undefined> {
  const marked = async (side: 'left' | 'right'): Promise<readonly string[]> =>
    lines(await read(['rev-list', `--${side}-only`, '--cherry-mark', '--no-merges', `${into}...${tip}`, '--']));
  const own = await marked('right');
  if (own.length === 0 || !own.every((line) => line.startsWith('='))) return undefined;
  return (await marked('left')).find((line) => line.startsWith('='))?.slice(1);
}

/** One commit changes there what all of the branch has changed, or leaves the very same files. */
async function findSquashed({ ask, read, readContent }: Calls, tip: string, into: string): Promise<string | undefined> {
  const start = await ask(['merge-base', tip, into]);
  if (start === undefined) return undefined;
  const base = withoutLineEnd(start);
  const wanted = normalisePatch((await readContent(['diff-tree', ...patchOptions, base, tip, '--'])).toString());
  if (wanted === '') return undefined;
  const tree = withoutLineEnd(await read(['rev-parse', '--verify', '--end-of-options', `${tip}^{tree}`]));
  const log = ['log', '--first-parent', '-m', `--format=${patchLogFormat}`, `--max-count=${MAX_COMMITS}`];
  const candidates = parsePatchLog((await readContent([...log, ...patchOptions, `${base}..${into}`, '--'])).toString());
  return candidates.findLast((candidate) => candidate.patch === wanted || candidate.tree === tree)?.commit;
}

/**
 * Like commits were there, and are so no more: a file that the branch has changed stands as it did before the branch, or a commit changes back what
 * one of the branch, or all of it, has changed.
 */
async function isTakenBack(calls: Calls, tip: string, into: string): Promise<boolean> {
  const start = await calls.ask(['merge-base', tip, into]);
  if (start === undefined) return false;
  const base = withoutLineEnd(start);
  const changed = async (to: string): Promise<readonly string[]> =>
    lines(await calls.read(['diff-tree', '-r', '-z', '--no-renames', '--name-only', base, to, '--']), '\0');
  const there = new Set(await changed(into));
  return (await changed(tip)).some((file) => !there.has(file)) || (await isChangedBack(calls, { base, tip, into }));
}

/** git turns the two names round, too. */
const REVERSED = ['-R', '--src-prefix=b/', '--dst-prefix=a/'];

async function isChangedBack(
  { readContent }: Calls,
  { base, tip, into }: { readonly base: string; readonly tip: string; readonly into: string },
): Promise<boolean> {
  const readLog = async (to: string, ...options: readonly string[]): Promise<readonly string[]> => {
    const log = ['log', `--format=${patchLogFormat}`, `--max-count=${MAX_COMMITS}`, ...patchOptions, ...options];
    return parsePatchLog((await readContent([...log, `${base}..${to}`, '--'])).toString()).map(({ patch }) => patch);
  };
  const back = await readContent(['diff-tree', ...patchOptions, ...REVERSED, base, tip, '--']);
  const wanted = new Set([...(await readLog(tip, ...REVERSED, '--no-merges')), normalisePatch(back.toString())]);
  // What the branch itself has changed back belongs to it.
  for (const patch of ['', ...(await readLog(tip, '--no-merges'))]) wanted.delete(patch);
  return (await readLog(into, '--first-parent', '-m')).some((patch) => wanted.has(patch));
}

function lines(text: string, end = '\n'): readonly string[] {
  return text.split(end).filter((line) => line !== '');
}
