import { chooseExamples, shownSplit, type ChosenExamples } from '../../core/classification/classification.ts';
import { findNearest } from '../../core/names/names.ts';
import { badInput, unknownName } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { RunStore } from '../tracking/tracking.ts';
import { readPredictions } from './answers.ts';

/** A cell of the confusion matrix, by the names of its classes. */
export interface CellChoice {
  readonly actual: string;
  readonly predicted: string;
}

/** Throws `bad-input` for a run without answers, `unknown-name` for a class that they do not have. */
export async function chooseFromRun(
  store: Pick<RunStore, 'readArtifact'>,
  { runId, name }: Pick<RunSummary, 'runId' | 'name'>,
  choice: CellChoice & { readonly most: number },
): Promise<ChosenExamples> {
  const splits = await readPredictions(store, runId);
  const classes = shownSplit(splits ?? [])?.examples.classes;
  if (splits === undefined || classes === undefined)
    throw badInput(`The run ${name} has left no predictions.csv with classes: a training leaves one when it ends.`);
  const chosen = chooseExamples(splits, choice);
  if (chosen !== undefined) return chosen;
  const wrong = classes.includes(choice.actual) ? choice.predicted : choice.actual;
  throw unknownName('class', wrong, findNearest(wrong, classes));
}
