import type { CodeRisk, FileInspection, ModelFormat } from '../../protocol/inspect.ts';
import { isKerasArchive, readKeras, readPytorch } from './archive.ts';
import { FormatFailure, type ByteSource } from './bytes.ts';
import { attempt, createDraft, type Reading, type Unpack } from './draft.ts';
import { hdf5Magic, readHdf5 } from './hdf5.ts';
import { findPacking, readJoblib } from './joblib.ts';
import { readMlmodel } from './mlmodel.ts';
import { readOnnx } from './onnx.ts';
import { readPickle } from './pickle.ts';
import { readSavedModel } from './savedmodel.ts';
import { readTfjs } from './tfjs.ts';

export { toSource, type ByteSource } from './bytes.ts';
export type { Unpack } from './draft.ts';
export { formatInspection } from './words.ts';

// The door: what a model's file says of itself. Nothing is executed, imported or loaded; whatever the bytes, an answer comes.

interface Format {
  readonly format: ModelFormat;
  /** Of the file, without folders. */
  readonly names: RegExp;
  readonly read: (reading: Reading) => void;
}

/** A file's name says what it is; a new format is a row. */
const formats: readonly Format[] = [
  { format: 'mlmodel', names: /^MLmodel$/, read: readMlmodel },
  { format: 'tfjs', names: /^model\.json$/, read: readTfjs },
  { format: 'onnx', names: /\.onnx$/i, read: readOnnx },
  { format: 'savedmodel', names: /^saved_model\.pb$/, read: readSavedModel },
  { format: 'keras', names: /\.keras$/i, read: readKeras },
  { format: 'hdf5', names: /\.(h5|hdf5)$/i, read: readHdf5 },
  { format: 'joblib', names: /\.(joblib|jl|pkl\.(gz|z)|joblib\.(gz|z))$/i, read: readJoblib },
  { format: 'pickle', names: /\.(pkl|pickle|p|sav|dill|cloudpickle)$/i, read: readPickled },
  // `.bin` alone says nothing: TensorFlow.js calls its weights so.
  { format: 'pytorch', names: /^pytorch_model.*\.bin$|\.(pt|pth|ckpt)$/i, read: readTorch },
];

/** True for files of a folder that are worth a look. */
export function isModelFile(path: string): boolean {
  return findFormat(path) !== undefined;
}

function findFormat(path: string): Format | undefined {
  const name = path.split('/').at(-1) ?? '';
  return formats.find(({ names }) => names.test(name));
}

/** What a file says of itself; of one whose name does not tell by its first bytes. */
export function inspectFile(path: string, source: ByteSource, unpack: Unpack): FileInspection {
  const draft = createDraft('unknown');
  attempt(draft, () => {
    const { format, read } = findFormat(path) ?? sniff(source);
    draft.format = format;
    read({ source, draft, unpack });
  });
  if (draft.problems.length > 0 && draft.canExecuteCode === 'no' && mayHideCode(draft.format)) {
    draft.canExecuteCode = 'unknown';
    draft.reasons.push('It could not be read to its end.');
  }
  const { operations, imports, ...rest } = draft;
  return {
    ...{ path, bytes: source.length },
    ...rest,
    operations: Object.fromEntries([...operations].sort(([, a], [, b]) => b - a).slice(0, 500)),
    imports: [...imports].sort(),
  };
}

/** In these a part that was not read could be code. */
function mayHideCode(format: ModelFormat): boolean {
  return ['keras', 'hdf5', 'pickle', 'joblib', 'pytorch', 'savedmodel', 'unknown'].includes(format);
}

function sniff(source: ByteSource): Pick<Format, 'format' | 'read'> {
  const head = source.read(0, Math.min(8, source.length));
  const startsWith = (...bytes: readonly number[]): boolean => bytes.every((byte, index) => head[index] === byte);
  if (startsWith(...hdf5Magic)) return { format: 'hdf5', read: readHdf5 };
  if (startsWith(0x50, 0x4b, 0x03, 0x04))
    return isKerasArchive(source) ? { format: 'keras', read: readKeras } : { format: 'pytorch', read: readPytorch };
  if (startsWith(0x80) && (head[1] ?? 255) <= 5) return { format: 'pickle', read: readPickle };
  if (typeof findPacking(head)?.kind === 'string') return { format: 'joblib', read: readJoblib };
  if (startsWith(0x7b)) return { format: 'tfjs', read: readTfjs };
  throw new FormatFailure('This is no file of a model that is known here', 0);
}

/** joblib saves under any name. */
function readPickled(reading: Reading): void {
  const head = reading.source.read(0, Math.min(8, reading.source.length));
  const isPacked = findPacking(head) !== undefined;
  if (isPacked) reading.draft.format = 'joblib';
  (isPacked ? readJoblib : readPickle)(reading);
}

/** Old files of PyTorch are pickles, one behind the other; the others are zip files. */
function readTorch(reading: Reading): void {
  const { format, read } = sniff(reading.source);
  if (format !== 'pytorch' && format !== 'pickle') throw new FormatFailure('This is no file of PyTorch', 0);
  read(reading);
}

const risks: readonly CodeRisk[] = ['no', 'unknown', 'yes'];

/** The riskiest of several files. */
export function worstRisk(files: readonly Pick<FileInspection, 'canExecuteCode'>[]): CodeRisk {
  const worst = Math.max(0, ...files.map(({ canExecuteCode }) => risks.indexOf(canExecuteCode)));
  return risks[worst] ?? 'unknown';
}
