import {
  isInView,
  nodeSize,
  type DrawnNode,
  type Layout,
  type PlacedEdge,
  type PlacedNode,
  type View,
} from '../../src/core/dag/dag.ts';
import { createFitter, type Fitter } from './fitting.ts';
import { marks } from './marks.ts';

/** Below this zoom nobody can read: a box is its mark alone. */
const farBelow = 0.45;
const textLeft = 34;
const textRight = 10;

const frame = { width: String(nodeSize.width), height: String(nodeSize.height) };

export interface Scene {
  readonly layout: Layout;
  readonly nodes: ReadonlyMap<string, DrawnNode>;
  readonly view: View;
  readonly selected: string | null;
  readonly size: { readonly width: number; readonly height: number };
}

/** What the drawing asks of the page. */
export interface DrawingWords {
  /** What is said of a box. */
  readonly label: (node: DrawnNode) => string;
  /** Handed to VS Code's own menu of the box, as JSON. */
  readonly menu: (node: DrawnNode) => string;
}

/** Boxes and lines as SVG, and only those that can be seen: others have no elements. */
export class GraphDrawing {
  readonly root = svg('svg', { class: 'drawing', role: 'group' });
  readonly #world = svg('g', {});
  readonly #lines = svg('g', { class: 'lines' });
  readonly #ownLines = svg('g', { class: 'lines own' });
  readonly #boxes = svg('g', {});
  readonly #nodes = new Map<string, Box>();
  readonly #edges = new Map<PlacedEdge, SVGElement>();
  readonly #words: DrawingWords;

  constructor(words: DrawingWords) {
    this.#words = words;
    this.#world.append(this.#lines, this.#ownLines, this.#boxes);
    this.root.append(this.#world);
  }

  /** The box that the keyboard comes to first: the chosen one, else the first of all. */
  static entry({ layout, selected }: Pick<Scene, 'layout' | 'selected'>): string | undefined {
    return selected !== null && layout.nodes.has(selected) ? selected : layout.rows[0]?.[0];
  }

  draw(scene: Scene): void {
    const { x, y, k } = scene.view;
    setAttribute(this.#world, 'transform', `translate(${x} ${y}) scale(${k})`);
    this.root.classList.toggle('far', k < farBelow);
    this.#drawEdges(scene);
    this.#drawNodes(scene);
  }

  focus(name: string): void {
    this.#nodes.get(name)?.front.focus({ preventScroll: true });
  }

  /** The name of the box that an event came from. */
  static nameOf(target: EventTarget | null): string | undefined {
    const box = target instanceof Element ? target.closest('.box') : null;
    return box instanceof SVGElement ? box.dataset['name'] : undefined;
  }

  #drawNodes(scene: Scene): void {
    const { layout, nodes, view, size, selected } = scene;
    const entry = GraphDrawing.entry(scene);
    const fit = view.k < farBelow ? undefined : createFitter();
    const wanted = new Set<string>();
    for (const placed of layout.nodes.values())
      if (placed.name === entry || isInView(view, boundsOf(placed), size)) wanted.add(placed.name);
    for (const [name, box] of this.#nodes) {
      if (wanted.has(name)) continue;
      box.root.remove();
      this.#nodes.delete(name);
    }
    // In the order of the rows, which is the order in which a screen reader meets them.
    for (const name of wanted) {
      const [node, placed] = [nodes.get(name), layout.nodes.get(name)];
      if (node === undefined || placed === undefined) continue;
      const box = this.#nodes.get(name) ?? this.#addBox(name);
      box.draw(node, placed, { isSelected: name === selected, isEntry: name === entry });
      if (fit !== undefined) box.write(node, fit);
    }
  }

  #addBox(name: string): Box {
    const box = new Box(name, this.#words);
    this.#nodes.set(name, box);
    this.#boxes.append(box.root);
    return box;
  }

  #drawEdges({ layout, view, size, selected }: Scene): void {
    const isOwn = ({ from, to }: PlacedEdge): boolean => from === selected || to === selected;
    const wanted = new Set(layout.edges.filter((edge) => (isOwn(edge) || !edge.isQuiet) && isInView(view, edge, size)));
    for (const [edge, line] of this.#edges) {
      if (wanted.has(edge)) continue;
      line.remove();
      this.#edges.delete(edge);
    }
    for (const edge of wanted) {
      const line = this.#edges.get(edge) ?? svg('path', { d: toPath(edge) });
      this.#edges.set(edge, line);
      const parent = isOwn(edge) ? this.#ownLines : this.#lines;
      if (line.parentNode !== parent) parent.append(line);
    }
  }
}

class Box {
  readonly root: SVGGElement;
  /** What can be focused and pressed; the texts upon it are for the eye, its label is for the ear. */
  readonly front = svg('rect', { class: 'frame front', role: 'button', rx: '3', ...frame });
  readonly #words: DrawingWords;
  readonly #behind = svg('rect', { class: 'frame behind', x: '4', y: '4', rx: '3', ...frame });
  readonly #mark = svg('path', { class: 'mark' });
  readonly #filled = svg('path', { class: 'filled' });
  readonly #name = svg('text', { 'class': 'name', 'aria-hidden': 'true', 'x': String(textLeft), 'y': '17' });
  readonly #below = svg('text', { 'class': 'words', 'aria-hidden': 'true', 'x': String(textLeft), 'y': '32' });
  readonly #count = svg('text', {
    'aria-hidden': 'true',
    'class': 'count',
    'x': String(nodeSize.width - textRight),
    'y': '17',
  });
  readonly #title = svg('title', { 'aria-hidden': 'true' });
  #drawn: DrawnNode | undefined;
  #written: DrawnNode | undefined;

  constructor(name: string, words: DrawingWords) {
    this.#words = words;
    this.root = svg('g', { 'class': 'box', 'data-name': name });
    const signs = svg('g', { class: 'signs', transform: 'translate(10 12)' });
    signs.append(this.#mark, this.#filled);
    this.root.append(this.#title, this.#behind, this.front, signs, this.#name, this.#below, this.#count);
  }

  draw(
    node: DrawnNode,
    { x, y }: PlacedNode,
    { isSelected, isEntry }: { isSelected: boolean; isEntry: boolean },
  ): void {
    setAttribute(this.root, 'transform', `translate(${x - nodeSize.width / 2} ${y})`);
    setAttribute(this.front, 'tabindex', isEntry ? '0' : '-1');
    setAttribute(this.root, 'class', `box ${node.state}${isSelected ? ' selected' : ''}`);
    if (node === this.#drawn) return;
    this.#drawn = node;
    const { name, words, state, members } = node;
    this.#title.textContent = `${name}\n${words}`;
    setAttribute(this.#mark, 'd', marks[state].lines);
    setAttribute(this.#filled, 'd', marks[state].filled ?? '');
    setAttribute(this.#behind, 'visibility', members === null ? 'hidden' : 'visible');
    setAttribute(this.front, 'aria-label', this.#words.label(node));
    setAttribute(this.root, 'data-vscode-context', this.#words.menu(node));
    if (members !== null) setAttribute(this.front, 'aria-expanded', 'false');
  }

  /** Texts are measured once they can be read. */
  write(node: DrawnNode, fit: Fitter): void {
    if (node === this.#written) return;
    this.#written = node;
    const { name, words, members } = node;
    const room = nodeSize.width - textLeft - textRight;
    const count = members === null ? '' : `×${members}`;
    this.#count.textContent = count;
    this.#name.textContent = fit(name, count === '' ? room : room - 8 - 8 * count.length, 13);
    this.#below.textContent = fit(words, room, 12);
  }
}

function boundsOf({ x, y }: PlacedNode): { left: number; right: number; top: number; bottom: number } {
  const half = nodeSize.width / 2;
  return { left: x - half, right: x + half, top: y, bottom: y + nodeSize.height };
}

/** A curve that leaves and meets boxes and bends straight down, with a small head. */
function toPath({ points }: PlacedEdge): string {
  const [first, ...others] = points;
  if (first === undefined) return '';
  let [x, y] = first;
  let path = `M${x} ${y}`;
  for (const [index, [nextX, nextY]] of others.entries()) {
    const half = Math.abs(nextY - y) / 2;
    // From the upper to the lower end of a bend it is a straight line.
    path += index % 2 === 0 ? `C${x} ${y + half} ${nextX} ${nextY - half} ${nextX} ${nextY}` : `L${nextX} ${nextY}`;
    [x, y] = [nextX, nextY];
  }
  return `${path}M${x - 3} ${y - 5}L${x} ${y}L${x + 3} ${y - 5}`;
}

function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>>,
): SVGElementTagNameMap[K] {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** Only where it differs: setting an attribute lays out again. */
function setAttribute(target: Element, name: string, value: string): void {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}
