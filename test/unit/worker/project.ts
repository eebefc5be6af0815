import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { TrainTask } from '../../../src/protocol/training.ts';

/** A small project in a folder of its own: four kinds of 6 × 6 pictures, told apart by where they are bright. */
export interface Project {
  readonly root: string;
  readonly output: string;
  readonly checkpoints: string;
  write(file: string, text: string): Promise<void>;
  trainTask(change?: Partial<TrainTask>, training?: Record<string, unknown>): TrainTask;
  remove(): Promise<void>;
}

export const dataloader = `
const counts = { train: 96, validation: 24, test: 24 };

export async function load(split: 'train' | 'validation' | 'test', config: any): Promise<{ xs: Float32Array; ys: Float32Array; shape: number[] }> {
  const count = counts[split];
  const xs = new Float32Array(count * 36);
  const ys = new Float32Array(count * 4);
  let state = split.length;
  const next = (): number => (state = (state * 16807) % 2147483647) / 2147483647;
  for (let i = 0; i < count; i++) {
    const label = i % 4;
    for (let row = 0; row < 6; row++)
      for (let column = 0; column < 6; column++) {
        const quarter = (row < 3 ? 0 : 2) + (column < 3 ? 0 : 1);
        xs[i * 36 + row * 6 + column] = (quarter === label ? 0.6 : 0) + next() * 0.4;
      }
    ys[i * 4 + label] = 1;
  }
  return { xs, ys, shape: [6, 6, 1] };
}
`;

const model = `
export function createModel(tf: any, config: any): any {
  return tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [6, 6, 1], filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.flatten(),
      tf.layers.dropout({ rate: 0.2 }),
      tf.layers.dense({ units: 4, activation: 'softmax' }),
    ],
  });
}
`;

const train = `
import { createModel } from './model.ts';

export async function train(context: any): Promise<any> {
  const model = createModel(context.tf, context.config);
  await context.fit(model, context.data);
  return model;
}
`;

export const predict = `
export async function predict({ tf, model }: any, images: any[]): Promise<any[]> {
  return images.map(({ name, pixels, width, height }) => {
    const probabilities = tf.tidy(() => [...model.predict(tf.tensor(Float32Array.from(pixels, (value: number) => value / 255), [1, height, width, 1])).dataSync()]);
    return { name, label: String(probabilities.indexOf(Math.max(...probabilities))), probabilities, labels: ['0', '1', '2', '3'] };
  });
}
`;

const config = {
  data: { dataset_path: 'data/processed/' },
  model: { name: 'quarters' },
  training: {
    batch_size: 16,
    num_epochs: 4,
    loss_function: 'categoricalCrossentropy',
    metric: 'accuracy',
    optimizer: 'adam',
    learning_rate: 0.02,
    seed: 42,
    metrics: null,
    learning_rate_schedule: null,
    weight_decay: null,
    gradient_clipping: null,
    ema: null,
    class_weights: null,
    augmentation: null,
    early_stopping: null,
    checkpoint: null,
    backend: 'auto',
    threads: null,
    compile: null,
  },
};

export async function createProject(files: Readonly<Record<string, string>> = {}): Promise<Project> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-worker-'));
  const root = path.join(folder, 'project');
  const output = path.join(folder, 'output');
  const checkpoints = path.join(folder, 'checkpoints');
  await mkdir(output);
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  };
  const all = { 'dataloader.ts': dataloader, 'model.ts': model, 'train.ts': train, 'predict.ts': predict, ...files };
  await write('package.json', '{ "type": "module" }\n');
  for (const [name, text] of Object.entries(all)) await write(`src/models/quarters/${name}`, text);
  return {
    root,
    output,
    checkpoints,
    write,
    trainTask: (change = {}, training = {}) => ({
      kind: 'train',
      projectRoot: root,
      model: 'quarters',
      config: { ...config, training: { ...config.training, ...training } },
      backends: ['wasm'],
      seed: 42,
      outputDirectory: output,
      checkpointDirectory: checkpoints,
      checkpoints: [],
      engineVersion: '0.1.0',
      tests: true,
      runId: 'run-1',
      ...change,
    }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
