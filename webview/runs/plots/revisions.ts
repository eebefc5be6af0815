import { seriesStyle } from '../../../src/core/charts/charts.ts';
import { loggedTag, revisionOfRun } from '../../../src/core/plots/plots.ts';
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

/** Runs that have tables of their own. */
export function withTables(runs: readonly RunSummary[]): readonly RunSummary[] {
  return runs.filter(({ tags }) => tags[loggedTag] !== undefined).slice(0, mostCommits);
}

/** What is drawn for what is selected. */
export interface Selected {
  readonly commits: ReadonlyMap<string, readonly RunSummary[]>;
  readonly tables: readonly RunSummary[];
}

/** The work tree in the colour of text; commits, and tables of runs, in the colours of their runs, in the order in which they were selected. */
export function toRevisions(
  { commits, tables }: Selected,
  { theme, words }: { readonly theme: Theme; readonly words: string },
): readonly ShownRevision[] {
  const places = new Map<string, number>();
  const look = (revision: string, runs: readonly RunSummary[]): ShownRevision => {
    const place =
      runs.map(({ runId }) => places.get(runId)).find((one) => one !== undefined) ?? new Set(places.values()).size;
    for (const { runId } of runs) places.set(runId, place);
    const tagged = runColours.find((name) => runs.some(({ tags }) => tags[colourTag] === name));
    const colour = theme.series(tagged === undefined ? place : (hues[tagged] ?? place));
    const name = runs.map((run) => run.name).join(', ');
    return { revision, name, colour, dash: tagged === undefined ? seriesStyle(place).dash : [] };
  };
  return [
    { revision: workTree, name: words, colour: theme.foreground, dash: [] },
    ...[...commits].slice(0, mostCommits).map(([revision, runs]) => look(revision, runs)),
    ...tables.map((run) => look(revisionOfRun(run.runId), [run])),
  ];
}

/** Not of a commit, but of what a run has logged. */
export const isOfRun = (revision: string): boolean => revision.startsWith('run:');

/** A name that is told apart from the others: revisions of one name have the beginning of their hash behind it. */
export function namesOf(revisions: readonly ShownRevision[]): ReadonlyMap<string, string> {
  // A commit and the tables of its run are never in one plot.
  const kindOf = ({ revision }: ShownRevision): string => (isOfRun(revision) ? 'run' : 'commit');
  const counts = Map.groupBy(revisions, (one) => `${kindOf(one)} ${one.name}`);
  return new Map(
    revisions.map((one) => {
      const isOne = counts.get(`${kindOf(one)} ${one.name}`)?.length === 1;
      const hash = one.revision.replace(/^run:/, '').slice(0, 7);
      return [one.revision, isOne ? one.name : `${one.name} (${hash})`];
    }),
  );
}
