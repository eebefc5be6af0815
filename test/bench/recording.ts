// Prints how long a process that has trained nothing takes for the graph of a CNN on native TensorFlow: recording.ts NATIVE, a folder with native
// TensorFlow, gives { recording, running } in milliseconds: recorded twice, written and loaded; then run for the first time, where TensorFlow
// rewrites it, and compared with its operations.
import type { TrainingSection } from '../../src/core/config/config.ts';
import { ensureCompiled } from '../../src/worker/compilation.ts';
import { startNative } from '../../src/worker/native.ts';
import { seedMathRandom } from '../../src/worker/seeds.ts';
import { nativeBackendOf, type Binding } from '../../src/worker/traced/native.ts';
import { createNativeSteps } from '../../src/worker/traced/steps.ts';
import { cnn, createModel, readDigits } from '../interop/nets.ts';

export interface RecordingTimes {
  readonly recording: number;
  readonly running: number;
}

const BATCH = 128;

const [, , native = ''] = process.argv;
const { tf } = await startNative('cpu', { projectRoot: import.meta.dirname, installed: native });
const backend = nativeBackendOf(tf);
if (backend === undefined) throw new Error('There is no native TensorFlow.');
const { binding } = backend;
let running = 0;
backend.binding = Object.create(binding, {
  runSavedModel: {
    value: (...args: Parameters<Binding['runSavedModel']>) => {
      const before = performance.now();
      const made = binding.runSavedModel(...args);
      running += performance.now() - before;
      return made;
    },
  },
}) as Binding;
const training = {
  ...{ batch_size: BATCH, num_epochs: 1, loss_function: 'categorical_crossentropy', metric: 'accuracy', metrics: null },
  ...{ optimizer: 'adam', learning_rate: 0.001, weight_decay: null, gradient_clipping: null, class_weights: null },
} as unknown as TrainingSection;
const model = createModel(tf, cnn);
const { xs, ys, count } = await readDigits('train', BATCH);
const examples = { xs, ys, shape: cnn.input, count, size: 784, width: 10, scale: 1 };
const { metrics, weightDecay } = ensureCompiled(tf, model, training, { targetWidth: 10 });
const options = { training, metrics, weightDecay, keepsOutputs: false, examples, capacity: BATCH, isTraced: true };
const start = performance.now();
const steps = createNativeSteps(tf, model, { ...options, seed: 1, fit: 1, random: seedMathRandom(1) });
const recording = performance.now() - start - running;
if (!steps.isCompiled) throw new Error(steps.way);
console.log(JSON.stringify({ recording, running } satisfies RecordingTimes));
await steps.dispose();
