// Patches compared by what they change, whatever stands around it: how a branch is recognised in a squashed commit.

/** Arguments of `git diff-tree` and `git log` for patches that {@link normalisePatch} reads; nothing of the repository's runs for them. */
export const patchOptions = [
  '-r',
  '-p',
  '--unified=0',
  '--full-index',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-renames',
  '--src-prefix=a/',
  '--dst-prefix=b/',
] as const;

/** Format of `git log` that {@link parsePatchLog} reads, each commit with its patch behind it. */
export const patchLogFormat = '%x00%H %T';

interface LoggedPatch {
  readonly commit: string;
  readonly tree: string;
  /** As {@link normalisePatch} gives it. */
  readonly patch: string;
}

export function parsePatchLog(text: string): readonly LoggedPatch[] {
  return text.split('\0').flatMap((entry) => {
    const end = entry.indexOf('\n');
    const [commit = '', tree = ''] = (end === -1 ? entry : entry.slice(0, end)).split(' ');
    return commit === '' ? [] : [{ commit, tree, patch: end === -1 ? '' : normalisePatch(entry.slice(end + 1)) }];
  });
}

/** The lines that are added and removed, file by file. Where they stand depends on what others have changed; a binary file is its contents' hashes. */
export function normalisePatch(text: string): string {
  return text
    .split(/^(?=diff --git )/m)
    .filter((file) => file.startsWith('diff --git '))
    .map((file) => {
      const isBinary = /^Binary files /m.test(file);
      const lines = file.trimEnd().split('\n');
      return lines
        .filter((line) => isBinary || !line.startsWith('index '))
        .map((line) => (line.startsWith('@@ ') ? '@@' : line))
        .join('\n');
    })
    .join('\n');
}
