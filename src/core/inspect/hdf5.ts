import { FormatFailure } from './bytes.ts';
import type { Reading } from './draft.ts';

/** The first eight bytes of every HDF5 file. */
export const hdf5Magic = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] as const;

/** Only what is certain: that it is HDF5, and of which version. Its layers may hold code, and nobody has looked. */
export function readHdf5({ source, draft }: Reading): void {
  const head = source.read(0, Math.min(9, source.length));
  if (!hdf5Magic.every((byte, index) => head[index] === byte)) throw new FormatFailure('This is no HDF5 file', 0);
  const [, , , , , , , , version] = head;
  if (version === undefined) throw new FormatFailure('The file is cut', source.length);
  draft.facts['superblock'] = version;
  draft.canExecuteCode = 'unknown';
  draft.reasons.push(
    'Layers in an HDF5 file are not read here, and a Lambda layer among them would be Python code. Saved as .keras they can be seen.',
  );
}
