import type { AnswerTexts } from '../../protocol/answers.ts';
import type { Localizer } from './texts.ts';

/** Of the card with a model's answers. */
export function answerTexts(l10n: Localizer): AnswerTexts {
  return { ...matrixTexts(l10n), ...curveTexts(l10n), ...calibrationTexts(l10n), ...reportTexts(l10n) };
}

function matrixTexts(l10n: Localizer) {
  return {
    confusion: l10n.t('confusion matrix'),
    ofSplit: l10n.t('{0} split'),
    worstError: l10n.t('{0} read as {1}: {2} of {3}'),
    noErrors: l10n.t('Not one error.'),
    accuracyOf: l10n.t('accuracy {0}'),
    macroF1Of: l10n.t('F1 macro {0}'),
    trueClass: l10n.t('true class'),
    predictedClass: l10n.t('predicted'),
    cellOf: l10n.t('true {0}, predicted {1}: {2} of {3}'),
    chooseCell: l10n.t('A cell shows its examples: click it, or press Enter on it.'),
    examplesOf: l10n.t('true {0}, predicted {1}'),
    examplesShown: l10n.t('{0} of {1} examples'),
    surestFirst: l10n.t('the surest first'),
    leastSureFirst: l10n.t('the least sure first'),
    readingExamples: l10n.t('Reading the data …'),
    exampleName: l10n.t('example {0} of the {1} split'),
    exampleAnswer: l10n.t('read as {0} with {1}'),
    cells: l10n.t('What a cell says'),
    cellsCounts: l10n.t('counts'),
    cellsRow: l10n.t('percent of the true class'),
    cellsColumn: l10n.t('percent of the prediction'),
    cellsAll: l10n.t('percent of all'),
  };
}

function curveTexts(l10n: Localizer) {
  return {
    curves: l10n.t('curves'),
    curvesName: l10n.t('Curves: ROC and precision–recall'),
    curvesTitle: l10n.t('ROC and precision–recall'),
    rocOf: l10n.t('ROC curve of {0} against the rest, area {1}'),
    recallOf: l10n.t('Precision–recall curve of {0} against the rest, average precision {1}'),
    falsePositives: l10n.t('false positive rate'),
    truePositives: l10n.t('true positive rate'),
    areaUnder: l10n.t('ROC area'),
    averagePrecision: l10n.t('average precision'),
    curveClass: l10n.t('Class that is told from the rest'),
    againstRest: l10n.t('against the rest'),
    threshold: l10n.t('threshold'),
    thresholdName: l10n.t('Threshold from which an example counts as of the class'),
    noThreshold: l10n.t('above all'),
    bestF1: l10n.t('best F1'),
    scoresAt: l10n.t('precision {0} · recall {1} · F1 {2}'),
    pointAt: l10n.t('{0}: {1}'),
    isClass: l10n.t('true {0}'),
    isOther: l10n.t('true others'),
    readAsClass: l10n.t('read as {0}'),
    readAsOther: l10n.t('as another'),
    noCurve: l10n.t('{0} has no curve: there is no example of it, or nothing but.'),
  };
}

function calibrationTexts(l10n: Localizer) {
  return {
    calibration: l10n.t('calibration'),
    calibrationName: l10n.t('Calibration: what probabilities are worth'),
    allClasses: l10n.t('all answers'),
    calibrationError: l10n.t('calibration error {0}, the mean distance from the diagonal'),
    tooSure: l10n.t('mean probability {0}, observed {1}: too sure'),
    tooUnsure: l10n.t('mean probability {0}, observed {1}: not sure enough'),
    probability: l10n.t('probability'),
    observed: l10n.t('observed'),
    partRight: l10n.t('right'),
    binMean: l10n.t('mean'),
  };
}

function reportTexts(l10n: Localizer) {
  return {
    report: l10n.t('report'),
    reportName: l10n.t('Class report: precision, recall and F1'),
    sortByColumn: l10n.t('Sort by {0}'),
    className: l10n.t('class'),
    precision: l10n.t('precision'),
    recall: l10n.t('recall'),
    f1: l10n.t('F1'),
    support: l10n.t('examples'),
    macroMean: l10n.t('macro mean'),
  };
}
