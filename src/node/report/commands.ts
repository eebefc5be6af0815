import path from 'node:path';
import type { Report } from '../../core/report/report.ts';
import { exitCodes } from '../../protocol/errors.ts';
import { reportFormats, type ReportFormat, type ReportRequest } from '../../protocol/report.ts';
import { emptyRunsView } from '../../protocol/runsview.ts';
import { badArguments, type Command, type Invocation } from '../commandline/commandline.ts';
import { openStoreOf, storeOption, type RunStore } from '../tracking/tracking.ts';
import { findView } from '../views/views.ts';
import { formatAs, readReport, writeReport } from './report.ts';

const reportCommand: Command = {
  words: ['runs', 'report'],
  summary: 'runs with their charts as one HTML file that opens offline, or as Markdown for a pull request',
  positionals: '[RUN…]',
  example: 'mlops runs report --view losses --out report.html',
  options: {
    store: storeOption,
    view: { type: 'string', value: 'NAME', summary: 'as .mlops/views/NAME.yaml has it: runs, columns and charts' },
    where: { type: 'string', value: 'EXPR', summary: 'only runs that fit, as in runs list' },
    title: { type: 'string', value: 'TEXT', summary: "the heading (default: the view's name, else the project's)" },
    format: {
      type: 'string',
      value: 'FORMAT',
      summary: `${reportFormats.join(', ')} (default: by the name of the file, else html)`,
    },
    out: { type: 'string', value: 'FILE', summary: 'the file to write (default: stdout)' },
  },
  run: async (invocation) => {
    const { options, output, cwd, signal, installation } = invocation;
    const out = options.text('out');
    const format = readFormat(invocation, out);
    const store = await openStoreOf(invocation);
    const request = await readRequest(invocation, store);
    const report = await readReport(store, request, { createdAt: Date.now(), version: installation.version, signal });
    for (const note of report.notes) output.note(`warning: ${note}`);
    const facts = {
      format,
      title: report.title,
      runs: report.runs.map(({ runId }) => runId),
      charts: report.charts.length,
    };
    if (out === undefined) {
      const document = formatAs(report, format);
      output.result({ ...facts, file: null, document }, () => document.trimEnd());
      return exitCodes.done;
    }
    const file = path.resolve(cwd, out);
    const bytes = options.flag('dry-run') ? null : await writeReport(report, format, file);
    output.result({ ...facts, file, bytes }, () => describe(report, file, bytes));
    return exitCodes.done;
  },
};

export const commands: readonly Command[] = [reportCommand];

function describe({ runs, charts }: Report, file: string, bytes: number | null): string {
  const content = `${runs.length} runs, ${charts.length} charts`;
  return bytes === null ? `Would write ${content} to ${file}.` : `${content}, ${Math.ceil(bytes / 1024)} KiB: ${file}`;
}

function readFormat({ options }: Invocation, out: string | undefined): ReportFormat {
  const text = options.text('format') ?? (out !== undefined && /\.(md|markdown)$/i.test(out) ? 'markdown' : 'html');
  const format = reportFormats.find((one) => one === text);
  if (format === undefined) throw badArguments(`--format is one of ${reportFormats.join(', ')}, not "${text}".`);
  return format;
}

async function readRequest(invocation: Invocation, store: RunStore): Promise<ReportRequest> {
  const { options, positionals } = invocation;
  const [name, filter] = [options.text('view'), options.text('where')];
  if (positionals.length > 0 && filter !== undefined) throw badArguments('Name runs, or say --where EXPR.');
  const project = await invocation.findProject();
  const saved = name === undefined ? emptyRunsView : await findView(project, name);
  const view = filter === undefined ? saved : { ...saved, table: { ...saved.table, filter } };
  const runIds: string[] = [];
  for (const text of positionals) runIds.push((await store.findRun(text)).runId);
  const title =
    options.text('title') ?? name ?? (project === undefined ? 'Runs' : `Runs of ${path.basename(project.root)}`);
  return { title, view, runIds: positionals.length === 0 ? null : runIds };
}
