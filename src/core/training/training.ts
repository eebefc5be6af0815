// The door of training's pure half.
export { findDivergence } from './divergence.ts';
export { nameCheckpoint, newestOfEachFit, planPruning } from './checkpoints.ts';
export { rateAt, unwatched, watchValue, type Watch } from './schedules.ts';

/** A file that git does not track yet. */
export interface NewFile {
  /** Relative to the top of the work tree, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly isExecutable: boolean;
}

/** The patch that makes the file, as `git diff` would write it were the file added: `git apply` takes it. */
export function formatNewFile({ path, text, isExecutable }: NewFile): string {
  const [from, to] = [quotePath(`a/${path}`), quotePath(`b/${path}`)];
  const head = `diff --git ${from} ${to}\nnew file mode ${isExecutable ? '100755' : '100644'}\n`;
  if (text === '') return head;
  const isWhole = text.endsWith('\n');
  const lines = (isWhole ? text.slice(0, -1) : text).split('\n');
  // A tab ends a name that has a space in it.
  const name = to.includes(' ') && !to.startsWith('"') ? `${to}\t` : to;
  const hunk = `--- /dev/null\n+++ ${name}\n@@ -0,0 +1,${lines.length} @@\n`;
  return `${head}${hunk}${lines.map((line) => `+${line}\n`).join('')}${isWhole ? '' : '\\ No newline at end of file\n'}`;
}

/** Names with quotes, backslashes or control characters stand in quotes, escaped as in C. */
function quotePath(path: string): string {
  if (!/["\\\u0000-\u001f\u007f]/.test(path)) return path;
  const escaped = path.replace(/["\\\u0000-\u001f\u007f]/g, (char) =>
    char === '"' || char === '\\' ? `\\${char}` : `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`,
  );
  return `"${escaped}"`;
}
