import { compareCodePoints } from '../names/names.ts';
import { quoteAscii } from './values.ts';

/** A member of a tracked folder. */
export interface DirectoryEntry {
  /** Hex md5 of its bytes. */
  readonly md5: string;
  /** Relative to the folder, with forward slashes. */
  readonly relpath: string;
}

/**
 * DVC's directory object: a JSON list of members sorted by code points, exactly as Python's `json.dumps(…, sort_keys=True)`
 * writes it. The folder's id is the md5 of these (ASCII) bytes with `.dir` behind.
 */
export function formatDirectory(entries: readonly DirectoryEntry[]): string {
  const members = entries
    .toSorted((a, b) => compareCodePoints(a.relpath, b.relpath))
    .map(({ md5, relpath }) => `{"md5": ${quoteAscii(md5)}, "relpath": ${quoteAscii(relpath)}}`);
  return `[${members.join(', ')}]`;
}

/** The members, or undefined for text that is no directory object (a damaged cache). Paths that lead out of the folder are damage. */
export function parseDirectory(text: string): readonly DirectoryEntry[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return undefined;
    const entries = parsed.map(toEntry);
    return entries.every((entry) => entry !== undefined) ? entries : undefined;
  } catch {
    // Not JSON: the object is damaged, which is what undefined says.
    return undefined;
  }
}

function toEntry(value: unknown): DirectoryEntry | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { md5, relpath } = value as Record<string, unknown>;
  if (typeof md5 !== 'string' || !/^[0-9a-f]{32}$/.test(md5) || typeof relpath !== 'string') return undefined;
  const parts = relpath.split('/');
  const isInside = parts.every((part) => part !== '' && part !== '.' && part !== '..') && !relpath.includes('\0');
  return isInside ? { md5, relpath } : undefined;
}
