const maxDepth = 64;
const maxLayers = 10_000;

/**
 * What is wrong with a model's topology before TensorFlow.js builds it: a graph that never ends (the builder would wait for
 * ever on a circle or on a layer that does not exist) or a layer far larger than all weights together. Undefined when
 * nothing is. `elements`: numbers in all weights of the model.
 */
export function checkTopology(topology: Readonly<Record<string, unknown>>, elements: number): string | undefined {
  const config = isRecord(topology['model_config']) ? topology['model_config'] : topology;
  return checkDepth(topology, 0) ?? checkSizes(config, elements) ?? checkGraphs(config);
}

function checkDepth(value: unknown, depth: number): string | undefined {
  if (depth > maxDepth) return 'its topology is nested too deeply.';
  if (typeof value !== 'object' || value === null) return undefined;
  for (const inner of Object.values(value)) {
    const problem = checkDepth(inner, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Keys of layers that say how many weights there are at least: one per unit, filter or row of a table. */
const sizeKeys = ['units', 'filters', 'input_dim', 'output_dim'];

function checkSizes(value: unknown, elements: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (sizeKeys.includes(key) && typeof inner === 'number' && inner > elements)
      return `a layer has ${inner} ${key}, more than there are weights.`;
    const problem = checkSizes(inner, elements);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Every graph of layers, models within models included. */
function checkGraphs(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const layers = isRecord(value) ? value['layers'] : undefined;
  if (Array.isArray(layers)) {
    if (layers.length > maxLayers) return `it has ${layers.length} layers, more than ${maxLayers}.`;
    const problem = checkGraph(layers);
    if (problem !== undefined) return problem;
  }
  for (const inner of Object.values(value)) {
    const problem = checkGraphs(inner);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/**
 * A node is one use of a layer; `inbound_nodes[i]` of a layer lists the nodes `[layer, index, …]` that feed its i-th use. All
 * nodes must be reachable in an order in which each comes after those that feed it (Kahn's algorithm, by counting).
 */
function checkGraph(layers: readonly unknown[]): string | undefined {
  const feeds = new Map<string, string[]>();
  const waiting = new Map<string, number>();
  const known = new Set<string>();
  for (const layer of layers) {
    if (!isRecord(layer)) return 'a layer of its topology is damaged.';
    const uses = Array.isArray(layer['inbound_nodes']) ? (layer['inbound_nodes'] as unknown[]) : [];
    const name = String(layer['name']);
    if (uses.length === 0) known.add(nodeKey(name, 0));
    uses.forEach((sources, index) => {
      const node = nodeKey(name, index);
      const from = sourcesOf(sources);
      known.add(node);
      waiting.set(node, from.length);
      for (const source of from) feeds.set(source, [...(feeds.get(source) ?? []), node]);
    });
  }
  for (const source of feeds.keys())
    if (!known.has(source)) return `a layer is fed by "${source}", which is not there.`;

  const ready = [...known].filter((node) => (waiting.get(node) ?? 0) === 0);
  let reached = 0;
  for (let node = ready.pop(); node !== undefined; node = ready.pop()) {
    reached += 1;
    for (const fed of feeds.get(node) ?? []) {
      const left = (waiting.get(fed) ?? 0) - 1;
      waiting.set(fed, left);
      if (left === 0) ready.push(fed);
    }
  }
  return reached === known.size ? undefined : 'its layers feed each other in a circle.';
}

function sourcesOf(sources: unknown): string[] {
  if (!Array.isArray(sources)) return [];
  return sources
    .filter((source): source is unknown[] => Array.isArray(source))
    .map(([layer, index]) => nodeKey(String(layer), Number(index)));
}

const nodeKey = (layer: string, index: number): string => `${layer}:${index}`;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
