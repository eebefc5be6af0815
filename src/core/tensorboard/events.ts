import type { TimedPoint } from '../tracking/tracking.ts';
import { readFields, toText, viewOf, type Field } from './wire.ts';

// Events of TensorBoard (tensorflow/core/util/event.proto, summary.proto, tensor.proto; hparams/plugin_data.proto), as far as runs need
// them: scalars in both of their forms, hyperparameters, and the mark of a training that began again.

/** What has been read of the events of one run; grows with them. */
export interface EventLog {
  /** Points by tag, in the order in which they were written. */
  readonly scalars: Map<string, TimedPoint[]>;
  readonly hparams: Map<string, string>;
  /** Which plugin a tag belongs to; writers say so with its first value only. */
  readonly plugins: Map<string, string>;
  /** Milliseconds since 1970; Infinity and -Infinity before the first event. */
  firstTime: number;
  lastTime: number;
}

export function createEventLog(): EventLog {
  return { scalars: new Map(), hparams: new Map(), plugins: new Map(), firstTime: Infinity, lastTime: -Infinity };
}

/** Takes in one event. */
export function addEvent(log: EventLog, record: Uint8Array): void {
  let [time, step] = [0, 0];
  const summaries: Uint8Array[] = [];
  let session: Uint8Array | undefined;
  for (const { number, value, bytes } of readFields(record)) {
    if (number === 1 && bytes.length === 8) time = Math.round(viewOf(bytes).getFloat64(0, true) * 1000);
    if (number === 2) step = Number(BigInt.asIntN(64, value));
    if (number === 5) summaries.push(bytes);
    if (number === 7) session = bytes;
  }
  log.firstTime = Math.min(log.firstTime, time);
  log.lastTime = Math.max(log.lastTime, time);
  if (session !== undefined) forgetFrom(log, session, step);
  for (const summary of summaries)
    for (const { number, bytes } of readFields(summary)) if (number === 1) addValue(log, bytes, { time, step });
}

/** A training that begins again at a step says so: points from there on are of a past that is no more (as TensorBoard does). */
function forgetFrom(log: EventLog, session: Uint8Array, step: number): void {
  const START = 1n;
  if (!readFields(session).some(({ number, value }) => number === 1 && value === START)) return;
  for (const [tag, points] of log.scalars)
    log.scalars.set(
      tag,
      points.filter((point) => point.step < step),
    );
}

interface Moment {
  readonly time: number;
  readonly step: number;
}

function addValue(log: EventLog, bytes: Uint8Array, moment: Moment): void {
  const fields = readFields(bytes);
  const find = (number: number): Field | undefined => fields.findLast((field) => field.number === number);
  const tag = toText(find(1)?.bytes ?? new Uint8Array(0));
  const metadata = find(9);
  if (metadata !== undefined) addMetadata(log, tag, metadata.bytes);
  const simple = find(2);
  const tensor = find(8);
  if (simple?.bytes.length === 4) addPoint(log, tag, { ...moment, value: viewOf(simple.bytes).getFloat32(0, true) });
  else if (tensor !== undefined && log.plugins.get(tag) === 'scalars') {
    const value = readScalar(tensor.bytes);
    if (value !== undefined) addPoint(log, tag, { ...moment, value });
  }
}

function addPoint(log: EventLog, tag: string, { time, step, value }: Moment & { readonly value: number }): void {
  const point = { value, step, timestamp: time };
  const points = log.scalars.get(tag);
  if (points === undefined) log.scalars.set(tag, [point]);
  else points.push(point);
}

function addMetadata(log: EventLog, tag: string, metadata: Uint8Array): void {
  for (const { number, bytes } of readFields(metadata)) {
    if (number !== 1) continue;
    const plugin = readFields(bytes);
    const name = plugin.findLast((field) => field.number === 1);
    const content = plugin.findLast((field) => field.number === 2);
    const word = name === undefined ? '' : toText(name.bytes);
    if (word !== '') log.plugins.set(tag, word);
    if (word === 'hparams' && content !== undefined) addHparams(log, content.bytes);
  }
}

/** `session_start_info.hparams`: a map of names to numbers, texts and flags. */
function addHparams(log: EventLog, content: Uint8Array): void {
  for (const start of readFields(content).filter(({ number }) => number === 3))
    for (const entry of readFields(start.bytes).filter(({ number }) => number === 1)) {
      const fields = readFields(entry.bytes);
      const name = fields.find(({ number }) => number === 1);
      const value = fields.find(({ number }) => number === 2);
      if (name !== undefined && value !== undefined) log.hparams.set(toText(name.bytes), toHparam(value.bytes));
    }
}

function toHparam(bytes: Uint8Array): string {
  const field = readFields(bytes).at(-1);
  if (field?.number === 2) return String(viewOf(field.bytes).getFloat64(0, true));
  if (field?.number === 3) return toText(field.bytes);
  if (field?.number === 4) return field.value === 0n ? 'false' : 'true';
  return '';
}

/** How the one number of a tensor is written, by its type's number in tensorflow/core/framework/types.proto: raw, and in a field of its own. */
interface ScalarType {
  readonly bytes: number;
  readonly read: (view: DataView) => number;
  readonly field: number;
  readonly fromVarint?: (value: bigint) => number;
}

const scalarTypes: Readonly<Record<number, ScalarType>> = {
  1: { bytes: 4, read: (view) => view.getFloat32(0, true), field: 5 },
  2: { bytes: 8, read: (view) => view.getFloat64(0, true), field: 6 },
  3: {
    bytes: 4,
    read: (view) => view.getInt32(0, true),
    field: 7,
    fromVarint: (value) => Number(BigInt.asIntN(32, value)),
  },
  9: {
    bytes: 8,
    read: (view) => Number(view.getBigInt64(0, true)),
    field: 10,
    fromVarint: (value) => Number(BigInt.asIntN(64, value)),
  },
  14: {
    bytes: 2,
    read: (view) => toFloat(view.getUint16(0, true) << 16),
    field: 13,
    fromVarint: (value) => toFloat(Number(value) << 16),
  },
};

/** bfloat16 is the upper half of 32 bits. */
function toFloat(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, bits);
  return view.getFloat32(0);
}

/** Undefined for what is no single number of a known type. */
function readScalar(tensor: Uint8Array): number | undefined {
  const fields = readFields(tensor);
  const type = scalarTypes[Number(fields.find(({ number }) => number === 1)?.value ?? 0n)];
  if (type === undefined) return undefined;
  const raw = fields.find(({ number }) => number === 4)?.bytes;
  if (raw !== undefined && raw.length > 0) return raw.length === type.bytes ? type.read(viewOf(raw)) : undefined;
  const own = fields.find(({ number }) => number === type.field);
  // A number that is zero may be left out.
  if (own === undefined) return 0;
  if (type.fromVarint === undefined) return own.bytes.length === type.bytes ? type.read(viewOf(own.bytes)) : undefined;
  return type.fromVarint(own.bytes.length === 0 ? own.value : firstVarint(own.bytes));
}

/** Of a packed list. */
function firstVarint(bytes: Uint8Array): bigint {
  return readFields(Uint8Array.of(8, ...bytes))[0]?.value ?? 0n;
}
