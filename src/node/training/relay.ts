import { ExpectedError } from '../../protocol/errors.ts';
import { fromWireNumber, type FromWorker, type WireNumber } from '../../protocol/training.ts';
import type { LoggedPoint, RunWriter } from '../tracking/tracking.ts';
import type { EventLog } from './events.ts';
import type { TrainReporter } from './training.ts';

/** What the worker said on its way, as far as the end of the training needs it. */
export interface Heard {
  backend: string | null;
  epochs: number;
  lastEpoch: number;
  /** Set when the loss is no number any more. */
  diverged: string | null;
}

type Relay = (message: FromWorker, worker: { readonly stop: () => void }) => Promise<void>;

/** Carries a worker's messages into the run and to the reporter. Points are on disk when the returned promise resolves. */
export function createRelay(
  writer: RunWriter,
  events: EventLog,
  reporter: TrainReporter,
): { relay: Relay; heard: Heard } {
  const heard: Heard = { backend: null, epochs: 0, lastEpoch: 0, diverged: null };
  const refused = new Set<string>();
  /** A name from user code that MLflow would refuse loses its points, not the training. */
  const guard = async (name: string, write: () => Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      if (!(error instanceof ExpectedError)) throw error;
      if (!refused.has(name)) reporter.warning(error.message);
      refused.add(name);
    }
  };
  const logAll = (metrics: Readonly<Record<string, WireNumber>>, step: number, timestamp: number): Promise<void> =>
    writer.logMetrics(Object.entries(metrics).map(([name, value]) => toPoint(name, value, step, timestamp)));

  const relay: Relay = async (message, worker) => {
    switch (message.type) {
      case 'backend': {
        heard.backend = message.name;
        await writer.setTags({ 'mlops.backend': message.name, 'mlops.threads': String(message.threads) });
        await events.add('backend', `${message.name} ${message.version}, ${message.threads} threads`);
        reporter.backend?.(message);
        return;
      }
      case 'log': {
        if (message.level !== 'info') await events.add(message.level, message.text, heard.lastEpoch);
        if (message.level === 'info') reporter.note(message.text);
        else reporter.warning(message.text);
        return;
      }
      case 'plan': {
        heard.epochs = message.epochs;
        return;
      }
      case 'batch':
        await writer.logMetrics([toPoint('batch_loss', message.loss, message.step, message.time)]);
        reporter.batch?.(message.step, fromWireNumber(message.loss));
        return;
      case 'epoch': {
        heard.lastEpoch = message.epoch;
        await logAll(message.metrics, message.epoch, message.time);
        const loss = message.metrics['training_loss'];
        if (loss !== undefined && !Number.isFinite(fromWireNumber(loss)) && heard.diverged === null) {
          heard.diverged = `the training loss is ${loss} after epoch ${message.epoch}; a smaller training.learning_rate may help`;
          worker.stop();
        }
        reporter.epoch(message.epoch, heard.epochs, toNumbers(message.metrics), message.seconds);
        return;
      }
      case 'metric':
        await guard(message.name, () =>
          writer.logMetrics([toPoint(message.name, message.value, message.step, message.time)]),
        );
        return;
      case 'tag':
        await guard(message.name, () => writer.setTags({ [message.name]: message.value }));
        return;
      case 'test':
        await logAll(message.metrics, heard.lastEpoch, message.time);
        return;
      case 'hello':
      case 'probed':
      case 'predicted':
      case 'done':
      case 'failed':
        return;
    }
  };
  return { relay, heard };
}

function toPoint(name: string, value: WireNumber, step: number, timestamp: number): LoggedPoint {
  return { name, value: fromWireNumber(value), step, timestamp: Math.round(timestamp) };
}

function toNumbers(metrics: Readonly<Record<string, WireNumber>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, fromWireNumber(value)]));
}
