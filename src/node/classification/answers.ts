import { parsePredictions, toAnswerFacts, type PredictedSplit } from '../../core/classification/classification.ts';
import type { AnswerFacts } from '../../protocol/answers.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import type { RunStore } from '../tracking/tracking.ts';

/** Where a training leaves its predictions, and where a script of the user's own may. */
const places = ['model/predictions.csv', 'predictions.csv'];
/** Some hundred thousand examples; a longer file is not worth the wait for a page. */
const MOST_BYTES = 16 << 20;

/**
 * How good the answers of a run that has ended are, from its artifact `predictions.csv`; null without one, where its artifacts are out of reach, and where it has no classes: the run is shown all the same.
 */
export async function readAnswers(
  store: Pick<RunStore, 'readArtifact'>,
  { runId, status }: Pick<RunSummary, 'runId' | 'status'>,
): Promise<AnswerFacts | null> {
  if (status === 'RUNNING' || status === 'SCHEDULED') return null;
  const splits = await readPredictions(store, runId);
  return splits === undefined ? null : toAnswerFacts(splits);
}

/** What the model of a run made of each split; undefined without a `predictions.csv` that can be read whole. */
export async function readPredictions(
  store: Pick<RunStore, 'readArtifact'>,
  runId: string,
): Promise<readonly PredictedSplit[] | undefined> {
  for (const place of places) {
    const text = await readText(store, runId, place);
    if (text !== undefined) return parsePredictions(text, place).value ?? [];
  }
  return undefined;
}

async function readText(
  store: Pick<RunStore, 'readArtifact'>,
  runId: string,
  place: string,
): Promise<string | undefined> {
  try {
    const { bytes, isWhole } = await store.readArtifact(runId, place, { limit: MOST_BYTES });
    return isWhole ? Buffer.from(bytes).toString() : undefined;
  } catch (error) {
    if (error instanceof ExpectedError) return undefined;
    throw error;
  }
}
