import { createHash } from 'node:crypto';
import type { Watch } from '../core/training/training.ts';
import { isHeld, type Examples } from './data.ts';
import type { TrainingRecord } from './trainingRecord.ts';
import { readTensor, type NamedNumbers, type OptimizerFacts } from './snapshot.ts';
import type { Tensor } from './tensorflow.ts';

// What a checkpoint holds of a fit.

/** Where a fit stands, as JSON: with the numbers of its model and optimizer all that a checkpoint needs. */
export interface Progress {
  /** Epochs and batches completed in this fit; `batch` within the epoch that has begun. */
  epoch: number;
  batch: number;
  step: number;
  /** The examples have got their order for the epoch that comes, or has begun. */
  isShuffled: boolean;
  /** Of the epoch so far: sums of loss and metrics, each weighted by the examples that it is of. */
  sums: number[];
  examples: number;
  stopping: Watch;
  plateau: Watch & { readonly lowered: number };
  best: Watch;
  /** The rate that the schedule begins with; null for an optimizer without one. */
  baseRate: number | null;
  /** The one that the schedule gave last; null before the first. */
  givenRate: number | null;
}

/** A fit's state in a checkpoint, as JSON. */
export interface SavedFit extends Readonly<Record<string, unknown>> {
  readonly progress: Progress;
  readonly record: Pick<TrainingRecord, 'history' | 'pace' | 'epochs' | 'batches'>;
  readonly random: { readonly order: number; readonly math: number };
  readonly optimizer: OptimizerFacts;
  /** SHA-256 of the examples; of a stream's, which nobody has seen as a whole, of how many there are and of their sizes. */
  readonly data: { readonly train: string; readonly validation: string | null };
}

export async function readAll(name: string, tensors: readonly Tensor[]): Promise<NamedNumbers[]> {
  const read: NamedNumbers[] = [];
  for (const [index, tensor] of tensors.entries()) read.push(await readTensor(`${name}/${index}`, tensor));
  return read;
}

export function below(numbers: readonly NamedNumbers[], name: string): readonly NamedNumbers[] {
  return numbers
    .filter((entry) => entry.name.startsWith(`${name}/`))
    .map((entry) => ({ ...entry, name: entry.name.slice(name.length + 1) }));
}

export function valuesOf(numbers: readonly NamedNumbers[], name: string): NamedNumbers['values'] {
  return numbers.find((entry) => entry.name === name)?.values ?? new Float32Array(0);
}

const digests = new WeakMap<Examples, string>();

/** Taken once: examples do not change while they are trained on. */
export function digestOf(examples: Examples): string {
  const known = digests.get(examples);
  if (known !== undefined) return known;
  const hash = createHash('sha256');
  const { shape, count, width } = examples;
  if (isHeld(examples))
    for (const { buffer, byteOffset, byteLength } of [examples.xs, examples.ys])
      hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  const facts = !isHeld(examples) ? [shape, count, width] : examples.scale === 1 ? shape : [shape, examples.scale];
  const digest = hash.update(JSON.stringify(facts)).digest('hex');
  digests.set(examples, digest);
  return digest;
}
