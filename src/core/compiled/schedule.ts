import { valuesOf, type AnyOperation, type Value } from './graph.ts';
import { traits } from './operations.ts';

/** Operations that a thread does without waiting for others. */
export interface Stretch {
  /** `one`: all operations for one example, then for the next; `all`: each for all of the thread's; `elements`: for some of the numbers. */
  readonly pace: 'one' | 'all' | 'elements';
  readonly operations: readonly AnyOperation[];
}

/** Stretches between two meetings of all threads. */
export type Level = readonly Stretch[];

/**
 * The order of a step. What an example alone needs goes on without a meeting of the threads; numbers of the whole batch wait until all have
 * met. A weight moves right after its gradient, while that is near, where nobody reads it any more by then; else last.
 */
export function schedule(operations: readonly AnyOperation[]): readonly Level[] {
  const made = new Map<number, { readonly level: number; readonly isOfExamples: boolean }>();
  const placed = operations.map((operation) => {
    const isOfExamples = traits[operation.kind][0] !== 'elements' && traits[operation.kind][0] !== 'update';
    const level = Math.max(
      0,
      ...valuesOf(operation.inputs).map(({ id }) => {
        const source = made.get(id);
        if (source === undefined) return 0;
        return source.level + (isOfExamples && source.isOfExamples ? 0 : 1);
      }),
    );
    for (const { id } of valuesOf(operation.outputs)) made.set(id, { level, isOfExamples });
    return { operation, level };
  });
  const last = 1 + Math.max(0, ...placed.filter(({ operation }) => !isUpdate(operation)).map(({ level }) => level));
  const following = findFollowing(placed);
  const levels: AnyOperation[][] = [];
  const late = new Set(operations.filter(isUpdate));
  for (const { operation, level } of placed) {
    if (traits[operation.kind][0] === 'none' || isUpdate(operation)) continue;
    const own = (levels[level] ??= []);
    own.push(operation);
    const update = following.get(operation);
    if (update !== undefined && late.delete(update)) own.push(update);
  }
  levels[last] = [...late];
  return levels.filter((level) => level.length > 0).map(toStretches);
}

/** Updates that may come right after what makes their gradient: each thread makes and takes the same numbers of it. */
function findFollowing(
  placed: readonly { readonly operation: AnyOperation; readonly level: number }[],
): ReadonlyMap<AnyOperation, AnyOperation> {
  /** By storage: the last level that reads it, and the last operation but for updates that has it as its gradient. */
  const lastRead = new Map<number, number>();
  const makers = new Map<number, { readonly operation: AnyOperation; readonly level: number }>();
  for (const place of placed) {
    if (isUpdate(place.operation)) continue;
    for (const { storage } of valuesOf(place.operation.inputs))
      lastRead.set(storage, Math.max(place.level, lastRead.get(storage) ?? 0));
    for (const { storage } of valuesOf(place.operation.outputs)) makers.set(storage, place);
  }
  return new Map(
    placed.flatMap(({ operation }) => {
      if (!isUpdate(operation) || !('g' in operation.inputs)) return [];
      const { g, w } = operation.inputs as Readonly<Record<'g' | 'w', Value>>;
      const maker = makers.get(g.storage);
      const isShared = maker?.operation.kind === 'denseWeights' || maker?.operation.kind === 'sumParts';
      const isRead = maker !== undefined && (lastRead.get(w.storage) ?? -1) >= maker.level;
      return isShared && !isRead && !lastRead.has(g.storage) ? [[maker.operation, operation]] : [];
    }),
  );
}

function isUpdate({ kind }: AnyOperation): boolean {
  return traits[kind][0] === 'update';
}

function toStretches(operations: readonly AnyOperation[]): Level {
  const stretches: { pace: Stretch['pace']; operations: AnyOperation[] }[] = [];
  const isSplit = (operation: AnyOperation): boolean => traits[operation.kind][0] === 'examples';
  for (const operation of operations.filter(isSplit)) {
    const [, pace] = traits[operation.kind];
    const current = stretches.at(-1);
    const wanted = pace === 'any' ? (current?.pace ?? firstPace(operations)) : pace;
    if (current?.pace === wanted) current.operations.push(operation);
    else stretches.push({ pace: wanted, operations: [operation] });
  }
  const others = operations.filter((operation) => !isSplit(operation));
  return others.length === 0 ? stretches : [...stretches, { pace: 'elements', operations: others }];
}

function firstPace(operations: readonly AnyOperation[]): 'one' | 'all' {
  const found = operations.map(({ kind }) => traits[kind][1]).find((pace) => pace !== 'any');
  return found === 'one' ? 'one' : 'all';
}

/** For each storage the levels from which and to which it is in use, and the only stretch that uses it, where there is one. */
export interface Use {
  readonly value: Value;
  first: number;
  last: number;
  stretch: Stretch | undefined;
}

export function findUses(levels: readonly Level[]): ReadonlyMap<number, Use> {
  const uses = new Map<number, Use>();
  levels.forEach((level, number) => {
    for (const stretch of level)
      for (const { inputs, outputs } of stretch.operations)
        for (const value of [...valuesOf(inputs), ...valuesOf(outputs)]) {
          const use = uses.get(value.storage);
          if (use === undefined) uses.set(value.storage, { value, first: number, last: number, stretch });
          else {
            use.last = number;
            if (use.stretch !== stretch) use.stretch = undefined;
          }
        }
  });
  return uses;
}

/** Made of the states is only what the first level divides by its numbers; with a third level its place could be taken by then. */
export function isRepeatable(levels: readonly Level[]): boolean {
  const isShared = ({ pace }: Stretch): boolean => pace === 'elements';
  const changes = levels
    .flat()
    .flatMap(({ operations }) => operations.flatMap(({ outputs }) => valuesOf(outputs)))
    .some(({ place }) => place === 'state');
  return !changes && levels.length <= 2 && !levels.slice(1).flat().some(isShared);
}
