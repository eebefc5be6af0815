import { fillTemplate, rowsOf, type PlotProps } from '../../core/plots/plots.ts';
import { badInput, exitCodes, unknownName } from '../../protocol/errors.ts';
import type { PlotList, ResolvedPlot } from '../../protocol/plots.ts';
import { formatProblem } from '../../protocol/problem.ts';
import type { Command, Invocation, OptionSpec, Output } from '../commandline/commandline.ts';
import { openGit } from '../git/git.ts';
import { WORKSPACE } from '../revisions/revisions.ts';
import { readPlots } from './plots.ts';

/** Option of the command line → what it says of a plot. */
const propOptions: Readonly<Record<string, OptionSpec & { readonly prop: Exclude<keyof PlotProps, 'header'> }>> = {
  'template': { type: 'string', value: 'NAME', summary: 'a template of DVC or of .dvc/plots', prop: 'template' },
  'x': { type: 'string', value: 'COLUMN', summary: 'column of the x axis', prop: 'x' },
  'y': { type: 'string', value: 'COLUMN', summary: 'column of the y axis', prop: 'y' },
  'title': { type: 'string', value: 'TEXT', summary: 'title of the plots', prop: 'title' },
  'x-label': { type: 'string', value: 'TEXT', summary: 'title of the x axis', prop: 'xLabel' },
  'y-label': { type: 'string', value: 'TEXT', summary: 'title of the y axis', prop: 'yLabel' },
};
const options: Readonly<Record<string, OptionSpec>> = {
  ...propOptions,
  'no-header': { type: 'boolean', summary: 'the first line of CSV and TSV is data already' },
};

const showCommand: Command = {
  words: ['plots', 'show'],
  summary: 'plots of dvc.yaml, or of files, as the work tree has them',
  positionals: '[TARGET…]',
  example: 'mlops plots show training/plots --json',
  options,
  run: (invocation) => print(invocation, [WORKSPACE], invocation.positionals),
};

const diffCommand: Command = {
  words: ['plots', 'diff'],
  summary: 'plots of commits, tags, branches or experiments laid over each other; with one or none, over the work tree',
  positionals: '[REVISION…]',
  example: 'mlops plots diff v1 HEAD --target training/plots --json',
  options: {
    ...options,
    target: { type: 'string', value: 'TARGET', multiple: true, summary: 'only this plot or file; may be repeated' },
  },
  run: async (invocation) => {
    const revisions = await toRevisions(invocation);
    return print(invocation, revisions, invocation.options.list('target'));
  },
};

export const commands: readonly Command[] = [showCommand, diffCommand];

/** As DVC chooses them: a single revision is laid over the work tree; none is the last commit, where the work tree differs from it. */
async function toRevisions(invocation: Invocation): Promise<readonly string[]> {
  const { positionals, env } = invocation;
  if (positionals.length > 1) return positionals;
  if (positionals.length === 1) return [...positionals, WORKSPACE];
  const { root } = await invocation.project();
  return (await openGit(root, { env }).isDirty()) ? ['HEAD', WORKSPACE] : [WORKSPACE];
}

async function print(
  invocation: Invocation,
  revisions: readonly string[],
  targets: readonly string[],
): Promise<number> {
  const { options: given, output, env } = invocation;
  const props = Object.fromEntries(
    Object.entries(propOptions).flatMap(([name, { prop }]) => {
      const text = given.text(name);
      return text === undefined ? [] : [[prop, text]];
    }),
  );
  const header = given.flag('no-header') ? { header: false } : {};
  const list = await readPlots(await invocation.project(), { revisions, targets, props: { ...props, ...header }, env });
  requireSome(list, targets);
  for (const problem of list.problems) output.note(formatProblem(problem));
  output.result({ revisions: list.revisions, plots: list.plots.map(toDocument), problems: list.problems }, () =>
    formatList(list, output),
  );
  return exitCodes.done;
}

/** Nothing to show and something wrong is a failure; so is a target that names nothing. */
function requireSome({ plots, problems }: PlotList, targets: readonly string[]): void {
  if (plots.length > 0) return;
  if (problems.length > 0) throw badInput('No plot can be read.', problems);
  const [first] = targets;
  if (first !== undefined) throw unknownName('plot or file', first, []);
}

function toDocument(plot: ResolvedPlot): unknown {
  if (plot.kind === 'images') {
    const images = plot.images.map(({ revision, file, bytes }) => ({ revision, file, size: bytes.length }));
    return { ...plot, images };
  }
  const { series, ownTemplate, ...rest } = plot;
  const spec = ownTemplate === null ? null : fillTemplate(ownTemplate, plot).spec;
  return { ...rest, revisions: revisionsOf(plot), rows: rowsOf({ ...rest, series, ownTemplate }), spec };
}

function revisionsOf(plot: ResolvedPlot): readonly string[] {
  const all = plot.kind === 'images' ? plot.images : plot.series.filter(({ rows }) => rows.length > 0);
  return [...new Set(all.map(({ revision }) => revision))];
}

function formatList({ plots }: PlotList, output: Output): string {
  if (plots.length === 0)
    return 'There are no plots. Name files in the section "plots" of dvc.yaml, or in a stage, and they are shown here.';
  return output.table({
    columns: ['PLOT', 'TEMPLATE', 'X', 'Y', 'ROWS', 'REVISIONS'],
    rows: plots.map((plot) => {
      const revisions = revisionsOf(plot).join(', ') || '-';
      if (plot.kind === 'images') return [plot.id, 'picture', '-', '-', '-', revisions];
      const rows = plot.series.reduce((sum, one) => sum + one.rows.length, 0);
      return [plot.id, plot.template, plot.xLabel, plot.yLabel, String(rows), revisions];
    }),
  });
}
