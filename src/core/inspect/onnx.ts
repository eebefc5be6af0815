import type { TensorFact } from '../../protocol/inspect.ts';
import { addPart, countOperation, type Draft, type Reading } from './draft.ts';
import { FieldBudget, readEntry, readMessage, readPacked, toSigned, toText, type Span } from './protobuf.ts';

// ONNX as `onnx.proto` lays it out (its field numbers stand in the rows below).

/** Of subgraphs (If, Loop, Scan). */
const MAX_DEPTH = 32;

const elementTypes: Readonly<Record<number, string>> = {
  ...{ 1: 'float32', 2: 'uint8', 3: 'int8', 4: 'uint16', 5: 'int16', 6: 'int32', 7: 'int64', 8: 'string', 9: 'bool' },
  ...{ 10: 'float16', 11: 'float64', 12: 'uint32', 13: 'uint64', 14: 'complex64', 15: 'complex128', 16: 'bfloat16' },
  ...{ 17: 'float8e4m3fn', 18: 'float8e4m3fnuz', 19: 'float8e5m2', 20: 'float8e5m2fnuz', 21: 'uint4', 22: 'int4' },
};

interface Graph {
  readonly initializers: Set<string>;
  parameters: number;
  bytes: number;
  readonly external: Set<string>;
}

export function readOnnx({ source, draft }: Reading): void {
  const budget = new FieldBudget();
  const graph: Graph = { initializers: new Set(), parameters: 0, bytes: 0, external: new Set() };
  const graphs: Span[] = [];
  const opsets: string[] = [];
  const text = (fact: string) => (span: Span) => {
    const value = toText(span);
    if (value !== '') draft.facts[fact] = value;
  };
  try {
    readMessage({ source, start: 0, end: source.length }, budget, {
      numbers: {
        1: (value) => (draft.facts['irVersion'] = Number(value)),
        5: (value) => (draft.facts['modelVersion'] = toSigned(value)),
      },
      spans: {
        2: text('producer'),
        3: text('producerVersion'),
        4: text('domain'),
        6: text('description'),
        7: (span) => {
          graphs.push(span);
          readGraph(span, { draft, budget, graph, depth: 0 });
        },
        8: (span) => opsets.push(readOpset(span, budget)),
        14: (span) => readMetadata(span, draft, budget),
        20: () => (draft.facts['trainingGraphs'] = Number(draft.facts['trainingGraphs'] ?? 0) + 1),
        25: () => (draft.facts['functions'] = Number(draft.facts['functions'] ?? 0) + 1),
      },
    });
  } finally {
    finish(draft, graph, opsets);
  }
  if (graphs.length === 0)
    draft.problems.push({ offset: source.length, message: 'There is no graph: this is no ONNX model, or it is cut.' });
  else if (opsets.length === 0)
    draft.problems.push({
      offset: source.length,
      message: 'No opset is named: the file is cut, or no whole ONNX model.',
    });
}

function finish(draft: Draft, graph: Graph, opsets: readonly string[]): void {
  if (opsets.length > 0) draft.facts['opset'] = opsets.join(', ');
  draft.facts['parameters'] = graph.parameters;
  draft.facts['weightBytes'] = graph.bytes;
  if (graph.external.size > 0) draft.facts['externalData'] = [...graph.external].sort().join(', ');
  const own = draft.inputs.filter(({ name }) => !graph.initializers.has(name));
  // Older writers list the weights among the inputs as well.
  draft.inputs.splice(0, draft.inputs.length, ...own);
}

function readOpset(span: Span, budget: FieldBudget): string {
  let [domain, version] = ['', 0];
  readMessage(span, budget, {
    numbers: { 2: (value) => (version = toSigned(value)) },
    spans: { 1: (text) => (domain = toText(text)) },
  });
  return domain === '' ? String(version) : `${domain} ${version}`;
}

/** Whatever the exporter wrote; the licence is told where it is said. */
function readMetadata(span: Span, draft: Draft, budget: FieldBudget): void {
  const { key, value } = readEntry(span, budget);
  if (/^licen[cs]e$/i.test(key) && value !== undefined) draft.facts['licence'] = toText(value);
}

interface GraphReading {
  readonly draft: Draft;
  readonly budget: FieldBudget;
  readonly graph: Graph;
  readonly depth: number;
}

function readGraph(span: Span, reading: GraphReading): void {
  const { draft, budget, depth } = reading;
  if (depth > MAX_DEPTH) {
    draft.problems.push({ offset: span.start, message: `Graphs within graphs deeper than ${MAX_DEPTH} are not read.` });
    return;
  }
  const isMain = depth === 0;
  readMessage(span, budget, {
    spans: {
      1: (node) => readNode(node, reading),
      2: (name) => {
        if (isMain) draft.facts['graph'] = toText(name);
      },
      5: (tensor) => readTensor(tensor, reading),
      11: (value) => {
        if (isMain && draft.inputs.length < 100_000) draft.inputs.push(readValue(value, budget));
      },
      12: (value) => {
        if (isMain) draft.outputs.push(readValue(value, budget));
      },
    },
  });
}

function readNode(span: Span, reading: GraphReading): void {
  const { draft, budget } = reading;
  let [type, domain] = ['', ''];
  readMessage(span, budget, {
    spans: {
      4: (text) => (type = toText(text)),
      5: (attribute) => readAttribute(attribute, reading),
      7: (text) => (domain = toText(text)),
    },
  });
  countOperation(draft, domain === '' || domain === 'ai.onnx' ? type : `${domain}.${type}`);
}

/** Of attributes only their graphs and tensors count. */
function readAttribute(span: Span, reading: GraphReading): void {
  const inner = { ...reading, depth: reading.depth + 1 };
  const graph = (subgraph: Span): void => readGraph(subgraph, inner);
  readMessage(span, reading.budget, { spans: { 6: graph, 11: graph } });
}

function readTensor(span: Span, { draft, budget, graph, depth }: GraphReading): void {
  const shape: number[] = [];
  let [name, type, raw, isExternal] = ['', 0, 0, false];
  const external = new Map<string, string>();
  readMessage(span, budget, {
    numbers: {
      1: (value) => shape.push(toSigned(value)),
      2: (value) => (type = Number(value)),
      14: (value) => (isExternal = value === 1n),
    },
    spans: {
      1: (packed) => shape.push(...readPacked(packed)),
      8: (text) => (name = toText(text)),
      9: ({ start, end }) => (raw = end - start),
      13: (entry) => {
        const { key, value } = readEntry(entry, budget);
        if (value !== undefined) external.set(key, toText(value));
      },
    },
  });
  const parameters = shape.reduce((product, size) => product * Math.max(0, size), 1);
  const dtype = elementTypes[type] ?? `type ${type}`;
  graph.parameters += parameters;
  graph.bytes += isExternal ? Number(external.get('length') ?? 0) || 0 : raw;
  const location = external.get('location');
  if (isExternal && location !== undefined) graph.external.add(location);
  if (depth > 0) return;
  graph.initializers.add(name);
  addPart(draft, { name, kind: dtype, shape, parameters });
}

/** An input or an output: its name, and the type of a tensor where it is one. */
function readValue(span: Span, budget: FieldBudget): TensorFact {
  let name = '';
  let [dtype, shape] = ['', null as (number | string)[] | null];
  const dimension = (size: Span): void => {
    let value: number | string = -1;
    readMessage(size, budget, {
      numbers: { 1: (number) => (value = toSigned(number)) },
      spans: { 2: (text) => (value = toText(text)) },
    });
    if ((shape?.length ?? 0) < 64) shape?.push(value);
  };
  const tensor = (type: Span): void =>
    readMessage(type, budget, {
      numbers: { 1: (value) => (dtype = elementTypes[Number(value)] ?? `type ${value}`) },
      spans: {
        2: (sizes) => {
          shape = [];
          readMessage(sizes, budget, { spans: { 1: dimension } });
        },
      },
    });
  const other = (kind: string) => (): void => void (dtype = kind);
  readMessage(span, budget, {
    spans: {
      1: (text) => (name = toText(text)),
      2: (type) =>
        readMessage(type, budget, {
          spans: { 1: tensor, 4: other('sequence'), 5: other('map'), 8: other('sparse tensor'), 9: other('optional') },
        }),
    },
  });
  return { name, dtype, shape };
}
