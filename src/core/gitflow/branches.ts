import type { Branch } from '../git/git.ts';

export function findBranch(branches: readonly Branch[], name: string): Branch | undefined {
  return indexBranches(branches).local.get(name);
}

export function findRemoteBranch(branches: readonly Branch[], remote: string, name: string): Branch | undefined {
  return indexBranches(branches).remote.get(`${remote}/${name}`);
}

interface BranchIndex {
  readonly local: ReadonlyMap<string, Branch>;
  readonly remote: ReadonlyMap<string, Branch>;
}

const indexes = new WeakMap<readonly Branch[], BranchIndex>();

/** Each of a thousand branches is looked for several times in the same list, which never changes. */
function indexBranches(branches: readonly Branch[]): BranchIndex {
  const known = indexes.get(branches);
  if (known !== undefined) return known;
  const byName = (isRemote: boolean): BranchIndex['local'] =>
    new Map(branches.flatMap((branch) => (branch.remote === isRemote ? [[branch.name, branch]] : [])));
  const index = { local: byName(false), remote: byName(true) };
  indexes.set(branches, index);
  return index;
}
