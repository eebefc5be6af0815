import type { Output } from '../../core/graphdef/graphdef.ts';
import { isPerExample, type Size } from './batches.ts';
import { isSameShape, type StepGraph, type Value } from './stepgraph.ts';

/** What the values of one call of a kernel are in TensorFlow's operations. */
type Conversion = (step: StepGraph) => Output | readonly Output[];

const unary =
  (op: string): Conversion =>
  (step) =>
    step.typed(op, [step.operand('x')]);
const binary =
  (op: string): Conversion =>
  (step) =>
    step.typed(op, [step.operand('a'), step.operand('b')]);
const comparison =
  (op: string): Conversion =>
  (step) =>
    step.typed(op, [step.operand('a'), step.operand('b')], {}, 'bool');
const logical =
  (op: string): Conversion =>
  (step) =>
    step.node(op, step.operands());
/** The value as it is. */
const alias: Conversion = (step) => step.operands()[0] ?? [];

function rows(names: readonly string[], conversion: (op: string) => Conversion): Record<string, Conversion> {
  return Object.fromEntries(names.map((name) => [name, conversion(name)]));
}

/**
 * Kernels of TensorFlow.js that layers of its own predict with, by name. Numbers, axes and layouts are the same in both; what is not
 * stands in the functions below. A kernel that is not here is refused with the name of its layer.
 */
export const conversions: Readonly<Record<string, Conversion>> = {
  ...rows(['Abs', 'Ceil', 'Cos', 'Cosh', 'Elu', 'Erf', 'Exp', 'Expm1', 'Floor', 'Log', 'Log1p', 'Neg'], unary),
  ...rows(['OnesLike', 'Reciprocal', 'Relu', 'Relu6', 'Round', 'Rsqrt', 'Selu', 'Sigmoid', 'Sign', 'Sin'], unary),
  ...rows(['Sinh', 'Softplus', 'Sqrt', 'Square', 'Tan', 'Tanh', 'ZerosLike'], unary),
  ...rows(['Maximum', 'Minimum', 'Pow', 'RealDiv', 'SquaredDifference', 'Sub'], binary),
  ...rows(['Equal', 'Greater', 'GreaterEqual', 'Less', 'LessEqual', 'NotEqual'], comparison),
  ...rows(['LogicalAnd', 'LogicalNot', 'LogicalOr'], logical),
  ...rows(
    ['Max', 'Mean', 'Min', 'Prod', 'Sum'],
    (op) => (step) => reduce(step, op, { T: { type: step.operand('x').dtype } }),
  ),
  ...rows(['All', 'Any'], (op) => (step) => reduce(step, op, {})),
  ...rows(['AvgPool', 'AvgPool3D', 'MaxPool', 'MaxPool3D'], (op) => (step) => pool(step, op)),
  ...rows(['ResizeBilinear', 'ResizeNearestNeighbor'], (op) => (step) => resize(step, op)),
  Add: (step) => add(step, step.operand('a'), step.operand('b')),
  Mod: binary('FloorMod'),
  Multiply: binary('Mul'),
  Identity: alias,
  AddN: (step) => step.typed('AddN', step.operands(), { N: { int: step.operands().length } }),
  ArgMax: (step) => {
    const inputs = [step.operand('x'), step.scalar(axisOf(step), 'int32')];
    return step.typed('ArgMax', inputs, { Tidx: { type: 'int32' }, output_type: { type: 'int32' } }, 'int32');
  },
  BatchMatMul: (step) => step.reshape(multiply(step), shapeOf(step)),
  BroadcastTo: (step) =>
    step.typed('BroadcastTo', [step.operand('x'), step.sizes(step.attribute('shape'))], { Tidx: { type: 'int32' } }),
  Cast: (step) => cast(step),
  ClipByValue: (step) => {
    const bounds = (['clipValueMin', 'clipValueMax'] as const).map((name) =>
      step.scalar(step.attribute(name), 'float32'),
    );
    return step.typed('ClipByValue', [step.operand('x'), ...bounds]);
  },
  Concat: (step) => {
    const values = step.operands();
    const axis = step.scalar(axisOf(step), 'int32');
    return step.typed('ConcatV2', [...values, axis], { N: { int: values.length }, Tidx: { type: 'int32' } });
  },
  Conv2D: (step) => convolve(step, 'Conv2D'),
  Conv2DBackpropInput: (step) => transposeConvolution(step, 'Conv2DBackpropInput'),
  Conv3D: (step) => convolve(step, 'Conv3D'),
  Conv3DBackpropInputV2: (step) => transposeConvolution(step, 'Conv3DBackpropInputV2'),
  DepthwiseConv2dNative: (step) => convolveDepthwise(step),
  ExpandDims: (step) => step.reshape(step.operand('input'), shapeOf(step)),
  FusedBatchNorm: (step) => normalize(step),
  FusedConv2D: (step) => finish(step, convolve(step, 'Conv2D')),
  FusedDepthwiseConv2D: (step) => finish(step, convolveDepthwise(step)),
  GatherV2: (step) => {
    const [x, indices] = [step.operand('x'), step.operand('indices')];
    const types = { Tparams: { type: x.dtype }, Tindices: { type: indices.dtype }, Taxis: { type: 'int32' } } as const;
    const inputs = [x, indices, step.scalar(axisOf(step), 'int32')];
    return step.node('GatherV2', inputs, { ...types, batch_dims: { int: step.attribute('batchDims') } });
  },
  LeakyRelu: (step) => step.typed('LeakyRelu', [step.operand('x')], { alpha: { float: step.attribute('alpha') } }),
  LogSoftmax: (step) => step.typed('LogSoftmax', [step.operand('logits')]),
  MirrorPad: (step) => {
    const attributes = {
      Tpaddings: { type: 'int32' },
      mode: { text: step.attribute('mode').toUpperCase() },
    } as const;
    return step.typed('MirrorPad', [step.operand('x'), paddings(step)], attributes);
  },
  Pack: (step) => {
    const values = step.operands();
    return step.typed('Pack', values, { N: { int: values.length }, axis: { int: axisOf(step) } });
  },
  PadV2: (step) => {
    const x = step.operand('x');
    if (x.dtype === 'bool') throw step.refuse('it pads true and false.');
    const inputs = [x, paddings(step), step.scalar(step.attribute('constantValue'), x.dtype)];
    return step.typed('PadV2', inputs, { Tpaddings: { type: 'int32' } });
  },
  Prelu: (step) => prelu(step, step.operand('x'), step.operand('alpha')),
  Reshape: (step) => step.reshape(step.operand('x'), shapeOf(step)),
  Reverse: (step) => {
    const dims = [step.attribute('dims')].flat();
    return step.typed('ReverseV2', [step.operand('x'), step.whole(...dims)], { Tidx: { type: 'int32' } });
  },
  Select: (step) => {
    const [condition, yes, no] = ['condition', 't', 'e'].map((name) => step.operand(name)) as [Value, Value, Value];
    return step.node('SelectV2', [condition, yes, no], { T: { type: yes.dtype } }, yes.dtype);
  },
  Slice: (step) => slice(step),
  Softmax: (step) => step.typed('Softmax', [step.operand('logits')]),
  SplitV: (step) => split(step),
  Tile: (step) =>
    step.typed('Tile', [step.operand('x'), step.sizes(step.attribute('reps'))], { Tmultiples: { type: 'int32' } }),
  Transpose: (step) =>
    step.typed('Transpose', [step.operand('x'), step.whole(...step.attribute('perm'))], {
      Tperm: { type: 'int32' },
    }),
  Unpack: (step) => {
    const { length } = step.outputs;
    const attributes = { num: { int: length }, axis: { int: axisOf(step) } };
    return listOutputs(step.typed('Unpack', [step.operand('value')], attributes), length);
  },
  _FusedMatMul: (step) => finish(step, multiply(step)),
};

function axisOf(step: StepGraph): number {
  return Number(step.attribute('axis'));
}

function reduce(step: StepGraph, op: string, types: Parameters<StepGraph['node']>[2]): Output {
  const x = step.operand('x');
  const axis = step.attribute(op === 'Max' ? 'reductionIndices' : 'axis');
  const axes = axis === null || axis === undefined ? [...x.shape.keys()] : [axis].flat();
  const keeps = { flag: step.attribute('keepDims') === true };
  return step.node(op, [x, step.whole(...axes)], { ...types, Tidx: { type: 'int32' }, keep_dims: keeps });
}

function cast(step: StepGraph): Output {
  const x = step.operand('x');
  const dtype = step.attribute('dtype');
  return x.dtype === dtype ? x : step.node('Cast', [x], { SrcT: { type: x.dtype }, DstT: { type: dtype } }, dtype);
}

function paddings(step: StepGraph): Output {
  const pairs = step.attribute('paddings');
  return step.reshape({ ...step.whole(...pairs.flat()), shape: [2 * pairs.length] }, [pairs.length, 2]);
}

function slice(step: StepGraph): Output {
  const x = step.operand('x');
  const shape = shapeOf(step);
  const given = [step.attribute('begin')].flat();
  const begin = x.shape.map((_, axis) => given[axis] ?? 0);
  if (isSameShape(shape, x.shape)) return x;
  // -1: the rest of the axis.
  const size = shape.map((axis, index) => (isPerExample(axis) && begin[index] === 0 ? -1 : axis));
  return step.typed('Slice', [x, step.sizes(begin), step.sizes(size)], { Index: { type: 'int32' } });
}

function split(step: StepGraph): readonly Output[] {
  const x = step.operand('x');
  const given = axisOf(step);
  const axis = given < 0 ? given + x.shape.length : given;
  const sizes = step.outputs.map(({ shape }) => shape[axis] ?? 0);
  const { length } = sizes;
  const inputs = [x, step.sizes(sizes), step.scalar(axis, 'int32')];
  return listOutputs(step.typed('SplitV', inputs, { num_split: { int: length }, Tlen: { type: 'int32' } }), length);
}

function listOutputs(first: Output, count: number): readonly Output[] {
  return Array.from({ length: count }, (_, index) => ({ ...first, index }));
}

/** TensorFlow.js multiplies two matrices as two batches of one matrix; here they are matrices again. */
function multiply(step: StepGraph): Value {
  const factors = [step.operand('a'), step.operand('b')];
  const [transposeA, transposeB] = [step.attribute('transposeA'), step.attribute('transposeB')];
  const matrices = factors.map((factor) => matrixOf(step, factor));
  if (matrices.every((matrix) => matrix !== undefined)) {
    const attributes = { transpose_a: { flag: transposeA }, transpose_b: { flag: transposeB } };
    return { ...step.typed('MatMul', matrices, attributes), shape: shapeOf(step).slice(-2) };
  }
  const attributes = { adj_x: { flag: transposeA }, adj_y: { flag: transposeB } };
  return { ...step.typed('BatchMatMulV2', factors, attributes), shape: shapeOf(step) };
}

function matrixOf(step: StepGraph, value: Value): Value | undefined {
  return step
    .shapesOf(value)
    .find(
      ({ shape }) => shape.length === 2 && [value.shape, value.shape.slice(1)].some((own) => isSameShape(shape, own)),
    );
}

function convolve(step: StepGraph, op: string): Value {
  const attributes = { ...windowOf(step), dilations: { ints: perAxis(step, 'dilations') } };
  return { ...step.typed(op, [step.operand('x'), step.operand('filter')], attributes), shape: shapeOf(step) };
}

function convolveDepthwise(step: StepGraph): Value {
  const strides = perAxis(step, 'strides');
  if (strides[1] !== strides[2]) throw step.refuse("TensorFlow's depthwise convolution has one stride for both axes.");
  return convolve(step, 'DepthwiseConv2dNative');
}

/** The gradient of a convolution, which as a layer goes the way back: to more numbers. */
function transposeConvolution(step: StepGraph, op: string): Output {
  const filter = step.operand('filter');
  const inputs = [step.sizes(step.attribute('inputShape')), filter, step.operand('dy')];
  return step.node(op, inputs, { T: { type: filter.dtype }, ...windowOf(step) }, filter.dtype);
}

function pool(step: StepGraph, op: string): Output {
  return step.typed(op, [step.operand('x')], { ...windowOf(step), ksize: { ints: perAxis(step, 'filterSize') } });
}

function windowOf(step: StepGraph): { readonly strides: { ints: number[] }; readonly padding: { text: string } } {
  const pad = step.attribute('pad');
  if (pad !== 'same' && pad !== 'valid') throw step.refuse('its padding is neither same nor valid.');
  const format = step.attribute('dataFormat');
  if (format?.startsWith('NC') === true)
    throw step.refuse('its channels come first, which TensorFlow computes on a GPU only.');
  return { strides: { ints: perAxis(step, 'strides') }, padding: { text: pad.toUpperCase() } };
}

/** A setting for each spatial axis, or one for all, with 1 for examples and channels. */
function perAxis(step: StepGraph, name: 'dilations' | 'filterSize' | 'strides'): number[] {
  const given = step.attribute(name) ?? 1;
  const spatial = shapeOf(step).length - 2;
  return [1, ...(typeof given === 'number' ? Array<number>(spatial).fill(given) : given), 1];
}

function resize(step: StepGraph, op: string): Output {
  return step.typed(
    op,
    [step.operand('images'), step.whole(...step.attribute('size'))],
    {
      align_corners: { flag: step.attribute('alignCorners') },
      half_pixel_centers: { flag: step.attribute('halfPixelCenters') },
    },
    // A bilinear picture is of floats whatever it was made of.
    op === 'ResizeBilinear' ? 'float32' : step.operand('images').dtype,
  );
}

/** x · s + (offset − mean · s) with s = scale / √(variance + ε): constants but for two operations. */
function normalize(step: StepGraph): Output {
  const { x, mean, variance } = {
    x: step.operand('x'),
    mean: step.operand('mean'),
    variance: step.operand('variance'),
  };
  const epsilon = step.scalar(step.attribute('varianceEpsilon'), 'float32');
  const root = step.typed('Rsqrt', [step.typed('AddV2', [variance, epsilon])]);
  const [scale, offset] = [step.optional('scale'), step.optional('offset')];
  const factor = scale === undefined ? root : step.typed('Mul', [root, scale]);
  const shift = step.typed('Mul', [mean, factor]);
  const summand = offset === undefined ? step.typed('Neg', [shift]) : step.typed('Sub', [offset, shift]);
  return step.typed('AddV2', [step.typed('Mul', [x, factor]), summand]);
}

/** A bias is added by an operation of its own, which TensorFlow puts together with what comes before. */
function add(step: StepGraph, a: Value, b: Value): Output {
  const isBias = b.shape.length === 1 && a.shape.length > 1 && isSameShape(b.shape, a.shape.slice(-1));
  return step.typed(isBias ? 'BiasAdd' : 'AddV2', [a, b]);
}

/** The bias and the activation of a fused kernel, in the shape that it has in TensorFlow.js. */
function finish(step: StepGraph, value: Value): Output {
  const bias = step.optional('bias');
  const sum = bias === undefined ? value : add(step, value, bias);
  const activation = step.attribute('activation') ?? 'linear';
  const activate = activations[activation];
  if (activate === undefined) throw step.refuse(`its activation ${activation} is not known here.`);
  return step.reshape({ ...activate(step, sum), shape: value.shape }, shapeOf(step));
}

const activations: Readonly<Record<string, (step: StepGraph, value: Output) => Output>> = {
  linear: (_, value) => value,
  relu: (step, value) => step.typed('Relu', [value]),
  relu6: (step, value) => step.typed('Relu6', [value]),
  elu: (step, value) => step.typed('Elu', [value]),
  sigmoid: (step, value) => step.typed('Sigmoid', [value]),
  leakyrelu: (step, value) => step.typed('LeakyRelu', [value], { alpha: { float: step.attribute('leakyreluAlpha') } }),
  prelu: (step, value) => prelu(step, value, step.operand('preluActivationWeights')),
};

/** TensorFlow has no such operation: relu(x) − α · relu(−x), as Keras does it. */
function prelu(step: StepGraph, x: Output, alpha: Output): Output {
  const below = step.typed('Mul', [alpha, step.typed('Relu', [step.typed('Neg', [x])])]);
  return step.typed('Sub', [step.typed('Relu', [x]), below]);
}

/** Of the kernel's first output. */
function shapeOf(step: StepGraph): readonly Size[] {
  return step.outputs[0]?.shape ?? [];
}
