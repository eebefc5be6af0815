import {
  chartProtocolVersion,
  type FromPredictPage,
  type FromRunPage,
  type StopRefused,
  type ToPredictPage,
  type ToRunPage,
} from './charts.ts';

// Parsers of the messages between the extension and its pages: `undefined` means "not a message of this version". Each kind of message is a row of a
// table, from its name to the checks of its fields; the mapped types make a missing or extra row, or field, an error of the compiler.

type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [K in keyof Required<T>]: Check };
type Shapes<M extends { readonly type: string }> = {
  readonly [T in M['type']]: Omit<Shape<Extract<M, { readonly type: T }>>, 'type'>;
};

const text: Check = (value) => typeof value === 'string';
const finite: Check = (value) => Number.isFinite(value);
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const flag: Check = (value) => typeof value === 'boolean';
const currentProtocol: Check = (value) => value === chartProtocolVersion;
const bytes: Check = (value) => value instanceof Uint8Array;
const oneOf =
  (...words: readonly string[]): Check =>
  (value) =>
    words.includes(value as string);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const pairOf =
  (first: Check, second: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length === 2 && first(value[0]) && second(value[1]);

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

const shaped =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isRecord(value) && Object.entries(shape).every(([key, check]) => check(value[key]));

/** Steps are finite and never descend: decimation and the binary searches rely on it. */
const points: Check = (value) => {
  if (!isRecord(value)) return false;
  const { steps, values } = value;
  if (!(steps instanceof Float64Array) || !(values instanceof Float64Array) || steps.length !== values.length)
    return false;
  return steps.every((step, i) => Number.isFinite(step) && (i === 0 || step >= (steps[i - 1] ?? NaN)));
};

const namedTexts = listOf(pairOf(text, text));
const status = oneOf('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED');
const objective = shaped({ metric: text, direction: oneOf('minimize', 'maximize') });
const run = shaped({
  runId: text,
  name: text,
  model: orNull(text),
  experiment: text,
  status,
  lost: flag,
  reason: orNull(text),
  startTime: finite,
  endTime: orNull(finite),
  epochs: orNull(count),
  examplesPerSecond: orNull(finite),
  objective: orNull(objective),
  params: namedTexts,
  details: namedTexts,
});
const oneSeries: Check = (value) => shaped({ name: text, from: count })(value) && points(value);
const series = listOf(oneSeries);
const wholeSeries = listOf((value) => oneSeries(value) && (value as { from: number }).from === 0);
const events = listOf(shaped({ time: finite, step: orNull(finite), kind: text, text }));
const runs = listOf(shaped({ runId: text, name: text, status, lost: flag, startTime: finite }));
const notice = shaped({ kind: oneOf('loading', 'empty', 'broken'), text, action: oneOf('none', 'retry') });
const numbered = { protocol: currentProtocol, sequence: count };
const probability: Check = (value) => finite(value) && (value as number) >= 0 && (value as number) <= 1;

const toRunPage: Shapes<ToRunPage | StopRefused> = {
  snapshot: { ...numbered, snapshot: shaped({ run, series: wholeSeries, events }), runs },
  append: { ...numbered, change: shaped({ run: optional(run), series, events }), runs: optional(runs) },
  notice: { ...numbered, notice, runs },
  stopRefused: { protocol: currentProtocol, runId: text },
};

const fromRunPage: Shapes<FromRunPage> = {
  ready: { protocol: currentProtocol },
  ack: { sequence: count },
  resync: {},
  setRun: { runId: text },
  stopRun: { runId: text },
  openLog: { runId: text },
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

function parserOf<M extends { readonly type: string }>(shapes: Shapes<M>): (value: unknown) => M | undefined {
  const checks = new Map(
    Object.entries(shapes as Record<string, Readonly<Record<string, Check>>>).map(([type, shape]) => [
      type,
      shaped(shape),
    ]),
  );
  return (value) => {
    if (!isRecord(value) || typeof value['type'] !== 'string') return undefined;
    return checks.get(value['type'])?.(value) === true ? (value as unknown as M) : undefined;
  };
}

export const parseToRunPage: (value: unknown) => ToRunPage | StopRefused | undefined = parserOf(toRunPage);
export const parseFromRunPage: (value: unknown) => FromRunPage | undefined = parserOf(fromRunPage);
export const parseToPredictPage: (value: unknown) => ToPredictPage | undefined = parserOf(toPredictPage);
export const parseFromPredictPage: (value: unknown) => FromPredictPage | undefined = parserOf(fromPredictPage);
