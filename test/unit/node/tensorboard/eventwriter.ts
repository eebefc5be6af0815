import { maskedCrc } from '../../../../src/core/tensorboard/tensorboard.ts';
import {
  bytesField,
  floatField,
  messageField,
  textField,
  varintField,
  type Message,
} from '../../../../src/core/graphdef/protobuf.ts';

// Event files as TensorBoard's writers make them, for tests: TFRecords of events.

export interface WrittenEvent {
  /** Seconds since 1970. */
  readonly time: number;
  readonly step?: number;
  readonly values?: readonly Message[];
  /** True: a training begins again at this step. */
  readonly starts?: boolean;
}

export function toEventFile(events: readonly WrittenEvent[]): Buffer {
  return Buffer.concat(events.map((event) => toRecord(toBytes(event))));
}

function toBytes({ time, step = 0, values = [], starts = false }: WrittenEvent): Buffer {
  const summary = values.flatMap((value) => messageField(1, value));
  return Buffer.concat([
    ...doubleField(1, time),
    ...varintField(2, step),
    ...(values.length > 0 ? messageField(5, summary) : []),
    ...(starts ? messageField(7, varintField(1, 1)) : []),
  ]);
}

export function toRecord(data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeBigUInt64LE(BigInt(data.length));
  head.writeUInt32LE(maskedCrc(head.subarray(0, 8)), 8);
  const tail = Buffer.alloc(4);
  tail.writeUInt32LE(maskedCrc(data));
  return Buffer.concat([head, data, tail]);
}

/** The form of TensorFlow 1, tensorboardX and PyTorch. */
export function simple(tag: string, value: number): Message {
  return [...textField(1, tag), ...floatField(2, value)];
}

/** The form of TensorFlow 2; `plugin` undefined: not the first of its tag. */
export function tensor(tag: string, parts: Message, plugin?: string): Message {
  const metadata = plugin === undefined ? [] : messageField(9, messageField(1, textField(1, plugin)));
  return [...textField(1, tag), ...messageField(8, parts), ...metadata];
}

/** `hparams` of a session, as `add_hparams` writes them. */
export function hparams(values: Readonly<Record<string, Message>>): Message {
  const entries = Object.entries(values).flatMap(([name, value]) =>
    messageField(1, [...textField(1, name), ...messageField(2, value)]),
  );
  const content = Buffer.concat([...messageField(3, entries)]);
  return [
    ...textField(1, '_hparams_/session_start_info'),
    ...messageField(9, messageField(1, [...textField(1, 'hparams'), ...bytesField(2, content)])),
  ];
}

export function doubleField(field: number, value: number): Message {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt8(field * 8 + 1);
  bytes.writeDoubleLE(value, 1);
  return [bytes];
}
