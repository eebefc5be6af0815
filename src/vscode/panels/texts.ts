import type { PredictTexts, RunTexts } from '../../protocol/charts.ts';
import type { DagTexts } from '../../protocol/dag.ts';
import { histogramTexts } from './histogramtexts.ts';
import { pictureTexts } from './picturetexts.ts';
import { answerTexts } from './answertexts.ts';

/** The part of `vscode.l10n` that is used here; tests give their own. */
export interface Localizer {
  t(message: string): string;
}

export function runTexts(l10n: Localizer): RunTexts {
  return {
    chooseRun: l10n.t('Run'),
    running: l10n.t('running'),
    paused: l10n.t('paused'),
    scheduled: l10n.t('scheduled'),
    succeeded: l10n.t('succeeded'),
    failed: l10n.t('failed'),
    stopped: l10n.t('stopped'),
    lost: l10n.t('lost: its process is gone'),
    epochOf: l10n.t('epoch {0}/{1}'),
    epoch: l10n.t('epoch {0}'),
    step: l10n.t('batch {0}'),
    throughput: l10n.t('{0} examples/s'),
    duration: l10n.t('took {0}'),
    stop: l10n.t('Stop'),
    stopping: l10n.t('Stopping'),
    steering: l10n.t('Steering'),
    pause: l10n.t('Pause'),
    resume: l10n.t('Resume'),
    learningRate: l10n.t('Learning rate'),
    setLearningRate: l10n.t('Set'),
    wrongLearningRate: l10n.t('A number greater than 0'),
    snapshot: l10n.t('Keep snapshot'),
    stopAfterEpoch: l10n.t('Stop after epoch'),
    stopAtBest: l10n.t('Stop at best'),
    ...sweepTexts(l10n),
    ...tabTexts(l10n),
    openLog: l10n.t('Open log'),
    details: l10n.t('Details'),
    resetZoom: l10n.t('Whole run'),
    validationAndTraining: l10n.t('validation, training dashed'),
    validation: l10n.t('validation'),
    training: l10n.t('training'),
    byBatch: l10n.t('by batch'),
    byBatchSmoothed: l10n.t('by batch, smoothed'),
    ...answerTexts(l10n),
    ...pictureTexts(l10n),
    ...histogramTexts(l10n),
    ...smoothingTexts(l10n),
    epochs: l10n.t('epoch'),
    batches: l10n.t('batch'),
    experiment: l10n.t('experiment'),
    log: l10n.t('log'),
    logScale: l10n.t('Log scale of {0}'),
    table: l10n.t('table'),
    tableOf: l10n.t('Table of {0}'),
    chartOf: l10n.t('Chart of {0}: {1}. Arrow keys move the cursor.'),
    lastValue: l10n.t('{0} {1}'),
    bestAt: l10n.t('best {0} at {1}'),
    bestOf: l10n.t('best {0} {1} at {2}'),
    noValue: l10n.t('no value'),
    onlyLast: l10n.t('The last {0} of {1} points.'),
    testSplit: l10n.t('Test split'),
    parameters: l10n.t('Parameters'),
    noParameters: l10n.t('This run has no parameters.'),
    runDetails: l10n.t('Run'),
    events: l10n.t('Events'),
    loading: l10n.t('Reading the run.'),
    waiting: l10n.t('The first epoch is not over yet. Its points appear here as they come.'),
    nothingMeasured: l10n.t('This run measured nothing.'),
    noConnection: l10n.t('The editor does not answer.'),
    retry: l10n.t('Try again'),
    ignored: l10n.t('The page and the editor do not fit together. Reload the window.'),
  };
}

function tabTexts(l10n: Localizer) {
  return {
    charts: l10n.t('Charts'),
    overview: l10n.t('Overview'),
    artifacts: l10n.t('Artifacts'),
    note: l10n.t('Note'),
    noNote: l10n.t('No note'),
    saveNote: l10n.t('Save note'),
    discard: l10n.t('Discard'),
    metrics: l10n.t('Metrics'),
    metric: l10n.t('metric'),
    course: l10n.t('course'),
    last: l10n.t('last'),
    valueAt: l10n.t('{0} at {1}'),
    openConfig: l10n.t('Open config at {0}'),
    datasets: l10n.t('Data sets and inputs'),
    tags: l10n.t('Tags'),
    noTags: l10n.t('This run has no tags.'),
    noArtifacts: l10n.t('This run has left no artifacts.'),
    readingArtifacts: l10n.t('Reading …'),
    chooseArtifact: l10n.t('Choose an artifact to see it here.'),
    openInEditor: l10n.t('Open in editor'),
    artifactText: l10n.t('text'),
    artifactTextOf: l10n.t('Text of {0}'),
    onlyBeginning: l10n.t('Only its beginning is shown here.'),
    onlyRows: l10n.t('The first {0} rows.'),
    tooLarge: l10n.t('The picture is too large for this page.'),
    noText: l10n.t('This is neither a text nor a picture that can be shown here.'),
  };
}

function sweepTexts(l10n: Localizer) {
  return {
    allTrials: l10n.t('All trials'),
    trials: l10n.t('Trials'),
    trialsEnded: l10n.t('trials ended'),
    afterTrials: l10n.t('after {0} trials'),
    trialNumber: l10n.t('trial'),
    runName: l10n.t('run'),
    state: l10n.t('state'),
    took: l10n.t('took'),
    best: l10n.t('best'),
    sortBy: l10n.t('Sort by {0}'),
    firstTrials: l10n.t('The first {0} of {1} trials.'),
    trialsDone: l10n.t('{0}/{1} trials'),
    trialsOf: l10n.t('{0} trials'),
    bestTrial: l10n.t('best {0} {1}, {2}'),
    bestSoFar: l10n.t('best so far'),
    waitingForTrial: l10n.t('No trial has ended yet. Their best value is drawn here as they do.'),
  };
}

function smoothingTexts(l10n: Localizer) {
  return {
    raw: l10n.t('raw'),
    rawOf: l10n.t('{0}, raw'),
    smoothed: l10n.t('smoothed'),
    smoothedBy: l10n.t('smoothed {0}'),
    smooth: l10n.t('smooth'),
    smoothing: l10n.t('Smoothing of all charts'),
    smoothingWeight: l10n.t('Strength of the smoothing'),
    smoothingAutomatic: l10n.t('automatic'),
    smoothingOff: l10n.t('off'),
    smoothingExponential: l10n.t('exponential'),
    smoothingGaussian: l10n.t('Gaussian'),
    smoothingMean: l10n.t('running mean'),
  };
}

export function predictTexts(l10n: Localizer): PredictTexts {
  return {
    title: l10n.t('Predictions of {0}'),
    chooseImages: l10n.t('Choose images'),
    loading: l10n.t('The model looks at the images.'),
    empty: l10n.t('No image has been chosen yet.'),
    retry: l10n.t('Try again'),
    noPicture: l10n.t('The picture can’t be shown.'),
    probabilitiesOf: l10n.t('Probabilities of {0}'),
    noProbabilities: l10n.t('This model gives no probabilities.'),
    more: l10n.t('{0} more, below {1}'),
    ignored: l10n.t('The page and the editor do not fit together. Reload the window.'),
  };
}

export function dagTexts(l10n: Localizer): DagTexts {
  return {
    title: l10n.t('Pipeline'),
    stages: l10n.t('{0} stages'),
    oneStage: l10n.t('1 stage'),
    hint: l10n.t('A click on a stage shows its code. Arrow keys walk, + and − zoom, 0 shows the whole graph.'),
    graphOf: l10n.t('Graph of {0} stages. On a stage the arrow keys follow what it needs and what needs it.'),
    members: l10n.t('{0}, group of {1} stages'),
    needs: l10n.t('needs {0}'),
    needsNothing: l10n.t('needs no other stage'),
    neededBy: l10n.t('needed by {0}'),
    neededByNone: l10n.t('needed by no other stage'),
    collapsed: l10n.t('{0} is one box'),
    expanded: l10n.t('{0} shows its stages'),
    expand: l10n.t('Expand {0}'),
    collapse: l10n.t('Collapse {0}'),
    expandAll: l10n.t('Expand all'),
    collapseAll: l10n.t('Collapse all'),
    open: l10n.t('Show code'),
    run: l10n.t('Run stage'),
    runDownstream: l10n.t('Run with downstream'),
    zoomIn: l10n.t('Zoom in'),
    zoomOut: l10n.t('Zoom out'),
    zoomFit: l10n.t('Whole graph'),
    zoomLevel: l10n.t('{0} %'),
    loading: l10n.t('Reading the pipeline.'),
    noConnection: l10n.t('The editor does not answer.'),
    retry: l10n.t('Try again'),
    addStage: l10n.t('Add stage'),
    ignored: l10n.t('The page and the editor do not fit together. Reload the window.'),
  };
}
