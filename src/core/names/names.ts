export { escapeControls } from '../../protocol/text.ts';
// Here, not with the registry: the editor asks for nothing else of it.
export { findAliasMistake, findModelNameMistake } from './registered.ts';

/** Up to three of `candidates` that a person may have meant by `name`: by edit distance, at most a third of its length away. */
export function findNearest(name: string, candidates: readonly string[]): readonly string[] {
  const limit = Math.max(2, Math.ceil(name.length / 3));
  return [...new Set(candidates)]
    .map((candidate) => ({ candidate, distance: editDistance(name.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= limit || (name !== '' && candidate.includes(name)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance in UTF-16 units. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

let numeric: Intl.Collator | undefined;

/** As people count: `a-2` before `a-10`. */
export function compareNaturally(a: string, b: string): number {
  numeric ??= new Intl.Collator('en', { numeric: true });
  return numeric.compare(a, b) || compareCodePoints(a, b);
}

/** A branch for an experiment, or for a config by its file: what can't stand in a name becomes a dash. */
export function toBranchName(told: string): string {
  const words = told.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/, '');
  return words.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
}

/** Order of code points, as Python sorts; JavaScript's own order is that of UTF-16 units. */
export function compareCodePoints(a: string, b: string): number {
  let i = 0;
  while (i < a.length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1;
  // Equal up to here; a low surrogate belongs to the code point one unit before it.
  const start = i > 0 && isLowSurrogate(a.charCodeAt(i)) && isLowSurrogate(b.charCodeAt(i)) ? i - 1 : i;
  return (a.codePointAt(start) ?? -1) - (b.codePointAt(start) ?? -1);
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** File name of what a stage prints: `train@cnnbased` → `train@cnnbased.log`; what can't stand in such a name is replaced. */
export function stageLogName(stage: string): string {
  return `${stage.replace(/[^\p{L}\p{N}@_.-]/gu, '_').slice(0, 120)}.log`;
}
