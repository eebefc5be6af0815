import type { Area } from '../../protocol/engine.ts';

/** Path below a project's root (forward slashes) → what it concerns. The first row that matches decides; none: nobody's business. */
const rows: readonly (readonly [RegExp, readonly Area[]])[] = [
  [/(^|\/)\.mlops-tmp-[^/]*($|\/)/, []],
  [/(^|\/)node_modules($|\/)/, []],
  [/^\.git\/(HEAD|packed-refs|config|refs\/(heads|tags|exps)(\/.*)?)$/, ['branches']],
  [/^\.git($|\/)/, []],
  [/^\.dvc\/(cache|tmp)($|\/)/, []],
  [/^\.mlops\/tmp\/locks($|\/)/, ['processes', 'pipeline', 'runs']],
  [/^\.mlops\/tmp\/running-stages\.json$/, ['pipeline']],
  [/^\.mlops\/(tmp|state)($|\/)/, []],
  [/^\.mlops($|\/)/, ['runs', 'pipeline']],
  [/^(models\/)?mlruns($|\/)/, ['runs']],
  [/^mlflow\.db(-wal|-shm|-journal)?$/, ['runs']],
  [/^models($|\/)/, ['models', 'pipeline']],
  [/^configs($|\/)/, ['configs', 'pipeline']],
  [/^data($|\/)/, ['data', 'pipeline']],
  [/(^|\/)dvc\.lock$/, ['pipeline', 'data', 'models']],
  [/\.dvc$/, ['pipeline', 'data']],
  [/^(docs|notebooks|references|\.vscode|\.github)($|\/)/, []],
  [/./, ['pipeline']],
];

/** Areas that a changed file concerns. */
export function areasOf(path: string): readonly Area[] {
  return rows.find(([pattern]) => pattern.test(path))?.[1] ?? [];
}

/** Folders whose files may concern somebody only because of what lies below them. */
const waysThrough: ReadonlySet<string> = new Set(['', '.git', '.git/refs', '.mlops/tmp']);

/** Most path segments of a watched folder, where not all of it is: data and runs may hold very many folders. */
const depths: readonly (readonly [RegExp, number])[] = [
  [/^data(\/|$)/, 2],
  [/^models\/mlruns(\/|$)/, 4],
  [/^models(\/|$)/, 2],
  [/^mlruns(\/|$)/, 3],
];

/** True when `folder` (relative to the root, forward slashes, '' for the root) is to be watched for changes of its direct entries. */
export function isWatched(folder: string): boolean {
  if (waysThrough.has(folder)) return true;
  if (areasOf(`${folder}/x`).length === 0) return false;
  const limit = depths.find(([pattern]) => pattern.test(folder))?.[1];
  return limit === undefined || folder.split('/').length <= limit;
}
