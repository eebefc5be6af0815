import type { TensorFact } from '../../protocol/inspect.ts';
import { countOperation, type Draft, type Reading } from './draft.ts';
import { FieldBudget, readEntry, readMessage, toSigned, toText, type Span } from './protobuf.ts';

// `saved_model.pb` as TensorFlow's saved_model.proto, meta_graph.proto and graph.proto lay it out.

const dtypes: Readonly<Record<number, string>> = {
  ...{ 1: 'float32', 2: 'float64', 3: 'int32', 4: 'uint8', 5: 'int16', 6: 'int8', 7: 'string', 8: 'complex64' },
  ...{ 9: 'int64', 10: 'bool', 14: 'bfloat16', 17: 'uint16', 18: 'complex128', 19: 'float16', 20: 'resource' },
  ...{ 21: 'variant', 22: 'uint32', 23: 'uint64' },
};

/** Operations that reach out of the model, and what they do. */
const reachingOut: Readonly<Record<string, string>> = {
  PyFunc: 'runs Python code that the loading program has registered',
  EagerPyFunc: 'runs Python code that the loading program has registered',
  PyFuncStateless: 'runs Python code that the loading program has registered',
  ReadFile: 'reads files',
  WriteFile: 'writes files',
  MatchingFiles: 'lists files',
};

export function readSavedModel({ source, draft }: Reading): void {
  const budget = new FieldBudget();
  let graphs = 0;
  try {
    readMessage({ source, start: 0, end: source.length }, budget, {
      numbers: { 1: (value) => (draft.facts['schemaVersion'] = Number(value)) },
      spans: {
        2: (graph) => {
          graphs += 1;
          readMetaGraph(graph, draft, budget);
        },
      },
    });
  } finally {
    warn(draft);
  }
  if (graphs === 0)
    draft.problems.push({ offset: source.length, message: 'There is no graph: this is no SavedModel, or it is cut.' });
}

function warn(draft: Draft): void {
  const found = Object.keys(reachingOut).filter((name) => draft.operations.has(name));
  if (found.length === 0) return;
  draft.canExecuteCode = 'yes';
  for (const name of found) draft.reasons.push(`Its operation ${name} ${reachingOut[name] ?? ''}.`);
}

function readMetaGraph(span: Span, draft: Draft, budget: FieldBudget): void {
  readMessage(span, budget, {
    spans: {
      1: (info) => readInfo(info, draft, budget),
      2: (graph) => readGraphDef(graph, draft, budget),
      5: (entry) => readSignature(entry, draft, budget),
    },
  });
}

function readInfo(span: Span, draft: Draft, budget: FieldBudget): void {
  const tags: string[] = [];
  readMessage(span, budget, {
    spans: {
      4: (text) => tags.push(toText(text)),
      5: (text) => (draft.facts['tensorflowVersion'] = toText(text)),
    },
  });
  if (tags.length > 0) draft.facts['tags'] = tags.join(', ');
}

function readGraphDef(span: Span, draft: Draft, budget: FieldBudget): void {
  const node = (one: Span): void =>
    readMessage(one, budget, { spans: { 2: (text) => countOperation(draft, toText(text)) } });
  const definition = (one: Span): void => readMessage(one, budget, { spans: { 3: node } });
  readMessage(span, budget, {
    spans: { 1: node, 2: (library) => readMessage(library, budget, { spans: { 1: definition } }) },
  });
}

/** Inputs and outputs of the signatures; `serving_default` is what servers use, others are named before theirs. */
function readSignature(span: Span, draft: Draft, budget: FieldBudget): void {
  const { key, value } = readEntry(span, budget);
  if (value === undefined || key === '__saved_model_init_op') return;
  const names = draft.facts['signatures'];
  draft.facts['signatures'] = names === undefined ? key : `${names}, ${key}`;
  const prefix = key === 'serving_default' ? '' : `${key}: `;
  const tensor = (list: TensorFact[]) => (entry: Span) => {
    const { key: name, value: info } = readEntry(entry, budget);
    if (info !== undefined && list.length < 10_000)
      list.push({ name: `${prefix}${name}`, ...readTensorInfo(info, budget) });
  };
  readMessage(value, budget, {
    spans: { 1: tensor(draft.inputs), 2: tensor(draft.outputs), 3: (text) => (draft.facts['method'] = toText(text)) },
  });
}

function readTensorInfo(span: Span, budget: FieldBudget): Omit<TensorFact, 'name'> {
  let dtype = '';
  let shape: (number | string)[] | null = null;
  const dimension = (size: Span): void => {
    let value = 0;
    readMessage(size, budget, { numbers: { 1: (number) => (value = toSigned(number)) } });
    if ((shape?.length ?? 0) < 64) shape?.push(value);
  };
  readMessage(span, budget, {
    numbers: { 2: (value) => (dtype = dtypes[Number(value)] ?? `type ${value}`) },
    spans: {
      3: (sizes) => {
        shape = [];
        // Of any rank: there is no dimension then.
        const forget = (value: bigint): void => void (shape = value === 1n ? null : shape);
        readMessage(sizes, budget, { numbers: { 3: forget }, spans: { 2: dimension } });
      },
    },
  });
  return { dtype, shape };
}
