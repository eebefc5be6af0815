// What git prints of its objects, for programs.

/** The format of `for-each-ref` that {@link parseReferences} reads: a tag is told with the commit that it is on. */
export const referenceFormat = '%(refname)%09%(objectname)%09%(objecttype)%09%(*objectname)%09%(*objecttype)';

export interface Reference {
  /** `refs/heads/main` */
  readonly ref: string;
  /** Full hash. */
  readonly commit: string;
}

/** References to commits; those to anything else are left out. */
export function parseReferences(text: string): readonly Reference[] {
  return text.split('\n').flatMap((line) => {
    const [ref = '', object = '', type = '', peeled = '', peeledType = ''] = line.split('\t');
    if (type === 'commit') return [{ ref, commit: object }];
    return peeledType === 'commit' ? [{ ref, commit: peeled }] : [];
  });
}

/** Objects as `git cat-file --batch` prints them, in the order in which they were asked for; undefined for one that is not there. */
export function parseBatch(bytes: Uint8Array): readonly (Uint8Array | undefined)[] {
  const objects: (Uint8Array | undefined)[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(10, at);
    if (end === -1) break;
    const size = / [0-9]+$/.exec(decoder.decode(bytes.subarray(at, end)))?.[0];
    at = end + 1;
    // `NAME missing`, `NAME ambiguous`.
    objects.push(size === undefined ? undefined : bytes.subarray(at, at + Number(size)));
    if (size !== undefined) at += Number(size) + 1;
  }
  return objects;
}

const decoder = new TextDecoder();

export interface Commit {
  readonly parents: readonly string[];
  readonly author: string;
  /** When it was committed; milliseconds since 1970. */
  readonly time: number;
  /** First line of the message. */
  readonly subject: string;
}

/** A commit object's own text. */
export function parseCommit(bytes: Uint8Array): Commit {
  const text = decoder.decode(bytes);
  const [head = ''] = text.split('\n\n', 1);
  const lines = head.split('\n');
  const valueOf = (key: string): string =>
    lines.find((line) => line.startsWith(`${key} `))?.slice(key.length + 1) ?? '';
  return {
    parents: lines.filter((line) => line.startsWith('parent ')).map((line) => line.slice('parent '.length)),
    author: /^(.*?) ?</.exec(valueOf('author'))?.[1] ?? '',
    time: Number(/> (\d+)/.exec(valueOf('committer'))?.[1] ?? 0) * 1000,
    subject: text.slice(head.length + 2).split('\n', 1)[0] ?? '',
  };
}
