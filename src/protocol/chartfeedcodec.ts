import { chartFeedVersion, type ChartFeedQuestion, type SeriesMessage } from './chartfeed.ts';
import {
  ascendingSteps,
  count,
  finite,
  flag,
  isRecord,
  listOf,
  orNull,
  pairOf,
  parserOf,
  shaped,
  text,
  type Check,
  type Shapes,
} from './shapes.ts';

// Parsers of what the page of runs and the extension tell each other about points. Both sides take them over beside the parsers of the
// rest (`runtablecodec.ts`).

/** Steps are finite and never descend: whatever draws them relies on it. */
const points: Check = (value) => {
  if (!isRecord(value)) return false;
  const { steps, values, times } = value;
  return (
    ascendingSteps(steps) &&
    [values, times].every(
      (column) => column instanceof Float64Array && column.length === (steps as Float64Array).length,
    )
  );
};
const place = shaped({ runId: text, metric: text, from: count });
const series = listOf((value) => place(value) && points(value));
const event = shaped({ time: finite, step: orNull(finite), kind: text, text });
const problem = shaped({ runId: text, metric: text, message: text });

/** Rows of the page's questions, for the table of all that it asks. */
export const chartFeedQuestions: Shapes<ChartFeedQuestion> = {
  watch: {
    watch: count,
    restart: flag,
    wanted: shaped({ runIds: listOf(text), metrics: listOf(text), events: flag }),
  },
  watched: { watch: count, sequence: count },
};

const seriesMessages: Shapes<SeriesMessage> = {
  series: {
    protocol: (value) => value === chartFeedVersion,
    watch: count,
    sequence: count,
    series,
    events: listOf(pairOf(text, event)),
    problems: listOf(problem),
    isWhole: flag,
  },
};

export const parseSeriesMessage: (value: unknown) => SeriesMessage | undefined = parserOf(seriesMessages);
