import { finite, flag, isRecord, oneOf, orNull, parserOf, text, type Shapes } from './shapes.ts';

// Steering of a training while it goes on. The border is a socket that the run's lock names: JSON lines, a hello with the version from
// either side, then one request and one answer for each connection.

export const steeringProtocolVersion = 1;
/** Longest line, in characters; a longer one is a broken peer. */
export const maxSteeringLine = 1 << 16;

/** `now`: after the batch in hand. `epoch`: after the epoch in hand. `best`: now, with the weights of the best epoch so far. */
export const stopMoments = ['now', 'epoch', 'best'] as const;
type StopMoment = (typeof stopMoments)[number];

export type Steering =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop'; readonly when: StopMoment }
  | { readonly type: 'setLearningRate'; readonly value: number }
  /** Keeps the model as it is now beside the run's other artifacts. */
  | { readonly type: 'snapshot' };

/** What became of it. `waiting`: the training has been told and does it at the end of its batch, which is not over yet. */
export interface SteeringAnswer {
  readonly state: 'done' | 'waiting';
  /** Batches and epochs completed when it was done; null while waiting. */
  readonly step: number | null;
  readonly epoch: number | null;
  /** A sentence. */
  readonly text: string;
}

export type ToRunProcess =
  /** `key`: as the lock has it, so that only who may read the project can steer. */
  | { readonly type: 'hello'; readonly protocol: number; readonly key: string }
  | { readonly type: 'steer'; readonly steering: Steering };

export type FromRunProcess =
  | { readonly type: 'hello'; readonly protocol: number; readonly runId: string }
  | ({ readonly type: 'answer' } & SteeringAnswer)
  /** `isOver`: the training has ended. */
  | { readonly type: 'refused'; readonly isOver: boolean; readonly text: string };

const steeringShapes: Shapes<Steering> = {
  pause: {},
  resume: {},
  stop: { when: oneOf(...stopMoments) },
  setLearningRate: { value: (value) => finite(value) && (value as number) > 0 },
  snapshot: {},
};
const toRunProcess: Shapes<ToRunProcess> = {
  hello: { protocol: finite, key: text },
  steer: { steering: (value) => parseSteering(value) !== undefined },
};
const fromRunProcess: Shapes<FromRunProcess> = {
  hello: { protocol: finite, runId: text },
  answer: { state: oneOf('done', 'waiting'), step: orNull(finite), epoch: orNull(finite), text },
  refused: { isOver: flag, text },
};

export const parseSteering: (value: unknown) => Steering | undefined = parserOf(steeringShapes);
const parseToRunProcess: (value: unknown) => ToRunProcess | undefined = parserOf(toRunProcess);
const parseFromRunProcess: (value: unknown) => FromRunProcess | undefined = parserOf(fromRunProcess);

export function encodeSteering(message: ToRunProcess | FromRunProcess): string {
  return `${JSON.stringify(message)}\n`;
}

/** A message of a client; undefined for anything else. */
export function decodeToRunProcess(line: string): ToRunProcess | undefined {
  return parseToRunProcess(parseJson(line));
}

export function decodeFromRunProcess(line: string): FromRunProcess | undefined {
  return parseFromRunProcess(parseJson(line));
}

function parseJson(line: string): unknown {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not a message: whoever reads it says so.
    return undefined;
  }
}
