import { formatValue } from '../../../src/core/charts/charts.ts';
import type { Group, GroupsPlan } from '../../../src/core/relations/relations.ts';
import { withAlpha, type Theme } from '../../shared/theme.ts';
import type { Lit } from './model.ts';
import { fitText, type Pen, type Size } from '../../shared/pen.ts';

export interface GroupsPicture {
  readonly kind: 'bars' | 'boxes';
  readonly groups: readonly Group[];
  readonly plan: GroupsPlan;
  readonly theme: Theme;
  /** Names of the metric and of the column that groups. */
  readonly metric: string;
  readonly by: string;
  readonly lit: Lit;
}

const axisText = 11;
const nameText = 12;
/** What names take at most of the width. */
const mostOfWidth = 0.3;

/** Of the numbers and the metric below the groups, in pixels. */
export const roomOfScale = 48;

/** Room for the names at the left, in pixels. */
export function nameRoom(pen: Pen, groups: readonly Group[], theme: Theme, { width }: Size): number {
  pen.font = `${nameText}px ${theme.fontFamily}`;
  const most = width * mostOfWidth;
  return Math.min(most, Math.max(24, ...groups.map(({ name }) => pen.measureText(fitText(pen, name, most)).width)));
}

/** `at`: the group that is pointed at, −1: none. */
export function paintGroups(pen: Pen, picture: GroupsPicture, at: number): void {
  paintScale(pen, picture);
  picture.groups.forEach((group, index) => {
    if (index === at) paintRow(pen, picture, index);
    if (picture.kind === 'bars') paintBar(pen, picture, group, index);
    else paintBoxPlot(pen, picture, group, index);
    paintName(pen, picture, group, index);
  });
}

function paintScale(pen: Pen, { plan, theme, metric }: GroupsPicture): void {
  pen.font = `${axisText}px ${theme.fontFamily}`;
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  for (const { x, label } of plan.ticks) {
    pen.fillStyle = theme.grid;
    pen.fillRect(Math.round(x), plan.top, 1, plan.bottom - plan.top);
    pen.fillStyle = theme.dim;
    pen.fillText(label, x, plan.bottom + 6);
  }
  pen.font = `600 ${nameText}px ${theme.fontFamily}`;
  pen.fillStyle = theme.foreground;
  pen.fillText(fitText(pen, metric, plan.right - plan.left), (plan.left + plan.right) / 2, plan.bottom + 24);
}

function paintRow(pen: Pen, { plan, theme }: GroupsPicture, index: number): void {
  const { middle = 0, half = 0 } = plan.rows[index] ?? {};
  pen.fillStyle = withAlpha(theme.foreground, 0.07);
  pen.fillRect(0, middle - half / 0.6, plan.right + 96, (2 * half) / 0.6);
}

/** Groups of which no run is to be seen well fade. */
function alphaOf({ lit }: GroupsPicture, { runs }: Group): number {
  return lit.by === 'all' || runs.some((run) => lit.flags[run] === 1) ? 1 : 0.3;
}

function paintBar(pen: Pen, picture: GroupsPicture, group: Group, index: number): void {
  const { plan, theme } = picture;
  const { middle = 0, half = 0 } = plan.rows[index] ?? {};
  const [from, to] = [plan.x(0), plan.x(group.box.mean)];
  pen.globalAlpha = alphaOf(picture, group);
  pen.fillStyle = withAlpha(theme.series(0), 0.75);
  pen.fillRect(Math.min(from, to), middle - half, Math.max(1, Math.abs(to - from)), 2 * half);
  if (group.band !== null) {
    const [low, high] = group.band.map(plan.x) as [number, number];
    paintWhisker(pen, { low, high, ends: [low, high], middle, cap: Math.min(6, half * 0.7), color: theme.foreground });
  }
  pen.globalAlpha = 1;
}

interface Whisker {
  readonly low: number;
  readonly high: number;
  /** Which of them have a cap. */
  readonly ends: readonly number[];
  readonly middle: number;
  readonly cap: number;
  readonly color: string;
}

function paintWhisker(pen: Pen, { low, high, ends, middle, cap, color }: Whisker): void {
  pen.strokeStyle = color;
  pen.lineWidth = 1.25;
  pen.beginPath();
  pen.moveTo(low, middle);
  pen.lineTo(high, middle);
  for (const end of ends) {
    pen.moveTo(end, middle - cap);
    pen.lineTo(end, middle + cap);
  }
  pen.stroke();
}

function paintBoxPlot(pen: Pen, picture: GroupsPicture, group: Group, index: number): void {
  const { plan, theme } = picture;
  const { box } = group;
  const { middle = 0, half = 0 } = plan.rows[index] ?? {};
  const [low, lower, median, upper, high] = [box.whiskers[0], box.lower, box.median, box.upper, box.whiskers[1]].map(
    plan.x,
  ) as [number, number, number, number, number];
  pen.globalAlpha = alphaOf(picture, group);
  const whisker = { middle, cap: Math.min(6, half * 0.7), color: theme.foreground };
  paintWhisker(pen, { ...whisker, low, high: lower, ends: [low] });
  paintWhisker(pen, { ...whisker, low: upper, high, ends: [high] });
  pen.fillStyle = withAlpha(theme.series(0), 0.35);
  pen.fillRect(lower, middle - half, upper - lower, 2 * half);
  pen.strokeStyle = theme.series(0);
  pen.lineWidth = 1.25;
  pen.strokeRect(lower, middle - half, Math.max(1, upper - lower), 2 * half);
  pen.fillStyle = theme.foreground;
  pen.fillRect(median - 1, middle - half, 2, 2 * half);
  pen.strokeStyle = theme.foreground;
  for (const outlier of box.outliers) {
    pen.beginPath();
    pen.arc(plan.x(outlier), middle, 2.5, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.globalAlpha = 1;
}

/** The name before its row, the value and how many runs it is of behind it. */
function paintName(pen: Pen, { plan, theme, kind }: GroupsPicture, { name, box }: Group, index: number): void {
  const { middle = 0 } = plan.rows[index] ?? {};
  pen.textBaseline = 'middle';
  pen.font = `${nameText}px ${theme.fontFamily}`;
  pen.fillStyle = theme.foreground;
  pen.textAlign = 'right';
  pen.fillText(fitText(pen, name, plan.left - 16), plan.left - 12, middle);
  pen.textAlign = 'left';
  pen.font = `${axisText}px ${theme.fontFamily}`;
  pen.fillStyle = theme.dim;
  const value = formatValue(kind === 'bars' ? box.mean : box.median);
  pen.fillText(`${value} · n ${box.count}`, plan.right + 8, middle);
}
