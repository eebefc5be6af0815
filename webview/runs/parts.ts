import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import { copyFormats, toColumn, type CopyFormat, type FilterMistake } from '../../src/core/runtable/runtable.ts';
import type { LoadedTabs } from './loadedtabs.ts';
import type { PageExport, RunsTexts, SavedView, TableNotice } from '../../src/protocol/runtable.ts';
import type { UnreadableRun } from '../../src/protocol/tracking.ts';
import { createButton, createDropdown, createToggle } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { nameColumn } from './words.ts';

export interface BarActions {
  readonly onFilter: (text: string) => void;
  readonly onGroup: (column: string | null) => void;
  readonly onHidden: () => void;
  readonly onColumns: () => void;
  readonly onView: (name: string | null) => void;
  readonly onViewAct: (what: 'save' | 'saveAs' | 'deleteView' | 'openView') => void;
  readonly onCopy: (format: CopyFormat) => void;
  readonly onExport: (what: PageExport) => void;
  readonly onRetry: () => void;
}

function createWord(label: string, onPress: () => void): HTMLButtonElement {
  const word = element('button', { class: 'word', type: 'button' }, label);
  word.addEventListener('click', onPress);
  return word;
}

export interface ViewFacts {
  readonly name: string | null;
  readonly isChanged: boolean;
  readonly views: readonly SavedView[];
}

/** Tabs, and which view is shown. */
export function createHeader(
  tabs: HTMLElement,
  texts: RunsTexts,
  { onGroup, onColumns, onView, onViewAct }: BarActions,
  mayEdit: boolean,
) {
  const group = createDropdown(texts.group, (id) => onGroup(id === '' ? null : id));
  const view = createDropdown(texts.view, (name) => onView(name === '' ? null : name));
  const columns = createButton(texts.columns, { onPress: onColumns });
  columns.setAttribute('aria-haspopup', 'dialog');
  const words = {
    save: createWord(texts.save, () => onViewAct('save')),
    saveAs: createWord(texts.saveAs, () => onViewAct('saveAs')),
    deleteView: createWord(texts.deleteView, () => onViewAct('deleteView')),
  };
  const root = element(
    'header',
    {},
    tabs,
    element('span', { class: 'rest' }),
    element('span', { class: 'oftable' }, element('span', { class: 'dim' }, texts.group), group.root, columns),
    element(
      'span',
      { class: 'ofview' },
      element('span', { class: 'dim' }, texts.view),
      view.root,
      ...Object.values(words),
    ),
  );
  return {
    root,
    columns,
    drawGroups(ids: readonly string[], chosen: string | null): void {
      const all = chosen === null || ids.includes(chosen) ? ids : [...ids, chosen];
      const choices = all.flatMap((id) => {
        const column = toColumn(id);
        return column === undefined ? [] : [{ value: id, label: nameColumn(column, texts).name }];
      });
      group.update([{ value: '', label: texts.noGroup }, ...choices], chosen ?? '');
    },
    drawViews({ name, isChanged, views }: ViewFacts): void {
      const labelOf = (own: SavedView): string =>
        own.view === null
          ? fillIn(texts.brokenView, own.name)
          : own.name === name && isChanged
            ? fillIn(texts.unsaved, own.name)
            : own.name;
      const choices = views.map((own) => ({ value: own.name, label: labelOf(own) }));
      view.update([{ value: '', label: texts.noView }, ...choices], name ?? '');
      const own = views.find((one) => one.name === name);
      setHidden(words.save, !mayEdit || own === undefined || own.view === null || !isChanged);
      setHidden(words.saveAs, !mayEdit);
      setHidden(words.deleteView, !mayEdit || own === undefined);
    },
  };
}

/** The filter with what is wrong with it, and what is wrong with the view. */
export function createFilterBar(texts: RunsTexts, { onFilter, onHidden, onViewAct }: BarActions) {
  const input = element('input', {
    'type': 'text',
    'class': 'filter',
    'spellcheck': 'false',
    'autocomplete': 'off',
    'aria-label': texts.filter,
    'aria-describedby': 'mistake',
    'placeholder': texts.filterHint,
  });
  const hidden = createToggle(texts.showHidden, { name: texts.showHidden, onToggle: onHidden });
  const caret = element('span', { 'class': 'caret', 'aria-hidden': 'true' });
  const sentence = element('span', { class: 'bad' });
  const mistake = element('p', { class: 'mistake', id: 'mistake', role: 'status', hidden: '' }, caret, sentence);
  const openView = createWord(texts.openView, () => onViewAct('openView'));
  const viewSentence = element('span', { class: 'bad' });
  const viewProblem = element('p', { class: 'mistake', role: 'status', hidden: '' }, viewSentence, openView);
  const root = element('div', { class: 'bar' }, element('div', { class: 'line' }, input, hidden), mistake, viewProblem);
  input.addEventListener('input', () => onFilter(input.value));
  return {
    root,
    input,
    draw(text: string, wrong: FilterMistake | undefined, showsHidden: boolean, hiddenCount: number): void {
      // What a person is writing is not taken from under their hands.
      if (document.activeElement !== input && input.value !== text) input.value = text;
      input.setAttribute('aria-invalid', String(wrong !== undefined));
      hidden.setAttribute('aria-pressed', String(showsHidden));
      setHidden(hidden, hiddenCount === 0 && !showsHidden);
      setHidden(mistake, wrong === undefined);
      setText(sentence, wrong?.message ?? '');
      setText(caret, wrong === undefined ? '' : `${' '.repeat(Math.min(wrong.column - 1, 160))}^`);
    },
    drawProblem(problem: string | null): void {
      setHidden(viewProblem, problem === null);
      setText(viewSentence, problem ?? '');
    },
  };
}

export interface FootFacts {
  readonly shown: number;
  readonly all: number;
  readonly selected: number;
  readonly hidden: number;
  readonly objective: string | null;
  readonly unreadable: readonly UnreadableRun[];
  readonly offers: LoadedTabs['offers'];
}

/** Files of what is looked at: where each is offered. */
const takeaways = [
  { what: 'report', label: 'exportReport', of: ['lines', 'drawing', 'picture', 'nothing'] },
  { what: 'png', label: 'exportPng', of: ['lines', 'drawing', 'picture'] },
  { what: 'svg', label: 'exportSvg', of: ['lines', 'drawing'] },
  { what: 'csv', label: 'exportCsv', of: ['lines'] },
] as const satisfies readonly {
  readonly what: PageExport;
  readonly label: keyof RunsTexts;
  readonly of: readonly LoadedTabs['offers'][];
}[];

export function createFoot(texts: RunsTexts, { onCopy, onExport }: BarActions, mayEdit: boolean) {
  const count = element('span', { role: 'status' });
  const unreadable = element('span', { class: 'bad' });
  const objective = element('span');
  const copies = copyFormats.map((format) => createWord(texts[format], () => onCopy(format)));
  const exports = takeaways.map(({ what, label, of }) => ({
    of: new Set<string>(of),
    word: createWord(texts[label], () => onExport(what)),
  }));
  const exportLabel = element('span', {}, texts.export);
  setHidden(exportLabel, !mayEdit);
  const root = element(
    'footer',
    { class: 'dim' },
    count,
    unreadable,
    element('span', { class: 'rest' }),
    objective,
    element('span', {}, texts.copy),
    ...copies,
    exportLabel,
    ...exports.map(({ word }) => word),
  );
  return {
    root,
    draw(facts: FootFacts): void {
      const { shown, all, selected, hidden } = facts;
      const parts = [
        shown === all
          ? fillIn(all === 1 ? texts.shownOne : texts.shown, formatCount(all))
          : fillIn(texts.shownOf, formatCount(shown), formatCount(all)),
        ...(selected === 0 ? [] : [fillIn(texts.selected, formatCount(selected))]),
        ...(hidden === 0 ? [] : [fillIn(texts.hiddenRuns, formatCount(hidden))]),
      ];
      setText(count, parts.join(' · '));
      setHidden(unreadable, facts.unreadable.length === 0);
      setText(unreadable, fillIn(texts.unreadable, formatCount(facts.unreadable.length)));
      unreadable.title = facts.unreadable
        .slice(0, 20)
        .map(({ file, message }) => `${file}: ${message}`)
        .join('\n');
      for (const own of exports) setHidden(own.word, !mayEdit || !own.of.has(facts.offers));
      setHidden(objective, facts.objective === null);
      setText(objective, fillIn(texts.judgedBy, facts.objective ?? ''));
    },
  };
}

/** In the place of the lines: one sentence, and one action. */
export function createNotice(texts: RunsTexts, { onRetry, onFilter }: BarActions) {
  const sentence = element('p', { role: 'status' });
  const retry = createButton(texts.retry, { primary: true, onPress: onRetry });
  const clear = createButton(texts.clearFilter, { onPress: () => onFilter('') });
  const root = element('div', { class: 'notice', hidden: '' }, sentence, retry, clear);
  return {
    root,
    draw(notice: TableNotice | 'nothingFits' | 'empty' | undefined): void {
      setHidden(root, notice === undefined);
      const text = typeof notice === 'string' ? texts[notice] : (notice?.text ?? '');
      setText(sentence, text);
      setHidden(retry, typeof notice === 'string' || notice?.action !== 'retry');
      setHidden(clear, notice !== 'nothingFits');
    },
  };
}
