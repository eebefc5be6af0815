import { fillIn } from '../../src/core/charts/charts.ts';
import { listColumnIds, metricColumnId, toColumn, type Column } from '../../src/core/runtable/runtable.ts';
import type { RunsTexts, ViewColumn } from '../../src/protocol/runtable.ts';
import type { RunSummary } from '../../src/protocol/tracking.ts';
import { element, setHidden } from '../shared/dom.ts';
import { changeColumn, moveColumn } from './layout.ts';
import { nameColumn } from './words.ts';

/** More than anybody looks through; the search finds the others. */
const mostRows = 300;

interface ChooserOptions {
  readonly texts: RunsTexts;
  /** What it is a list of; the table's columns where it is not told. */
  readonly label?: string;
  /** False: these columns can't be pinned. */
  readonly canPin?: boolean;
  /** Null: chosen by what tells the runs apart. */
  readonly onChange: (columns: readonly ViewColumn[] | null) => void;
  readonly onClose: () => void;
}

/** The list of all columns: which are shown, in which order, which stay where they are when the rest is scrolled. */
export function createChooser({ texts, label = texts.columns, canPin = true, onChange, onClose }: ChooserOptions) {
  const search = element('input', {
    'type': 'search',
    'placeholder': texts.findColumn,
    'aria-label': texts.findColumn,
  });
  const list = element('div', { class: 'list' });
  const automatic = element('button', { class: 'word', type: 'button' }, texts.automatic);
  const close = element('button', { class: 'word', type: 'button' }, texts.close);
  const root = element(
    'div',
    { 'class': 'chooser', 'role': 'dialog', 'aria-label': label, 'hidden': '' },
    element('div', { class: 'bar' }, search, automatic, close),
    list,
  );
  let columns: readonly ViewColumn[] = [];
  let runs: readonly RunSummary[] = [];
  const change = (next: readonly ViewColumn[]): void => {
    columns = next;
    onChange(next);
    draw();
  };
  const draw = (): void => {
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset['of'] : undefined;
    list.replaceChildren(...toRows({ columns, runs, texts, canPin, words: search.value, change }));
    if (focused !== undefined)
      [...list.querySelectorAll<HTMLElement>('[data-of]')].find(({ dataset }) => dataset['of'] === focused)?.focus();
  };
  search.addEventListener('input', draw);
  automatic.addEventListener('click', () => onChange(null));
  close.addEventListener('click', onClose);
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    onClose();
  });
  return {
    root,
    get isOpen(): boolean {
      return !root.hidden;
    },
    show(nextColumns: readonly ViewColumn[], nextRuns: readonly RunSummary[]): void {
      const isNew = root.hidden;
      [columns, runs] = [nextColumns, nextRuns];
      setHidden(root, false);
      if (isNew) search.value = '';
      draw();
      if (isNew) search.focus();
    },
    hide: () => setHidden(root, true),
  };
}

interface Listing {
  readonly columns: readonly ViewColumn[];
  readonly runs: readonly RunSummary[];
  readonly texts: RunsTexts;
  readonly canPin: boolean;
  readonly words: string;
  readonly change: (columns: readonly ViewColumn[]) => void;
}

/** The shown ones in their order, then the others by kind. Other points of a metric are found by the search. */
function toRows(listing: Listing): readonly HTMLElement[] {
  const { columns, runs, texts, words } = listing;
  const isFound = (column: Column): boolean => {
    const { name, detail } = nameColumn(column, texts);
    return `${column.id} ${name} ${detail}`.toLowerCase().includes(words.trim().toLowerCase());
  };
  const shown = columns.flatMap(({ id }) => toColumn(id) ?? []).filter(isFound);
  const ids = new Set(columns.map(({ id }) => id));
  const all = listColumnIds(runs).flatMap((id) => (words.trim() === '' ? [id] : withPoints(id)));
  const others = all.flatMap((id) => (ids.has(id) ? [] : (toColumn(id) ?? []))).filter(isFound);
  const headings: Readonly<Record<string, string>> = { metric: texts.metrics, param: texts.params, tag: texts.tags };
  const byHeading = Map.groupBy(others.slice(0, mostRows), ({ kind }) => headings[kind] ?? texts.attributes);
  return [
    ...shown.map((column) => createRow(column, listing)),
    ...[...byHeading].flatMap(([heading, own]) => [
      element('h2', {}, heading),
      ...own.map((column) => createRow(column, listing)),
    ]),
  ];
}

function withPoints(id: string): readonly string[] {
  const column = toColumn(id);
  if (column?.kind !== 'metric') return [id];
  return (['best', 'last', 'min', 'max'] as const).map((point) => metricColumnId(column.name, point));
}

function createRow(column: Column, { columns, texts, canPin, change }: Listing): HTMLElement {
  const { id } = column;
  const { name, detail } = nameColumn(column, texts);
  const own = columns.find((one) => one.id === id);
  const isName = id === 'name';
  const check = element('input', {
    ...{ 'type': 'checkbox', 'data-of': `${id} shown` },
    ...(own === undefined ? {} : { checked: '' }),
    ...(isName ? { disabled: '' } : {}),
  });
  check.addEventListener('change', () =>
    change(
      own === undefined ? [...columns, { id, width: null, isPinned: false }] : columns.filter((one) => one !== own),
    ),
  );
  const label = element(
    'label',
    { title: id },
    check,
    name,
    ...(detail === '' ? [] : [element('span', { class: 'dim' }, detail)]),
  );
  if (own === undefined) return element('div', { class: 'row' }, label);
  const word = (sign: string, sentence: string, pressed: string | undefined, press: () => void): HTMLElement => {
    const told = fillIn(sentence, name);
    const button = element(
      'button',
      {
        'class': 'word',
        'type': 'button',
        'aria-label': told,
        'title': told,
        'aria-pressed': pressed,
        'data-of': `${id} ${sentence}`,
      },
      sign,
    );
    button.addEventListener('click', press);
    return button;
  };
  return element(
    'div',
    { class: 'row' },
    label,
    word('↑', texts.moveUp, undefined, () => change(moveColumn(columns, id, -1))),
    word('↓', texts.moveDown, undefined, () => change(moveColumn(columns, id, 1))),
    ...(canPin
      ? [
          word('⇤', texts.pin, String(own.isPinned), () =>
            change(changeColumn(columns, id, { isPinned: !own.isPinned })),
          ),
        ]
      : []),
  );
}
