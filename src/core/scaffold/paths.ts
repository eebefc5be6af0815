// Which file names may be written on any of the three systems, whatever the one we run on allows.

const MAX_SEGMENT_BYTES = 255;
const MAX_PATH_LENGTH = 240;
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;

/** True for a name by which Windows opens a device, whatever ending follows, so that no file or folder can have it there. */
export function isDeviceName(name: string): boolean {
  return RESERVED.test(name);
}

/** A row is a test of one part of a path, and what is said when it holds. */
const segmentRules: readonly (readonly [(segment: string) => boolean, string])[] = [
  [(segment) => segment === '', 'has an empty part'],
  [(segment) => segment === '.' || segment === '..', 'leads out of its folder'],
  [(segment) => !segment.isWellFormed(), 'is no proper text'],
  [
    (segment) => /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u.test(segment),
    'holds characters that can not be seen',
  ],
  [(segment) => /[<>:"|?*\\]/.test(segment), 'holds a character that Windows does not allow in names'],
  [(segment) => /[. ]$|^ /.test(segment), 'has a part that starts or ends with a space, or ends with a dot'],
  [isDeviceName, 'has the name of a device of Windows'],
  [(segment) => /^(\.git|git~1)$/i.test(segment), "reaches into git's own folder, from where programs could be run"],
  [(segment) => segment.includes('{{'), 'holds "{{": names of files are not filled in'],
  [(segment) => utf8Length(segment) > MAX_SEGMENT_BYTES, `has a part of more than ${MAX_SEGMENT_BYTES} bytes`],
];

/** What is wrong with each path, as sentences; paths are relative, with forward slashes. */
export function findUnsafePaths(paths: readonly string[]): readonly string[] {
  return [...paths.flatMap(describeUnsafe), ...describeClashes(paths)];
}

function describeUnsafe(path: string): readonly string[] {
  const found = path
    .split('/')
    .map((segment) => segmentRules.find(([matches]) => matches(segment))?.[1])
    .find((words) => words !== undefined);
  const words = found ?? (path.length > MAX_PATH_LENGTH ? `has more than ${MAX_PATH_LENGTH} characters` : undefined);
  return words === undefined ? [] : [`${JSON.stringify(path)} ${words}.`];
}

/** Two paths that some systems take for one (case, composed accents), and a file where another path needs a folder. */
function describeClashes(paths: readonly string[]): readonly string[] {
  const files = new Map<string, string>();
  const problems: string[] = [];
  for (const path of paths) {
    const other = files.get(fold(path));
    if (other !== undefined)
      problems.push(`${JSON.stringify(path)} and ${JSON.stringify(other)} are the same file on some systems.`);
    files.set(fold(path), path);
  }
  for (const path of paths) {
    const parts = fold(path).split('/');
    const parent = parts.slice(1).map((_, length) => parts.slice(0, length + 1).join('/'));
    const file = parent.map((folder) => files.get(folder)).find((found) => found !== undefined);
    if (file !== undefined)
      problems.push(`${JSON.stringify(path)} needs a folder where ${JSON.stringify(file)} is a file.`);
  }
  return problems;
}

function fold(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase();
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
