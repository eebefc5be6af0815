import { answerFacts, cellExamples } from './answercodec.ts';
import {
  chartProtocolVersion,
  type FromPredictPage,
  type FromRunPage,
  type Steered,
  type StopRefused,
  type ToPredictPage,
  type ToRunPage,
} from './charts.ts';
import { pictureAnswers, pictureQuestions } from './picturescodec.ts';
import type { RunPageAnswer } from './runpage.ts';
import { parseSteering } from './steering.ts';
import {
  ascendingSteps,
  count,
  finite,
  flag,
  isRecord,
  listOf,
  oneOf,
  optional,
  orNull,
  pairOf,
  parserOf,
  shaped,
  text,
  type Check,
  type Shapes,
} from './shapes.ts';

// Parsers of the messages between the extension and its pages: `undefined` means "not a message of this version".

const currentProtocol: Check = (value) => value === chartProtocolVersion;
const bytes: Check = (value) => value instanceof Uint8Array;

const points: Check = (value) => {
  if (!isRecord(value)) return false;
  const { steps, values } = value;
  return ascendingSteps(steps) && values instanceof Float64Array && (steps as Float64Array).length === values.length;
};

const namedTexts = listOf(pairOf(text, text));
const status = oneOf('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED');
const objective = shaped({ metric: text, direction: oneOf('minimize', 'maximize') });
const trial = shaped({
  runId: text,
  name: text,
  number: count,
  status,
  lost: flag,
  paused: flag,
  reason: orNull(text),
  value: orNull(finite),
  epoch: count,
  seconds: orNull(finite),
  values: listOf(text),
});
const sweep = shaped({
  objective,
  planned: count,
  done: count,
  keys: listOf(text),
  trials: listOf(trial),
  best: orNull(text),
});
const run = shaped({
  runId: text,
  name: text,
  model: orNull(text),
  experiment: text,
  status,
  lost: flag,
  paused: flag,
  reason: orNull(text),
  startTime: finite,
  endTime: orNull(finite),
  epochs: orNull(count),
  examplesPerSecond: orNull(finite),
  objective: orNull(objective),
  params: namedTexts,
  details: namedTexts,
  parent: orNull(text),
  sweep: orNull(sweep),
  answers: orNull(answerFacts),
});
const oneSeries: Check = (value) => shaped({ name: text, from: count })(value) && points(value);
const series = listOf(oneSeries);
const wholeSeries = listOf((value) => oneSeries(value) && (value as { from: number }).from === 0);
const events = listOf(shaped({ time: finite, step: orNull(finite), kind: text, text }));
const runs = listOf(shaped({ runId: text, name: text, status, lost: flag, startTime: finite }));
const notice = shaped({ kind: oneOf('loading', 'empty', 'broken'), text, action: oneOf('none', 'retry') });
const numbered = { protocol: currentProtocol, sequence: count };
const probability: Check = (value) => finite(value) && (value as number) >= 0 && (value as number) <= 1;

const about = shaped({
  note: text,
  mayEdit: flag,
  tags: namedTexts,
  datasets: listOf(shaped({ name: text, digest: text, sourceType: text, source: text, context: text })),
  models: listOf(text),
  origin: orNull(shaped({ commit: text, config: text })),
  directions: listOf(pairOf(text, oneOf('minimize', 'maximize'))),
});
const entries = listOf(shaped({ path: text, isFolder: flag, bytes: orNull(finite) }));
const kindOf =
  (kinds: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) &&
    typeof value['kind'] === 'string' &&
    Object.hasOwn(kinds, value['kind']) &&
    kinds[value['kind']]?.(value) === true;
const numbers = listOf(listOf(finite));
const plainViews: Readonly<Record<string, Check>> = {
  text: shaped({ text, isCut: flag }),
  table: shaped({ columns: listOf(text), rows: listOf(listOf(text)), isCut: flag }),
  image: shaped({ bytes, mediaType: oneOf('image/png', 'image/jpeg', 'image/gif', 'image/webp') }),
  none: shaped({ why: oneOf('binary', 'large') }),
  broken: shaped({ text }),
};
const drawn = kindOf({
  table: plainViews['table'] ?? (() => false),
  broken: shaped({ text }),
  histograms: shaped({ histograms: shaped({ steps: listOf(finite), edges: numbers, counts: numbers }) }),
});
const view = kindOf({ ...plainViews, drawn: shaped({ drawn, source: shaped({ text, isCut: flag }) }) });
const answer = { protocol: currentProtocol, runId: text };

/** What the extension tells the run page. */
export type RunPageMessage = ToRunPage | StopRefused | Steered | RunPageAnswer;

const toRunPage: Shapes<RunPageMessage> = {
  snapshot: { ...numbered, snapshot: shaped({ run, series: wholeSeries, events }), runs },
  append: { ...numbered, change: shaped({ run: optional(run), series, events }), runs: optional(runs) },
  notice: { ...numbered, notice, runs },
  stopRefused: { protocol: currentProtocol, runId: text },
  steered: { protocol: currentProtocol, runId: text },
  ...pictureAnswers,
  about: { ...answer, about },
  artifacts: { ...answer, folder: text, entries, trouble: orNull(text) },
  artifact: { ...answer, path: text, view },
  examples: { ...answer, actual: text, predicted: text, found: cellExamples },
};

const fromRunPage: Shapes<FromRunPage> = {
  ready: { protocol: currentProtocol },
  ack: { sequence: count },
  resync: {},
  setRun: { runId: text },
  stopRun: { runId: text },
  steerRun: { runId: text, steering: (value) => parseSteering(value) !== undefined },
  openLog: { runId: text },
  ...pictureQuestions,
  readAbout: { runId: text },
  listArtifacts: { runId: text, folder: text },
  readArtifact: { runId: text, path: text },
  readExamples: { runId: text, actual: text, predicted: text },
  openArtifact: { runId: text, path: text },
  openConfig: { runId: text },
  saveNote: { runId: text, text },
  error: { message: text },
};

const toPredictPage: Shapes<ToPredictPage> = {
  predictions: {
    ...numbered,
    model: text,
    images: listOf(
      shaped({
        name: text,
        bytes: orNull(bytes),
        mediaType: oneOf('image/png', 'image/jpeg'),
        label: text,
        probabilities: listOf(pairOf(text, probability)),
      }),
    ),
  },
  notice: { ...numbered, model: text, notice },
};

const fromPredictPage: Shapes<FromPredictPage> = {
  ready: { protocol: currentProtocol },
  retry: {},
  chooseImages: {},
  error: { message: text },
};

export const parseToRunPage: (value: unknown) => RunPageMessage | undefined = parserOf(toRunPage);
export const parseFromRunPage: (value: unknown) => FromRunPage | undefined = parserOf(fromRunPage);
export const parseToPredictPage: (value: unknown) => ToPredictPage | undefined = parserOf(toPredictPage);
export const parseFromPredictPage: (value: unknown) => FromPredictPage | undefined = parserOf(fromPredictPage);
