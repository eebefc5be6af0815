import { reportClasses, worstError } from '../../src/core/classification/classification.ts';
import { fillIn, formatCount, formatValue } from '../../src/core/charts/charts.ts';
import type { AnswerFacts, RunTexts } from '../../src/protocol/charts.ts';
import { createToggle } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import type { Theme } from '../shared/theme.ts';
import { countsOf, createMatrix } from './matrix.ts';
import { createRoc } from './roc.ts';

/** What the card shows: the matrix in counts or in percent of the true class, curves, or the report of each class. */
export const answerViews = ['counts', 'rates', 'roc', 'report'] as const;
export type AnswerView = (typeof answerViews)[number];

export interface AnswerCard {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts | null, view: AnswerView, theme: Theme): void;
}

interface AnswerOptions {
  readonly texts: RunTexts;
  readonly onView: (view: AnswerView) => void;
  /** What is said to those who do not see the page. */
  readonly onSay: (words: string) => void;
}

/** How good the answers of the trained model are: one card behind the charts. */
export function createAnswers({ texts, onView, onSay }: AnswerOptions): AnswerCard {
  let shown: AnswerView = 'counts';
  const title = element('h2', {}, texts.confusion);
  const split = element('span', { class: 'drawn dim' });
  const toggles = (['rates', 'roc', 'report'] as const).map((view) => {
    const name = { rates: texts.ratesName, roc: texts.rocName, report: texts.reportName }[view];
    const onToggle = (): void => onView(shown === view ? 'counts' : view);
    return { view, button: createToggle(texts[view], { name, onToggle }) };
  });
  const matrix = createMatrix(texts, onSay);
  const roc = createRoc(texts);
  const report = element('div', {
    'class': 'numbers',
    'role': 'region',
    'tabindex': '0',
    'aria-label': texts.reportName,
  });
  const worst = element('p');
  const scores = element('p', { class: 'dim' });
  const words = element('div', { class: 'words' }, worst, scores, matrix.reading);
  const picture = element('div', { class: 'picture' }, matrix.root, words);
  const head = element(
    'div',
    { class: 'head' },
    title,
    split,
    element('span', { class: 'reading' }),
    ...toggles.map(({ button }) => button),
  );
  let drawn: unknown[] = [];
  return {
    root: element('section', { 'class': 'card answers', 'data-key': 'answers' }, head, picture, roc.root, report),
    draw(answers, view, theme) {
      shown = view;
      // Nothing moves unless the data moved: the card keeps its focus and its place.
      const now = [answers === null ? '' : JSON.stringify(answers), view, theme];
      if (answers === null || now.every((part, i) => part === drawn[i])) return;
      drawn = now;
      const hasCurves = answers.curves.length > 0;
      const seen = view === 'roc' && !hasCurves ? 'counts' : view;
      for (const { view: own, button } of toggles) button.setAttribute('aria-pressed', String(own === seen));
      setHidden(toggles[1]?.button ?? head, !hasCurves);
      setText(title, seen === 'roc' ? texts.roc : texts.confusion);
      setText(split, [fillIn(texts.ofSplit, answers.split), ...(seen === 'roc' ? [texts.rocAxes] : [])].join(' · '));
      setHidden(picture, seen === 'roc' || seen === 'report');
      setHidden(roc.root, seen !== 'roc');
      setHidden(report, seen !== 'report');
      if (seen === 'roc') roc.draw(answers, theme);
      else if (seen === 'report') drawReport(report, answers, texts);
      else {
        matrix.draw(answers, seen === 'rates', theme);
        drawWords({ worst, scores }, answers, texts);
      }
    },
  };
}

function drawWords(
  { worst, scores }: { readonly worst: HTMLElement; readonly scores: HTMLElement },
  answers: AnswerFacts,
  texts: RunTexts,
): void {
  const error = worstError(countsOf(answers));
  const { accuracy, macro } = reportClasses(countsOf(answers));
  setText(
    worst,
    error === undefined
      ? texts.noErrors
      : fillIn(texts.worstError, error.actual, error.predicted, formatCount(error.count), formatCount(error.of)),
  );
  setText(
    scores,
    `${fillIn(texts.accuracyOf, formatValue(accuracy))} · ${fillIn(texts.macroF1Of, formatValue(macro.f1))}`,
  );
}

function drawReport(root: HTMLElement, answers: AnswerFacts, texts: RunTexts): void {
  const { perClass, macro } = reportClasses(countsOf(answers));
  const head = [texts.className, texts.precision, texts.recall, texts.f1, texts.support];
  const row = (name: string, { precision, recall, f1, support }: typeof macro): HTMLElement => {
    const cells = [...[precision, recall, f1].map(formatValue), formatCount(support)];
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      ...cells.map((text) => element('td', { class: 'number' }, text)),
    );
  };
  const columns = head.map((text, i) => element('th', { scope: 'col', ...(i === 0 ? {} : { class: 'number' }) }, text));
  root.replaceChildren(
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...columns)),
      element('tbody', {}, ...perClass.map((scores) => row(scores.name, scores)), row(texts.macroMean, macro)),
    ),
  );
}
