import type { Measures } from './compilation.ts';
import { isHeld, type Batch, type Examples } from './data.ts';
import { scoreWhole } from './measuring.ts';
import { valuesOf } from './savedFit.ts';
import type { NamedNumbers } from './snapshot.ts';

/**
 * What the model has answered to the examples of an epoch so far, and the targets to them, in the order of the epoch: for metrics that no
 * mean over batches gives. Empty where no metric needs them.
 */
export class EpochAnswers {
  readonly #train: Examples;
  readonly #order: Uint32Array;
  #outputs = new Float32Array(0);
  /** Only where the examples come as a stream; else the order tells them. */
  #targets = new Float32Array(0);

  /** `order`: of the examples within the epoch; its numbers change from epoch to epoch. */
  constructor(train: Examples, order: Uint32Array) {
    this.#train = train;
    this.#order = order;
  }

  /** `examples`: how many of the epoch came before this batch. */
  keep(outputs: Float32Array, { ys, count }: Batch, examples: number): void {
    const width = outputs.length / count;
    this.#outputs = sized(this.#outputs, this.#train.count * width);
    this.#outputs.set(outputs, examples * width);
    if (isHeld(this.#train)) return;
    this.#targets = sized(this.#targets, this.#train.count * this.#train.width);
    this.#targets.set(ys, examples * this.#train.width);
  }

  /** Metrics over the whole epoch, once all its batches are kept. */
  score(measures: Measures): Record<string, number> {
    if (measures.whole.length === 0) return {};
    return scoreWhole(measures, {
      targets: this.#readTargets(),
      width: this.#train.width,
      outputs: this.#outputs,
      outputWidth: this.#outputs.length / this.#train.count,
    });
  }

  /** For a checkpoint after so many examples of the epoch. */
  read(examples: number): NamedNumbers[] {
    const outputs = this.#outputs.subarray(0, (this.#outputs.length / this.#train.count) * examples);
    const targets = this.#targets.subarray(0, outputs.length === 0 ? 0 : this.#train.width * examples);
    return [
      { name: 'outputs', shape: [outputs.length], dtype: 'float32', values: outputs },
      { name: 'targets', shape: [targets.length], dtype: 'float32', values: targets },
    ];
  }

  restore(numbers: readonly NamedNumbers[], examples: number): void {
    this.#outputs = this.#withRoom(valuesOf(numbers, 'outputs'), examples);
    this.#targets = this.#withRoom(valuesOf(numbers, 'targets'), examples);
  }

  /** Numbers of the examples so far, with room for those to come. */
  #withRoom(numbers: NamedNumbers['values'], examples: number): Float32Array<ArrayBuffer> {
    if (numbers.length === 0) return new Float32Array(0);
    const all = new Float32Array((numbers.length / examples) * this.#train.count);
    all.set(numbers);
    return all;
  }

  #readTargets(): Float32Array {
    const train = this.#train;
    if (!isHeld(train)) return this.#targets;
    const targets = new Float32Array(train.ys.length);
    this.#order.forEach((example, index) => {
      targets.set(train.ys.subarray(example * train.width, (example + 1) * train.width), index * train.width);
    });
    return targets;
  }
}

function sized(numbers: Float32Array<ArrayBuffer>, length: number): Float32Array<ArrayBuffer> {
  return numbers.length === length ? numbers : new Float32Array(length);
}
