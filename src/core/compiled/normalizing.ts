import { rowsOf } from './activations.ts';
import type { LayerDescription } from './description.ts';
import type { Value } from './graph.ts';
import { numberOf, one, weighted, type LayerContext } from './layerOptions.ts';
import { refuse } from './refusal.ts';

// Layers that bring numbers to a mean of nothing and a deviation of one: of a channel over the batch, or of an example's last axis.

export function buildNormalization(layer: LayerDescription, inputs: readonly Value[], context: LayerContext): Value {
  const x = one(layer, inputs[0]);
  const { builder, isTraining } = context;
  const { rows, n } = rowsOf(x);
  const axis = layer.config['axis'] ?? -1;
  if (axis !== -1 && axis !== x.shape.length) throw refuse(layer.name, `its axis is ${JSON.stringify(axis)}`);
  const epsilon = numberOf(layer, 'epsilon', 0.001);
  const momentum = numberOf(layer, 'momentum', 0.99);
  const gamma = layer.config['scale'] === false ? {} : { gamma: weighted(layer, context, 'gamma', [n]) };
  const beta = layer.config['center'] === false ? {} : { beta: weighted(layer, context, 'beta', [n]) };
  const movingMean = context.weight(layer.name, 'moving_mean', [n]);
  const movingVariance = context.weight(layer.name, 'moving_variance', [n]);
  const inverse = builder.value(`${layer.name}/inverse`, 'whole', [n]);
  const y = builder.value(layer.name, 'examples', x.shape);
  let mean = movingMean;
  if (isTraining) {
    mean = builder.value(`${layer.name}/mean`, 'whole', [n]);
    const part = builder.value(`${layer.name}/sums`, 'parts', [2, n], 'f64');
    builder.add('channelSums', { x }, { part }, { rows, n });
    const [newMean, newVariance] = [builder.view(movingMean), builder.view(movingVariance)];
    const outputs = { mean, inverse, newMean, newVariance };
    builder.add('channelMoments', { part, movingMean, movingVariance }, outputs, { rows, n, epsilon, momentum });
  } else builder.add('inverseDeviation', { variance: movingVariance }, { inverse }, { epsilon });
  builder.add('normalize', { x, mean, inverse, ...gamma, ...beta }, { y }, { rows, n });
  return y;
}

export function buildLayerNormalization(
  layer: LayerDescription,
  inputs: readonly Value[],
  context: LayerContext,
): Value {
  const x = one(layer, inputs[0]);
  const { builder } = context;
  const { rows, n } = rowsOf(x);
  const given = layer.config['axis'] ?? -1;
  const [axis, ...others] = Array.isArray(given) ? (given as readonly unknown[]) : [given];
  if (others.length > 0 || (axis !== -1 && axis !== x.shape.length))
    throw refuse(layer.name, `its axis is ${JSON.stringify(given)}`);
  const gamma = layer.config['scale'] === false ? {} : { gamma: weighted(layer, context, 'gamma', [n]) };
  const beta = layer.config['center'] === false ? {} : { beta: weighted(layer, context, 'beta', [n]) };
  const y = builder.value(layer.name, 'examples', x.shape);
  const moments = builder.value(`${layer.name}/moments`, 'examples', [rows, 2]);
  const attributes = { rows, n, epsilon: numberOf(layer, 'epsilon', 0.001) };
  builder.add('normalizeRows', { x, ...gamma, ...beta }, { y, moments }, attributes);
  return y;
}
