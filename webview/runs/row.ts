import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import type { GroupLine, Line, RunLine } from '../../src/core/runtable/runtable.ts';
import { colourTag, hiddenTag, runColours, starTag, type RunsTexts } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { element } from '../shared/dom.ts';
import type { PlacedColumn } from './layout.ts';
import { markState, stateOf, writeCell, writeSpread } from './words.ts';

/** Pixels that a nested run stands in. */
const indent = 16;

/** The cell of a line; `index` counts from 0 among all columns. */
export function createCell(line: Line, placed: PlacedColumn, index: number, texts: RunsTexts): HTMLElement {
  const { column } = placed;
  const isName = column.id === 'name';
  const cell = element('div', {
    'class': `cell ${column.kind}`,
    'role': isName ? 'rowheader' : 'gridcell',
    'aria-colindex': String(index + 1),
    'tabindex': '-1',
  });
  placeCell(cell, placed);
  if (isName) cell.append(...(line.kind === 'run' ? nameOfRun(line, texts) : nameOfGroup(line, texts)));
  else if (line.kind === 'group') writeInto(cell, writeSpread(column, line, texts));
  else {
    if (column.kind === 'status') cell.append(createMark(line.run), ' ');
    writeInto(cell, writeCell(column, line.run, texts));
    const isNumber = column.kind === 'param' && typeof column.of(line.run) === 'number';
    cell.classList.toggle('number', isNumber || column.kind === 'metric' || column.kind === 'duration');
  }
  if (line.kind === 'group') cell.classList.toggle('number', column.kind === 'metric' || column.kind === 'duration');
  if (isName) cell.style.paddingLeft = `${4 + (line.kind === 'run' ? line.level * indent : 0)}px`;
  return cell;
}

export function placeCell(cell: HTMLElement, { left, width }: PlacedColumn): void {
  cell.style.left = `${left}px`;
  cell.style.width = `${width}px`;
}

function writeInto(cell: HTMLElement, { text, title }: { readonly text: string; readonly title: string }): void {
  cell.append(text);
  if (title !== '' && title !== text) cell.title = title;
}

function createMark(run: RunSummary): HTMLElement {
  return element('span', { 'class': `mark ${stateOf(run)}`, 'aria-hidden': 'true' }, markState(run));
}

function createTwisty({ isOpen }: { readonly isOpen: boolean }): HTMLElement {
  return element('span', { 'class': 'twisty', 'aria-hidden': 'true', 'data-part': 'twisty' }, isOpen ? '▾' : '▸');
}

function nameOfRun(line: RunLine, texts: RunsTexts): readonly (Node | string)[] {
  const { run, below } = line;
  const isStarred = Object.hasOwn(run.tags, starTag);
  const colour = runColours.find((name) => name === run.tags[colourTag]);
  const dot = element('span', { 'class': 'dot', 'aria-hidden': 'true' });
  if (colour !== undefined) dot.style.background = `var(--vscode-charts-${colour}, ${colour})`;
  return [
    below > 0 ? createTwisty(line) : element('span', { class: 'twisty' }),
    ...(colour === undefined ? [] : [dot]),
    element('span', { class: 'name', title: run.name }, run.name),
    ...(below > 0 ? [element('span', { class: 'dim' }, fillIn(texts.children, formatCount(below)))] : []),
    ...(Object.hasOwn(run.tags, hiddenTag) ? [element('span', { class: 'dim' }, texts.hidden)] : []),
    element(
      'span',
      {
        'class': `star${isStarred ? ' on' : ''}`,
        'data-part': 'star',
        'title': fillIn(texts.star, run.name),
        ...starWords(isStarred, texts),
      },
      isStarred ? '★' : '☆',
    ),
  ];
}

/** Only a star that is there is told; to give one there are the menu and the key. */
function starWords(isStarred: boolean, texts: RunsTexts): Readonly<Record<string, string>> {
  return isStarred ? { 'role': 'img', 'aria-label': texts.starred } : { 'aria-hidden': 'true' };
}

function nameOfGroup(line: GroupLine, texts: RunsTexts): readonly (Node | string)[] {
  const { value, runs } = line;
  const count = runs.length === 1 ? texts.groupOfOne : fillIn(texts.groupOf, formatCount(runs.length));
  const name = value === undefined ? texts.noValue : String(value);
  return [
    createTwisty(line),
    element('span', { class: value === undefined ? 'name dim' : 'name', title: name }, name),
    element('span', { class: 'dim' }, count),
  ];
}
