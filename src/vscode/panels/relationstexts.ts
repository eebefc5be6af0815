import type { RelationsText } from '../../protocol/relationstexts.ts';
import type { Localizer } from './texts.ts';

/** Words of the tab Parameters of the page of runs. */
export function relationsTexts(l10n: Localizer): Readonly<Record<RelationsText, string>> {
  return { ...barTexts(l10n), ...axisTexts(l10n), ...plotTexts(l10n), ...groupTexts(l10n), ...importanceTexts(l10n) };
}

function barTexts(l10n: Localizer) {
  return {
    relationsTab: l10n.t('Parameters'),
    kinds: l10n.t('Kind of chart'),
    parallelKind: l10n.t('Parallel'),
    colourBy: l10n.t('Colour by'),
    colourAutomatic: l10n.t('auto'),
    axes: l10n.t('Axes'),
    inBrush: l10n.t('{0} of {1} in the brush'),
    selectedOf: l10n.t('{0} of {1} selected'),
    runsOf: l10n.t('{0} runs'),
    clearBrush: l10n.t('Clear brush'),
    numbers: l10n.t('Numbers'),
    moreRows: l10n.t('{0} more runs are not listed; the table of runs has them all.'),
  };
}

function axisTexts(l10n: Localizer) {
  return {
    logAxis: l10n.t('log'),
    reverseAxis: l10n.t('Reverse {0}'),
    axisHint: l10n.t(
      'Up and Down brush and move the brush, with Shift its upper edge, with Control its lower edge. N makes another brush, B goes to the next one, Delete clears it, Escape clears all. Left and Right go to the next axis, with Alt they move it. M brushes runs without a value. R reverses, L changes to a log scale.',
    ),
    axisPlain: l10n.t('nothing brushed'),
    axisBrushed: l10n.t('{0}: {1}'),
    between: l10n.t('{0} to {1}'),
    axisMoved: l10n.t('{0} is axis {1} of {2}'),
    axisReversed: l10n.t('{0}, reversed'),
    axisScale: l10n.t('{0}: {1} scale'),
  };
}

function plotTexts(l10n: Localizer) {
  return {
    withoutNumber: l10n.t('none'),
    parallelOf: l10n.t('Parallel coordinates of {0} runs: {1}'),
    plotHint: l10n.t('Up and Down walk the runs, Space selects one, Enter opens it.'),
    columnHint: l10n.t(
      'Arrow keys brush and move the brush, with Shift its upper edge, with Control its lower edge. Delete clears it, Escape clears all. R reverses, L changes to a log scale.',
    ),
    scatterKind: l10n.t('Scatter'),
    scatterOf: l10n.t('Scatter plot of {0} runs: {1} over {2}'),
    matrixKind: l10n.t('Matrix'),
    matrixOf: l10n.t('Scatter plots of {0} runs, each column over each: {1}'),
    noRelations: l10n.t('No run that is shown has params or metrics to compare.'),
    noAxes: l10n.t('No axis is chosen.'),
    showTable: l10n.t('Show the table'),
  };
}

function groupTexts(l10n: Localizer) {
  return {
    barsKind: l10n.t('Bars'),
    boxesKind: l10n.t('Boxes'),
    metricOf: l10n.t('Metric'),
    groupedBy: l10n.t('by'),
    bandOf: l10n.t('Band'),
    bandRange: l10n.t('least to greatest'),
    bandDeviation: l10n.t('standard deviation'),
    bandError: l10n.t('standard error'),
    bandConfidence: l10n.t('95 % of the mean'),
    groupsOf: l10n.t('{0} by {1}: {2} groups'),
    groupHint: l10n.t('Up and Down walk the groups, Enter or Space selects the runs of one.'),
    groupTold: l10n.t('{0}: mean {1}, {2} to {3}, runs: {4}'),
    boxTold: l10n.t('{0}: median {1}, quartiles {2} to {3}, runs: {4}, outliers: {5}'),
    groupName: l10n.t('group'),
    groupRuns: l10n.t('n'),
    meanOf: l10n.t('mean'),
    bandLow: l10n.t('from'),
    bandHigh: l10n.t('to'),
    medianOf: l10n.t('median'),
    quartiles: l10n.t('quartiles'),
    whiskers: l10n.t('whiskers'),
    outliersOf: l10n.t('outliers'),
    moreGroups: l10n.t('{0} more groups, of fewer runs, are not shown.'),
    noGroups: l10n.t('No run has both a number for {0} and a value for {1}.'),
  };
}

function importanceTexts(l10n: Localizer) {
  return {
    importanceKind: l10n.t('Importance'),
    importanceMethod: l10n.t(
      'Permutation importance: a random forest of 80 trees learns the rank of {0} from the params of {1} runs. A param is worth what the error grows on runs that a tree has not seen once its values are exchanged among them; all of them together are 100 %.',
    ),
    importanceExplained: l10n.t('The forest explains {0} of the differences between runs it has not seen.'),
    importanceWeak: l10n.t('That is little: the shares say next to nothing.'),
    importanceShare: l10n.t('importance'),
    correlation: l10n.t('rank correlation'),
    growsWith: l10n.t('{0}, grows with it'),
    fallsWith: l10n.t('{0}, falls with it'),
    noCorrelation: l10n.t('{0}, neither'),
    ofCategories: l10n.t('categories have none'),
    tooFewRuns: l10n.t('Importance needs at least {0} runs with a number for {1}; there are {2}.'),
    nothingVaries: l10n.t('Nothing varies: the runs have the same params, or the same {0}.'),
    importanceBusy: l10n.t('Looking at the runs.'),
    paramName: l10n.t('param'),
  };
}
