import {
  drawPlot,
  guessProps,
  listLoggedTables,
  loggedTag,
  parsePlotData,
  resolvePlots,
  revisionOfRun,
  type PlotData,
  type PlotDefinition,
  type RevisionPlots,
} from '../../core/plots/plots.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { DrawnPlots } from '../../protocol/plots.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { Project } from '../project/project.ts';
import { findRun } from './runs.ts';

/** Longer tables are not read. */
const MOST_BYTES = 32 << 20;

/** The tables that runs have logged, each drawn for all of these runs at once. What can't be read is told, and hides nothing else. */
export async function drawLoggedTables(
  project: Project,
  runIds: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<DrawnPlots> {
  const problems: Problem[] = [];
  const read: RevisionPlots[] = [];
  for (const runId of runIds) read.push(await readRun({ project, env, problems }, runId));
  const { plots, problems: found } = resolvePlots(read, new Map());
  return { plots: plots.flatMap((plot) => drawPlot(plot) ?? []), problems: [...problems, ...found] };
}

interface Reading {
  readonly project: Project;
  readonly env: NodeJS.ProcessEnv;
  readonly problems: Problem[];
}

async function readRun({ project, env, problems }: Reading, runId: string): Promise<RevisionPlots> {
  const definitions = new Map<string, PlotDefinition>();
  const data = new Map<string, PlotData>();
  const tell = (file: string, message: string): void =>
    void problems.push({ file: `${runId.slice(0, 8)}:${file}`, line: 1, column: 1, severity: 'error', message });
  try {
    const { store, run } = await findRun(project, runId, env);
    for (const name of listLoggedTables(run.tags[loggedTag])) {
      const { bytes, isWhole } = await store.readArtifact(runId, name, { limit: MOST_BYTES });
      const text = isWhole ? Buffer.from(bytes).toString() : '';
      const { value, problems: found } = parsePlotData(text, name, { header: true });
      if (!isWhole) tell(name, `The table is longer than ${MOST_BYTES} bytes.`);
      else problems.push(...found.map((problem) => ({ ...problem, file: `${runId.slice(0, 8)}:${name}` })));
      const props = value === undefined ? undefined : guessProps(value);
      if (value === undefined || props === undefined) continue;
      // Apart from a plot of dvc.yaml by the same path.
      const id = `run:${name}`;
      definitions.set(id, { id, config: '', props: { ...props, title: name }, place: null });
      data.set(id, value);
    }
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    tell('', error.message);
  }
  return { revision: revisionOfRun(runId), definitions, data, images: new Map() };
}
