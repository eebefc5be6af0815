import type { RelationsText } from '../../protocol/relationstexts.ts';
import type { Localizer } from './texts.ts';

/** Words of the tab Parameters of the page of runs. */
export function relationsTexts(l10n: Localizer): Readonly<Record<RelationsText, string>> {
  return { ...barTexts(l10n), ...axisTexts(l10n), ...plotTexts(l10n) };
}

function barTexts(l10n: Localizer) {
  return {
    relationsTab: l10n.t('Parameters'),
    kinds: l10n.t('Kind of chart'),
    parallelKind: l10n.t('Parallel'),
    colourBy: l10n.t('Colour by'),
    colourAutomatic: l10n.t('automatic'),
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
      'Up and Down brush and move the brush, with Shift its upper edge, with Control its lower edge. N makes another brush, B goes to the next one, Delete clears it, Escape clears all. Left and Right go to the next axis, with Alt they move it. R reverses, L changes to a log scale.',
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
    noRelations: l10n.t('No run that is shown has params or metrics to compare.'),
    noAxes: l10n.t('No axis is chosen.'),
    showTable: l10n.t('Show the table'),
  };
}
