import type { PlotsWord } from '../../protocol/plotswords.ts';
import type { Localizer } from './texts.ts';

/** Words of the tab Plots. */
export function plotsTexts(l10n: Localizer): Readonly<Record<PlotsWord, string>> {
  return {
    plotsTab: l10n.t('Plots'),
    plotsReading: l10n.t('Reading the plots.'),
    plotsNone: l10n.t(
      'There are no plots in this project. Name files in the section “plots” of dvc.yaml, or in a stage, and they are drawn here.',
    ),
    plotsAgain: l10n.t('Read again'),
    plotsWorkTree: l10n.t('work tree'),
    plotsMany: l10n.t('the first {0} of {1} selected commits'),
    plotsProblems: l10n.t('{0} that can’t be read'),
    plotsSmooth: l10n.t('smooth'),
    plotsSmoothName: l10n.t('Strength of smoothing'),
    plotsTable: l10n.t('table'),
    plotsTableOf: l10n.t('Numbers of {0}'),
    plotsFigure: l10n.t('{0}: {1}. Arrow keys read it.'),
    plotsAgainst: l10n.t('{0} by {1}'),
    plotsEmpty: l10n.t('It has no rows in these revisions.'),
    plotsLeft: l10n.t('{0} rows are left out'),
    plotsCell: l10n.t('{0}: true {1}, predicted {2}: {3}'),
    plotsActual: l10n.t('true'),
    plotsPredicted: l10n.t('predicted'),
    plotsShare: l10n.t('share of what was predicted'),
    plotsManyClasses: l10n.t('It has {0} classes; matrices of up to {1} are drawn.'),
    plotsTruth: l10n.t('{0} of {1} right'),
    plotsTrust: l10n.t('Trust this folder to draw plots with its own templates.'),
    plotsRefused: l10n.t('Plots load nothing from elsewhere: {0} was left out.'),
    plotsBroken: l10n.t('The template can’t be drawn: {0}'),
    plotsDrawing: l10n.t('Drawing.'),
    plotsSlow: l10n.t('The template was not drawn within {0} s, and was stopped.'),
    plotsPatience: l10n.t('Give It a Minute'),
    plotsStill: l10n.t('It is drawn as a picture: selections by the mouse and what moves by itself are left out.'),
    plotsBadPicture: l10n.t('This is no picture that can be shown.'),
    plotsPictureOf: l10n.t('{0} of {1}'),
    plotsRows: l10n.t('{0} rows'),
    plotsPoints: l10n.t('{0} points'),
  };
}
