import type { ImagePlot, PlotImage, PlotSeries, PointsPlot, ResolvedPlot } from '../../protocol/plots.ts';
import type { Problem } from '../../protocol/problem.ts';
import type { PlotDefinition, PlotProps } from './definitions.ts';
import { NoPoints, toPoints, type PlotAxes } from './points.ts';
import { isImage, type PlotData } from './reading.ts';
import { defaultTemplate, isDvcTemplate } from './templates.ts';

/** What was read of one revision. */
export interface RevisionPlots {
  readonly revision: string;
  readonly definitions: ReadonlyMap<string, PlotDefinition>;
  readonly data: ReadonlyMap<string, PlotData>;
  readonly images: ReadonlyMap<string, Uint8Array>;
}

/** Templates of the project, by the names under which plots ask for them; null for one that can't be read (its problem is told elsewhere). */
export type OwnTemplates = ReadonlyMap<string, unknown>;

interface Resolved {
  readonly plots: readonly ResolvedPlot[];
  readonly problems: readonly Problem[];
}

/** Plots of several revisions laid over each other, as `dvc plots diff` does: what they say of a plot is that of the first revision that says it. */
export function resolvePlots(revisions: readonly RevisionPlots[], templates: OwnTemplates): Resolved {
  const problems: Problem[] = [];
  const ids = new Set(revisions.flatMap(({ definitions }) => [...definitions.keys()]));
  const plots = [...ids].flatMap((id): readonly ResolvedPlot[] => {
    const own = revisions.flatMap((one): Defined[] => {
      const definition = one.definitions.get(id);
      return definition === undefined ? [] : [{ ...one, definition }];
    });
    const [first] = own;
    if (first === undefined) return [];
    return [isImage(first.definition.id) ? toImages(id, own) : toPlot(id, own, templates, problems)];
  });
  return { plots, problems };
}

interface Defined extends RevisionPlots {
  readonly definition: PlotDefinition;
}

function toImages(id: string, revisions: readonly Defined[]): ImagePlot {
  const images = revisions.flatMap(({ revision, definition: { id: file }, images: all }): PlotImage[] => {
    const bytes = all.get(file);
    return bytes === undefined ? [] : [{ revision, file, bytes }];
  });
  return { kind: 'images', id, title: id, images };
}

function toPlot(id: string, revisions: readonly Defined[], templates: OwnTemplates, problems: Problem[]): PointsPlot {
  const props = revisions.reduceRight<PlotProps>((all, { definition }) => ({ ...all, ...definition.props }), {});
  const series: PlotSeries[] = [];
  let axes: PlotAxes | undefined;
  for (const { revision, definition, data } of revisions) {
    const points = attempt(() => toPoints(definition.id, props, { revision, data }), {
      revision,
      definition,
      problems,
    });
    axes ??= points?.axes;
    series.push(...(points?.series ?? []));
  }
  const { template = defaultTemplate, title = id } = props;
  const ownTemplate = templates.get(template) ?? null;
  if (ownTemplate === null && !isDvcTemplate(template) && !templates.has(template)) {
    const [first] = revisions;
    const message = `There is no template "${template}": it is none of DVC’s own, and there is no .dvc/plots/${template}.json.`;
    if (first !== undefined) problems.push(problemOf(first.definition, message));
  }
  const { x, y, xLabel, yLabel } = axes ?? { x: 'step', y: '', xLabel: 'step', yLabel: '' };
  return { kind: 'points', id, title, template, x, y, xLabel, yLabel, series: labelSeries(series), ownTemplate };
}

interface Attempt {
  readonly revision: string;
  readonly definition: PlotDefinition;
  readonly problems: Problem[];
}

function attempt<T>(act: () => T, { revision, definition, problems }: Attempt): T | undefined {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof NoPoints)) throw error;
    problems.push(problemOf(definition, `${definition.id} of ${revision}: ${error.message}`));
    return undefined;
  }
}

/** At the place where the plot stands, or its file where nothing names it. */
export function problemOf({ id, place }: PlotDefinition, message: string): Problem {
  return { ...(place ?? { file: id, line: 1, column: 1 }), severity: 'error', message };
}

/** Files and columns tell series apart only where there are several of them. */
function labelSeries(series: readonly PlotSeries[]): readonly PlotSeries[] {
  const isVaried = (key: 'file' | 'column'): boolean => new Set(series.map((one) => one[key])).size > 1;
  const keys = (['file', 'column'] as const).filter(isVaried);
  return series.map((one) => ({ ...one, label: keys.map((key) => one[key]).join('::') }));
}
