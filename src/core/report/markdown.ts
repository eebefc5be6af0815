import { formatCount, formatValue } from '../charts/charts.ts';
import { summaryOf, toColumn, toMarkdownCell, type Column } from '../runtable/runtable.ts';
import { toBlocks } from '../sparks/sparks.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { nameColumn, isNumeric, writeCell } from './cells.ts';
import { tellBest, tellRuns } from './words.ts';
import type { Report } from './plan.ts';

/** More lines than anybody reads in a pull request. */
const mostRows = 30;

/** For a pull request or a step summary: the runs with their best values, the best one in bold, the objective's course in block characters. */
export function formatReportMarkdown(report: Report): string {
  const { title, runs, total, best, objective, notes } = report;
  const shown = runs.slice(0, mostRows);
  const columns = report.columns.filter(({ id }) => id !== 'name' && !isSame(runs, id));
  const course = objective === null ? [] : [{ name: `course of ${objective.metric}`, cells: courseOf(report) }];
  const head = ['run', ...columns.map(nameColumn), ...course.map(({ name }) => name)];
  const rule = ['---', ...columns.map((column) => (isNumeric(column) ? '--:' : '---')), ...course.map(() => '---')];
  const rows = shown.map((run) => [
    emphasize(toMarkdownCell(run.name), run === best),
    ...columns.map((column) =>
      emphasize(toMarkdownCell(writeCell(column, run)), run === best && isJudged(column, report)),
    ),
    ...course.map(({ cells }) => cells(run)),
  ]);
  const lines = [head.map(toMarkdownCell), rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const rest = total - shown.length;
  const sentences = [tellRuns(report), tellBest(report)].filter((sentence) => sentence !== '').map(toMarkdownCell);
  return [
    `### ${toMarkdownCell(title)}`,
    ...sentences,
    ...(runs.length === 0 ? [] : [lines.join('\n')]),
    ...(rest > 0 ? [`… and ${formatCount(rest)} more.`] : []),
    ...notes.map(toMarkdownCell),
  ]
    .map((block) => `${block}\n`)
    .join('\n');
}

/** A param or an experiment that all have alike tells nothing. */
function isSame(runs: readonly RunSummary[], id: string): boolean {
  const column = toColumn(id);
  if (column === undefined || column.kind === 'metric' || column.kind === 'status' || runs.length < 2) return false;
  return new Set(runs.map((run) => writeCell(column, run))).size === 1;
}

function isJudged({ kind, name }: Column, { objective }: Report): boolean {
  return kind === 'metric' && name === objective?.metric;
}

function emphasize(text: string, isStrong: boolean): string {
  return isStrong && text !== '' ? `**${text}**` : text;
}

function courseOf({ courses, objective }: Report): (run: RunSummary) => string {
  return (run) => {
    const course = courses.get(run.runId) ?? [];
    const last = objective === null ? undefined : summaryOf(run, objective.metric)?.last.value;
    return course.length === 0 ? '' : `${toBlocks(course)} ${last === undefined ? '' : formatValue(last)}`.trim();
  };
}
