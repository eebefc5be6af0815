import { confusionRates, reportClasses, worstError } from '../classification/classification.ts';
import { formatCount, formatValue } from '../charts/charts.ts';
import type { AnswerFacts } from '../../protocol/answers.ts';
import type { MetricPoint, RunSummary } from '../../protocol/tracking.ts';
import { compareRuns } from '../tracking/tracking.ts';
import { formatTime, isNumeric, nameColumn, writeCell } from './cells.ts';
import type { Paint } from './chart.ts';
import { escapeMarkup, isolate, shorten } from './markup.ts';
import { listBest, type Report, type ReportChart } from './plan.ts';
import { heatLevels, reportStyle } from './style.ts';
import { formatSvg, type SvgInk } from './svg.ts';
import { tellBest, tellRuns } from './words.ts';

/** Colours as the report's own style has them. */
export const reportPaint: Paint = (hue) => (hue < 0 ? 'var(--dim)' : `var(--s${hue % 6})`);
const ink: SvgInk = {
  ...{ background: 'var(--bg)', foreground: 'var(--fg)', dim: 'var(--dim)', grid: 'var(--grid)' },
  fontFamily: 'inherit',
};
const sizes = { usual: { width: 640, height: 320 }, wide: { width: 1280, height: 380 } } as const;
const mostParams = 30;
/** A matrix of more classes is no table any more. */
const mostClasses = 40;

/** `hash`: SHA-256 of a text in Base64, by which the policy knows the document's own style. */
export interface ReportTools {
  readonly hash: (text: string) => string;
}

/** One file that opens without a network: no script, no link, nothing that loads. Its policy says so to the browser, and every name is text. */
export function formatReport(report: Report, { hash }: ReportTools): string {
  const { title, createdAt, version } = report;
  const policy = `default-src 'none'; style-src 'sha256-${hash(reportStyle)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeMarkup(title)}</title>
<style>${reportStyle}</style>
</head>
<body>
<header>
<h1>${isolate(title)}</h1>
<p class="dim">${escapeMarkup(tellRuns(report))} ${escapeMarkup(formatTime(createdAt))}</p>
${paragraph(tellBest(report))}
</header>
<main>
${[
  formatRuns(report),
  formatCharts(report.charts),
  formatBest(report),
  formatParams(report),
  formatAnswers(report),
  formatNotes(report),
]
  .filter((part) => part !== '')
  .join('\n')}
</main>
<footer>MLOps Workflow ${escapeMarkup(version)}</footer>
</body>
</html>
`;
}

function paragraph(text: string): string {
  return text === '' ? '' : `<p>${escapeMarkup(text)}</p>`;
}

function section(id: string, heading: string, content: string): string {
  return `<section aria-labelledby="${id}">\n<h2 id="${id}">${escapeMarkup(heading)}</h2>\n${content}\n</section>`;
}

interface TableShape {
  readonly label: string;
  readonly head: readonly string[];
  /** Markup of each cell; the first heads its row. */
  readonly rows: readonly { readonly cells: readonly string[]; readonly isBest?: boolean }[];
  /** Columns of numbers. */
  readonly numeric: (column: number) => boolean;
}

/** Wider than the page it scrolls by itself, by keys as well. */
function table({ label, head, rows, numeric }: TableShape): string {
  const kind = (column: number): string => (numeric(column) ? ' class="n"' : '');
  const heads = head.map((name, column) => `<th scope="col"${kind(column)}>${name}</th>`).join('');
  const lines = rows.map(({ cells, isBest }) => {
    const [first = '', ...rest] = cells;
    const others = rest.map((cell, column) => `<td${kind(column + 1)}>${cell}</td>`).join('');
    return `<tr${isBest === true ? ' class="best"' : ''}><th scope="row"${kind(0)}>${first}</th>${others}</tr>`;
  });
  return `<div class="scroll" role="region" tabindex="0" aria-label="${escapeMarkup(label)}">
<table>
<thead><tr>${heads}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>
</div>`;
}

function formatRuns(report: Report): string {
  const { runs, best, objective, courses, hues } = report;
  if (runs.length === 0) return '<p>There are no runs.</p>';
  const columns = report.columns.filter(({ id }) => id !== 'name');
  const hasCourse = objective !== null && runs.some(({ runId }) => (courses.get(runId)?.length ?? 0) > 1);
  const head = ['run', ...(hasCourse ? [`course of ${objective.metric}`] : []), ...columns.map(nameColumn)];
  const rows = runs.map((run) => ({
    isBest: run === best,
    cells: [
      `${keyOf(hues.get(run.runId) ?? 0)}${nameOf(run)}`,
      ...(hasCourse ? [sparkOf(courses.get(run.runId) ?? [], hues.get(run.runId) ?? 0)] : []),
      ...columns.map((column) => isolate(writeCell(column, run))),
    ],
  }));
  const shift = hasCourse ? 2 : 1;
  const numeric = (index: number): boolean => {
    const column = columns[index - shift];
    return column !== undefined && isNumeric(column);
  };
  return section('runs', 'Runs', table({ label: 'Runs', head: head.map(isolate), rows, numeric }));
}

function nameOf({ name }: RunSummary): string {
  return `<span class="run">${isolate(shorten(name, 120))}</span>`;
}

function keyOf(hue: number): string {
  return `<svg class="key" width="10" height="10" aria-hidden="true"><circle cx="5" cy="5" r="4" fill="${reportPaint(hue)}"/></svg>`;
}

/** A course in a few strokes, each as high as its own least and greatest. */
function sparkOf(values: readonly number[], hue: number): string {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return '';
  const [least, greatest] = [Math.min(...known), Math.max(...known)];
  const points = values.flatMap((value, index) => {
    if (!Number.isFinite(value)) return [];
    const part = greatest === least ? 0.5 : (value / 2 - least / 2) / (greatest / 2 - least / 2);
    return [`${Math.round((600 * index) / (values.length - 1)) / 10 + 2},${Math.round(10 * (16 - 14 * part)) / 10}`];
  });
  return `<svg class="spark" width="64" height="18" aria-hidden="true"><polyline points="${points.join(' ')}" fill="none" stroke="${reportPaint(hue)}" stroke-width="1.5"/></svg>`;
}

function formatCharts(charts: readonly ReportChart[]): string {
  if (charts.length === 0) return '';
  return section('charts', 'Charts', `<div class="charts">\n${charts.map(formatChart).join('\n')}\n</div>`);
}

function formatChart({ chart, isWide, rows }: ReportChart, index: number): string {
  const size = sizes[isWide ? 'wide' : 'usual'];
  const svg = formatSvg(chart, ink, { ...size, id: `chart${index + 1}`, isAlone: false });
  const detail = chart.detail === '' ? '' : ` <span>${isolate(chart.detail)}</span>`;
  const numbers = table({
    label: `Numbers of ${chart.title}`,
    head: ['line', 'last', 'lowest', 'highest'],
    rows: rows.map(({ label, last, lowest, highest }) => ({
      cells: [isolate(label), escapeMarkup(formatValue(last)), pointCell(lowest), pointCell(highest)],
    })),
    numeric: (column) => column > 0,
  });
  return `<figure${isWide ? ' class="wide"' : ''}>
<figcaption><h3>${isolate(shorten(chart.title, 120))}${detail}</h3></figcaption>
${svg}
<details><summary>Numbers</summary>
${numbers}
</details>
</figure>`;
}

function pointCell(point: MetricPoint | null): string {
  return point === null ? '' : escapeMarkup(`${formatValue(point.value)} at ${formatCount(point.step)}`);
}

function formatBest({ runs, objective }: Report): string {
  const rows = listBest(runs, objective).map(({ metric, direction, best }) => ({
    cells: [
      isolate(metric),
      escapeMarkup(formatValue(best.value)),
      escapeMarkup(formatCount(best.step)),
      nameOf(best.run),
      direction === 'minimize' ? 'lower' : 'higher',
    ],
  }));
  if (rows.length === 0) return '';
  const head = ['metric', 'best', 'at step', 'run', 'better is'];
  return section(
    'best',
    'Best values',
    table({ label: 'Best values', head, rows, numeric: (column) => column === 1 || column === 2 }),
  );
}

/** What the runs were told differently, a line for each of them. */
function formatParams({ runs }: Report): string {
  const { params } = compareRuns(runs, () => null);
  if (params.length === 0) return '';
  const shown = params.slice(0, mostParams);
  const rows = runs.map((run, index) => ({
    cells: [nameOf(run), ...shown.map(({ values }) => isolate(shorten(values[index] ?? '–', 60)))],
  }));
  const content = table({
    label: 'Params that differ',
    head: ['run', ...shown.map(({ name }) => isolate(name))],
    rows,
    numeric: () => false,
  });
  const rest = params.length - shown.length;
  const more = rest > 0 ? `\n<p class="dim">${formatCount(rest)} more differ.</p>` : '';
  return section('params', 'Params that differ', `${content}${more}`);
}

function formatAnswers({ best, answers }: Report): string {
  if (answers === null || best === null) return '';
  const confusion = { classes: answers.classes, counts: Uint32Array.from(answers.counts) };
  const { accuracy, macro } = reportClasses(confusion);
  const worst = worstError(confusion);
  const sentences = [
    `Accuracy ${formatValue(accuracy)}, macro precision ${formatValue(macro.precision)}, recall ${formatValue(macro.recall)}, F1 ${formatValue(macro.f1)}.`,
    worst === undefined
      ? 'No error.'
      : `Most often ${worst.actual} was taken for ${worst.predicted}: ${formatCount(worst.count)} of ${formatCount(worst.of)}.`,
  ];
  const matrix = answers.classes.length > mostClasses ? '' : formatMatrix(answers, confusion);
  const heading = `Answers of ${best.name}, split ${answers.split}`;
  return section('answers', heading, [`<p>${sentences.map(isolate).join(' ')}</p>`, matrix].join('\n'));
}

/** Errors are loud, zeros are not there. */
function formatMatrix({ classes, counts }: AnswerFacts, confusion: Parameters<typeof confusionRates>[0]): string {
  const rates = confusionRates(confusion, 'row');
  const size = classes.length;
  const lines = classes.map((name, row) => {
    const cells = classes.map((_, column) => {
      const index = row * size + column;
      const [count, rate] = [counts[index] ?? 0, rates[index] ?? 0];
      if (count === 0) return '<td></td>';
      const level = Math.min(heatLevels - 1, Math.floor((row === column ? rate : 2 * rate) * heatLevels));
      return `<td class="${row === column ? 'r' : 'e'}${level}">${formatCount(count)}</td>`;
    });
    return `<tr><th scope="row">${isolate(shorten(name, 24))}</th>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" role="region" tabindex="0" aria-label="Confusion matrix">
<table class="matrix">
<caption class="dim">true classes down, predicted across</caption>
<thead><tr><td></td>${classes.map((name) => `<th scope="col">${isolate(shorten(name, 24))}</th>`).join('')}</tr></thead>
<tbody>
${lines.join('\n')}
</tbody>
</table>
</div>`;
}

function formatNotes({ notes, total, runs }: Report): string {
  const all = [
    ...(total > runs.length ? [`${formatCount(total - runs.length)} runs of the view are left out.`] : []),
    ...notes,
  ];
  if (all.length === 0) return '';
  return section('notes', 'Left out', `<ul>\n${all.map((note) => `<li>${isolate(note)}</li>`).join('\n')}\n</ul>`);
}
