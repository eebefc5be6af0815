import { ensureCompiled, type Measures } from './compilation.ts';
import { compileSteps, type CompiledTraining, type CompilingPlaces } from './compiled/steps.ts';
import { readBatches } from './batches.ts';
import { isHeld, orderOf, toTensors, type Examples, type SplitName } from './data.ts';
import { evaluate, joinFloats, untrained, type EvaluationOptions } from './measuring.ts';
import { outputShapeOf } from './models.ts';
import { answer, chooseLabelRule, scoreClasses, type Answers } from './scores.ts';
import type { LayersModel, Tensor } from './tensorflow.ts';

export interface Splits {
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
}

export interface Evaluation {
  /**
   * `test_loss` and `test_<metric>`; with labels `test_accuracy`, `test_precision`, `test_recall`, `test_f1` (macro means,
   * fractions) as well.
   */
  readonly metrics: Readonly<Record<string, number>>;
  /** Text of predictions.csv: `split,label,predicted,probabilities` for validation and test. */
  readonly predictions: string;
}

export interface TestOptions extends Omit<EvaluationOptions, 'steps'> {
  /** Where steps are compiled, if at all. */
  readonly compiling: CompilingPlaces | undefined;
  /** Hears which way the test goes. */
  readonly tell: (text: string) => void;
}

/**
 * What the trained model makes of the test split (for the metrics) and of the validation split (for the table); undefined when
 * the user stopped it, which is seen after each batch.
 */
export async function evaluateModel(
  model: LayersModel,
  splits: Splits,
  options: TestOptions,
): Promise<Evaluation | undefined> {
  const { train, test } = splits;
  const measures = ensureCompiled(options.tf, model, options.training, { targetWidth: test.width });
  const steps = await createSteps(model, splits, measures, options);
  const found = await testModel(model, splits, measures, {
    ...options,
    ...(steps === undefined ? {} : { steps }),
  }).finally(() => steps?.dispose());
  if (found === undefined) return undefined;
  const { means, ofValidation, ofTest } = found;
  const { loss = NaN, ...others } = means;
  const predicted = { validation: ofValidation, test: ofTest };
  const outputWidth = ofTest.outputs.length / test.count;
  // Pictures, sequences: no labels to compare.
  if (outputShapeOf(model).length !== 1)
    return { metrics: { test_loss: loss, ...prefixed(others) }, predictions: header };
  const targets = [...(isHeld(train) ? [train.ys] : []), ofValidation.targets, ofTest.targets];
  const rule = chooseLabelRule(targets, test.width, outputWidth);
  const answersOf = (split: 'validation' | 'test'): Answers =>
    answer(rule, predicted[split].targets, splits[split].width, predicted[split].outputs, outputWidth);
  const answers = { validation: answersOf('validation'), test: answersOf('test') };
  return {
    metrics: {
      test_loss: loss,
      // A metric of the same name gives way: ours are counted over the whole split, not averaged over batches.
      ...prefixed({ ...others, ...(rule.kind === 'amount' ? {} : scoreClasses(answers.test)) }),
    },
    predictions: [
      header,
      ...formatRows('validation', answers.validation, ofValidation.outputs, outputWidth),
      ...formatRows('test', answers.test, ofTest.outputs, outputWidth),
    ].join(''),
  };
}

interface Tested {
  readonly means: Readonly<Record<string, number>>;
  readonly ofValidation: Predicted;
  readonly ofTest: Predicted;
}

async function testModel(
  model: LayersModel,
  { validation, test }: Splits,
  measures: Measures,
  options: EvaluationOptions,
): Promise<Tested | undefined> {
  const means = await evaluate(model, test, measures, options);
  const ofValidation = await predictExamples(model, validation, options);
  const ofTest = await predictExamples(model, test, options);
  if (means === undefined || ofValidation === undefined || ofTest === undefined) return undefined;
  return { means, ofValidation, ofTest };
}

/** Compiled ones where backend and model allow it; undefined: the packages' operations test. */
async function createSteps(
  model: LayersModel,
  { validation, test }: Splits,
  { metrics, whole }: Measures,
  { tf, training, compiling, tell }: TestOptions,
): Promise<CompiledTraining | undefined> {
  if (compiling === undefined || training.compile === false) return undefined;
  const capacity = Math.min(training.batch_size, Math.max(validation.count, test.count));
  const looking = { metrics, weightDecay: null, keepsOutputs: whole.length > 0, onlyLooks: true };
  const facts = { training, capacity, targetWidth: test.width, seed: 0, fit: 0 };
  const steps = await compileSteps(tf, model, { ...looking, ...facts, ...compiling });
  if ('reason' in steps) {
    tell(`The test is taken operation by operation: ${steps.reason}.`);
    return undefined;
  }
  tell(`The test is ${steps.way}.`);
  return steps;
}

const header = 'split,label,predicted,probabilities\n';

function prefixed(values: object): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`test_${name}`, value as number]));
}

interface Predicted {
  readonly outputs: Float32Array;
  readonly targets: Float32Array;
}

/** The model's outputs for all examples, one after the other; undefined when the user stopped it. */
async function predictExamples(
  model: LayersModel,
  examples: Examples,
  { tf, training, steering, signal, steps }: EvaluationOptions,
): Promise<Predicted | undefined> {
  const parts: Float32Array[] = [];
  const targets: Float32Array[] = [];
  for await (const batch of readBatches(examples, orderOf(examples), untrained(training))) {
    await steering.between(model, null);
    if (signal.aborted) return undefined;
    if (!isHeld(examples)) targets.push(batch.ys);
    if (steps?.predict !== undefined) {
      parts.push(steps.predict(batch.xs, batch.count));
      continue;
    }
    const { x, y } = toTensors(tf, batch, examples.shape, [examples.width]);
    const output = model.predict(x, { batchSize: batch.count }) as Tensor;
    parts.push((await output.data()) as Float32Array);
    tf.dispose([x, y, output]);
  }
  return { outputs: joinFloats(parts), targets: isHeld(examples) ? examples.ys : joinFloats(targets) };
}

function* formatRows(
  split: SplitName,
  { labels, predicted }: Answers,
  outputs: Float32Array,
  width: number,
): Generator<string> {
  for (const [index, label] of labels.entries()) {
    const row = width > 1 ? Array.from(outputs.subarray(index * width, (index + 1) * width)) : [];
    yield `${split},${inDigits(label)},${inDigits(predicted[index] ?? NaN)},${row.map((value) => value.toFixed(6)).join(' ')}\n`;
  }
}

/** As many digits as a 32-bit float holds: 0.1 is written as 0.1. */
function inDigits(value: number): string {
  return String(Number(value.toPrecision(8)));
}
