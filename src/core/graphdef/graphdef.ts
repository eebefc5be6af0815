// Graphs in TensorFlow's own format: nodes of its operations, and what its SavedModel needs around them. Knows nothing of
// TensorFlow.js: who traces what, and to which operations it comes, is others' business.
export { Graph, type Attribute, type DataType, type NumberArray, type Output } from './graph.ts';
export { encodeSavedModel, SERVING_SIGNATURE, type SavedModelSignature } from './savedmodel.ts';
export { lengthOf, type Message } from './protobuf.ts';
