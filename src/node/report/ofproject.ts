import { formatAs, writeReport } from './writing.ts';
import { readReport } from './reading.ts';
import type { ReportRequest, WrittenReport } from '../../protocol/report.ts';
import type { Project } from '../project/project.ts';
import { exportPoints, openAllStores, type RunStore } from '../tracking/tracking.ts';

// Reports and points of a project, as its window asks for them.

interface Asking {
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
}

const openStoresOf = (project: Project, env: NodeJS.ProcessEnv): Promise<RunStore> =>
  openAllStores({ project, env, cwd: project.root });

export async function writeReportOf(
  project: Project,
  { report: request, file }: { readonly report: ReportRequest; readonly file: string },
  asking: Asking,
): Promise<WrittenReport> {
  const report = await read(project, request, asking);
  const bytes = await writeReport(report, 'html', file);
  return { bytes, runs: report.runs.length, charts: report.charts.length, notes: report.notes };
}

/** In Markdown. */
export async function tellReportOf(project: Project, request: ReportRequest, asking: Asking): Promise<string> {
  return formatAs(await read(project, request, asking), 'markdown');
}

async function read(project: Project, request: ReportRequest, { env, version }: Asking): ReturnType<typeof readReport> {
  const signal = new AbortController().signal;
  return readReport(await openStoresOf(project, env), request, { createdAt: Date.now(), version, signal });
}

/** Every point of these metrics as CSV; gives how many. A run that is not there any more is left out. */
export async function writePointsOf(
  project: Project,
  {
    runIds,
    metrics,
    file,
  }: { readonly runIds: readonly string[]; readonly metrics: readonly string[]; readonly file: string },
  { env }: Pick<Asking, 'env'>,
): Promise<number> {
  const store = await openStoresOf(project, env);
  const wanted = new Set(runIds);
  const runs = (await store.listRuns()).runs.filter(({ runId }) => wanted.has(runId));
  return exportPoints(store, runs, { file, metrics });
}
