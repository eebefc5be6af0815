import type { AnswerFacts, RocFacts } from '../../protocol/charts.ts';
import type { Classified } from './classified.ts';
import { countConfusion } from './confusion.ts';
import { rocCurve, scoreOneClass } from './curves.ts';
import type { PredictedSplit } from './predictions.ts';

/** A matrix of more classes is no picture any more. */
const mostClasses = 100;
/** More points of a curve are not seen on a card. */
const mostPoints = 100;

/** What a page draws of a model's answers: of the test split, else of the last one that has classes; null when none has, or too many. */
export function toAnswerFacts(splits: readonly PredictedSplit[]): AnswerFacts | null {
  const known = splits.filter((split) => split.kind === 'classes');
  const shown = known.find(({ name }) => name === 'test') ?? known.at(-1);
  if (shown === undefined || shown.examples.classes.length > mostClasses) return null;
  const { name, examples } = shown;
  return {
    split: name,
    classes: examples.classes,
    counts: [...countConfusion(examples).counts],
    curves: examples.classes.flatMap((_, index) => curveOf(examples, index) ?? []),
  };
}

function curveOf(examples: Classified, index: number): RocFacts | undefined {
  const scored = scoreOneClass(examples, index);
  if (scored === undefined) return undefined;
  const { area, falsePositiveRate, truePositiveRate } = rocCurve(scored);
  if (Number.isNaN(area)) return { area: null, points: [] };
  const last = falsePositiveRate.length - 1;
  const count = Math.min(last, mostPoints);
  const kept = Array.from({ length: count + 1 }, (_, i) => Math.round((i * last) / count));
  return { area, points: kept.map((i) => [falsePositiveRate[i] ?? 0, truePositiveRate[i] ?? 0]) };
}
