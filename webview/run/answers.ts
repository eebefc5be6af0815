import { reportClasses, worstError } from '../../src/core/classification/classification.ts';
import { fillIn, formatCount, formatValue } from '../../src/core/charts/charts.ts';
import type { AnswerFacts, AnswerTexts } from '../../src/protocol/answers.ts';
import { createDropdown, createToggle } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import type { Theme } from '../shared/theme.ts';
import { createCalibration } from './calibration.ts';
import { createCurves, type CurveChoice } from './curves.ts';
import { cellKinds, countsOf, createMatrix, type CellKind } from './matrix.ts';
import { createExamples, type Cell } from './examples.ts';
import { createReport } from './report.ts';

/** What the card shows: the confusion matrix, curves with a threshold, what probabilities are worth, or the report of each class. */
export const answerViews = ['matrix', 'curves', 'calibration', 'report'] as const;
type AnswerView = (typeof answerViews)[number];

export interface AnswerChoice extends CurveChoice {
  readonly view: AnswerView;
  readonly cells: CellKind;
}

export const firstAnswers: AnswerChoice = { view: 'matrix', cells: 'counts', className: null, threshold: null };

export interface AnswerCard {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts | null, choice: AnswerChoice, theme: Theme): void;
  /** Examples that were asked for. */
  receive: ReturnType<typeof createExamples>['receive'];
}

interface AnswerOptions {
  readonly texts: AnswerTexts;
  readonly onChoose: (part: Partial<AnswerChoice>) => void;
  readonly onExamples: (cell: Cell) => void;
  /** What is said to those who do not see the page. */
  readonly onSay: (words: string) => void;
}

/** How good the answers of the trained model are: one card behind the charts. */
export function createAnswers({ texts, onChoose, onExamples, onSay }: AnswerOptions): AnswerCard {
  let shown: AnswerView = 'matrix';
  const title = element('h2', {}, texts.confusion);
  const split = element('span', { class: 'drawn dim' });
  const toggles = (['curves', 'calibration', 'report'] as const).map((view) => {
    const onToggle = (): void => onChoose({ view: shown === view ? 'matrix' : view });
    return { view, button: createToggle(texts[view], { name: texts[`${view}Name`], onToggle }) };
  });
  const views = {
    matrix: createPicture({ texts, onSay, onExamples, onCells: (cells) => onChoose({ cells }) }),
    curves: createCurves({ texts, onChoose }),
    calibration: createCalibration({ texts, onClass: (className) => onChoose({ className, threshold: null }) }),
    report: createReport(texts),
  };
  const draws: Readonly<Record<AnswerView, (answers: AnswerFacts, choice: AnswerChoice, theme: Theme) => void>> = {
    matrix: (answers, { cells }, theme) => views.matrix.draw(answers, cells, theme),
    curves: (answers, choice, theme) => views.curves.draw(answers, choice, theme),
    calibration: (answers, { className }, theme) => views.calibration.draw(answers, className, theme),
    report: (answers) => views.report.draw(answers),
  };
  const buttons = toggles.map(({ button }) => button);
  const head = element('div', { class: 'head' }, title, split, element('span', { class: 'reading' }), ...buttons);
  const roots = answerViews.map((view) => views[view].root);
  let drawn: unknown[] = [];
  return {
    root: element('section', { 'class': 'card answers', 'data-key': 'answers' }, head, ...roots),
    draw(answers, choice, theme) {
      const isThere: Readonly<Record<AnswerView, boolean>> = {
        matrix: true,
        curves: (answers?.curves.length ?? 0) > 0,
        calibration: (answers?.calibration ?? null) !== null,
        report: true,
      };
      shown = isThere[choice.view] ? choice.view : 'matrix';
      // Nothing moves unless the data moved: the card keeps its focus and its place.
      const now = [JSON.stringify([answers, choice]), theme];
      if (answers === null || now.every((part, i) => part === drawn[i])) return;
      drawn = now;
      for (const { view, button } of toggles) {
        button.setAttribute('aria-pressed', String(view === shown));
        setHidden(button, !isThere[view]);
      }
      setText(title, titleOf(shown, texts));
      setText(split, fillIn(texts.ofSplit, answers.split));
      for (const view of answerViews) setHidden(views[view].root, view !== shown);
      draws[shown](answers, choice, theme);
    },
    receive: (answer) => views.matrix.receive(answer),
  };
}

const titleOf = (view: AnswerView, texts: AnswerTexts): string =>
  ({ matrix: texts.confusion, curves: texts.curvesTitle, calibration: texts.calibration, report: texts.report })[view];

interface Picture {
  readonly root: HTMLElement;
  draw(answers: AnswerFacts, cells: CellKind, theme: Theme): void;
  receive: ReturnType<typeof createExamples>['receive'];
}

interface PictureOptions extends Pick<AnswerOptions, 'texts' | 'onSay' | 'onExamples'> {
  readonly onCells: (kind: CellKind) => void;
}

/** The matrix, what its cells say, the worst error in words, and the examples of a cell. */
function createPicture({ texts, onSay, onExamples, onCells }: PictureOptions): Picture {
  const examples = createExamples({ texts, onSay, onAsk: onExamples });
  const matrix = createMatrix(texts, { onSay, onCell: (cell) => examples.choose(cell) });
  const labels: Readonly<Record<CellKind, string>> = {
    counts: texts.cellsCounts,
    row: texts.cellsRow,
    column: texts.cellsColumn,
    all: texts.cellsAll,
  };
  const kinds = createDropdown(texts.cells, (value) => onCells(cellKinds.find((kind) => kind === value) ?? 'counts'));
  const [worst, scores] = [element('p'), element('p', { class: 'dim' })];
  const words = element('div', { class: 'words' }, kinds.root, worst, scores, matrix.reading);
  let drawn: AnswerFacts | undefined;
  return {
    root: element('div', { class: 'picture' }, matrix.root, words, examples.root),
    receive: (answer) => examples.receive(answer),
    draw(answers, cells, theme) {
      kinds.update(
        cellKinds.map((kind) => ({ value: kind, label: labels[kind] })),
        cells,
      );
      if (JSON.stringify(drawn) !== JSON.stringify(answers)) examples.choose(undefined);
      drawn = answers;
      matrix.draw(answers, cells, { theme, chosen: examples.cell });
      setText(worst, wordsOfWorst(answers, texts));
      const { accuracy, macro } = reportClasses(countsOf(answers));
      const both = [fillIn(texts.accuracyOf, formatValue(accuracy)), fillIn(texts.macroF1Of, formatValue(macro.f1))];
      setText(scores, both.join(' · '));
    },
  };
}

function wordsOfWorst(answers: AnswerFacts, texts: AnswerTexts): string {
  const error = worstError(countsOf(answers));
  return error === undefined
    ? texts.noErrors
    : fillIn(texts.worstError, error.actual, error.predicted, formatCount(error.count), formatCount(error.of));
}
