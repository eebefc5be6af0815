// The door of classification: how good a model's answers are, from labels, answers and scores.
export { toClassified } from './classified.ts';
export { confusionRates, countConfusion, reportClasses, worstError } from './confusion.ts';
export { toAnswerFacts } from './facts.ts';
export { parsePredictions, shownSplit, type PredictedSplit } from './predictions.ts';
export { atPoint, pointAt, pointOfBestF1, type AtThreshold } from './thresholds.ts';
export { chooseExamples, type ChosenExamples } from './examples.ts';
export { toPixels, type Numbers, type Pixels } from './pixels.ts';
