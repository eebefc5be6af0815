import type { Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';

// What `mlops-workflow/compiled` offers: the types that are shipped with it. It stands by itself, and imports nothing but TensorFlow.js' types.

/** Numbers of some examples, one after the other. */
export type Examples = Tensor | ArrayLike<number>;

export interface CompileOptions {
  /**
   * TensorFlow.js as the model was made with it. Left out, `@tensorflow/tfjs-core` and `@tensorflow/tfjs-layers` are loaded, which
   * `@tensorflow/tfjs` is made of.
   */
  readonly tf?: unknown;
  /** Examples of the greatest batch; 32 without it. */
  readonly batchSize?: number;
  /** Without it as many as there are cores, at most eight, and fewer where a step is too small to share. */
  readonly threads?: number;
  /** Of what dropout and noise draw; 0 without it. */
  readonly seed?: number;
  /** `value` bounds every number of a gradient, then `norm` the length of all of them together. */
  readonly clipping?: { readonly norm?: number; readonly value?: number };
}

export interface StepValues {
  /** Of a training step with the penalties of regularizers. */
  readonly loss: number;
  /** Those that the model was compiled with, by their names there. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A training step as one program. `dispose` it: until then its threads wait, though they keep no process from ending. */
export interface CompiledStep {
  readonly threads: number;
  /** In words: "compiled, 2 threads, FMA". */
  readonly way: string;
  /** One step over at most `batchSize` examples. `weights`: of the examples. */
  train(xs: Examples, ys: Examples, weights?: ArrayLike<number>): Promise<StepValues>;
  /** Over any number of examples, without changing the model. */
  evaluate(xs: Examples, ys: Examples): Promise<StepValues>;
  /** The model's answers to any number of examples, as `model.predict` gives them. */
  predict(xs: Examples): Promise<Tensor>;
  /** What a step does, line by line: inputs, states, operations, results, memory. */
  explain(): string;
  /**
   * Model and optimizer get the numbers that the step has. Reading a weight of the model, as predicting and saving do, sees to that by
   * itself; the optimizer's own numbers come only now.
   */
  sync(): void;
  /** Syncs, and ends the threads. */
  dispose(): Promise<void>;
}

/** Why there is no compiled step; train with `model.fit` then. */
export class NotCompiledError extends Error {
  override readonly name = 'NotCompiledError';
  /** What it was that can't be compiled: `layer "lstm_1": layers of the class LSTM are not known`. */
  readonly reason: string;

  constructor(reason: string, options?: { readonly cause: unknown }) {
    super(`The training step is not compiled: ${reason}.`, options);
    this.reason = reason;
  }
}

/**
 * The training step of a model that was compiled with `model.compile`, as one program of WebAssembly. Rejects with a
 * {@link NotCompiledError} where the model, its loss or its optimizer has something that is not known.
 */
export type CompileStep = (model: LayersModel, options?: CompileOptions) => Promise<CompiledStep>;
