const maxDepth = 64;
/** Objects and lists in a topology; a layer has about twenty. */
const maxParts = 200_000;
/** Layers, their uses and what feeds these, models within models as often as they are used. */
const maxLinks = 10_000;
/** Uses that are looked at before all are made; each use that comes before what feeds it is looked at again and again. */
const maxLooks = 100_000;
/** The repetitions that a layer makes of its input: a sequence, which others go through step by step. */
const maxRepetitions = 10_000;

type Topology = Readonly<Record<string, unknown>>;

/**
 * A model's topology as TensorFlow.js will build it, or what is wrong with it: the builder itself waits for ever on a circle
 * or on a layer that does not exist, and a small file can describe a graph that takes hours. How large weights and outputs
 * become shows only when layers are built (`building.ts`).
 */
export function parseTopology(given: Topology): { readonly topology: Topology } | { readonly problem: string } {
  const config = isRecord(given['model_config']) ? given['model_config'] : given;
  const problem = checkParts(config);
  if (problem !== undefined) return { problem };
  const topology = toCamelKeys(config) as Topology;
  const graphProblem = checkGraphs(topology);
  return graphProblem === undefined ? { topology } : { problem: graphProblem };
}

function checkParts(topology: unknown): string | undefined {
  let parts = 0;
  const check = (value: unknown, depth: number): string | undefined => {
    if (depth > maxDepth) return 'its topology is nested too deeply.';
    if (typeof value !== 'object' || value === null) return undefined;
    parts += 1;
    const inner = Object.values(value);
    if (parts > maxParts || inner.length > maxLinks) return 'its topology has too many parts.';
    for (const part of inner) {
      const problem = check(part, depth + 1);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  return check(topology, 0);
}

/**
 * Keys as the builder will read them, by its own rule: it takes `inbound_nodes`, `inboundNodes` and `inbound__nodes` for one
 * key, and what is checked must be what is built.
 */
function toCamelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toCamelKeys);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.length > 1 ? key.replace(/_+(\w|$)/g, (_, next: string) => next.toUpperCase()) : key,
      toCamelKeys(inner),
    ]),
  );
}

function checkGraphs(topology: Topology): string | undefined {
  const links = countLinks(topology);
  if (links > maxLinks) return `its layers and the links between them are ${links}, more than ${maxLinks}.`;
  return checkEach(topology);
}

/** A model within a model is made once, then gone through for each of its uses: the numbers multiply from level to level. */
function countLinks(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const layers = layersOf(value);
  if (layers === undefined) return sum(Object.values(value).map(countLinks));
  return sum(
    layers.map((layer) => {
      const uses = isRecord(layer) ? (usesOf(layer) ?? []) : [];
      return sum([1, ...uses.map((sources) => sources.length)]) * Math.max(1, countLinks(layer));
    }),
  );
}

/** Every graph of layers, models within models included, and every size that is no weight's. */
function checkEach(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const layers = layersOf(value);
  const problem = (layers === undefined ? undefined : checkGraph(layers)) ?? checkRepetitions(value);
  if (problem !== undefined) return problem;
  for (const inner of Object.values(value)) {
    const innerProblem = checkEach(inner);
    if (innerProblem !== undefined) return innerProblem;
  }
  return undefined;
}

function checkRepetitions(value: object): string | undefined {
  const { n } = value as { readonly n?: unknown };
  return typeof n === 'number' && n > maxRepetitions
    ? `a layer repeats its input ${n} times, more than ${maxRepetitions}.`
    : undefined;
}

/** One use of a layer, fed by nodes: the node `[layer, index]` is the index-th thing made of that layer. */
interface Use {
  readonly layer: string;
  readonly sources: readonly Source[];
}

type Source = readonly [layer: string, index: number];

/** How many nodes there are of each layer. */
type Nodes = Map<string, number>;

function checkGraph(layers: readonly unknown[]): string | undefined {
  const made: Nodes = new Map();
  const uses: Use[] = [];
  for (const layer of layers) {
    // A sequence of layers, each fed by the one before, says neither names nor uses here.
    if (isRecord(layer) && layer['inboundNodes'] === undefined) continue;
    const read = readLayer(layer);
    if (read === undefined) return 'a layer of its topology is damaged.';
    const { name } = read;
    // Under a second name, or one that another layer has too, its uses would be taken for another layer's.
    if (read.ownName !== name || made.has(name)) return `the name of the layer "${name.slice(0, 100)}" is not its own.`;
    made.set(name, read.startsAsNode ? 1 : 0);
    for (const sources of read.uses) uses.push({ layer: name, sources });
  }
  const missing = findMissing(uses, made);
  if (missing !== undefined) return `a layer is fed by "${missing.slice(0, 100)}", which is not there.`;
  return followUses(uses, made);
}

/**
 * Goes the builder's way without building: over all uses again and again, making each whose sources are made, and numbering
 * the nodes of a layer in the order in which they come about.
 */
function followUses(uses: readonly Use[], made: Nodes): string | undefined {
  let looks = 0;
  for (let waiting = uses; waiting.length > 0;) {
    looks += waiting.length;
    if (looks > maxLooks) return 'its layers are listed in an order that takes too long to follow.';
    const left = waiting.filter(({ layer, sources }) => {
      const isReady = sources.every(([source, index]) => (made.get(source) ?? 0) > index);
      if (isReady) made.set(layer, (made.get(layer) ?? 0) + 1);
      return !isReady;
    });
    if (left.length === waiting.length) return 'its layers feed each other in a circle.';
    waiting = left;
  }
  return undefined;
}

/** A source that will not be there even when everything is made. */
function findMissing(uses: readonly Use[], made: Nodes): string | undefined {
  const total: Nodes = new Map(made);
  for (const { layer } of uses) total.set(layer, (total.get(layer) ?? 0) + 1);
  for (const { sources } of uses)
    for (const [layer, index] of sources)
      if (!Number.isSafeInteger(index) || index < 0 || index >= (total.get(layer) ?? 0)) return `${layer}:${index}`;
  return undefined;
}

interface LayerEntry {
  readonly name: string;
  /** As the layer itself has it, in its configuration. */
  readonly ownName: unknown;
  readonly uses: readonly (readonly Source[])[];
  readonly startsAsNode: boolean;
}

function readLayer(layer: unknown): LayerEntry | undefined {
  const { name, className, config } = isRecord(layer) ? layer : {};
  const uses = isRecord(layer) ? usesOf(layer) : undefined;
  if (typeof name !== 'string' || name === '' || !isRecord(config) || uses === undefined) return undefined;
  return { name, ownName: config['name'], uses, startsAsNode: startsAsNode(className, config) };
}

const modelClasses: readonly unknown[] = ['Model', 'Functional', 'Sequential'];

/** An input is a node before anything uses it, and so is a model within the model: its own outputs. */
function startsAsNode(className: unknown, config: Topology): boolean {
  const layers = layersOf(config) ?? [];
  return className === 'InputLayer' || (modelClasses.includes(className) && layers.length > 0);
}

/** Undefined where they are damaged: the builder would read a name out of anything, and wait for it. */
function usesOf(layer: Topology): readonly (readonly Source[])[] | undefined {
  const uses = layer['inboundNodes'] ?? [];
  if (!Array.isArray(uses)) return undefined;
  const read = (uses as unknown[]).map((sources) =>
    Array.isArray(sources) &&
    sources.length > 0 &&
    sources.every((source): source is unknown[] => Array.isArray(source))
      ? sources.map(([name, index]): Source => [String(name), Number(index)])
      : undefined,
  );
  return read.every((sources) => sources !== undefined) ? read : undefined;
}

function layersOf(value: object): readonly unknown[] | undefined {
  const { layers } = value as { readonly layers?: unknown };
  return Array.isArray(layers) ? layers : undefined;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
