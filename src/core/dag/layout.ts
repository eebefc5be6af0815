import { assignLayers, toLinks } from './layers.ts';
import { orderLayers } from './ordering.ts';
import { placeItems } from './placing.ts';
import { toRoutes, type Route } from './routes.ts';

/** Every box is equally large, so that a graph looks the same in any font. Pixels at full size. */
export const nodeSize = { width: 200, height: 40 } as const;
const gap = { sideways: 24, down: 28, rows: 14, bends: 20 } as const;
/** A layer of more boxes than this is folded into rows. */
const longestRow = 24;

export interface PlacedNode {
  readonly name: string;
  /** Its middle sideways, its upper edge. */
  readonly x: number;
  readonly y: number;
  /** Of the row that it stands in, from the top. */
  readonly row: number;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  /** From the lower edge of the one to the upper edge of the other; a bend is two points above one another. */
  readonly points: readonly (readonly [x: number, y: number])[];
  /** It leads into a block of folded rows, where lines would hide the boxes: it is drawn for the chosen one only. */
  readonly isQuiet: boolean;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export interface Layout {
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly edges: readonly PlacedEdge[];
  /** Names from left to right, row by row. */
  readonly rows: readonly (readonly string[])[];
  readonly width: number;
  readonly height: number;
}

interface Node {
  readonly name: string;
  readonly needs: readonly string[];
}

/**
 * A layered drawing from top to bottom: what a stage needs stands above it. The same stages in the same order always give the same
 * drawing. Stages that nothing connects stand below all others.
 */
export function layOut(nodes: readonly Node[]): Layout {
  const named = new Set(nodes.flatMap(({ name, needs }) => (needs.length > 0 ? [name, ...needs] : [])));
  const [connected, alone] = [
    nodes.filter(({ name }) => named.has(name)),
    nodes.filter(({ name }) => !named.has(name)),
  ];
  const main = layOutConnected(connected);
  return main.withRows(alone);
}

function layOutConnected(nodes: readonly Node[]): Drawing {
  const links = toLinks(nodes);
  const routes = toRoutes(links, assignLayers(links));
  const layers = orderLayers(routes);
  const isBend = (item: number): boolean => item >= nodes.length;
  const width = (item: number): number => (isBend(item) ? gap.bends : nodeSize.width + gap.sideways);
  const x = [...placeItems(layers, routes, { width, isBend })];
  const drawing = new Drawing(nodes, x);
  for (const items of layers)
    drawing.addLayer(
      items.filter((item) => !isBend(item)),
      items.filter(isBend),
    );
  drawing.addEdges(routes.routes);
  return drawing;
}

/** Takes layers from top to bottom and turns them into rows of boxes. */
class Drawing {
  readonly #nodes: readonly Node[];
  /** By item; folding a layer moves its items. */
  readonly #x: number[];
  /** Upper and lower edge by item. */
  readonly #span = new Map<number, readonly [top: number, bottom: number]>();
  readonly #folded = new Set<number>();
  readonly #rows: (readonly PlacedNode[])[] = [];
  readonly #edges: PlacedEdge[] = [];
  #bottom = 0;

  constructor(nodes: readonly Node[], x: number[]) {
    this.#nodes = nodes;
    this.#x = x;
  }

  addLayer(items: readonly number[], bends: readonly number[]): void {
    const top = this.#bottom;
    const columns = items.length > longestRow ? squarish(items.length) : items.length;
    if (columns < items.length) this.#fold(items, bends, columns);
    for (let start = 0; start < items.length; start += columns) {
      const row = items.slice(start, start + columns);
      const y = top + (start / columns) * (nodeSize.height + gap.rows);
      for (const item of row) this.#span.set(item, [y, y + nodeSize.height]);
      this.#addRow(
        row.map((item) => ({ name: this.#nodes[item]?.name ?? '', x: this.#x[item] ?? 0 })),
        y,
      );
    }
    const bottom = Math.max(top + nodeSize.height, this.#bottom);
    for (const bend of bends) this.#span.set(bend, [top, bottom]);
    this.#bottom = bottom + gap.down;
  }

  /** Boxes of a folded layer stand in columns around the middle of where it would have been; lines pass at its right. */
  #fold(items: readonly number[], bends: readonly number[], columns: number): void {
    const middle = items.reduce((sum, item) => sum + (this.#x[item] ?? 0), 0) / items.length;
    const step = nodeSize.width + gap.sideways;
    for (const item of items) this.#folded.add(item);
    for (const [index, item] of items.entries())
      this.#x[item] = middle + ((index % columns) - (columns - 1) / 2) * step;
    for (const [index, bend] of bends.entries())
      this.#x[bend] = middle + (columns / 2) * step + (index + 1) * gap.bends;
  }

  #addRow(boxes: readonly { readonly name: string; readonly x: number }[], y: number): void {
    const row = this.#rows.length;
    this.#rows.push(boxes.map(({ name, x }) => ({ name, x, y, row })));
    this.#bottom = y + nodeSize.height;
  }

  addEdges(routes: readonly Route[]): void {
    for (const { from, to, bends } of routes) {
      const at = (item: number, end: 0 | 1): readonly [number, number] => [
        this.#x[item] ?? 0,
        this.#span.get(item)?.[end] ?? 0,
      ];
      const points = [at(from, 1), ...bends.flatMap((bend) => [at(bend, 0), at(bend, 1)]), at(to, 0)];
      const isQuiet = this.#folded.has(from) || this.#folded.has(to);
      this.#edges.push(
        toEdge({ from: this.#nodes[from]?.name ?? '', to: this.#nodes[to]?.name ?? '', isQuiet }, points),
      );
    }
  }

  /** The whole drawing, with boxes below that nothing connects; its upper left corner is the origin. */
  withRows(alone: readonly Node[]): Layout {
    const step = nodeSize.width + gap.sideways;
    const left = Math.min(0, ...this.#rows.flatMap((row) => row.map(({ x }) => x))) - nodeSize.width / 2;
    const columns = alone.length > longestRow ? squarish(alone.length) : Math.min(alone.length, 6);
    for (let start = 0; start < alone.length; start += columns) {
      const y = start === 0 ? this.#bottom : this.#bottom + gap.rows;
      const boxes = alone.slice(start, start + columns);
      this.#addRow(
        boxes.map(({ name }, index) => ({ name, x: left + nodeSize.width / 2 + index * step })),
        y,
      );
    }
    return this.#finish();
  }

  #finish(): Layout {
    const boxes = this.#rows.flat();
    const bounds = toBounds(boxes, this.#edges);
    const rows = this.#rows.map((row) => row.map((box) => ({ ...box, x: Math.round(box.x - bounds.left) })));
    return {
      nodes: new Map(rows.flat().map((box) => [box.name, box])),
      edges: this.#edges.map((edge) =>
        toEdge(
          edge,
          edge.points.map(([x, y]) => [Math.round(x - bounds.left), y]),
        ),
      ),
      rows: rows.map((row) => row.map(({ name }) => name)),
      width: Math.round(bounds.right - bounds.left),
      height: Math.max(0, ...boxes.map(({ y }) => y + nodeSize.height)),
    };
  }
}

/** Columns of a block of boxes that is about twice as wide as it is high. */
function squarish(count: number): number {
  return Math.max(longestRow / 2, Math.ceil(Math.sqrt(count * 0.6)));
}

function toBounds(boxes: readonly PlacedNode[], edges: readonly PlacedEdge[]): { left: number; right: number } {
  let [left, right] = [Infinity, -Infinity];
  for (const { x } of boxes) {
    left = Math.min(left, x - nodeSize.width / 2);
    right = Math.max(right, x + nodeSize.width / 2);
  }
  for (const edge of edges) {
    left = Math.min(left, edge.left);
    right = Math.max(right, edge.right);
  }
  return left > right ? { left: 0, right: 0 } : { left, right };
}

function toEdge(
  { from, to, isQuiet }: Pick<PlacedEdge, 'from' | 'to' | 'isQuiet'>,
  points: PlacedEdge['points'],
): PlacedEdge {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return {
    from,
    to,
    isQuiet,
    points,
    left: Math.min(...xs),
    right: Math.max(...xs),
    top: Math.min(...ys),
    bottom: Math.max(...ys),
  };
}
