import { seriesStyle } from '../../../src/core/charts/charts.ts';
import { colourTag, runColours } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import type { Theme } from '../../shared/theme.ts';

/** The work tree among revisions, as the engine calls it. */
const workTree = 'workspace';
/** More lines over each other nobody reads. */
export const mostCommits = 10;

/** A revision as it is drawn wherever it is drawn. */
export interface ShownRevision {
  /** As the engine calls it. */
  readonly revision: string;
  /** Of the runs that were made of it. */
  readonly name: string;
  readonly colour: string;
  readonly dash: readonly number[];
}

/** Where a colour that a person has given to a run stands in the palette. */
const hues: Readonly<Record<string, number>> = { blue: 0, red: 1, yellow: 2, green: 3, purple: 4, orange: 5 };

/** The commit of a run: what its training was started from, or what a row of git is. Undefined where nobody has told. */
function commitOf({ tags }: RunSummary): string | undefined {
  const commit = tags['mlflow.source.git.commit'];
  return commit !== undefined && /^[0-9a-f]{7,64}$/.test(commit) ? commit : undefined;
}

/** Commits of the runs, each once, with the runs that are of it. */
export function commitsOf(runs: readonly RunSummary[]): ReadonlyMap<string, readonly RunSummary[]> {
  const commits = new Map<string, RunSummary[]>();
  for (const run of runs) {
    const commit = commitOf(run);
    if (commit !== undefined) commits.set(commit, [...(commits.get(commit) ?? []), run]);
  }
  return commits;
}

/** The work tree in the colour of text, commits in the colours of their runs, in the order in which they were selected. */
export function toRevisions(
  commits: ReadonlyMap<string, readonly RunSummary[]>,
  { theme, words }: { readonly theme: Theme; readonly words: string },
): readonly ShownRevision[] {
  const shown = [...commits].slice(0, mostCommits).map(([revision, runs], index): ShownRevision => {
    const tagged = runColours.find((name) => runs.some(({ tags }) => tags[colourTag] === name));
    const place = tagged === undefined ? index : (hues[tagged] ?? index);
    const name = runs.map((run) => run.name).join(', ');
    return { revision, name, colour: theme.series(place), dash: tagged === undefined ? seriesStyle(index).dash : [] };
  });
  return [{ revision: workTree, name: words, colour: theme.foreground, dash: [] }, ...shown];
}

/** A name that is told apart from the others: revisions of one name have the beginning of their hash behind it. */
export function namesOf(revisions: readonly ShownRevision[]): ReadonlyMap<string, string> {
  const counts = Map.groupBy(revisions, ({ name }) => name);
  return new Map(
    revisions.map(({ revision, name }) => [
      revision,
      (counts.get(name)?.length ?? 0) > 1 ? `${name} (${revision.slice(0, 7)})` : name,
    ]),
  );
}
