import type { PlotRow, PointsPlot } from '../../protocol/plots.ts';
import { isMapping } from '../yaml/yaml.ts';

// Templates of DVC: its own by name (we draw those by ourselves), and Vega-Lite of the project's in which anchors (`<DVC_METRIC_X>`)
// stand for what is said of a plot.

const dvcTemplates = [
  'simple',
  'linear',
  'confusion',
  'confusion_normalized',
  'scatter',
  'scatter_jitter',
  'smooth',
  'bar_horizontal_sorted',
  'bar_horizontal',
] as const;
export type DvcTemplate = (typeof dvcTemplates)[number];
export const defaultTemplate: DvcTemplate = 'linear';

export function isDvcTemplate(name: string): name is DvcTemplate {
  return dvcTemplates.some((one) => one === name);
}

/** As DVC's own pictures have them; a page gives the colours of its runs. */
const dvcColours = ['#945dd6', '#13adc7', '#f46837', '#48bb78', '#4299e1', '#ed8936', '#f56565'];
const dashes = [
  [1, 0],
  [8, 8],
  [8, 4],
  [4, 4],
  [4, 2],
  [2, 1],
  [1, 1],
];
const shapes = ['circle', 'square', 'triangle', 'diamond'];
const anchorOf = (name: string): string => `<DVC_METRIC_${name.toUpperCase()}>`;

/** Anchors that change how rows are told apart; a template without any of them gets rows with all that DVC adds. */
const optional = [
  ...['color', 'column', 'group_by_x', 'group_by_y', 'group_by', 'pivot_field', 'plot_height', 'plot_width', 'row'],
  ...['shape', 'stroke_dash', 'tooltip', 'zoom_and_pan'],
];

export interface FilledTemplate {
  /** Vega-Lite with everything filled in. */
  readonly spec: unknown;
  readonly rows: readonly PlotRow[];
}

/** True for a template that says where its rows belong. */
export function hasDataAnchor(template: unknown): boolean {
  return anchorsOf(template).has(anchorOf('data'));
}

interface FillOptions {
  /** One for each revision; default: DVC's. */
  readonly colours?: readonly string[];
  /** In pixels, for a template that leaves it open. */
  readonly width?: number;
  readonly height?: number;
}

/** Fills the anchors of a template. Texts of rows are never looked at, whatever they hold. */
export function fillTemplate(
  template: unknown,
  plot: PointsPlot,
  { colours = dvcColours, width = 300, height = 300 }: FillOptions = {},
): FilledTemplate {
  const anchors = anchorsOf(template);
  const isTold = optional.some((name) => anchors.has(anchorOf(name)));
  const rows = isTold ? rowsOf(plot) : plot.series.flatMap((one) => one.rows);
  const values = Object.entries(toValues(plot, rows, { colours, width, height })).map(
    ([name, value]) => [anchorOf(name), value] as const,
  );
  return { spec: replace(template, new Map(values)), rows };
}

/** Rows of all series as DVC hands them to its templates: with what tells them apart, and nothing else of where they come from. */
export function rowsOf({ series }: PointsPlot): readonly PlotRow[] {
  const keys = variedKeys(series);
  return series.flatMap(({ rows, label }) =>
    rows.map((row) => {
      const { filename, field, ...rest } = row;
      const own = { filename, field };
      if (keys.length === 2) return { ...rest, 'filename::field': label };
      return keys[0] === undefined ? rest : { ...rest, [keys[0]]: own[keys[0]] };
    }),
  );
}

function variedKeys(series: PointsPlot['series']): readonly ('filename' | 'field')[] {
  const isVaried = (key: 'file' | 'column'): boolean => new Set(series.map((one) => one[key])).size > 1;
  return [...(isVaried('file') ? (['filename'] as const) : []), ...(isVaried('column') ? (['field'] as const) : [])];
}

function toValues(
  { title, x, y, xLabel, yLabel, series }: PointsPlot,
  rows: readonly PlotRow[],
  { colours, width, height }: Required<FillOptions>,
): Readonly<Record<string, unknown>> {
  const keys = variedKeys(series);
  const label = keys.join('::');
  const revisions = [...new Set(series.filter((one) => one.rows.length > 0).map(({ revision }) => revision))];
  const groups = keys.length === 0 ? ['rev'] : ['rev', label];
  const domain = [...new Set(series.map((one) => one.label))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const told = (range: readonly unknown[]): unknown => (keys.length === 0 ? {} : toOutline(label, domain, range));
  const apart = keys.length === 0 ? {} : { field: label, sort: [] };
  return {
    title,
    ...{ x: escapeField(x), y: escapeField(y), x_label: xLabel, y_label: yLabel, data: rows },
    ...{ color: toScale('rev', revisions, colours), plot_height: height, plot_width: width },
    zoom_and_pan: { name: 'grid', select: 'interval', bind: 'scales' },
    ...{ group_by: groups, group_by_x: [...groups, x], group_by_y: [...groups, y] },
    pivot_field: ['rev', ...keys].map((key) => `datum.${key}`).join(" + '::' + "),
    ...{ row: apart, column: apart, stroke_dash: told(dashes), shape: told(shapes) },
    tooltip: ['rev', x, y, ...(keys.length === 0 ? [] : [label])].map((field) => ({ field })),
  };
}

function toScale(field: string, domain: readonly string[], range: readonly unknown[]): Record<string, unknown> {
  return { field, scale: { domain, range: domain.map((_, index) => range[index % range.length]) } };
}

/** Dashes and shapes are shown empty, so that no colour of a revision seems meant. */
function toOutline(field: string, domain: readonly string[], range: readonly unknown[]): Record<string, unknown> {
  return { ...toScale(field, domain, range), legend: { symbolFillColor: 'transparent', symbolStrokeColor: 'grey' } };
}

/** Vega reads these as parts of a path. */
function escapeField(name: string): string {
  return name.replace(/[.[\]]/g, (character) => `\\${character}`);
}

/** Anchors that stand alone as a value. */
function anchorsOf(template: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string' && value.startsWith('<DVC_METRIC_')) found.add(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (isMapping(value)) Object.values(value).forEach(visit);
  };
  visit(template);
  return found;
}

/** In mappings an anchor may be a part of a text; in lists it stands alone. */
function replace(template: unknown, values: ReadonlyMap<string, unknown>): unknown {
  if (Array.isArray(template))
    return template.map((item) => (typeof item === 'string' ? whole(item, values) : replace(item, values)));
  if (!isMapping(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) => [
      key,
      typeof value === 'string' ? inText(value, values) : replace(value, values),
    ]),
  );
}

function whole(text: string, values: ReadonlyMap<string, unknown>): unknown {
  return values.has(text) ? values.get(text) : text;
}

function inText(text: string, values: ReadonlyMap<string, unknown>): unknown {
  if (values.has(text)) return values.get(text);
  return text.replace(/<DVC_METRIC_[A-Z_]+>/g, (anchor) => {
    const value = values.get(anchor);
    return typeof value === 'string' ? value : anchor;
  });
}
