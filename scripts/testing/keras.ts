import { ensurePython } from './python.ts';

/** The TensorFlow that we hold ourselves to; Keras comes with it. */
const TENSORFLOW = '2.21.0';

/** A Python with Keras, made on first use (some minutes, 1.3 GB); undefined where the machine has no Python. */
export function ensureKeras(): Promise<string | undefined> {
  return ensurePython(`keras-tensorflow-${TENSORFLOW}`, [`tensorflow-cpu==${TENSORFLOW}`]);
}
