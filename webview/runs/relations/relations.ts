import { relationKinds, type RelationBrush, type RelationsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { createButton } from '../../shared/controls.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import { createChooser } from '../chooser.ts';
import type { Tab, TabFacts, TabHost } from '../tab.ts';
import { createColumnChoice, createCount, createKinds, createLegend } from './bar.ts';
import type { Kind, KindHost } from './kind.ts';
import { RelationsModel } from './model.ts';
import { createBars, createBoxes } from './groups.ts';
import { createImportance } from './importance.ts';
import { createMatrix } from './matrix.ts';
import { createNumbers } from './numbers.ts';
import { createParallel } from './parallel.ts';
import { createScatter } from './scatter.ts';

/** The kinds of charts; another one is a row here. */
const kinds = {
  parallel: { label: 'parallelKind', create: createParallel, hasAxes: true, hasColour: true },
  scatter: { label: 'scatterKind', create: createScatter, hasAxes: false, hasColour: true },
  matrix: { label: 'matrixKind', create: createMatrix, hasAxes: true, hasColour: true },
  importance: { label: 'importanceKind', create: createImportance, hasAxes: false, hasColour: false },
  bars: { label: 'barsKind', create: createBars, hasAxes: false, hasColour: false },
  boxes: { label: 'boxesKind', create: createBoxes, hasAxes: false, hasColour: false },
} as const satisfies Readonly<
  Record<
    RelationsView['kind'],
    { label: keyof RunsTexts; create: (host: KindHost) => Kind; hasAxes: boolean; hasColour: boolean }
  >
>;

type KindName = RelationsView['kind'];

/** The tab Parameters: what params have to do with metrics. */
export function createTab(host: TabHost): Tab {
  const tab = new RelationsTab(host);
  return { root: tab.root, draw: (facts) => tab.draw(facts), leave: () => tab.leave(), drawing: () => tab.drawing };
}

class RelationsTab {
  readonly root: HTMLElement;
  readonly #host: TabHost;
  readonly #model: RelationsModel;
  readonly #kindHost: KindHost;
  readonly #made = new Map<KindName, Kind>();
  readonly #kinds: ReturnType<typeof createKinds>;
  readonly #colour: ReturnType<typeof createColumnChoice>;
  readonly #legend = createLegend();
  readonly #count: ReturnType<typeof createCount>;
  readonly #axes: HTMLElement;
  readonly #chooser: ReturnType<typeof createChooser>;
  readonly #numbers: ReturnType<typeof createNumbers>;
  readonly #controls = element('span', { class: 'kind-controls' });
  readonly #stage = element('div', { class: 'kind-of-chart' });
  readonly #notice: { readonly root: HTMLElement; readonly sentence: HTMLElement; readonly action: HTMLElement };
  #showsNumbers: boolean;
  #drawn: Kind | undefined;

  constructor(host: TabHost) {
    const { texts } = host;
    this.#host = host;
    this.#model = new RelationsModel(texts);
    this.#showsNumbers = host.readState() === 'numbers';
    this.#kindHost = this.#createKindHost();
    const names = relationKinds.map((kind) => [kind, texts[kinds[kind].label]] as const);
    this.#kinds = createKinds(texts, names, (kind) => this.#change({ kind }));
    this.#colour = createColumnChoice(texts, {
      label: texts.colourBy,
      isOffered: (kind) => kind !== 'tag',
      onChoose: (colour) => this.#change({ colour }),
    });
    this.#count = createCount(
      texts,
      () => this.#brush([]),
      () => this.#toggleNumbers(),
    );
    this.#axes = createButton(texts.axes, { onPress: () => this.#toggleChooser() });
    this.#axes.setAttribute('aria-haspopup', 'dialog');
    this.#chooser = createChooser({
      texts,
      label: texts.axes,
      canPin: false,
      onChange: (columns) => this.#chooseAxes(columns?.map(({ id }) => id) ?? null),
      onClose: () => this.#closeChooser(),
    });
    this.#numbers = createNumbers(texts);
    this.#notice = createNotice(() => this.#act());
    this.root = this.#layOut();
  }

  #layOut(): HTMLElement {
    const bar = element(
      'div',
      { class: 'relations-bar' },
      this.#kinds.root,
      this.#controls,
      this.#colour.root,
      this.#legend.root,
      element('span', { class: 'relations-count' }, ...this.#count.parts, this.#axes),
    );
    const below = element('div', { class: 'relations-body' }, this.#stage, this.#numbers.root, this.#notice.root);
    return element('div', { class: 'relations', id: 'relations' }, bar, below, this.#chooser.root);
  }

  #createKindHost(): KindHost {
    const { texts, say, select, post } = this.#host;
    return {
      ...{ texts, say, select },
      model: this.#model,
      change: (part) => this.#change(part),
      brush: (brushes) => this.#brush(brushes),
      open: (runId) => post({ type: 'act', action: 'open', runIds: [runId] }),
      count: (count) => this.#count.tell(count, this.#model.runs.length, 'brush'),
    };
  }

  draw(facts: TabFacts): void {
    this.#model.compute(facts);
    const { relations } = facts.view;
    const name = relations.kind;
    this.#kinds.draw(name);
    this.#colour.draw(this.#model.runs, relations.colour, this.#model.chosen.metric);
    this.#legend.draw(this.#model.colour(facts.theme));
    const lit = this.#model.litBy(relations.brushes);
    this.#count.tell(lit.count, this.#model.runs.length, lit.by);
    this.#count.drawNumbers(this.#showsNumbers);
    const problem = this.#problem(kinds[name].hasAxes);
    this.#drawNotice(problem);
    setHidden(this.#axes, !kinds[name].hasAxes);
    for (const part of [this.#colour.root, this.#legend.root]) setHidden(part, !kinds[name].hasColour);
    setHidden(this.#stage, problem !== undefined);
    setHidden(this.#numbers.root, problem !== undefined || !this.#showsNumbers);
    const kind = this.#make(name);
    if (this.#drawn !== kind) this.#exchange(kind);
    if (problem !== undefined) return;
    kind.draw();
    if (this.#showsNumbers) this.#numbers.draw(kind.numbers());
  }

  get drawing(): Drawing | undefined {
    return this.#stage.hidden ? undefined : this.#drawn?.drawing();
  }

  #make(name: KindName): Kind {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const made = kinds[name].create(this.#kindHost);
    this.#made.set(name, made);
    return made;
  }

  #exchange(kind: Kind): void {
    this.#drawn?.leave();
    this.#drawn = kind;
    this.#stage.replaceChildren(kind.root);
    this.#controls.replaceChildren(...(kind.controls ?? []));
  }

  #problem(needsAxes: boolean): 'noRelations' | 'noAxes' | undefined {
    if (this.#model.runs.length === 0) return 'noRelations';
    return needsAxes && this.#model.axes.length === 0 ? 'noAxes' : undefined;
  }

  #drawNotice(problem: 'noRelations' | 'noAxes' | undefined): void {
    const { texts } = this.#host;
    setHidden(this.#notice.root, problem === undefined);
    if (problem === undefined) return;
    setText(this.#notice.sentence, texts[problem]);
    setText(this.#notice.action, problem === 'noAxes' ? texts.automatic : texts.showTable);
  }

  /** The way out of what is empty. */
  #act(): void {
    if (this.#model.runs.length > 0) this.#change({ axes: null });
    else document.getElementById('tab-table')?.click();
  }

  #change(part: Partial<RelationsView>): void {
    const { relations } = this.#model.facts?.view ?? {};
    if (relations !== undefined) this.#host.changeView({ relations: { ...relations, ...part } });
  }

  #brush(brushes: readonly RelationBrush[]): void {
    this.#change({ brushes });
    const { flags, by } = this.#model.litBy(brushes);
    const runs = by === 'brush' ? this.#model.runs.filter((_, index) => flags[index] === 1) : [];
    this.#host.select(runs.map(({ runId }) => runId));
  }

  #toggleNumbers(): void {
    this.#showsNumbers = !this.#showsNumbers;
    this.#host.writeState(this.#showsNumbers ? 'numbers' : null);
    if (this.#model.facts !== undefined) this.draw(this.#model.facts);
  }

  #toggleChooser(): void {
    if (this.#chooser.isOpen) this.#closeChooser();
    else this.#showChooser();
  }

  #showChooser(): void {
    const axes = this.#model.axes.map(({ axis }) => ({ id: axis.column, width: null, isPinned: false }));
    this.#chooser.show(axes, this.#model.runs);
  }

  #closeChooser(): void {
    this.#chooser.hide();
    this.#axes.focus();
  }

  /** Those that stay keep their scale and direction. */
  #chooseAxes(columns: readonly string[] | null): void {
    const old = this.#model.axes.map(({ axis }) => axis);
    const axes = columns?.map(
      (column) => old.find((axis) => axis.column === column) ?? { column, scale: null, isReversed: false },
    );
    this.#change({ axes: axes ?? null });
    if (columns === null) requestAnimationFrame(() => requestAnimationFrame(() => this.#showChooser()));
  }

  leave(): void {
    this.#drawn?.leave();
    this.#chooser.hide();
  }
}

function createNotice(onPress: () => void) {
  const sentence = element('p', { role: 'status' });
  const action = createButton('', { onPress });
  return { sentence, action, root: element('div', { class: 'notice', hidden: '' }, sentence, action) };
}
