import type { Attribute, DataType, NumberArray } from '../../core/graphdef/graphdef.ts';
import type { Feed, Operand, Operation } from '../../core/trace/trace.ts';
import type { TensorFlow } from '../tensorflow.ts';
import type { Binding, GivenAttribute, MadeTensor, NativeBackend } from './native.ts';

/** What a recording finds that no program can do; its message ends the sentence "… because …". */
export class CannotTrace extends Error {}

interface LayerClass {
  apply: (this: { readonly name: string }, ...args: unknown[]) => unknown;
}

/** Operations of the native backend, noted while they are done: what each of them is given, and what it gives. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly #tf: TensorFlow;
  readonly #backend: NativeBackend;
  /** The one that does the work, to which nothing listens. */
  readonly #binding: Binding;
  readonly #operands = new Map<number, Operand>();
  /** Tensors from outside whose numbers do not change. */
  readonly #fixed: ReadonlySet<number>;
  /** Layers in hand, the innermost last. */
  readonly #layers: string[] = [];

  /** `feeds`: what is given to the step, by the ids of its tensors. `fixed`: ids of constants that are there already. */
  constructor(tf: TensorFlow, backend: NativeBackend, feeds: ReadonlyMap<number, Feed>, fixed: ReadonlySet<number>) {
    this.#tf = tf;
    this.#backend = backend;
    this.#binding = backend.binding;
    this.#fixed = fixed;
    for (const [id, feed] of feeds) this.#operands.set(id, { kind: 'feed', feed });
  }

  record<T>(action: () => T): T {
    const layers = this.#tf.layers.Layer.prototype as unknown as LayerClass;
    const { apply } = layers;
    const within = this.#within.bind(this);
    layers.apply = function (...args) {
      return within(this.name, () => apply.apply(this, args));
    };
    this.#backend.binding = this.#listenTo(this.#binding);
    try {
      return action();
    } finally {
      this.#backend.binding = this.#binding;
      layers.apply = apply;
    }
  }

  operandOf(id: number): Operand {
    const known = this.#operands.get(id);
    if (known !== undefined) return known;
    if (!this.#fixed.has(id))
      throw new CannotTrace('it uses numbers that are neither given to it nor variables of the model or its optimizer');
    const binding = this.#binding;
    // The only operation that tells the shape and type of a tensor of which nothing but the id is known.
    const [copy] = binding.executeOp(
      'Identity',
      [{ name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT }],
      [id],
      1,
    );
    if (copy === undefined) throw new Error('Identity gives a tensor.');
    const operand = this.#toConstant(copy, binding.tensorDataSync(copy.id));
    binding.deleteTensor(copy.id);
    this.#operands.set(id, operand);
    return operand;
  }

  #within<T>(layer: string, action: () => T): T {
    this.#layers.push(layer);
    try {
      return action();
    } finally {
      this.#layers.pop();
    }
  }

  /** The binding's own properties can't be set, and neither can those of an object that inherits them: they are defined. */
  #listenTo(binding: Binding): Binding {
    const listening = Object.create(binding) as Binding;
    const functions: Pick<Binding, 'executeOp' | 'createTensor' | 'tensorDataSync'> = {
      executeOp: (name, attributes, inputs, outputs) => {
        const made = binding.executeOp(name, attributes, inputs, outputs);
        this.#note(name, attributes, inputs, made);
        return made;
      },
      createTensor: (shape, dtype, values) => {
        const id = binding.createTensor(shape, dtype, values);
        this.#operands.set(id, this.#toConstant({ shape, dtype }, values));
        return id;
      },
      tensorDataSync: () => {
        const layer = this.#layers.at(-1);
        throw new CannotTrace(
          `${layer === undefined ? 'it' : `layer "${layer}"`} reads numbers back to decide what comes next`,
        );
      },
    };
    for (const [name, value] of Object.entries(functions)) Object.defineProperty(listening, name, { value });
    return listening;
  }

  #note(
    name: string,
    attributes: readonly GivenAttribute[],
    inputs: readonly number[],
    made: readonly MadeTensor[],
  ): void {
    const binding = this.#binding;
    const operation = this.operations.length;
    made.forEach(({ id }, output) => this.#operands.set(id, { kind: 'result', operation, output }));
    this.operations.push({
      name,
      layer: this.#layers.at(-1) ?? '',
      operands: inputs.map((id) => this.operandOf(id)),
      attributes: Object.fromEntries(
        attributes.map((attribute) => [attribute.name, toAttribute(binding, attribute)] as const),
      ),
      outputs: made.map(({ shape, dtype }) => ({ shape: [...shape], dtype: toDataType(binding, dtype) })),
    });
  }

  #toConstant({ shape, dtype }: Pick<MadeTensor, 'shape' | 'dtype'>, values: NumberArray): Operand {
    // A copy: the array is somebody's, who may go on with it.
    const constant = { shape: [...shape], dtype: toDataType(this.#binding, dtype), values: values.slice() };
    return { kind: 'constant', constant };
  }
}

export function toDataType(binding: Binding, dtype: number): DataType {
  switch (dtype) {
    case binding.TF_FLOAT:
      return 'float32';
    case binding.TF_INT32:
      return 'int32';
    case binding.TF_BOOL:
      return 'bool';
    default:
      throw new CannotTrace(`it has values of TensorFlow's type ${dtype}`);
  }
}

function toAttribute(binding: Binding, { name, type, value }: GivenAttribute): Attribute {
  const numbers = Array.isArray(value) ? (value as readonly number[]) : undefined;
  switch (type) {
    case binding.TF_ATTR_TYPE:
      return { type: toDataType(binding, value as number) };
    case binding.TF_ATTR_STRING:
      return { text: value as string };
    case binding.TF_ATTR_INT:
      return numbers === undefined ? { int: Number(value) } : { ints: numbers };
    case binding.TF_ATTR_FLOAT:
      return numbers === undefined ? { float: value as number } : { floats: numbers };
    case binding.TF_ATTR_BOOL:
      if (typeof value === 'boolean') return { flag: value };
      break;
    case binding.TF_ATTR_SHAPE:
      return { shape: numbers ?? [] };
  }
  throw new CannotTrace(`its attribute ${name} is of a kind that is not known`);
}
