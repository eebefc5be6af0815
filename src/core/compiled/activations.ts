import type { GraphBuilder, Value } from './graph.ts';
import { refuse } from './refusal.ts';

/** Activations by their name in a layer's configuration; the kernels know them by number. */
export const activationKinds = {
  relu: 1,
  relu6: 2,
  leakyRelu: 3,
  elu: 4,
  selu: 5,
  sigmoid: 6,
  hard_sigmoid: 7,
  hardSigmoid: 7,
  tanh: 8,
  softplus: 9,
  softsign: 10,
} as const satisfies Readonly<Record<string, number>>;

/** Those whose slope is not told by their answer: it is taken at what they were given. */
const curveKinds = {
  swish: 1,
  mish: 2,
  gelu: 3,
  gelu_new: 4,
  geluNew: 4,
} as const satisfies Readonly<Record<string, number>>;

type ActivationName = keyof typeof activationKinds;
type CurveName = keyof typeof curveKinds;

/** The answer of an activation by name; `alpha`: of leakyRelu and elu. */
export function activate(builder: GraphBuilder, layer: string, name: unknown, x: Value, alpha = 1): Value {
  if (name === undefined || name === null || name === 'linear') return x;
  const y = builder.value(`${layer}/activation`, 'examples', x.shape);
  if (name === 'softmax') {
    builder.add('softmax', { x }, { y }, rowsOf(x));
    return y;
  }
  if (isCurve(name)) {
    builder.add('curve', { x }, { y }, { activation: curveKinds[name] });
    return y;
  }
  if (!isActivation(name)) throw refuse(layer, `the activation ${JSON.stringify(name)} is not known`);
  builder.add('activation', { x }, { y }, { activation: activationKinds[name], alpha });
  return y;
}

function isCurve(name: unknown): name is CurveName {
  return typeof name === 'string' && Object.hasOwn(curveKinds, name);
}

function isActivation(name: unknown): name is ActivationName {
  return typeof name === 'string' && Object.hasOwn(activationKinds, name);
}

/** An example as rows of the last axis. */
export function rowsOf({ shape }: Value): { readonly rows: number; readonly n: number } {
  return { rows: shape.slice(0, -1).reduce((product, size) => product * size, 1), n: shape.at(-1) ?? 1 };
}
