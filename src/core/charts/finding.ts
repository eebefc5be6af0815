/** What is looked for in names: alternatives, each of words that a name must all have. */
type Wish = readonly (readonly Word[])[];

interface Word {
  /** What comes one after the other, whatever lies between. */
  readonly parts: readonly string[];
  readonly isFromStart: boolean;
  readonly isToEnd: boolean;
}

/**
 * `loss acc`: both are in the name; `loss|acc`: one of them; `^val_`, `loss$`: at its start, at its end; `val*loss`, or `val.*loss` as in a regular expression. Upper and lower case are the same. It is
 * looked for without going back, so that no text takes long. An empty text is in every name.
 */
export function createFinder(text: string): (names: readonly string[]) => boolean {
  const wish: Wish = text
    .toLowerCase()
    .split('|')
    .map((alternative) => alternative.split(/\s+/).filter(Boolean).map(toWord))
    .filter((words) => words.length > 0);
  if (wish.length === 0) return () => true;
  return (names) => {
    const lower = names.map((name) => name.toLowerCase());
    return wish.some((words) => lower.some((name) => words.every((word) => hasWord(name, word))));
  };
}

function toWord(text: string): Word {
  const [isFromStart, isToEnd] = [text.startsWith('^'), text.length > 1 && text.endsWith('$')];
  const plain = text.slice(isFromStart ? 1 : 0, isToEnd ? -1 : undefined);
  return { parts: plain.replaceAll('.*', '*').split('*'), isFromStart, isToEnd };
}

function hasWord(name: string, { parts, isFromStart, isToEnd }: Word): boolean {
  const last = parts.length - 1;
  let from = 0;
  for (const [index, part] of parts.entries()) {
    const mustEnd = isToEnd && index === last;
    const at = mustEnd ? name.length - part.length : name.indexOf(part, from);
    if (at < from || (mustEnd && !name.endsWith(part)) || (isFromStart && index === 0 && at !== 0)) return false;
    from = at + part.length;
  }
  return true;
}
