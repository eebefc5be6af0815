// How good a model's answers are, as the engine counts it and the run page draws it: a few thousand numbers, however many examples there were.

/** How a model's answers fit the labels of one split. Classes are told by their index. */
export interface AnswerFacts {
  readonly split: string;
  readonly classes: readonly string[];
  /** Examples of class r that were taken for class c, at r × classes + c. */
  readonly counts: readonly number[];
  /** One for each class against the rest; empty where the model gave no probabilities. */
  readonly curves: readonly CurveFacts[];
  /** Of the answers that were given, whatever their class; null where the model gave none between 0 and 1. */
  readonly calibration: CalibrationFacts | null;
}

/** One class against all others, by the threshold from which on an example counts as of the class. */
export interface CurveFacts {
  readonly positives: number;
  readonly negatives: number;
  /** Under the ROC curve; null for a class of which there is no example, or nothing but. */
  readonly area: number | null;
  /** Null for a class of which there is no example. */
  readonly averagePrecision: number | null;
  /** In descending order of threshold: how many examples lie there or above, rightly (hits) and wrongly (alarms). The last has all. */
  readonly points: readonly CurvePoint[];
  readonly calibration: CalibrationFacts;
}

export type CurvePoint = readonly [threshold: number, hits: number, alarms: number];

/** What probabilities are worth: bins of equal width over 0 … 1. */
export interface CalibrationFacts {
  readonly bins: readonly CalibrationBinFacts[];
  /** Mean difference of both, by count; null without examples. */
  readonly error: number | null;
}

/** Mean probability, and the part that was right; both 0 in an empty bin. */
export type CalibrationBinFacts = readonly [count: number, predicted: number, observed: number];

/** Examples of one cell of the confusion matrix. */
export interface CellExamples {
  readonly split: string;
  /** All of the cell, of which `examples` are the first. */
  readonly total: number;
  readonly examples: readonly CellExample[];
  /** Why they have no pictures or values, or what is to be known of them; null for nothing. */
  readonly note: string | null;
}

export interface CellExample {
  /** In the split, from 0. */
  readonly number: number;
  /** Of the class that was given; null where the model gave none. */
  readonly probability: number | null;
  /** What the model was given, made small: row by row, a byte for each channel. */
  readonly picture: {
    readonly width: number;
    readonly height: number;
    readonly channels: 1 | 3;
    readonly pixels: Uint8Array;
  } | null;
  /** The first numbers of an example that is no picture. */
  readonly values: Float64Array;
}

/** Words of the card with the answers. */
export type AnswerTexts = Readonly<
  Record<
    | 'confusion'
    | 'ofSplit'
    | 'worstError'
    | 'noErrors'
    | 'accuracyOf'
    | 'macroF1Of'
    | 'trueClass'
    | 'predictedClass'
    | 'cellOf'
    | 'chooseCell'
    | 'examplesOf'
    | 'examplesShown'
    | 'surestFirst'
    | 'leastSureFirst'
    | 'readingExamples'
    | 'exampleName'
    | 'exampleAnswer'
    | 'cells'
    | 'cellsCounts'
    | 'cellsRow'
    | 'cellsColumn'
    | 'cellsAll'
    | 'curves'
    | 'curvesName'
    | 'curvesTitle'
    | 'rocOf'
    | 'recallOf'
    | 'falsePositives'
    | 'truePositives'
    | 'areaUnder'
    | 'averagePrecision'
    | 'curveClass'
    | 'againstRest'
    | 'threshold'
    | 'thresholdName'
    | 'noThreshold'
    | 'bestF1'
    | 'scoresAt'
    | 'pointAt'
    | 'isClass'
    | 'isOther'
    | 'readAsClass'
    | 'readAsOther'
    | 'noCurve'
    | 'calibration'
    | 'calibrationName'
    | 'allClasses'
    | 'calibrationError'
    | 'tooSure'
    | 'tooUnsure'
    | 'probability'
    | 'observed'
    | 'partRight'
    | 'binMean'
    | 'report'
    | 'reportName'
    | 'sortByColumn'
    | 'className'
    | 'precision'
    | 'recall'
    | 'f1'
    | 'support'
    | 'macroMean',
    string
  >
>;
