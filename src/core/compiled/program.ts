import { bytesOf, type Value } from './graph.ts';
import type { Call, Table } from './calls.ts';
import { lower } from './lowering.ts';
import { pack } from './packing.ts';
import { places, SCRATCH_BYTES, type Layout, type Place } from './places.ts';
import { resolve, type ThreadCall } from './resolving.ts';
import { keyOf, lengthOf } from './tables.ts';
import { findUses, isRepeatable, schedule, type Level, type Stretch, type Use } from './schedule.ts';
import type { State, StepGraph } from './step.ts';
import { estimateWork } from './work.ts';

// Where everything lies in one memory, and what each thread calls.

interface ThreadStretch {
  readonly pace: Stretch['pace'];
  readonly calls: readonly ThreadCall[];
}

/** What one thread does in a step, level by level. */
export interface ThreadProgram {
  readonly levels: readonly (readonly ThreadStretch[])[];
  /** Its parts, which begin as zeros. */
  readonly parts: { readonly address: number; readonly bytes: number };
}

/** What the main thread has to know of a program. */
export interface ProgramFacts {
  readonly capacity: number;
  readonly input: number;
  readonly target: number;
  readonly weights: number;
  readonly output: number;
  /** Of the loss, each metric and each penalty: where each thread's sum is. */
  readonly loss: readonly number[];
  readonly metrics: readonly (readonly number[])[];
  readonly penalties: readonly (readonly number[])[];
  readonly rowsPerExample: number;
  /** Bytes of a thread's parts, from the first one's on. */
  readonly parts: { readonly address: number; readonly bytes: number };
  /**
   * It changes no state, and what it makes of the states alone stays until another program runs: run again, it need not be made again. Then
   * no thread needs another.
   */
  readonly isRepeatable: boolean;
  /** Multiplications of an example, about. */
  readonly work: number;
}

export interface Plan {
  readonly bytes: number;
  readonly threads: number;
  readonly states: readonly { readonly name: string; readonly shape: readonly number[]; readonly address: number }[];
  readonly tables: readonly { readonly address: number; readonly table: Table }[];
  readonly programs: readonly ProgramFacts[];
  /** By thread, then by program. */
  readonly calls: readonly (readonly ThreadProgram[])[];
}

/** Bytes of a line of the cache: what threads write lies in lines of its own. */
const LINE = 128;

const upToLine = (bytes: number): number => Math.ceil(bytes / LINE) * LINE;

/** Lays out graphs that share their states and never run at the same time. */
export function planProgram(graphs: readonly StepGraph[], threads: number): Plan {
  const memory = new Memory(places.scratch + SCRATCH_BYTES * threads);
  const states = new Map<string, { readonly state: State; readonly address: number }>();
  for (const state of graphs.flatMap((graph) => graph.states))
    if (!states.has(state.name)) states.set(state.name, { state, address: memory.take(bytesOf(state.value)) });
  const lowered = graphs.map((graph) => {
    const levels = schedule(graph.operations);
    const calls = new Map(
      levels
        .flat()
        .flatMap(({ operations }) => operations.map((operation) => [operation, lower(operation, graph.capacity)])),
    );
    return { graph, levels, calls };
  });
  const tables = new Tables(memory);
  for (const { calls } of lowered) for (const each of calls.values()) tables.add(each);
  tables.place();
  const start = memory.top;
  let top = start;
  const laid = lowered.map(({ graph, levels, calls }) => {
    memory.top = start;
    const addresses = new Map(graph.states.map(({ name, value }) => [value.storage, states.get(name)?.address ?? 0]));
    const layout = layOut(graph, levels, { memory, threads, addresses });
    top = Math.max(top, memory.top);
    return { graph, levels, calls, layout };
  });
  return {
    bytes: top,
    threads,
    states: [...states.values()].map(({ state: { name, value }, address }) => ({ name, shape: value.shape, address })),
    tables: tables.placed,
    programs: laid.map(({ graph, levels, layout }) => toFacts(graph, levels, layout, threads)),
    calls: Array.from({ length: threads }, (_, thread) =>
      laid.map(({ levels, calls, layout }) => ({
        levels: levels.map((level) =>
          level.map(({ pace, operations }) => ({
            pace,
            calls: operations.flatMap((operation) =>
              (calls.get(operation) ?? []).map((call) =>
                resolve(call, 't' in operation.inputs, { layout, thread, threads, tables }),
              ),
            ),
          })),
        ),
        parts: { address: layout.parts + thread * layout.partsPitch, bytes: layout.partsPitch },
      })),
    ),
  };
}

/** Hands out lines. */
class Memory {
  top: number;

  constructor(from: number) {
    this.top = upToLine(from);
  }

  take(bytes: number): number {
    const address = this.top;
    // A vector may be read past the end of the last row.
    this.top += upToLine(bytes + 32);
    return address;
  }
}

class Tables {
  readonly #memory: Memory;
  readonly #found = new Map<string, { table: Table; address: number }>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  add(calls: readonly Call[]): void {
    for (const argument of calls.flatMap((call) => call.arguments)) {
      if (typeof argument === 'number' || !('table' in argument)) continue;
      const key = keyOf(argument.table);
      const known = this.#found.get(key);
      if (known === undefined || lengthOf(known.table) < lengthOf(argument.table))
        this.#found.set(key, { table: argument.table, address: 0 });
    }
  }

  place(): void {
    for (const entry of this.#found.values()) entry.address = this.#memory.take(lengthOf(entry.table) * 4);
  }

  addressOf(table: Table): number {
    return this.#found.get(keyOf(table))?.address ?? 0;
  }

  get placed(): Plan['tables'] {
    return [...this.#found.values()];
  }
}

function layOut(
  graph: StepGraph,
  levels: readonly Level[],
  {
    memory,
    threads,
    addresses,
  }: { readonly memory: Memory; readonly threads: number; readonly addresses: ReadonlyMap<number, number> },
): Layout {
  const found = new Map<number, Place>();
  for (const [storage, address] of addresses) found.set(storage, { address, pitch: 0, perExample: 0 });
  const uses = findUses(levels);
  // Read or written by the main thread, before or after the step.
  const kept = new Set([graph.input, graph.target, graph.weights, graph.output].map(({ storage }) => storage));
  for (const value of [graph.input, graph.target, graph.weights, graph.output]) {
    if (found.has(value.storage)) continue;
    found.set(value.storage, {
      address: memory.take(bytesOf(value) * graph.capacity),
      pitch: 0,
      perExample: bytesOf(value),
    });
  }
  const others = [...uses].filter(([storage, { value }]) => !kept.has(storage) && value.place !== 'state');
  placeParts(others, found);
  const { parts, partsPitch } = shiftParts(others, found, memory, threads);
  const local = others.filter(([, { value, stretch }]) => value.place === 'examples' && stretch?.pace === 'one');
  placeLocal(local, found, memory, threads);
  const isLocal = new Set(local.map(([storage]) => storage));
  const shared = others.filter(([storage, { value }]) => value.place !== 'parts' && !isLocal.has(storage));
  const blocks = shared.map(([storage, { value, first, last }]) => {
    const perExample = value.place === 'examples' ? bytesOf(value) : 0;
    return {
      storage,
      first,
      last,
      perExample,
      bytes: upToLine(bytesOf(value) * (perExample === 0 ? 1 : graph.capacity) + 32),
    };
  });
  const { offsets, total } = pack(blocks);
  const base = memory.take(total);
  for (const { storage, perExample } of blocks)
    found.set(storage, { address: base + (offsets.get(storage) ?? 0), pitch: 0, perExample });
  return { places: found, parts, partsPitch };
}

type Uses = readonly (readonly [number, Use])[];

/** Parts of a thread lie one after the other, so that they are made zero at once; here from 0 on. */
function placeParts(uses: Uses, found: Map<number, Place>): void {
  let offset = 0;
  for (const [storage, { value }] of uses) {
    if (value.place !== 'parts') continue;
    found.set(storage, { address: offset, pitch: 0, perExample: 0 });
    offset += Math.ceil((bytesOf(value) + 32) / 16) * 16;
  }
}

function shiftParts(
  uses: Uses,
  found: Map<number, Place>,
  memory: Memory,
  threads: number,
): { readonly parts: number; readonly partsPitch: number } {
  const own = uses.filter(([, { value }]) => value.place === 'parts');
  const ends = own.map(([storage, { value }]) => (found.get(storage)?.address ?? 0) + bytesOf(value) + 32);
  const partsPitch = upToLine(Math.max(0, ...ends));
  const parts = memory.take(partsPitch * threads);
  for (const [storage] of own) {
    const offset = found.get(storage)?.address ?? 0;
    found.set(storage, { address: parts + offset, pitch: partsPitch, perExample: 0 });
  }
  return { parts, partsPitch };
}

/** Of one example at a time: each thread has its own, and what comes later in a stretch takes the place of what is no longer needed. */
function placeLocal(uses: Uses, found: Map<number, Place>, memory: Memory, threads: number): void {
  const byStretch = new Map<Stretch, [number, Use][]>();
  for (const [storage, use] of uses) {
    if (use.stretch === undefined) continue;
    const list = byStretch.get(use.stretch) ?? [];
    list.push([storage, use]);
    byStretch.set(use.stretch, list);
  }
  const packed = [...byStretch].map(([{ operations }, own]) =>
    pack(
      own.map(([storage, { value }]) => {
        const numbers = operations.flatMap(({ inputs, outputs }, number) =>
          [...Object.values(inputs), ...Object.values(outputs)].some(
            (each) => (each as Value | undefined)?.storage === storage,
          )
            ? [number]
            : [],
        );
        return {
          storage,
          first: Math.min(...numbers),
          last: Math.max(...numbers),
          bytes: upToLine(bytesOf(value) + 32),
        };
      }),
    ),
  );
  const pitch = Math.max(0, ...packed.map(({ total }) => total));
  const base = memory.take(pitch * threads);
  for (const { offsets } of packed)
    for (const [storage, offset] of offsets) found.set(storage, { address: base + offset, pitch, perExample: 0 });
}

function toFacts(
  graph: StepGraph,
  levels: readonly Level[],
  { places: found, parts, partsPitch }: Layout,
  threads: number,
): ProgramFacts {
  const addressOf = (value: Value): number => found.get(value.storage)?.address ?? 0;
  const partsOf = (value: Value): readonly number[] => {
    const { address = 0, pitch = 0 } = found.get(value.storage) ?? {};
    return Array.from({ length: threads }, (_, thread) => address + pitch * thread);
  };
  return {
    capacity: graph.capacity,
    input: addressOf(graph.input),
    target: addressOf(graph.target),
    weights: addressOf(graph.weights),
    output: addressOf(graph.output),
    loss: partsOf(graph.sums.loss),
    metrics: graph.sums.metrics.map(partsOf),
    penalties: graph.penalties.map(partsOf),
    rowsPerExample: graph.rowsPerExample,
    parts: { address: parts, bytes: partsPitch },
    isRepeatable: graph.penalties.length === 0 && isRepeatable(levels),
    work: estimateWork(graph) / graph.capacity,
  };
}
