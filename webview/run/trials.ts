import { fillIn, formatCount, formatDuration, formatValue, runState } from '../../src/core/charts/charts.ts';
import { nameOfKey, orderTrials, type TrialOrder } from '../../src/core/sweep/sweep.ts';
import type { RunTexts, SweepFacts, TrialFacts } from '../../src/protocol/charts.ts';
import { element, setHidden, setText } from '../shared/dom.ts';

/** More rows than anybody reads: of the chosen order the first are shown. */
const mostRows = 500;

interface TrialsOptions {
  readonly texts: RunTexts;
  readonly onChoose: (runId: string) => void;
  readonly onOrder: (order: TrialOrder) => void;
}

interface Trials {
  readonly root: HTMLElement;
  draw(sweep: SweepFacts | null, order: TrialOrder): void;
}

interface Column {
  readonly label: string;
  /** What a press on its head orders by; undefined for one that nothing is ordered by. */
  readonly order?: TrialOrder;
  readonly isNumber: boolean;
  readonly textOf: (trial: TrialFacts) => string;
}

/** The trials of a sweep, a row each: a press leads to the chart of its run, the arrow keys walk from row to row. */
export function createTrials({ texts, onChoose, onOrder }: TrialsOptions): Trials {
  const head = element('tr');
  const body = element('tbody');
  const table = element('table', {}, element('thead', {}, head), body);
  const more = element('p', { class: 'dim' });
  const root = element('section', { 'class': 'trials', 'aria-label': texts.trials, 'hidden': '' }, table, more);
  const rows = new Map<string, Row>();
  let columns: readonly Column[] = [];
  let shownColumns = '';

  const drawColumns = (sweep: SweepFacts): void => {
    const next = JSON.stringify([sweep.keys, sweep.objective]);
    if (next === shownColumns) return;
    shownColumns = next;
    columns = listColumns(sweep, texts);
    head.replaceChildren(...columns.map((column) => toHead(column, texts, onOrder)));
    body.replaceChildren();
    rows.clear();
  };
  const rowOf = (trial: TrialFacts): Row => {
    const known = rows.get(trial.runId) ?? createRow(trial, columns, onChoose);
    rows.set(trial.runId, known);
    return known;
  };
  body.addEventListener('keydown', (event) => walk(event, body));

  return {
    root,
    draw(sweep, order) {
      setHidden(root, sweep === null || sweep.trials.length === 0);
      if (sweep === null) return;
      drawColumns(sweep);
      const ordered = orderTrials(sweep, order);
      const shown = ordered.slice(0, mostRows).map((trial) => ({ trial, row: rowOf(trial) }));
      for (const { trial, row } of shown) row.draw(trial, trial.runId === sweep.best ? texts.best : '');
      place(
        body,
        shown.map(({ row }) => row),
      );
      const ids = new Set(shown.map(({ trial }) => trial.runId));
      for (const runId of [...rows.keys()]) if (!ids.has(runId)) rows.delete(runId);
      for (const [index, cell] of [...head.children].entries())
        cell.setAttribute('aria-sort', columns[index]?.order === order ? 'ascending' : 'none');
      setHidden(more, ordered.length <= mostRows);
      setText(more, fillIn(texts.firstTrials, formatCount(mostRows), formatCount(ordered.length)));
    },
  };
}

function listColumns({ keys, objective }: SweepFacts, texts: RunTexts): readonly Column[] {
  const stateOf = (trial: TrialFacts): string => {
    const state = runState(trial);
    if (state !== 'running') return texts[state];
    const word = trial.paused ? texts.paused : texts.running;
    return trial.epoch === 0 ? word : `${word} · ${fillIn(texts.epoch, formatCount(trial.epoch))}`;
  };
  return [
    { label: texts.trialNumber, order: 'number', isNumber: true, textOf: ({ number }) => formatCount(number) },
    { label: texts.runName, isNumber: false, textOf: ({ name }) => name },
    { label: texts.state, isNumber: false, textOf: stateOf },
    {
      label: objective.metric,
      order: 'standing',
      isNumber: true,
      textOf: ({ value }) => (value === null ? '' : formatValue(value)),
    },
    {
      label: texts.took,
      isNumber: true,
      textOf: ({ seconds }) => (seconds === null ? '' : formatDuration(seconds)),
    },
    ...keys.map((key, index) => ({
      label: nameOfKey(key),
      order: index,
      isNumber: true,
      textOf: ({ values }: TrialFacts) => values[index] ?? '',
    })),
  ];
}

function toHead(
  { label, order, isNumber }: Column,
  texts: RunTexts,
  onOrder: (order: TrialOrder) => void,
): HTMLElement {
  const cell = element('th', { scope: 'col', ...numberClass(isNumber) });
  if (order === undefined) {
    cell.append(label);
    return cell;
  }
  const button = element(
    'button',
    { 'class': 'word', 'type': 'button', 'aria-label': fillIn(texts.sortBy, label) },
    label,
  );
  button.addEventListener('click', () => onOrder(order));
  cell.append(button);
  return cell;
}

interface Row {
  readonly root: HTMLElement;
  readonly button: HTMLButtonElement;
  draw(trial: TrialFacts, mark: string): void;
}

/** A row keeps its elements for as long as its trial is shown, so that a press that begins on it also ends on it. */
function createRow({ runId }: TrialFacts, columns: readonly Column[], onChoose: (runId: string) => void): Row {
  const button = element('button', { class: 'word', type: 'button', tabindex: '-1' });
  const cells = columns.map(({ isNumber }, index) =>
    index === NAME_COLUMN ? element('th', { scope: 'row' }, button) : element('td', numberClass(isNumber)),
  );
  const mark = element('b', { class: 'mark' });
  cells[NAME_COLUMN]?.append(' ', mark);
  const root = element('tr', {}, ...cells);
  root.addEventListener('click', () => onChoose(runId));
  return {
    root,
    button,
    draw(trial, word) {
      columns.forEach(({ textOf }, index) => {
        const cell = index === NAME_COLUMN ? button : cells[index];
        if (cell !== undefined) setText(cell, textOf(trial));
      });
      setText(mark, word);
      root.classList.toggle('bad', runState(trial) === 'failed' || runState(trial) === 'lost');
      root.title = trial.reason ?? '';
    },
  };
}

const NAME_COLUMN = 1;

function numberClass(isNumber: boolean): { readonly class?: string } {
  return isNumber ? { class: 'number' } : {};
}

/** Puts rows into this order, moving no more than is out of place. One of them can be reached by Tab. */
function place(body: HTMLElement, rows: readonly Row[]): void {
  const focused = rows.find(({ button }) => button === document.activeElement);
  rows.forEach(({ root }, index) => {
    if (body.children[index] !== root) body.insertBefore(root, body.children[index] ?? null);
  });
  while (body.children.length > rows.length) body.lastElementChild?.remove();
  if (focused !== undefined && document.activeElement !== focused.button) focused.button.focus();
  const reached = rows.find(({ button }) => button.tabIndex === 0) ?? rows[0];
  for (const { button } of rows) button.tabIndex = button === reached?.button ? 0 : -1;
}

function walk(event: KeyboardEvent, body: HTMLElement): void {
  const buttons = [...body.querySelectorAll<HTMLButtonElement>('button')];
  const at = buttons.findIndex((button) => button === document.activeElement);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, buttons.length - 1),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: buttons.length - 1,
  };
  const to = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
  const next = to === undefined ? undefined : buttons[to];
  if (next === undefined) return;
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
  event.preventDefault();
}
