import type { ChartsWord } from '../../protocol/chartwords.ts';
import type { Localizer } from './texts.ts';

/** Words of the tab with charts of many runs. */
export function chartsTexts(l10n: Localizer): Readonly<Record<ChartsWord, string>> {
  return { ...listWords(l10n), ...barWords(l10n), ...menuWords(l10n), ...chartWords(l10n) };
}

function listWords(l10n: Localizer) {
  return {
    chartsTab: l10n.t('Charts'),
    chartsRuns: l10n.t('Runs of the charts'),
    chartsRunsHint: l10n.t(
      'Arrow keys walk, Space selects, with Shift what lies between; Enter opens a run, h takes it out of the charts or back, o leaves it alone there, p keeps it on top whatever the filter says.',
    ),
    chartsOn: l10n.t('Show {0} in the charts'),
    chartsOff: l10n.t('not in the charts'),
    chartsAll: l10n.t('Show all'),
    chartsPinned: l10n.t('pinned'),
  };
}

function barWords(l10n: Localizer) {
  return {
    chartsX: l10n.t('x'),
    chartsAxis: l10n.t('What lies on the x axis'),
    chartsStep: l10n.t('step'),
    chartsEpochAxis: l10n.t('epoch'),
    chartsRelative: l10n.t('time since start'),
    chartsWall: l10n.t('date and time'),
    chartsLogX: l10n.t('log x'),
    chartsLogXName: l10n.t('Logarithmic x axis'),
    chartsSmooth: l10n.t('smooth'),
    chartsSmoothing: l10n.t('Smoothing of all lines'),
    chartsSmoothingWeight: l10n.t('How much the past weighs'),
    chartsSmoothingAutomatic: l10n.t('automatic'),
    chartsSmoothingOff: l10n.t('off'),
    chartsExponential: l10n.t('exponential'),
    chartsGaussian: l10n.t('Gaussian'),
    chartsMean: l10n.t('running mean'),
    chartsGroup: l10n.t('mean by'),
    chartsGroupName: l10n.t('Runs of the same value are drawn as their mean'),
    chartsBand: l10n.t('band'),
    chartsBandName: l10n.t('What the band around a mean shows'),
    chartsRange: l10n.t('least to greatest'),
    chartsDeviation: l10n.t('standard deviation'),
    chartsError: l10n.t('standard error'),
    chartsConfidence: l10n.t('95 % interval'),
    chartsColour: l10n.t('colour by'),
    chartsColourName: l10n.t('By what runs are coloured'),
    chartsOwn: l10n.t('run'),
    chartsFacet: l10n.t('rows by'),
    chartsFacetName: l10n.t('A row of charts for each value'),
    chartsNone: l10n.t('none'),
    chartsColumns: l10n.t('columns'),
    chartsColumnsName: l10n.t('Charts beside each other'),
    chartsAutomatic: l10n.t('by room'),
    chartsClip: l10n.t('clip outliers'),
    chartsClipName: l10n.t('Outliers do not stretch the axes'),
    chartsMore: l10n.t('more'),
    chartsFind: l10n.t('find charts'),
    chartsFindName: l10n.t('Find charts by name: loss|acc, ^val_, val*loss'),
    chartsNoneFound: l10n.t('No chart has “{0}” in its name.'),
    chartsMoreName: l10n.t('More settings of the charts'),
    chartsAdd: l10n.t('add chart'),
    chartsWhole: l10n.t('whole range'),
    chartsHidden: l10n.t('show {0} hidden'),
  };
}

function menuWords(l10n: Localizer) {
  return {
    chartsMenu: l10n.t('Menu of {0}'),
    chartsLinear: l10n.t('Linear'),
    chartsLog: l10n.t('Logarithmic'),
    chartsSymlog: l10n.t('Logarithmic, both signs'),
    chartsTable: l10n.t('Table of numbers'),
    chartsWide: l10n.t('As wide as the page'),
    chartsClipOne: l10n.t('Clip outliers'),
    chartsExpression: l10n.t('Change what is drawn…'),
    chartsPinSelected: l10n.t('Pin the selected runs'),
    chartsUnpin: l10n.t('Unpin all runs'),
    chartsEarlier: l10n.t('Move before'),
    chartsLater: l10n.t('Move behind'),
    chartsCopy: l10n.t('Copy as Markdown'),
    chartsHide: l10n.t('Hide'),
    chartsRemove: l10n.t('Remove'),
    chartsExpressionName: l10n.t('Expression of metrics'),
    chartsExpressionHint: l10n.t('"val_loss" / "training_loss"'),
    chartsDraw: l10n.t('Draw'),
    chartsCancel: l10n.t('Cancel'),
    chartsUnknownMetric: l10n.t('No run has a metric "{0}".'),
    chartsNoMetric: l10n.t('A metric in quotation marks is needed, as "{0}".'),
  };
}

function chartWords(l10n: Localizer) {
  return {
    chartsOf: l10n.t('{0}. {1}'),
    chartsLines: l10n.t('{0} lines'),
    chartsOneLine: l10n.t('1 line'),
    chartsBestAt: l10n.t('best {0} at {1}'),
    chartsBestOf: l10n.t('best {0} at {1} · {2}'),
    chartsValidation: l10n.t('validation'),
    chartsTraining: l10n.t('training'),
    chartsBoth: l10n.t('validation, training dashed'),
    chartsBothDense: l10n.t('validation, training faint'),
    chartsByBatch: l10n.t('by batch'),
    chartsLogWord: l10n.t('log'),
    chartsSymlogWord: l10n.t('symlog'),
    chartsSmoothedBy: l10n.t('smoothed {0}'),
    chartsOutside: l10n.t('{0} values beyond the edges'),
    chartsAt: l10n.t('{0}: {1}'),
    chartsMoreRuns: l10n.t('{0} more'),
    chartsNoValue: l10n.t('nothing here'),
    chartsRead: l10n.t('{0} {1}'),
    chartsStepAt: l10n.t('step {0}'),
    chartsEpochAt: l10n.t('epoch {0}'),
    chartsAfter: l10n.t('{0} after the start'),
    chartsReading: l10n.t('Reading the points.'),
    chartsRecovering: l10n.t('Drawing broke off and begins anew: the points are read once more.'),
    chartsNoPoints: l10n.t('No run has a number here.'),
    chartsNoPositive: l10n.t('No value has a logarithm.'),
    chartsCrowd: l10n.t('{0} runs as lines, {1} more as an area between the least and the greatest.'),
    chartsLeft: l10n.t('{0} runs are not drawn: filter the runs or sort the table, its first ones are drawn.'),
    chartsRowsLeft: l10n.t('{0} more values have no row of charts: filter the runs.'),
    chartsNothing: l10n.t('Nothing was measured yet. Charts appear here with the first numbers.'),
    chartsAllOff: l10n.t('Every run is taken out of the charts.'),
    chartsProblem: l10n.t('{0}: {1}'),
    chartsProblems: l10n.t('{0} and {1} more'),
    chartsTableOf: l10n.t('Numbers of {0}'),
    chartsTableCut: l10n.t('The last {0} of {1} points, {2} of {3} lines. All are in the store.'),
    chartsFacetOf: l10n.t('{0} = {1}'),
    chartsWithout: l10n.t('without a value'),
    chartsGroupCount: l10n.t('{0} runs'),
  };
}
