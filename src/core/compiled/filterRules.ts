import { giveBias, reluSlope, slope, type Rules } from './backward.ts';
import { sizeOf } from './graph.ts';
import { packTransposed, packWeights, toPanels } from './panels.ts';
import { outSizes } from './windows.ts';

// Gradients of what multiplies by weights.

export const filterRules: Rules = {
  dense: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { k, n, rows, relu } }, dy, b) => {
    const { builder, capacity } = b;
    const dz = relu ? slope(builder, dy, y, reluSlope) : dy;
    const w = b.unpacked(packed);
    if (b.needs(bias)) giveBias(b, bias, dz);
    if (b.needs(w)) {
      const panels = builder.value(`${y.name}/d in panels`, 'whole', [capacity * rows, toPanels(n)]);
      builder.add('packRows', { x: dz }, { panels }, { rows, n });
      const dw = builder.value(`d ${w.name}`, 'whole', w.shape);
      builder.add('denseWeights', { x, panels }, { dw }, { k, n, rows });
      b.give(w, dw);
    }
    if (!b.needs(x)) return;
    const transposed = packTransposed(builder, w, { k, n, blocks: 1 });
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('denseInput', { dy: dz, packed: transposed }, { dx }, { k, n, rows });
    b.give(x, dx);
  },
  convolution: ({ inputs: { x, packed, bias }, outputs: { y }, attributes: { window, relu } }, dy, b) => {
    const { builder } = b;
    const dz = relu ? slope(builder, dy, y, reluSlope) : dy;
    const w = b.unpacked(packed);
    const [, , channels = 1] = x.shape;
    const filters = y.shape[2] ?? 1;
    if (b.needs(bias)) giveBias(b, bias, dz);
    if (b.needs(w)) {
      const part = builder.value(`d ${w.name}`, 'parts', w.shape);
      const places = sizeOf(outSizes(x, window));
      const panels = builder.value(`${y.name}/d in panels`, 'examples', [places, toPanels(filters)]);
      builder.add('convolutionWeights', { x, dy: dz }, { part, panels }, { window });
      b.giveParts(w, part);
    }
    if (!b.needs(x)) return;
    const transposed = packTransposed(builder, w, { k: channels, n: filters, blocks: window.height * window.width });
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('convolutionInput', { dy: dz, packed: transposed }, { dx }, { window });
    b.give(x, dx);
  },
  depthwise: ({ inputs: { x, w, bias }, attributes }, dy, b) => {
    const { builder } = b;
    if (b.needs(bias)) giveBias(b, bias, dy);
    if (b.needs(w)) {
      const part = builder.value(`d ${w.name}`, 'parts', w.shape);
      builder.add('depthwiseWeights', { x, dy }, { part }, attributes);
      b.giveParts(w, part);
    }
    if (!b.needs(x)) return;
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('depthwiseInput', { dy, w }, { dx }, attributes);
    b.give(x, dx);
  },
  convolutionInput: ({ inputs: { dy: x, packed }, outputs: { dx: y }, attributes: { window } }, dy, b) => {
    // A convolution the other way round: here the answer is the picture that the windows slide over.
    const { builder } = b;
    const w = b.unpacked(packed);
    const [, , filters = 1] = x.shape;
    if (b.needs(w)) {
      const part = builder.value(`d ${w.name}`, 'parts', w.shape);
      const places = sizeOf(x.shape.slice(0, 2));
      const panels = builder.value(`${y.name}/d in panels`, 'examples', [places, toPanels(filters)]);
      builder.add('convolutionWeights', { x: dy, dy: x }, { part, panels }, { window });
      b.giveParts(w, part);
    }
    if (!b.needs(x)) return;
    const straight = packWeights(builder, w, sizeOf(w.shape) / filters, filters);
    const dx = builder.value(`d ${x.name}`, 'examples', x.shape);
    builder.add('convolution', { x: dy, packed: straight }, { y: dx }, { window, relu: false });
    b.give(x, dx);
  },
  addBias: ({ inputs: { x, bias } }, dy, b) => {
    if (b.needs(bias)) giveBias(b, bias, dy);
    b.give(x, dy);
  },
  embed: ({ inputs: { x, w }, attributes }, dy, b) => {
    if (!b.needs(w)) return;
    const part = b.builder.value(`d ${w.name}`, 'parts', w.shape);
    b.builder.add('embedWeights', { x, dy }, { part }, attributes);
    b.giveParts(w, part);
  },
};
