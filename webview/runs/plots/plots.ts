import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { revisionOfRun } from '../../../src/core/plots/plots.ts';
import type { DrawnPlot, PlotsMessage } from '../../../src/protocol/plots.ts';
import { formatProblem } from '../../../src/protocol/problem.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { Tab, TabFacts, TabHost } from '../tab.ts';
import { createBars } from './bars.ts';
import { PlotFrame, createSwatch, type Body, type CardTools, type PlotLook } from './card.ts';
import { createImages } from './images.ts';
import { createLines } from './lines.ts';
import { createMatrices } from './matrices.ts';
import { createPoints } from './points.ts';
import { commitsOf, isOfRun, mostCommits, namesOf, toRevisions, withTables } from './revisions.ts';
import { createVega } from './vegacard.ts';

/** How each kind of plot is drawn. */
const bodies: Readonly<Record<DrawnPlot['kind'], (tools: CardTools) => unknown>> = {
  lines: createLines,
  smooth: createLines,
  points: createPoints,
  bars: createBars,
  confusion: createMatrices,
  vega: createVega,
  images: createImages,
};

/** The plots of dvc.yaml in the work tree and in the commits of the selected runs. */
export function createTab(host: TabHost): Tab {
  const tab = new PlotsTab(host);
  return {
    root: tab.root,
    draw: (facts) => tab.draw(facts),
    leave: () => tab.leave(),
    receivePlots: (message) => tab.receive(message),
  };
}

interface Card {
  readonly kind: DrawnPlot['kind'];
  readonly frame: PlotFrame;
  readonly body: Body<DrawnPlot>;
  drawn: readonly [DrawnPlot, PlotLook] | undefined;
}

class PlotsTab {
  readonly root: HTMLElement;
  readonly #host: TabHost;
  readonly #tools: CardTools;
  readonly #legend = element('ul', { class: 'revisions' });
  readonly #many = element('span', { class: 'dim' });
  readonly #smoothing: ReturnType<typeof createSmoothing>;
  readonly #problems = element('details', { class: 'problems', hidden: '' });
  readonly #notice = element('p', { class: 'dim notice' });
  readonly #cards = element('div', { class: 'plot-cards' });
  readonly #shown = new Map<string, Card>();
  #facts: TabFacts | undefined;
  #answer: PlotsMessage | undefined;
  #question = 0;
  /** What was asked for last; empty: nothing. */
  #asked: readonly string[] = [];
  #smoothed: number | null;
  #look: PlotLook | undefined;
  #lookOf: readonly unknown[] = [];

  constructor(host: TabHost) {
    const { texts } = host;
    this.#host = host;
    this.#tools = { texts, say: host.say, isTrusted: host.mayEdit };
    this.#smoothed = readWeight(host.readState());
    this.#smoothing = createSmoothing(host, this.#smoothed, (weight) => this.#smooth(weight));
    const again = element('button', { class: 'word', type: 'button' }, texts.plotsAgain);
    again.addEventListener('click', () => this.#ask(this.#asked));
    const bar = element(
      'div',
      { class: 'plots-bar' },
      this.#legend,
      this.#many,
      element('span', { class: 'rest' }),
      this.#smoothing.root,
      again,
    );
    this.root = element('div', { class: 'plots' }, bar, this.#problems, this.#notice, this.#cards);
  }

  draw(facts: TabFacts): void {
    this.#facts = facts;
    const selected = { commits: commitsOf(facts.selected), tables: withTables(facts.selected) };
    const revisions = toRevisions(selected, { theme: facts.theme, words: this.#host.texts.plotsWorkTree });
    const wanted = revisions.map(({ revision }) => revision);
    if (wanted.join() !== this.#asked.join()) this.#ask(wanted);
    const key = [facts.theme, this.#smoothed, JSON.stringify(revisions)];
    if (key.some((part, index) => part !== this.#lookOf[index])) {
      this.#look = { theme: facts.theme, revisions, names: namesOf(revisions), smoothing: this.#smoothed };
      this.#lookOf = key;
    }
    this.#drawLegend(selected.commits);
    this.#drawAnswer();
  }

  leave(): void {
    // Nobody looks: the extension need not read again whenever something changes.
    if (this.#asked.length > 0) this.#ask([]);
  }

  receive(message: PlotsMessage): void {
    if (message.question !== this.#question) return;
    this.#answer = message;
    if (this.#facts !== undefined) this.draw(this.#facts);
  }

  #ask(revisions: readonly string[]): void {
    this.#asked = revisions;
    this.#question += 1;
    const runIds = revisions.filter(isOfRun).map((revision) => revision.slice('run:'.length));
    const commits = revisions.filter((revision) => !isOfRun(revision));
    this.#host.post({ type: 'askPlots', question: this.#question, revisions: commits, runIds });
  }

  #smooth(weight: number): void {
    this.#smoothed = weight;
    this.#host.writeState({ smoothing: weight });
    if (this.#facts !== undefined) this.draw(this.#facts);
  }

  #drawLegend(commits: ReadonlyMap<string, readonly RunSummary[]>): void {
    const { revisions = [], names } = this.#look ?? {};
    // The tables of a run have the colour and the name of its commit.
    const ofCommits = new Set([...commits.values()].flat().map(({ runId }) => revisionOfRun(runId)));
    const told = revisions.filter(({ revision }) => !ofCommits.has(revision));
    const items = told.map((one) =>
      element('li', { title: one.revision }, createSwatch(one), names?.get(one.revision) ?? ''),
    );
    this.#legend.replaceChildren(...items);
    const isMany = commits.size > mostCommits;
    setText(this.#many, isMany ? fillIn(this.#host.texts.plotsMany, mostCommits, formatCount(commits.size)) : '');
  }

  #drawAnswer(): void {
    const { texts } = this.#host;
    const { plots = [], problems = [], failure } = this.#answer ?? { failure: undefined };
    const isRead = this.#answer !== undefined;
    const words = !isRead
      ? texts.plotsReading
      : (failure ?? (plots.length === 0 && problems.length === 0 ? texts.plotsNone : ''));
    setText(this.#notice, words);
    setHidden(this.#notice, words === '');
    this.#drawProblems(problems.map(formatProblem));
    setHidden(this.#smoothing.root, !plots.some(({ kind }) => kind === 'lines' || kind === 'smooth'));
    this.#smoothing.draw(this.#smoothed ?? (plots.every(({ kind }) => kind !== 'lines') ? 0.6 : 0));
    this.#drawCards(plots);
  }

  #drawProblems(lines: readonly string[]): void {
    setHidden(this.#problems, lines.length === 0);
    const key = lines.join('\n');
    if (this.#problems.dataset['lines'] === key) return;
    this.#problems.dataset['lines'] = key;
    const summary = element('summary', {}, fillIn(this.#host.texts.plotsProblems, formatCount(lines.length)));
    this.#problems.replaceChildren(summary, element('ul', {}, ...lines.map((line) => element('li', {}, line))));
  }

  #drawCards(plots: readonly DrawnPlot[]): void {
    const look = this.#look;
    if (look === undefined) return;
    const ids = new Set(plots.map(({ id }) => id));
    for (const [id, card] of this.#shown) if (!ids.has(id)) this.#drop(id, card);
    plots.forEach((plot, index) => {
      const card = this.#cardOf(plot);
      const { root } = card.frame;
      if (this.#cards.children[index] !== root) this.#cards.insertBefore(root, this.#cards.children[index] ?? null);
      if (card.drawn?.[0] === plot && card.drawn[1] === look) return;
      const isEmpty = isWithoutRows(plot);
      root.classList.toggle('wide', countBeside(plot) > 2);
      card.frame.draw(plot, isEmpty);
      setHidden(card.body.root, isEmpty);
      if (!isEmpty) card.body.draw(plot, look);
      card.drawn = [plot, look];
    });
  }

  #cardOf(plot: DrawnPlot): Card {
    const known = this.#shown.get(plot.id);
    if (known?.kind === plot.kind) return known;
    if (known !== undefined) this.#drop(plot.id, known);
    const body = bodies[plot.kind](this.#tools) as Body<DrawnPlot>;
    const frame = new PlotFrame(this.#tools.texts, body.root);
    frame.root.dataset['kind'] = plot.kind;
    const card: Card = { kind: plot.kind, frame, body, drawn: undefined };
    this.#shown.set(plot.id, card);
    return card;
  }

  #drop(id: string, { body, frame }: Card): void {
    body.destroy?.();
    frame.root.remove();
    this.#shown.delete(id);
  }
}

/** How many things stand side by side. */
function countBeside(plot: DrawnPlot): number {
  if (plot.kind === 'confusion') return plot.matrices.length;
  return plot.kind === 'images' ? plot.images.length : 1;
}

function isWithoutRows(plot: DrawnPlot): boolean {
  switch (plot.kind) {
    case 'lines':
    case 'smooth':
    case 'points':
      return plot.series.every(({ x }) => x.length === 0);
    case 'bars':
      return plot.names.length === 0;
    case 'confusion':
      return plot.matrices.every(({ classes }) => classes.length === 0);
    case 'vega':
      return false;
    case 'images':
      return plot.images.length === 0;
  }
}

/** From 0 to 1; null for none that was kept. */
function readWeight(state: unknown): number | null {
  const weight = typeof state === 'object' && state !== null && 'smoothing' in state ? state.smoothing : null;
  return typeof weight === 'number' && weight >= 0 && weight < 1 ? weight : null;
}

function createSmoothing(
  { texts }: TabHost,
  weight: number | null,
  onChange: (weight: number) => void,
): { readonly root: HTMLElement; draw(weight: number): void } {
  const attributes = {
    'type': 'range',
    'min': '0',
    'max': '0.99',
    'step': '0.01',
    'aria-label': texts.plotsSmoothName,
  };
  const input = element('input', attributes);
  const number = element('span', { class: 'number' });
  input.value = String(weight ?? 0);
  input.addEventListener('input', () => onChange(Number(input.value)));
  return {
    root: element('label', { class: 'slider dim' }, texts.plotsSmooth, input, number),
    draw(shown) {
      if (Number(input.value) !== shown) input.value = String(shown);
      setText(number, shown.toFixed(2));
    },
  };
}
