import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  encodeFromWorker,
  MessageDecoder,
  trainingProtocolVersion,
  type FromWorker,
  type ToWorker,
  type WorkerTask,
} from '../protocol/training.ts';
import type { Wish } from './steering.ts';

export interface ChannelHandlers {
  start(task: WorkerTask): void;
  stop(): void;
  steer(wish: Wish): void;
  /** The other side does not keep to the protocol. */
  broken(error: Error): void;
  /** The other side is gone. */
  lost(): void;
}

export interface Channel {
  readonly send: (message: FromWorker) => void;
  /** Resolves at once, or when the other side has read on after the channel was full. */
  readonly drained: () => Promise<void>;
  /** Sends the last message and resolves when it was handed over, or can't be any more. */
  readonly end: (message: FromWorker) => Promise<void>;
}

/** Says hello and hands every message to its handler, in the one order that the protocol allows: hello, start, then what steers. */
export function openChannel(stream: Duplex, handlers: ChannelHandlers): Channel {
  let isEnding = false;
  const decoder = new MessageDecoder<ToWorker>();
  const receive = createReceiver(handlers);
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (isEnding) return;
    try {
      for (const message of decoder.push(chunk)) receive(message);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      handlers.broken(new Error(`The training worker got a message that it does not understand. ${reason}`));
    }
  });
  const lost = (): void => {
    if (!isEnding) handlers.lost();
  };
  stream.on('end', lost);
  stream.on('close', lost);
  // Writing to somebody who is gone: the end of the stream tells it.
  stream.on('error', lost);

  const send = (message: FromWorker): void => {
    if (stream.writable) stream.write(encodeFromWorker(message));
  };
  send({ type: 'hello', protocol: trainingProtocolVersion, pid: process.pid });
  return {
    send,
    async drained() {
      if (stream.writableNeedDrain) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
    },
    async end(message) {
      isEnding = true;
      send(message);
      await new Promise<void>((resolve) => {
        stream.once('close', resolve);
        stream.end(() => resolve());
      });
    },
  };
}

function createReceiver(handlers: ChannelHandlers): (message: ToWorker) => void {
  let expected: 'hello' | 'start' | 'stop' = 'hello';
  return (message) => {
    const isDue =
      message.type === expected ||
      (message.type === 'stop' && expected === 'start') ||
      (message.type === 'steer' && expected === 'stop');
    if (!isDue) throw new Error(`"${message.type}" came where "${expected}" was due.`);
    switch (message.type) {
      case 'hello':
        if (message.protocol !== trainingProtocolVersion)
          throw new Error(
            `It speaks version ${message.protocol} of the protocol, the worker version ${trainingProtocolVersion}.`,
          );
        expected = 'start';
        return;
      case 'start':
        expected = 'stop';
        handlers.start(message.task);
        return;
      case 'stop':
        handlers.stop();
        return;
      case 'steer':
        handlers.steer({ id: message.id, steering: message.steering });
    }
  };
}
