import { ExpectedError } from '../../protocol/errors.ts';
import type { Steering, SteeringAnswer } from '../../protocol/steering.ts';
import type { FromWorker } from '../../protocol/training.ts';
import type { RunningWorker } from './worker.ts';

/** So long an answer is waited for; a batch may take longer. */
const ANSWER_MS = 10_000;

type SteeredMessage = Extract<FromWorker, { type: 'steered' }>;

interface Pending {
  readonly steering: Steering;
  readonly resolve: (answer: SteeringAnswer) => void;
  readonly reject: (error: ExpectedError) => void;
}

/** Between those who steer a run and its worker: hands wishes on, and answers to whoever asked. */
export class Helm {
  readonly #answerMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #unsent: ((worker: RunningWorker) => void)[] = [];
  #worker: RunningWorker | undefined;
  #lastId = 0;
  #isOver = false;
  #isStopping = false;

  constructor(answerMs = ANSWER_MS) {
    this.#answerMs = answerMs;
  }

  /** The user has asked for an end at once: what fails from now on was stopped. */
  get isStopping(): boolean {
    return this.#isStopping;
  }

  /** The worker is there. */
  attach(worker: RunningWorker): void {
    this.#worker = worker;
    for (const send of this.#unsent.splice(0)) send(worker);
  }

  /** Rejects with `not-live` when the training ends first, with `training-failed` when the worker refuses. */
  steer(steering: Steering): Promise<SteeringAnswer> {
    if (this.#isOver) return Promise.reject(isOver());
    if (steering.type === 'stop' && steering.when !== 'epoch') this.#isStopping = true;
    if (steering.type === 'stop' && steering.when === 'now') {
      // As Ctrl-C does it: a worker that does not listen is ended.
      this.#send((worker) => worker.stop());
      return Promise.resolve({ state: 'done', step: null, epoch: null, text: 'stopping' });
    }
    const id = (this.#lastId += 1);
    const answer = new Promise<SteeringAnswer>((resolve, reject) => {
      const timer = setTimeout(
        () => resolve({ state: 'waiting', step: null, epoch: null, text: waitingText }),
        this.#answerMs,
      );
      const settle =
        <T>(then: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(timer);
          then(value);
        };
      this.#pending.set(id, { steering, resolve: settle(resolve), reject: settle(reject) });
    });
    this.#send((worker) => worker.send({ type: 'steer', id, steering }));
    return answer;
  }

  /** What a worker's answer is an answer to. */
  steeringOf({ id }: SteeredMessage): Steering | undefined {
    return this.#pending.get(id)?.steering;
  }

  /** Hands the worker's answer to whoever asked. */
  answer({ id, isRefused, step, epoch, text }: SteeredMessage): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (isRefused) pending?.reject(new ExpectedError('training-failed', text));
    else pending?.resolve({ state: 'done', step, epoch, text });
  }

  /** The training is over: whoever waits is told. */
  close(): void {
    this.#isOver = true;
    for (const { reject } of this.#pending.values()) reject(isOver());
    this.#pending.clear();
  }

  #send(send: (worker: RunningWorker) => void): void {
    if (this.#worker === undefined) this.#unsent.push(send);
    else send(this.#worker);
  }
}

const waitingText = 'asked; the training does it when the batch in hand is over';

function isOver(): ExpectedError {
  return new ExpectedError('not-live', 'The training has ended.');
}
