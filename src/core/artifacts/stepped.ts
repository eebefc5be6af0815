import type { SteppedPictures } from '../../protocol/pictures.ts';

// Which artifacts are pictures of one thing step by step: their paths say so, as the programs that leave them do it.

/** Folders of a run's artifacts in which such pictures are looked for. */
export const pictureFolders = ['images', 'plots/images'] as const;

const endings = 'png|jpe?g|gif|webp';

/** A path, its key and its step. A run's files of one kind do not look like the other's. */
const patterns: readonly RegExp[] = [
  // MLflow's log_image: `images/<key>+step+<n>+timestamp+<t>+<uuid>.png`, with % before version 2.16.1; a smaller copy beside it ends in `compressed.webp`.
  new RegExp(
    `^images/(?<key>[^/]+)(?<mark>[+%])step\\k<mark>(?<step>\\d+)\\k<mark>timestamp\\k<mark>\\d+\\k<mark>[^/+%]+\\.(?:${endings})$`,
    'i',
  ),
  // Ours, and DVCLive's: `images/<key>/<step>.png`, `plots/images/<key>/<step>.png`.
  new RegExp(`^(?:plots/)?images/(?<key>.+)/(?<step>\\d{1,15})\\.(?:${endings})$`, 'i'),
];

/** By key, in the order of their names; of several pictures at one step the last by its path, which is the newest of MLflow's. */
export function groupPictures(paths: readonly string[]): readonly SteppedPictures[] {
  const groups = new Map<string, Map<number, string>>();
  for (const path of paths.toSorted()) {
    const found = match(path);
    if (found === undefined) continue;
    const { key, step } = found;
    const group = groups.get(key) ?? new Map<number, string>();
    groups.set(key, group.set(step, path));
  }
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, pictures]) => ({
      key,
      pictures: [...pictures].map(([step, path]) => ({ step, path })).sort((a, b) => a.step - b.step),
    }));
}

function match(path: string): { readonly key: string; readonly step: number } | undefined {
  for (const pattern of patterns) {
    const { key, step, mark } = pattern.exec(path)?.groups ?? {};
    if (key !== undefined) return { key: mark === undefined ? key : withSlashes(key), step: Number(step) };
  }
  return undefined;
}

/** MLflow writes the slashes of a key as ~, before as #. */
const withSlashes = (key: string): string => key.replaceAll(/[~#]/g, '/');
