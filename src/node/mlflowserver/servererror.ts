import { ExpectedError } from '../../protocol/errors.ts';
import { toOneLine } from '../../protocol/text.ts';

const LONGEST_SAYING = 300;

/** What a server has answered, or that it has not. */
export interface ServerFailure {
  /** `unreachable`: nobody knows whether the request has come through, unless `isUntouched`. */
  readonly kind: 'unreachable' | 'refused' | 'bad-answer';
  readonly status: number | null;
  /** MLflow's own word, as RESOURCE_DOES_NOT_EXIST: what callers decide by. */
  readonly errorCode: string | null;
  /** Base of the server that has refused. */
  readonly server: string | null;
  /** The request has certainly not reached the server. */
  readonly isUntouched: boolean;
}

/** A server that can't be reached, refuses, or answers in a way that MLflow does not. */
export class ServerError extends ExpectedError {
  readonly failure: ServerFailure;

  constructor(message: string, failure: Partial<ServerFailure> & Pick<ServerFailure, 'kind'>) {
    const isUnknown = failure.status === 401 || failure.status === 403;
    super(isUnknown ? 'not-authorized' : 'server-failed', message);
    this.failure = { status: null, errorCode: null, server: null, isUntouched: false, ...failure };
  }
}

/** Base of the server that wants to know who asks, or lets others ask only; undefined for any other failure. */
export function serverThatRefuses(error: unknown): string | undefined {
  return error instanceof ServerError && error.code === 'not-authorized'
    ? (error.failure.server ?? undefined)
    : undefined;
}

/** True for MLflow's own word that there is no such thing. */
export function isNotThere(error: unknown): boolean {
  return error instanceof ServerError && error.failure.errorCode === 'RESOURCE_DOES_NOT_EXIST';
}

/** True while waiting may help: the server is away, overloaded, or something before it answers in its place. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof ServerError)) return false;
  const { kind, status } = error.failure;
  return kind !== 'refused' || (status !== null && (status >= 500 || [401, 403, 408, 425, 429].includes(status)));
}

/** Text from a server as a part of a sentence: one line, not endless. */
export function quoteSaying(text: string): string {
  const line = toOneLine(text.trim());
  return line.length > LONGEST_SAYING ? `${line.slice(0, LONGEST_SAYING)}…` : line;
}
