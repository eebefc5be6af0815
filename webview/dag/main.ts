import '../shared/page.css';
import './style.css';
import { fillIn } from '../../src/core/charts/charts.ts';
import {
  DagPageView,
  fitView,
  groupOfBox,
  layOut,
  nextNode,
  nodeSize,
  pan,
  reveal,
  toDrawnNodes,
  zoomAt,
  zoomSteps,
  type Direction,
  type DrawnNode,
  type Layout,
  type View,
} from '../../src/core/dag/dag.ts';
import {
  dagProtocolVersion,
  type DagTexts,
  type FromDagPage,
  type GraphNotice,
  type ToDagPage,
} from '../../src/protocol/dag.ts';
import { parseToDagPage } from '../../src/protocol/dagcodec.ts';
import { registerControls } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { connectHost, readBodyData, type Host } from '../shared/host.ts';
import { onThemeChange } from '../shared/theme.ts';
import { GraphDrawing } from './drawing.ts';
import { listenToKeys } from './keys.ts';
import { createHead, createNotice, createStrip, type Actions } from './parts.ts';
import { listenToPointer } from './pointer.ts';
import { readMayRun, readPageState, type PageState } from './state.ts';

/** After so many milliseconds without a word the page says that nobody answers. */
const patience = 10_000;
/** The state is kept once nothing has moved for so long. */
const quiet = 200;

class DagPage {
  readonly #texts: DagTexts;
  readonly #host: Host<FromDagPage>;
  readonly #received = new DagPageView();
  readonly #drawing: GraphDrawing;
  readonly #head: ReturnType<typeof createHead>;
  readonly #strip: ReturnType<typeof createStrip>;
  readonly #notice: ReturnType<typeof createNotice>;
  readonly #stage = element('main');
  readonly #spoken = element('p', { class: 'spoken', role: 'status' });
  #state: PageState;
  #layout: Layout = layOut([]);
  #nodes: ReadonlyMap<string, DrawnNode> = new Map();
  #neededBy: ReadonlyMap<string, readonly string[]> = new Map();
  #isAsked = false;
  #keeping: ReturnType<typeof setTimeout> | undefined;
  /** To be focused once it is drawn. */
  #toFocus: string | undefined;
  #failure: GraphNotice | undefined;

  constructor(texts: DagTexts) {
    this.#texts = texts;
    registerControls();
    this.#host = connectHost<ToDagPage, FromDagPage>({
      parse: parseToDagPage,
      receive: (message) => this.#receive(message),
      ignored: (count) => this.#showIgnored(count),
      toError: (message) => ({ type: 'error', message }),
    });
    const context = readBodyData('context');
    this.#state = readPageState(this.#host.readState(), context);
    this.#host.writeState(this.#state);
    const actions = this.#actions();
    this.#head = createHead(texts, actions);
    this.#strip = createStrip(texts, { ...actions, mayRun: readMayRun(context) });
    this.#notice = createNotice(texts, actions);
    this.#drawing = new GraphDrawing({
      label: (node) => this.#describe(node),
      menu: ({ name }) =>
        JSON.stringify({
          webviewSection: 'stage',
          kind: 'stage',
          project: this.#state.root,
          stage: name,
          preventDefaultContextMenuItems: true,
        }),
    });
    this.#stage.append(this.#notice.root, this.#drawing.root);
    document.body.append(this.#head.root, this.#head.warning, this.#stage, this.#strip.root, this.#spoken);
    this.#listen();
  }

  start(): void {
    this.#draw();
    this.#host.post({ type: 'ready', protocol: dagProtocolVersion });
    setTimeout(() => {
      if (this.#received.graph !== undefined || this.#received.notice !== undefined) return;
      this.#failure = { kind: 'broken', text: this.#texts.noConnection, action: 'retry' };
      this.#request();
    }, patience);
  }

  #actions(): Actions {
    const withSelected = (act: (name: string) => void) => (): void => {
      if (this.#state.selected !== null) act(this.#state.selected);
    };
    return {
      onZoom: (way) => this.#zoom(way),
      onToggleAll: () => this.#toggleAll(),
      onToggle: withSelected((name) => this.#toggle(name)),
      onOpen: withSelected((name) => this.#host.post({ type: 'open', name })),
      onRun: (downstream) => withSelected((name) => this.#host.post({ type: 'run', name, downstream }))(),
      onRetry: () => this.#host.post({ type: 'resync' }),
      onAddStage: () => this.#host.post({ type: 'addStage' }),
    };
  }

  #listen(): void {
    listenToPointer(this.#drawing.root, {
      onPan: (dx, dy) => this.#moveTo(pan(this.#view(), dx, dy)),
      onZoom: (factor, at) => this.#moveTo(zoomAt(this.#view(), factor, at)),
      onClick: (target) => this.#click(target),
    });
    listenToKeys({
      onWalk: (from, direction) => this.#walk(from, direction),
      onPan: (dx, dy) => this.#moveTo(pan(this.#view(), dx, dy)),
      onZoom: (way) => this.#zoom(way),
      onOpen: (name) => this.#host.post({ type: 'open', name }),
      onToggle: (name) => this.#toggle(name),
    });
    this.#drawing.root.addEventListener('focusin', (event) => {
      const name = GraphDrawing.nameOf(event.target);
      if (name !== undefined && name !== this.#state.selected) this.#select(name);
    });
    new ResizeObserver(() => this.#request()).observe(this.#stage);
    onThemeChange(() => this.#request());
  }

  #receive(message: ToDagPage): void {
    const before = this.#nodes;
    const outcome = this.#received.receive(message);
    if (outcome === 'resync') this.#host.post({ type: 'resync' });
    if (outcome === 'resync' || outcome === 'old') return;
    this.#failure = undefined;
    this.#arrange(outcome === 'graph');
    const { selected } = this.#state;
    const [old, now] = selected === null ? [] : [before.get(selected), this.#nodes.get(selected)];
    if (old !== undefined && now !== undefined && old.spoken !== now.spoken)
      setText(this.#spoken, `${now.name}: ${now.spoken}`);
  }

  /** Boxes and, where they may have changed, their places; what the user looks at stays where it is. */
  #arrange(isMoved: boolean): void {
    const graph = this.#received.graph ?? { stages: [], groups: [], warning: null };
    const drawn = toDrawnNodes(graph, new Set(this.#state.open));
    this.#nodes = new Map(drawn.map((node) => [node.name, node]));
    if (isMoved) {
      this.#neededBy = invert(drawn);
      const [view, anchor] = [this.#state.view, this.#anchor()];
      this.#layout = layOut(drawn);
      const place = anchor === undefined ? undefined : this.#layout.nodes.get(anchor.name);
      if (view !== null && anchor !== undefined && place !== undefined)
        this.#change({ view: pan(view, (anchor.x - place.x) * view.k, (anchor.y - place.y) * view.k) });
      const { selected } = this.#state;
      if (this.#received.graph !== undefined && selected !== null && !this.#nodes.has(selected))
        this.#change({ selected: null });
    }
    this.#request();
  }

  /** The box that keeps its place on the page: the chosen one, or the one in the middle. */
  #anchor(): { name: string; x: number; y: number } | undefined {
    const chosen = this.#state.selected === null ? undefined : this.#layout.nodes.get(this.#state.selected);
    if (chosen !== undefined && this.#nodes.has(chosen.name)) return chosen;
    const { x, y, k } = this.#view();
    const [middleX, middleY] = [(this.#size().width / 2 - x) / k, (this.#size().height / 2 - y) / k];
    const distance = (place: { x: number; y: number }): number => Math.hypot(place.x - middleX, place.y - middleY);
    const kept = [...this.#layout.nodes.values()].filter(({ name }) => this.#nodes.has(name));
    return kept.reduce<(typeof kept)[number] | undefined>(
      (best, place) => (best === undefined || distance(place) < distance(best) ? place : best),
      undefined,
    );
  }

  #request(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    requestAnimationFrame(() => {
      this.#isAsked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const notice = this.#noticeNow();
    const { selected, open } = this.#state;
    const { graph } = this.#received;
    this.#head.draw(graph, this.#view().k, open.length > 0);
    this.#notice.draw(notice);
    setHidden(this.#stage, false);
    this.#drawing.root.toggleAttribute('hidden', notice !== undefined);
    this.#drawing.root.setAttribute('aria-label', fillIn(this.#texts.graphOf, graph?.stages.length ?? 0));
    const node = selected === null ? undefined : this.#nodes.get(selected);
    setHidden(this.#strip.root, notice !== undefined);
    this.#strip.draw(node, node === undefined ? '' : this.#describeEdges(node).join(' · '));
    if (notice !== undefined) return;
    this.#drawing.draw({ layout: this.#layout, nodes: this.#nodes, view: this.#view(), selected, size: this.#size() });
    if (this.#toFocus !== undefined) this.#drawing.focus(this.#toFocus);
    this.#toFocus = undefined;
  }

  #noticeNow(): GraphNotice | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#received.graph !== undefined) return undefined;
    return this.#received.notice ?? { kind: 'loading', text: this.#texts.loading, action: 'none' };
  }

  #size(): { width: number; height: number } {
    return { width: this.#stage.clientWidth, height: this.#stage.clientHeight };
  }

  #view(): View {
    return this.#state.view ?? fitView(this.#layout, this.#size());
  }

  #moveTo(view: View): void {
    this.#change({ view });
    this.#request();
  }

  #zoom(way: 'in' | 'out' | 'fit'): void {
    const { width, height } = this.#size();
    const factor = way === 'in' ? zoomSteps.factor : 1 / zoomSteps.factor;
    if (way === 'fit') this.#change({ view: null });
    else this.#change({ view: zoomAt(this.#view(), factor, { x: width / 2, y: height / 2 }) });
    this.#request();
  }

  #click(target: EventTarget | null): void {
    const name = GraphDrawing.nameOf(target);
    this.#change({ selected: name ?? null });
    this.#request();
    if (name === undefined) return;
    this.#toFocus = name;
    if (target instanceof Element && target.classList.contains('count')) this.#toggle(name);
    else this.#host.post({ type: 'open', name });
  }

  #walk(from: string, direction: Direction): void {
    const next = nextNode(this.#layout, from, direction);
    if (next === undefined) return;
    this.#select(next);
    this.#toFocus = next;
  }

  #select(name: string): void {
    const place = this.#layout.nodes.get(name);
    if (place === undefined) return;
    const half = nodeSize.width / 2;
    const box = { left: place.x - half, right: place.x + half, top: place.y, bottom: place.y + nodeSize.height };
    const now = this.#view();
    const view = reveal(now, box, this.#size());
    const isMoved = view.x !== now.x || view.y !== now.y;
    this.#change({ selected: name, ...(isMoved ? { view } : {}) });
    this.#request();
  }

  /** Opens a closed group, or closes the group of a member. */
  #toggle(name: string): void {
    const node = this.#nodes.get(name);
    const group = node === undefined ? null : groupOfBox(node);
    if (group === null) return;
    const isOpen = this.#state.open.includes(group);
    const open = isOpen ? this.#state.open.filter((other) => other !== group) : [...this.#state.open, group];
    const first = this.#received.graph?.stages.find((stage) => stage.group === group)?.name ?? name;
    this.#reopen(open, isOpen ? group : first);
    setText(this.#spoken, fillIn(isOpen ? this.#texts.collapsed : this.#texts.expanded, group));
  }

  #toggleAll(): void {
    const { open, selected } = this.#state;
    const groups = this.#received.graph?.groups.map(({ name }) => name) ?? [];
    const node = selected === null ? undefined : this.#nodes.get(selected);
    this.#reopen(open.length > 0 ? [] : groups, open.length > 0 ? (node?.group ?? selected) : selected);
  }

  #reopen(open: readonly string[], selected: string | null): void {
    // What is chosen takes the place of what was.
    const place = this.#state.selected === null ? undefined : this.#layout.nodes.get(this.#state.selected);
    const view = this.#state.view;
    this.#change({ open, selected });
    this.#arrange(true);
    const now = selected === null ? undefined : this.#layout.nodes.get(selected);
    if (view !== null && place !== undefined && now !== undefined)
      this.#change({ view: pan(view, (place.x - now.x) * view.k, (place.y - now.y) * view.k) });
    if (
      document.activeElement !== null &&
      GraphDrawing.nameOf(document.activeElement) !== undefined &&
      selected !== null
    )
      this.#toFocus = selected;
  }

  #describe(node: DrawnNode): string {
    const { name, spoken, members } = node;
    const own = members === null ? name : fillIn(this.#texts.members, name, members);
    return [`${own}, ${spoken}`, ...this.#describeEdges(node)].join('. ');
  }

  #describeEdges({ name, needs }: DrawnNode): readonly string[] {
    const texts = this.#texts;
    const neededBy = this.#neededBy.get(name) ?? [];
    return [
      needs.length === 0 ? texts.needsNothing : fillIn(texts.needs, listNames(needs)),
      neededBy.length === 0 ? texts.neededByNone : fillIn(texts.neededBy, listNames(neededBy)),
    ];
  }

  #change(changes: Partial<PageState>): void {
    this.#state = { ...this.#state, ...changes };
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#host.writeState(this.#state), quiet);
  }

  #showIgnored(count: number): void {
    document.body.dataset['ignored'] = String(count);
    if (this.#received.graph !== undefined) return;
    this.#failure = { kind: 'broken', text: this.#texts.ignored, action: 'retry' };
    this.#request();
  }
}

function invert(nodes: readonly DrawnNode[]): ReadonlyMap<string, readonly string[]> {
  const pairs = nodes.flatMap(({ name, needs }) => needs.map((need) => ({ need, name })));
  return new Map([...Map.groupBy(pairs, ({ need }) => need)].map(([need, own]) => [need, own.map(({ name }) => name)]));
}

/** Nobody listens to thousands of names. */
function listNames(names: readonly string[]): string {
  return names.length <= 8 ? names.join(', ') : `${names.slice(0, 8).join(', ')} … (${names.length})`;
}

new DagPage(readBodyData('texts') as DagTexts).start();
