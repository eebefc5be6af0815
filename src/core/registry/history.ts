import { isMapping } from '../yaml/yaml.ts';
import { historyTag, type AliasMove } from '../../protocol/registry.ts';
import { maxRegistryTagLength } from './names.ts';

/** The moves that a model's tag keeps, oldest first. What is no move is left out: anybody may write a tag. */
export function parseHistory(tags: Readonly<Record<string, string>>): readonly AliasMove[] {
  const text = Object.hasOwn(tags, historyTag) ? tags[historyTag] : undefined;
  if (text === undefined) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.flatMap(toMove) : [];
  } catch {
    // Cut or written by hand: there is no history then, which hides nothing of the registry.
    return [];
  }
}

function toMove(value: unknown): readonly AliasMove[] {
  if (!isMapping(value)) return [];
  const { alias, from, to, time, user, reason, undo } = value;
  const isVersion = (version: unknown): version is string | null => version === null || typeof version === 'string';
  if (typeof alias !== 'string' || !isVersion(from) || !isVersion(to) || typeof time !== 'number') return [];
  return [
    {
      ...{ alias, from, to, time },
      user: typeof user === 'string' ? user : '',
      reason: typeof reason === 'string' ? reason : null,
      isUndo: undo === true,
    },
  ];
}

/** The tag's text with one move more; `text` is what stands there now. */
export function recordMove(
  text: string | undefined,
  { alias, from, to, time, user, reason, isUndo }: AliasMove,
): string {
  const moves = text === undefined ? [] : parseHistory({ [historyTag]: text });
  return formatHistory([...moves, { alias, from, to, time, user, reason, isUndo }]);
}

/** The tag's text: as many of the newest moves as MLflow's limit takes. */
function formatHistory(moves: readonly AliasMove[]): string {
  const texts = moves.map(({ isUndo, ...move }) => JSON.stringify(isUndo ? { ...move, undo: true } : move));
  let length = 1;
  let first = texts.length;
  while (first > 0 && length + (texts[first - 1]?.length ?? 0) + 1 <= maxRegistryTagLength) {
    first -= 1;
    length += (texts[first]?.length ?? 0) + 1;
  }
  return `[${texts.slice(first).join(',')}]`;
}

/** The moves of an alias that still count, oldest first: an undo takes itself and the move before it away. */
export function standingMoves(moves: readonly AliasMove[], alias: string): readonly AliasMove[] {
  const standing: AliasMove[] = [];
  for (const move of moves) {
    if (move.alias !== alias) continue;
    if (move.isUndo) standing.pop();
    else standing.push(move);
  }
  return standing;
}
