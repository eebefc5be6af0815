import { Cursor } from './bytes.ts';
import { describeImport } from './imports.ts';
import { effects } from './opcodes.ts';
import { Machine } from './machine.ts';
import type { Draft, Reading } from './draft.ts';

// A pickle is a program for a small machine; loading it runs it. Here its opcodes are walked with values that are only described: what it imports
// and calls is seen, and nothing of it happens.

/** A list of a million numbers has a million opcodes; a file of more is told to be more. */
const MAX_OPCODES = 20_000_000;
/** Arrays of objects lie in joblib's files as pickles within the pickle. */
const MAX_NESTING = 16;
/** `pickle.dump` may have been called again and again on the same file. */
const MAX_PICKLES = 100;

export function readPickle({ source, draft }: Reading): void {
  const cursor = new Cursor(source);
  const seen: Seen = { opcodes: 0, calls: 0, protocol: 0 };
  try {
    let pickles = 0;
    do {
      runOne(cursor, draft, seen, 0);
      pickles += 1;
    } while (!cursor.isAtEnd && pickles < MAX_PICKLES && isPickleNext(cursor, source.length));
    if (pickles > 1) draft.facts['pickles'] = pickles;
    if (!cursor.isAtEnd) draft.facts['bytesBehindTheEnd'] = cursor.end - cursor.offset;
  } finally {
    judge(draft, seen);
  }
}

interface Seen {
  opcodes: number;
  calls: number;
  protocol: number;
}

function isPickleNext(cursor: Cursor, length: number): boolean {
  if (length - cursor.offset < 2) return false;
  const [first, second = 255] = cursor.peek(2);
  return first === 0x80 && second <= 5;
}

function runOne(cursor: Cursor, draft: Draft, seen: Seen, depth: number): void {
  if (depth > MAX_NESTING) cursor.fail(`Pickles within pickles deeper than ${MAX_NESTING} are not read`);
  const machine = new Machine(draft.imports);
  for (;;) {
    const place = cursor.offset;
    const code = cursor.byte('a pickle, before its end');
    seen.opcodes += 1;
    if (seen.opcodes > MAX_OPCODES) cursor.fail(`More than ${MAX_OPCODES} opcodes: nothing more is read`, place);
    if (code === 0x2e) break;
    const effect = effects.get(code);
    if (effect === undefined) cursor.fail(`No opcode of a pickle: 0x${code.toString(16).padStart(2, '0')}`, place);
    machine.place = place;
    effect(machine, cursor);
    // What joblib wrote between the opcodes is passed over by its own description.
    const pending = machine.takePendingArray();
    if (pending?.isPickled === true) runOne(cursor, draft, seen, depth + 1);
    else if (pending !== undefined) skipArray(cursor, pending);
  }
  seen.calls += machine.calls;
  seen.protocol = Math.max(seen.protocol, machine.protocol);
}

interface RawArray {
  readonly bytes: number;
  readonly isAligned: boolean;
}

/** Newer files say before an array how many bytes of padding follow. */
function skipArray(cursor: Cursor, { bytes, isAligned }: RawArray): void {
  if (isAligned) cursor.skip(cursor.byte('an array'), 'an array');
  cursor.skip(bytes, 'an array');
}

function judge(draft: Draft, { calls, protocol }: Seen): void {
  draft.facts['protocol'] = protocol;
  draft.facts['calls'] = calls;
  if (draft.imports.size === 0) return;
  draft.canExecuteCode = 'yes';
  draft.reasons.push('Loading it imports what is listed from Python modules, and may call it.');
  for (const name of draft.imports) {
    const what = describeImport(name);
    if (what !== undefined) draft.reasons.push(`It imports ${name}, which ${what}.`);
  }
}
