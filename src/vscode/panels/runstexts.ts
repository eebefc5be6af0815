import type { RunsTexts } from '../../protocol/runtable.ts';
import { chartsTexts } from './chartstexts.ts';
import { plotsTexts } from './plotstexts.ts';
import { pictureTexts } from './picturetexts.ts';
import { relationsTexts } from './relationstexts.ts';
import type { Localizer } from './texts.ts';

export function runsTexts(l10n: Localizer): RunsTexts {
  return {
    ...chartsTexts(l10n),
    ...pageTexts(l10n),
    ...columnTexts(l10n),
    ...lineTexts(l10n),
    ...relationsTexts(l10n),
    ...plotsTexts(l10n),
    ...pictureTexts(l10n),
  };
}

function pageTexts(l10n: Localizer) {
  return {
    title: l10n.t('Runs'),
    tabs: l10n.t('Ways to look at the runs'),
    tableTab: l10n.t('Table'),
    filter: l10n.t('Filter'),
    filterHint: l10n.t('val_loss < 0.3 and model = cnnbased and status = FINISHED'),
    group: l10n.t('Group by'),
    noGroup: l10n.t('none'),
    columns: l10n.t('Columns'),
    findColumn: l10n.t('Find a column'),
    automatic: l10n.t('Choose for me'),
    pin: l10n.t('Pin {0}'),
    moveUp: l10n.t('Move {0} to the left'),
    moveDown: l10n.t('Move {0} to the right'),
    close: l10n.t('Close'),
    view: l10n.t('View'),
    noView: l10n.t('my own'),
    unsaved: l10n.t('{0}, changed'),
    brokenView: l10n.t('{0}, broken'),
    save: l10n.t('Save'),
    saveAs: l10n.t('Save as…'),
    deleteView: l10n.t('Delete view'),
    openView: l10n.t('Open file'),
    showHidden: l10n.t('Show hidden'),
    copy: l10n.t('Copy as'),
    export: l10n.t('Export'),
    exportReport: l10n.t('Report…'),
    exportSummary: l10n.t('Report as Markdown'),
    exportPng: l10n.t('PNG…'),
    exportSvg: l10n.t('SVG…'),
    exportCsv: l10n.t('Points…'),
    exportNothing: l10n.t('There is no chart to be exported.'),
    csv: l10n.t('CSV'),
    markdown: l10n.t('Markdown'),
    json: l10n.t('JSON'),
    shown: l10n.t('{0} runs'),
    shownOne: l10n.t('1 run'),
    shownOf: l10n.t('{0} of {1} runs'),
    selected: l10n.t('{0} selected'),
    hiddenRuns: l10n.t('{0} hidden'),
    unreadable: l10n.t('{0} can’t be read'),
    judgedBy: l10n.t('best: {0}'),
    loading: l10n.t('Reading the runs.'),
    empty: l10n.t('Nothing has been trained yet. Runs appear here as they start.'),
    nothingFits: l10n.t('No run fits the filter.'),
    clearFilter: l10n.t('Clear filter'),
    noConnection: l10n.t('The editor does not answer.'),
    retry: l10n.t('Try again'),
    ignored: l10n.t('The page and the editor do not fit together. Reload the window.'),
  };
}

function columnTexts(l10n: Localizer) {
  return {
    name: l10n.t('run'),
    status: l10n.t('state'),
    experiment: l10n.t('experiment'),
    store: l10n.t('store'),
    start: l10n.t('started'),
    duration: l10n.t('took'),
    model: l10n.t('model'),
    user: l10n.t('user'),
    commit: l10n.t('commit'),
    branch: l10n.t('branch'),
    note: l10n.t('note'),
    runId: l10n.t('run id'),
    last: l10n.t('last'),
    min: l10n.t('least'),
    max: l10n.t('greatest'),
    metrics: l10n.t('Metrics'),
    params: l10n.t('Parameters'),
    tags: l10n.t('Tags'),
    attributes: l10n.t('Run'),
  };
}

function lineTexts(l10n: Localizer) {
  return {
    gridOf: l10n.t('{0} runs'),
    gridHint: l10n.t(
      'Arrow keys walk, Space selects, Enter opens a run, → and ← open and close what is below it. On a head Enter sorts, with Shift by one more key; Alt and arrows move the column, Shift and arrows make it narrower and wider.',
    ),
    groupOf: l10n.t('{0} runs'),
    groupOfOne: l10n.t('1 run'),
    noValue: l10n.t('without a value'),
    meanAndDeviation: l10n.t('mean {0} ± {1} of {2}'),
    bestAt: l10n.t('best {0} at {1}'),
    lastAt: l10n.t('last {0} at {1}'),
    starred: l10n.t('starred'),
    star: l10n.t('Star {0}'),
    hidden: l10n.t('hidden'),
    children: l10n.t('{0} below'),
    running: l10n.t('running'),
    epochOf: l10n.t('epoch {0}/{1}'),
    epoch: l10n.t('epoch {0}'),
    paused: l10n.t('paused'),
    scheduled: l10n.t('scheduled'),
    succeeded: l10n.t('succeeded'),
    failed: l10n.t('failed'),
    stopped: l10n.t('stopped'),
    lost: l10n.t('lost'),
  };
}
