import type { Cursor } from './bytes.ts';
import { other, type Machine, type Value } from './machine.ts';

type Effect = (machine: Machine, cursor: Cursor) => void;

const KEPT_TEXT = 1024;
const NUMBER = 'a number';
const TEXT = 'a text';

const push =
  (value: Value): Effect =>
  (machine) =>
    machine.push(value);
const number =
  (read: (cursor: Cursor) => number): Effect =>
  (machine, cursor) =>
    machine.push({ kind: 'number', value: read(cursor) });
/** A text whose length stands before it in so many bytes. */
const text =
  (size: number): Effect =>
  (machine, cursor) => {
    const length = cursor.unsigned(size, TEXT);
    machine.push({ kind: 'text', text: cursor.text(length, TEXT, KEPT_TEXT) });
  };
/** Bytes that say nothing here. */
const bytes =
  (size: number): Effect =>
  (machine, cursor) => {
    cursor.skip(cursor.unsigned(size, TEXT), 'bytes');
    machine.push(other);
  };
/** A value that says nothing here. */
const passed =
  (pass: (cursor: Cursor) => void): Effect =>
  (machine, cursor) => {
    pass(cursor);
    machine.push(other);
  };
const fromMark =
  (make: (items: readonly Value[], machine: Machine) => void): Effect =>
  (machine) =>
    make(machine.popToMark(), machine);
const tuple =
  (length: number): Effect =>
  (machine) => {
    const items = Array.from({ length }, () => machine.pop()).reverse();
    machine.push({ kind: 'tuple', items });
  };
/** An extension that the program has registered under a number: what it is, only that program knows. */
const extension =
  (size: number): Effect =>
  (machine, cursor) =>
    machine.import(
      { kind: 'text', text: 'copyreg' },
      { kind: 'text', text: `extension ${cursor.unsigned(size, NUMBER)}` },
    );
const emptyMap = (): Value => ({ kind: 'map', entries: new Map() });

/** Long integers, little-endian with a sign; of more than 7 bytes only that there is one. */
function longNumber(cursor: Cursor, size: number): number {
  const length = cursor.unsigned(size, NUMBER);
  if (length > 7) {
    cursor.skip(length, NUMBER);
    return NaN;
  }
  const value = cursor.unsigned(length, NUMBER);
  return length > 0 && value >= 2 ** (8 * length - 1) ? value - 2 ** (8 * length) : value;
}

function lineNumber(cursor: Cursor): number {
  const line = cursor.line(NUMBER).replace(/L$/, '');
  return line === '' ? NaN : Number(line);
}

/** In quotes; what is escaped does not matter to names. */
function quotedLine(cursor: Cursor): Value {
  return { kind: 'text', text: cursor.line(TEXT, KEPT_TEXT).replace(/^(['"])(.*)\1$/, '$2') };
}

function linePlace(cursor: Cursor): number {
  const index = lineNumber(cursor);
  return Number.isSafeInteger(index) ? index : cursor.fail('This is no number of a kept value');
}

function lineText(cursor: Cursor): Value {
  return { kind: 'text', text: cursor.line(TEXT, KEPT_TEXT) };
}

const rows: readonly (readonly [code: string | number, effect: Effect])[] = [
  ['(', push({ kind: 'mark' })],
  ['0', (machine) => void machine.pop()],
  ['1', fromMark(() => undefined)],
  ['2', (machine) => machine.push(machine.top())],
  // Numbers.
  ['F', passed((cursor) => void cursor.line(NUMBER))],
  ['I', number(lineNumber)],
  ['J', number((cursor) => cursor.unsigned(4, NUMBER) | 0)],
  ['K', number((cursor) => cursor.byte(NUMBER))],
  ['L', number(lineNumber)],
  ['M', number((cursor) => cursor.unsigned(2, NUMBER))],
  ['G', passed((cursor) => cursor.skip(8, NUMBER))],
  [0x8a, number((cursor) => longNumber(cursor, 1))],
  [0x8b, number((cursor) => longNumber(cursor, 4))],
  ['N', push({ kind: 'none' })],
  [0x88, push({ kind: 'true' })],
  [0x89, push(other)],
  // Texts and bytes.
  ['S', (machine, cursor) => machine.push(quotedLine(cursor))],
  ['T', text(4)],
  ['U', text(1)],
  ['V', (machine, cursor) => machine.push(lineText(cursor))],
  ['X', text(4)],
  [0x8c, text(1)],
  [0x8d, text(8)],
  ['B', bytes(4)],
  ['C', bytes(1)],
  [0x8e, bytes(8)],
  [0x96, bytes(8)],
  [0x97, push(other)],
  [0x98, (machine) => void machine.top()],
  // Collections.
  [']', push(other)],
  ['}', (machine) => machine.push(emptyMap())],
  [')', push({ kind: 'tuple', items: [] })],
  [0x8f, push(other)],
  ['l', fromMark((_, machine) => machine.push(other))],
  ['t', fromMark((items, machine) => machine.push({ kind: 'tuple', items }))],
  [0x91, fromMark((_, machine) => machine.push(other))],
  [0x85, tuple(1)],
  [0x86, tuple(2)],
  [0x87, tuple(3)],
  [
    'd',
    fromMark((items, machine) => {
      machine.push(emptyMap());
      machine.setItems(machine.top(), items);
    }),
  ],
  ['a', (machine) => (machine.pop(), void machine.top())],
  ['e', fromMark((_, machine) => void machine.top())],
  [0x90, fromMark((_, machine) => void machine.top())],
  [
    's',
    (machine) => {
      const [value, key] = [machine.pop(), machine.pop()];
      machine.setItems(machine.top(), [key, value]);
    },
  ],
  ['u', fromMark((items, machine) => machine.setItems(machine.top(), items))],
  // Kept values.
  ['p', (machine, cursor) => machine.put(linePlace(cursor))],
  ['q', (machine, cursor) => machine.put(cursor.byte(NUMBER))],
  ['r', (machine, cursor) => machine.put(cursor.unsigned(4, NUMBER))],
  [0x94, (machine) => machine.memoize()],
  ['g', (machine, cursor) => machine.get(linePlace(cursor))],
  ['h', (machine, cursor) => machine.get(cursor.byte(NUMBER))],
  ['j', (machine, cursor) => machine.get(cursor.unsigned(4, NUMBER))],
  // Imports and calls.
  ['c', (machine, cursor) => machine.import(lineText(cursor), lineText(cursor))],
  [
    0x93,
    (machine) => {
      const [name, module] = [machine.pop(), machine.pop()];
      machine.import(module, name);
    },
  ],
  [
    'i',
    (machine, cursor) => {
      machine.import(lineText(cursor), lineText(cursor));
      const of = machine.pop();
      machine.call(of, { kind: 'tuple', items: machine.popToMark() });
    },
  ],
  ['o', fromMark(([of = other, ...items], machine) => machine.call(of, { kind: 'tuple', items }))],
  ['R', callWith(0)],
  [0x81, callWith(0)],
  [0x92, callWith(1)],
  ['b', (machine) => machine.build(machine.pop())],
  [0x82, extension(1)],
  [0x83, extension(2)],
  [0x84, extension(4)],
  // Objects that the loading program keeps elsewhere.
  ['P', passed((cursor) => void cursor.line(TEXT))],
  [
    'Q',
    (machine) => {
      machine.pop();
      machine.push(other);
    },
  ],
  // Of the format itself.
  [
    0x80,
    (machine, cursor) => {
      machine.protocol = cursor.byte('a protocol');
      if (machine.protocol > 5) machine.fail(`Protocol ${machine.protocol} of pickles is not known`);
    },
  ],
  [0x95, (_, cursor) => cursor.skip(8, 'a frame')],
];

/** A callable and its arguments, above them so many mappings of named arguments. */
function callWith(named: number): Effect {
  return (machine) => {
    for (let count = 0; count < named; count += 1) machine.pop();
    const [args, of] = [machine.pop(), machine.pop()];
    machine.call(of, args);
  };
}

/** What each opcode does to the machine; the end (".") is not among them. Numbers and letters are those of Python's pickletools. */
export const effects: ReadonlyMap<number, Effect> = new Map(
  rows.map(([code, effect]) => [typeof code === 'string' ? code.charCodeAt(0) : code, effect]),
);
