import { END_LENGTH, entryDataOffset, parseDirectory, parseEnd, type ZipEntry } from '../zip/zip.ts';
import { FormatFailure, toSource, type ByteSource } from './bytes.ts';
import type { Reading } from './draft.ts';
import { fieldsOf, readJson, textOf } from './json.ts';
import { judgeLayer, readLayers } from './layers.ts';
import { readPickle } from './pickle.ts';

// Models that are zip files: Keras' `.keras`, and what PyTorch saves. Of their entries only the small ones that describe are unpacked.

const MAX_ENTRIES = 100_000;
const MAX_DIRECTORY_BYTES = 32 << 20;
/** The most that an entry is unpacked to, whatever its directory says. */
const MAX_ENTRY_BYTES = 64 << 20;

export function readKeras(reading: Reading): void {
  const { draft } = reading;
  const entries = listEntries(reading.source);
  draft.facts['weightBytes'] = sizeOf(entries, /\.h5$|\.npz$/);
  const metadata = fieldsOf(readJson(openEntry(reading, entries, 'metadata.json')));
  for (const [fact, key] of [
    ['kerasVersion', 'keras_version'],
    ['saved', 'date_saved'],
  ] as const) {
    const value = textOf(metadata[key]);
    if (value !== undefined) draft.facts[fact] = value;
  }
  const config = fieldsOf(readJson(openEntry(reading, entries, 'config.json')));
  draft.facts['class'] = textOf(config['class_name']) ?? '?';
  judgeLayer(config, textOf(config['class_name']) ?? '?', 'that is the model itself', draft);
  readLayers(config, { draft, parametersOf: () => null, isPython: true });
}

export function readPytorch(reading: Reading): void {
  const { draft, source } = reading;
  const entries = listEntries(source);
  const data = entries.find(({ name }) => /(^|\/)data\.pkl$/.test(name));
  draft.facts['weightBytes'] = sizeOf(entries, /\/data\/\d+$/);
  if (entries.some(({ name }) => /\/code\/.*\.py$/.test(name))) {
    draft.facts['kind'] = 'TorchScript';
    draft.canExecuteCode = 'yes';
    draft.reasons.push('It is a TorchScript program: PyTorch runs its code, though not as Python.');
  }
  if (data === undefined) throw new FormatFailure('There is no data.pkl: this is no model of PyTorch', source.length);
  readPickle({ ...reading, source: openEntry(reading, entries, data.name) });
}

/** What is in a zip file without a name that tells: a model of Keras has a config.json, one of PyTorch a data.pkl. */
export function isKerasArchive(source: ByteSource): boolean {
  return listEntries(source).some(({ name }) => name === 'config.json');
}

function listEntries(source: ByteSource): readonly ZipEntry[] {
  const tailLength = Math.min(source.length, END_LENGTH);
  const end = parseEnd(source.read(source.length - tailLength, tailLength));
  if (end === undefined || end.offset + end.size > source.length)
    throw new FormatFailure('The zip file has no end: it is cut, or none', source.length);
  if (end.size > MAX_DIRECTORY_BYTES) throw new FormatFailure('The zip file has too many entries', end.offset);
  const entries = parseDirectory(source.read(end.offset, end.size));
  if (entries === undefined) throw new FormatFailure("The zip file's directory is damaged", end.offset);
  if (entries.length > MAX_ENTRIES) throw new FormatFailure('The zip file has too many entries', end.offset);
  return entries;
}

function openEntry({ source, unpack }: Reading, entries: readonly ZipEntry[], name: string): ByteSource {
  const entry = entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new FormatFailure(`There is no ${name} in the zip file`, source.length);
  const header = source.read(entry.offset, Math.max(0, Math.min(30, source.length - entry.offset)));
  const start = entryDataOffset(entry, header);
  if (start === undefined || start + entry.compressedSize > source.length)
    throw new FormatFailure(`The entry ${name} is damaged`, Math.min(entry.offset, source.length));
  if (entry.size > MAX_ENTRY_BYTES || entry.compressedSize > MAX_ENTRY_BYTES)
    throw new FormatFailure(`The entry ${name} has ${entry.size} bytes; at most ${MAX_ENTRY_BYTES} are read`, start);
  const packed = source.read(start, entry.compressedSize);
  if (entry.method === 0) return toSource(packed);
  if (entry.method !== 8) throw new FormatFailure(`The entry ${name} is packed in an unknown way`, entry.offset);
  const { bytes, isWhole } = unpack('raw', packed, MAX_ENTRY_BYTES);
  if (!isWhole || bytes.length !== entry.size) throw new FormatFailure(`The entry ${name} is damaged`, start);
  return toSource(bytes);
}

function sizeOf(entries: readonly ZipEntry[], pattern: RegExp): number {
  return entries.filter(({ name }) => pattern.test(name)).reduce((sum, { size }) => sum + size, 0);
}
