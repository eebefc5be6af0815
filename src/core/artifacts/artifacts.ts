import type { ArtifactView } from '../../protocol/runpage.ts';
import { drawJson, parsedJsonBytes } from './json.ts';

export { groupPictures, pictureFolders } from './stepped.ts';

// Which view a page gives of an artifact. Bytes decide, not names: what a run has written may be called anything. Nothing is ever rendered but
// pictures of these kinds; notebooks, HTML and SVG are text.

type TableView = Extract<ArtifactView, { readonly kind: 'table' }>;

/** As much of a text as a page shows; the editor shows more. */
export const shownTextBytes = 512 << 10;
export const shownImageBytes = 16 << 20;
const MOST_ROWS = 500;
const MOST_COLUMNS = 60;
const MOST_CELL_LENGTH = 500;

const signatures: readonly (readonly [mediaType: string, bytes: readonly (number | null)[]])[] = [
  ['image/png', [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
];

/** Kind of a picture by its first bytes. */
function findMediaType(bytes: Uint8Array): string | undefined {
  return signatures.find(([, mark]) => mark.every((byte, index) => byte === null || bytes[index] === byte))?.[0];
}

/** `bytes`: the beginning of the artifact, as long as what is shown of its kind at most. */
export function toArtifactView(
  name: string,
  { bytes, isWhole }: { bytes: Uint8Array; isWhole: boolean },
): ArtifactView {
  const mediaType = findMediaType(bytes);
  if (mediaType !== undefined) return isWhole ? { kind: 'image', bytes, mediaType } : { kind: 'none', why: 'large' };
  const isCut = !isWhole || bytes.length > shownTextBytes;
  const text = decodeText(bytes.subarray(0, shownTextBytes), isCut);
  if (text === undefined) return { kind: 'none', why: 'binary' };
  if (/\.json$/i.test(name)) return viewJson(name, { text, isCut }, { bytes, isWhole });
  const separator = /\.csv$/i.test(name) ? ',' : /\.tsv$/i.test(name) ? '\t' : undefined;
  const table = separator === undefined ? undefined : toTable(text, separator, isCut);
  return table ?? { kind: 'text', text, isCut };
}

/** `shown`: the beginning. What is drawn is read of all bytes. */
function viewJson(
  name: string,
  shown: { readonly text: string; readonly isCut: boolean },
  { bytes, isWhole }: { bytes: Uint8Array; isWhole: boolean },
): ArtifactView {
  const { text, isCut } = shown;
  const whole = isWhole && bytes.length <= parsedJsonBytes ? decodeText(bytes, false) : undefined;
  const drawn = whole === undefined ? undefined : drawJson(name, whole, toShown);
  const source = { text: isCut ? text : indentJson(text), isCut };
  return drawn === undefined ? { kind: 'text', ...source } : { kind: 'drawn', drawn, source };
}

/** As much of a table as a page shows. */
function toShown(columns: readonly string[], rows: readonly (readonly string[])[]): TableView {
  const shown = rows.slice(0, MOST_ROWS).map(narrow);
  return { kind: 'table', columns: narrow(columns), rows: shown, isCut: shown.length < rows.length };
}

function narrow(row: readonly string[]): readonly string[] {
  return row
    .slice(0, MOST_COLUMNS)
    .map((cell) => (cell.length > MOST_CELL_LENGTH ? `${cell.slice(0, MOST_CELL_LENGTH)}…` : cell));
}

/** Undefined for what is no text. A cut may go through a character: its bytes are left out. */
function decodeText(bytes: Uint8Array, isCut: boolean): string | undefined {
  if (bytes.includes(0)) return undefined;
  for (let less = 0; less <= (isCut ? 3 : 0); less += 1)
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, bytes.length - less));
    } catch {
      // With a byte less it may be whole; if not, it is no text.
    }
  return undefined;
}

/** JSON on one line is no reading; what can't be parsed, or has numbers that would change, stays as it is. */
function indentJson(text: string): string {
  if (text.includes('\n')) return text;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text.replaceAll(/\s+/g, '') || !/\d{16}/.test(text)
      ? JSON.stringify(value, undefined, 2)
      : text;
  } catch {
    return text;
  }
}

function toTable(text: string, separator: string, isCut: boolean): TableView | undefined {
  const { rows, isWhole } = readRows(text, separator, isCut);
  const [columns, ...others] = rows;
  if (columns === undefined || columns.length < 2) return undefined;
  return { kind: 'table', columns: narrow(columns), rows: others.map(narrow), isCut: !isWhole };
}

/** A line that is cut off is left out. */
function readRows(
  text: string,
  separator: string,
  isCut: boolean,
): { readonly rows: readonly (readonly string[])[]; readonly isWhole: boolean } {
  const rows: string[][] = [[]];
  let isRead = true;
  for (const { value, isLast, isEnd } of readFields(text, separator)) {
    rows.at(-1)?.push(value);
    isRead = isEnd;
    if (isLast && rows.length > MOST_ROWS) return { rows, isWhole: isEnd && !isCut };
    if (isLast) rows.push([]);
  }
  if (!isRead && !isCut) return { rows: [], isWhole: false };
  const isOpen = isCut || rows.at(-1)?.length === 0;
  return { rows: isOpen ? rows.slice(0, -1) : rows, isWhole: !isCut };
}

interface Field {
  readonly value: string;
  /** Of its line, and of the text. */
  readonly isLast: boolean;
  readonly isEnd: boolean;
}

/** As RFC 4180 has it: fields in double quotes may hold separators, line ends and doubled quotes. Ends where the quotes never do. */
function* readFields(text: string, separator: string): Generator<Field> {
  const field = new RegExp(`(?:"((?:[^"]|"")*)"|((?!")[^${separator}\\n]*?))(${separator}|\\r?\\n|$)`, 'y');
  field.lastIndex = text.startsWith('\uFEFF') ? 1 : 0;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (found === null) return;
    const [, quoted, plain, end = ''] = found;
    const isEnd = end === '' || field.lastIndex === text.length;
    yield { value: quoted?.replaceAll('""', '"') ?? plain ?? '', isLast: end.endsWith('\n'), isEnd };
    if (end === '') return;
  }
}
