import type { LayersModel, Tensor, TensorFlow } from './tensorflow.ts';

// States of recurrent layers that are `stateful`: what a batch leaves for the next one. They are no weights, and the packages
// leave them out of everything that they save.

/** What is used here of a layer; the packages' types hide it. */
interface AnyLayer {
  readonly stateful?: boolean;
  /** Tensors that nobody else disposes; null before the layer was used. */
  states_?: Tensor[] | null;
  /** States of the batches before, which the packages keep for gradients and never dispose while training. */
  keptStates?: Tensor[][];
  /** Layers within: of a model, of a wrapper, of one for both directions. */
  readonly layers?: readonly AnyLayer[];
  readonly layer?: AnyLayer;
  readonly forwardLayer?: AnyLayer;
  readonly backwardLayer?: AnyLayer;
}

type Stateful = AnyLayer & { states_: Tensor[] };

/** The states as they are, layer by layer. */
export function statesOf(model: LayersModel): readonly Tensor[] {
  return statefulLayersOf(model).flatMap(({ states_ }) => states_);
}

/** Takes the tensors as the model's states and becomes their owner; gives the sentence that says why they do not fit, if so. */
export function restoreStates(tf: TensorFlow, model: LayersModel, states: readonly Tensor[]): string | undefined {
  const layers = statefulLayersOf(model);
  const toText = (tensors: readonly Tensor[]): string => tensors.map(({ shape }) => shape.join('×')).join(', ');
  const [found, wanted] = [toText(states), toText(statesOf(model))];
  if (found !== wanted) {
    tf.dispose([...states]);
    return `Its states of recurrent layers are ${found || 'none'}, the model's are ${wanted || 'none'}.`;
  }
  const left = [...states];
  for (const layer of layers) {
    tf.dispose(layer.states_);
    layer.states_ = left.splice(0, layer.states_.length).map((state) => tf.keep(state));
  }
  return undefined;
}

/** After a training step nothing needs the states before it: without this each step would leave some tensors. */
export function disposePastStates(tf: TensorFlow, model: LayersModel): void {
  for (const layer of statefulLayersOf(model)) {
    tf.dispose((layer.keptStates ?? []).flat());
    layer.keptStates = [];
  }
}

function statefulLayersOf(layer: AnyLayer): readonly Stateful[] {
  const { layers = [], layer: wrapped, forwardLayer, backwardLayer } = layer;
  const within = [...layers, wrapped, forwardLayer, backwardLayer].filter((each) => each !== undefined);
  return [...(isStateful(layer) ? [layer] : []), ...within.flatMap(statefulLayersOf)];
}

/** A model and a wrapper are stateful by what is within; they have no states of their own. */
function isStateful(layer: AnyLayer): layer is Stateful {
  return layer.stateful === true && Array.isArray(layer.states_);
}
