import { availableParallelism } from 'node:os';
import {
  buildStep,
  estimateWork,
  formatRefusal,
  orRefusal,
  parseModel,
  targetWidthOf,
  type StepGraph,
  type StepMetric,
} from '../../core/compiled/compiled.ts';
import { innerOf, outputShapeOf, type TensorMetric } from '../models.ts';
import type { LayersModel, TensorFlow } from '../tensorflow.ts';
import { WORK_OF_THREAD } from './executor.ts';
import { recognizeMetric } from './metrics.ts';
import { noOptimizer, recognizeOptimizer, type KnownOptimizer } from './optimizers.ts';
import type { CompileOptions } from './steps.ts';

// What is compiled of a model: the graphs of its steps, or the sentence that says why there are none.

/** More threads than this gain little: each step has moments at which all wait for the last. */
const MOST_THREADS = 8;

export interface Graphs {
  /** Undefined where steps only look. */
  readonly train: StepGraph | undefined;
  readonly evaluate: StepGraph;
  readonly optimizer: KnownOptimizer;
  /** For each metric its place among the step's, or the function that computes it from the answers. */
  readonly metrics: readonly (number | TensorMetric)[];
}

export type GraphOptions = Pick<CompileOptions, 'training' | 'targetWidth' | 'capacity' | 'metrics' | 'onlyLooks'>;

export function buildGraphs(
  tf: TensorFlow,
  model: LayersModel,
  options: GraphOptions,
): Graphs | { readonly reason: string } {
  const { training, targetWidth, capacity, metrics: wanted, onlyLooks = false } = options;
  const optimizer = onlyLooks ? noOptimizer : recognizeOptimizer(tf, model.optimizer);
  if (optimizer === undefined)
    return { reason: `the optimizer ${model.optimizer.getClassName()} is not known, or has a way of its own` };
  const { loss } = model as { readonly loss?: unknown };
  if (typeof loss !== 'string') return { reason: 'the loss is a function of its own' };
  const { trainableWeights } = model;
  if (!onlyLooks && isOtherSince(model))
    return { reason: 'layers were frozen or unfrozen after the model was compiled' };
  const changed = findChangedLayer(tf, model);
  if (changed !== undefined) return { reason: `layer "${changed}": its call is not that of its class` };
  const parsed = orRefusal(() => parseModel(model.toJSON(undefined, false)));
  if ('refusal' in parsed) return { reason: formatRefusal(parsed.refusal) };
  const own: StepMetric[] = [];
  const outputShape = outputShapeOf(model).map(Number);
  const metrics = wanted.map((metric) => {
    const name = recognizeMetric(tf, metric);
    const fits = name !== undefined && targetWidthOf(name, outputShape) === targetWidth;
    return fits ? own.push(name) - 1 : metric;
  });
  const shapes = new Map(model.weights.map((weight) => [nameOf(weight), weight.shape.map(Number)]));
  const base = { model: parsed.value, shapes, capacity, targetWidth, loss, metrics: own };
  const evaluate = buildStep({ ...base, training: null });
  if ('refusal' in evaluate) return { reason: formatRefusal(evaluate.refusal) };
  if (onlyLooks) return { train: undefined, evaluate: evaluate.value, metrics, optimizer };
  const trained = new Set(trainableWeights.map(nameOf));
  const added = new Map(innerOf(model).layers.map(({ name, losses }) => [name, losses.length]));
  const clipping = { norm: null, value: null, ...training.gradient_clipping };
  const train = buildStep({ ...base, training: { optimizer: optimizer.kind, trained, added, clipping } });
  if ('refusal' in train) return { reason: formatRefusal(train.refusal) };
  return { train: train.value, evaluate: evaluate.value, metrics, optimizer };
}

/** A layer that says that it is of a known class, and does something else. */
function findChangedLayer(tf: TensorFlow, model: LayersModel): string | undefined {
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  for (const layer of innerOf(model).layers) {
    const [known] = classNameMap[layer.getClassName()] ?? [];
    const { call } = (known?.prototype ?? {}) as { readonly call?: unknown };
    if (call !== undefined && layer.call !== call) return layer.name;
  }
  return undefined;
}

/** Places of weights in the optimizer's lists are those of the moment at which the model was compiled. */
function isOtherSince(model: LayersModel): boolean {
  const { collectedTrainableWeights: collected } = innerOf(model);
  const { trainableWeights } = model;
  return (
    collected.length !== trainableWeights.length ||
    collected.some((weight, index) => weight !== (trainableWeights[index] as unknown))
  );
}

function nameOf(weight: object): string {
  return (weight as { readonly originalName: string }).originalName;
}

/** As many as are worth it. */
export function chooseThreads(graph: StepGraph, wanted: number | null): number {
  if (wanted !== null) return Math.min(wanted, graph.capacity);
  const worth = Math.max(1, Math.floor(estimateWork(graph) / WORK_OF_THREAD));
  return Math.min(availableParallelism(), MOST_THREADS, worth, graph.capacity);
}
