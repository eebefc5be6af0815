import { encodeGraph, encodeShape, encodeType, selectNeeded, type Graph, type Output } from './graph.ts';
import { entryField, messageField, textField, varintField, type Message } from './protobuf.ts';

/** An input or output of a model under the name that users call it by; -1 in its shape is the examples' axis. */
interface NamedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly output: Output;
}

export interface SavedModelSignature {
  readonly inputs: readonly NamedTensor[];
  readonly outputs: readonly NamedTensor[];
}

/** The name of the one signature, where TensorFlow Serving and its Python look for it. */
export const SERVING_SIGNATURE = 'serving_default';
const SERVING_TAG = 'serve';
const PREDICT = 'tensorflow/serving/predict';

/** Content of `saved_model.pb` (saved_model.proto): one graph for serving, its weights within, and one signature. */
export function encodeSavedModel(graph: Graph, { inputs, outputs }: SavedModelSignature): Message {
  const signature = [
    ...inputs.flatMap((tensor) => entryField(1, tensor.name, encodeTensorInfo(tensor))),
    ...outputs.flatMap((tensor) => entryField(2, tensor.name, encodeTensorInfo(tensor))),
    ...textField(3, PREDICT),
  ];
  const metaGraph = [
    ...messageField(1, textField(4, SERVING_TAG)),
    ...messageField(
      2,
      encodeGraph(
        selectNeeded(
          graph.nodes,
          [...inputs, ...outputs].map(({ output }) => output),
        ),
      ),
    ),
    ...entryField(5, SERVING_SIGNATURE, signature),
  ];
  return [...varintField(1, 1), ...messageField(2, metaGraph)];
}

function encodeTensorInfo({ shape, output: { node, index, dtype } }: NamedTensor): Message {
  return [
    ...textField(1, `${node}:${index}`),
    ...varintField(2, encodeType(dtype)),
    ...messageField(3, encodeShape(shape)),
  ];
}
