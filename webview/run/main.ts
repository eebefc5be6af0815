import 'uplot/dist/uPlot.min.css';
import '../shared/page.css';
import '../shared/plots/plots.css';
import './style.css';
import './answers.css';
import './histograms.css';
import '../shared/pictures/pictures.css';
import { RunView, type Range, type ShownRun } from '../../src/core/charts/charts.ts';
import { parseToRunPage, type RunPageMessage } from '../../src/protocol/chartcodec.ts';
import type { RunAbout, RunPageAnswer } from '../../src/protocol/runpage.ts';
import {
  chartProtocolVersion,
  type FromRunPage,
  type PageNotice,
  type RunTexts,
  type SweepFacts,
} from '../../src/protocol/charts.ts';
import { setHidden, setText } from '../shared/dom.ts';
import { connectHost, readBodyData, type Host } from '../shared/host.ts';
import { onThemeChange, readTheme } from '../shared/theme.ts';
import { ChartCard } from './card.ts';
import { createParts } from './parts.ts';
import { planRun, type CardPlan, type RunPlan } from './plan.ts';
import { createRhythm } from '../shared/plots/rhythm.ts';
import { readMayStop, readPageState, type PageState } from './state.ts';

/** Milliseconds between two drawings: four a second are enough to see a run move. */
const pause = 250;
/** After so many milliseconds without a word the page says that nobody answers. */
const patience = 10_000;

class RunPage {
  readonly #texts: RunTexts;
  readonly #host: Host<FromRunPage>;
  readonly #view = new RunView();
  readonly #cards = new Map<string, ChartCard>();
  readonly #inView = new Set<Element>();
  readonly #watcher = new IntersectionObserver((entries) => this.#look(entries));
  readonly #rhythm = createRhythm(pause, () => this.#draw());
  readonly #parts: ReturnType<typeof createParts>;
  #state: PageState;
  #theme = readTheme();
  #plan: RunPlan | undefined;
  /** By axis: the steps to show, if not the whole run. */
  readonly #windows = new Map<CardPlan['axis'], Range>();
  #cursor: { readonly step: number; readonly axis: CardPlan['axis']; readonly card: ChartCard } | undefined;
  #toAcknowledge: number | undefined;
  /** What the page knows of the run beside its points, and what it has asked about. */
  #about: RunAbout | undefined;
  readonly #asked = { about: '', artifacts: '', images: '' };
  #answered = false;

  constructor(texts: RunTexts) {
    this.#texts = texts;
    this.#host = connectHost<RunPageMessage, FromRunPage>({
      parse: parseToRunPage,
      receive: (message) => this.#receive(message),
      ignored: (count) => this.#showIgnored(count),
      toError: (message) => ({ type: 'error', message }),
    });
    const context = readBodyData('context');
    this.#state = readPageState(this.#host.readState(), context);
    this.#host.writeState(this.#state);
    this.#parts = createParts(texts, {
      mayStop: readMayStop(context),
      onChoose: (runId) => this.#choose(runId),
      onStop: (runId) => this.#host.post({ type: 'stopRun', runId }),
      onSteer: (runId, steering) => this.#host.post({ type: 'steerRun', runId, steering }),
      onOpenLog: (runId) => this.#host.post({ type: 'openLog', runId }),
      onOrder: (order) => this.#change({ order }),
      onTab: (tab) => this.#change({ tab }),
      onAsk: (question) => this.#host.post({ ...question, runId: this.#state.runId }),
      onPost: (question) => this.#host.post(question),
      step: () => this.#state.step,
      onStep: (step) => this.#keep({ step }),
      onDetails: () => this.#change({ showsDetails: !this.#state.showsDetails }),
      onWhole: () => this.#zoomAll(),
      onAnswers: (part) => this.#change({ answers: { ...this.#state.answers, ...part } }),
      onSmoothing: (smoothing) => this.#change({ smoothing }),
      onRetry: () => this.#host.post({ type: 'resync' }),
    });
    onThemeChange(() => {
      this.#theme = readTheme();
      this.#rhythm.request();
    });
    new ResizeObserver(() => this.#rhythm.request()).observe(this.#parts.cards);
  }

  start(): void {
    this.#draw();
    this.#host.post({ type: 'ready', protocol: chartProtocolVersion });
    setTimeout(() => {
      if (!this.#answered) this.#showNotice({ kind: 'broken', text: this.#texts.noConnection, action: 'retry' });
    }, patience);
  }

  #receive(message: RunPageMessage): void {
    this.#answered = true;
    if (message.type === 'stopRefused') {
      this.#parts.header.refuseStop(message.runId);
      return;
    }
    if (message.type === 'steered') {
      this.#parts.steering.answered(message.runId);
      return;
    }
    if (isAnswer(message)) {
      if (message.runId === this.#state.runId) this.#take(message);
      return;
    }
    if (this.#view.receive(message) === 'resync') {
      this.#host.post({ type: 'resync' });
      return;
    }
    this.#toAcknowledge = message.sequence;
    const runId = this.#view.run?.facts.runId;
    if (runId !== undefined && runId !== this.#state.runId) this.#change({ runId });
    this.#rhythm.request();
  }

  #take(answer: RunPageAnswer): void {
    switch (answer.type) {
      case 'about':
        this.#about = answer.about;
        this.#rhythm.now();
        return;
      case 'examples':
        this.#parts.answers.receive(answer);
        return;
      case 'pictures':
      case 'picture':
        this.#parts.images.receive(answer);
        return;
      case 'artifacts':
      case 'artifact':
        this.#parts.artifacts.receive(answer);
    }
  }

  #draw(): void {
    const run = this.#view.run;
    this.#plan = run === undefined ? undefined : planRun(run, this.#texts, this.#state.smoothing);
    const shown = run === undefined || this.#plan === undefined ? undefined : { run, plan: this.#plan };
    const { header, steering, strip, details } = this.#parts;
    const tab = this.#drawTab(run);
    header.draw(shown, {
      runs: this.#view.runs,
      chosen: this.#state.runId,
      isZoomed: this.#windows.size > 0,
      smoothing: this.#state.smoothing,
      showsCharts: tab === 'charts',
    });
    steering.draw(run);
    strip.draw(this.#plan?.strip ?? []);
    this.#drawTrials(run?.facts.sweep ?? null);
    details.draw(run?.facts, run?.events ?? [], this.#state.showsDetails);
    // Before the cards: they measure the room that it leaves.
    this.#showNotice(this.#noticeNow());
    this.#drawCards(this.#plan?.cards ?? []);
    if (this.#toAcknowledge !== undefined) this.#host.post({ type: 'ack', sequence: this.#toAcknowledge });
    this.#toAcknowledge = undefined;
  }

  /** What a tab shows is asked for when somebody looks at it: again for another run, and when this one has begun or ended. */
  #drawTab(run: ShownRun | undefined): PageState['tab'] {
    const tab = run === undefined ? 'charts' : this.#state.tab;
    const { tabs, about, artifacts, images } = this.#parts;
    document.body.dataset['tab'] = tab;
    setHidden(tabs.root, run === undefined);
    setHidden(images.root, tab !== 'images');
    if (tab !== 'images') {
      images.leave();
      this.#asked.images = '';
    }
    setHidden(about.root, tab !== 'about');
    setHidden(artifacts.root, tab !== 'artifacts');
    tabs.draw(tab);
    if (run === undefined || tab === 'charts') return tab;
    const { runId, status, endTime } = run.facts;
    const now = JSON.stringify([runId, status, endTime]);
    if (this.#asked[tab] !== now) {
      this.#asked[tab] = now;
      if (tab === 'about') this.#host.post({ type: 'readAbout', runId });
      else if (tab === 'images') images.forget();
      else artifacts.reset();
    }
    if (tab === 'about') about.draw(run, this.#about);
    if (tab === 'images') images.draw([run.facts]);
    return tab;
  }

  #drawTrials(sweep: SweepFacts | null): void {
    this.#parts.trials.draw(sweep, this.#state.order);
    document.body.classList.toggle('sweep', sweep !== null && sweep.trials.length > 0);
  }

  #noticeNow(): PageNotice | undefined {
    if (this.#plan === undefined)
      return this.#view.notice ?? { kind: 'loading', text: this.#texts.loading, action: 'none' };
    if (this.#plan.cards.length > 0 || (this.#view.run?.facts.answers ?? null) !== null) return undefined;
    const facts = this.#view.run?.facts;
    const isOver = facts?.endTime !== null;
    const waiting = (facts?.sweep ?? null) === null ? this.#texts.waiting : this.#texts.waitingForTrial;
    return { kind: 'empty', text: isOver ? this.#texts.nothingMeasured : waiting, action: 'none' };
  }

  #drawCards(plans: readonly CardPlan[]): void {
    const keys = new Set(plans.map(({ key }) => key));
    for (const [key, card] of this.#cards) {
      if (keys.has(key)) continue;
      this.#watcher.unobserve(card.root);
      this.#inView.delete(card.root);
      card.destroy();
      this.#cards.delete(key);
    }
    const { cards, answers } = this.#parts;
    const facts = this.#view.run?.facts.answers ?? null;
    answers.draw(facts, this.#state.answers, this.#theme);
    // The last card may be as wide as two: one that is only hidden would stand in its way.
    if (facts === null) answers.root.remove();
    else if (!answers.root.isConnected) cards.append(answers.root);
    const count = plans.length + (facts === null ? 0 : 1);
    cards.classList.toggle('one', count === 1);
    setHidden(cards, count === 0);
    plans.forEach((plan, index) => {
      const card = this.#cardOf(plan);
      if (cards.children[index] !== card.root) cards.insertBefore(card.root, cards.children[index] ?? null);
    });
    for (const plan of plans) {
      this.#cardOf(plan).draw(plan, {
        theme: this.#theme,
        window: this.#windows.get(plan.axis),
        isLog: this.#state.log.includes(plan.key),
        isTable: this.#state.table.includes(plan.key),
        isInView: this.#inView.has(this.#cardOf(plan).root),
      });
    }
    this.#drawCursor();
  }

  #look(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#inView.add(target);
      else this.#inView.delete(target);
    }
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#rhythm.request();
  }

  #cardOf(plan: CardPlan): ChartCard {
    const known = this.#cards.get(plan.key);
    if (known !== undefined) return known;
    const card: ChartCard = new ChartCard(plan, {
      texts: this.#texts,
      onCursor: (step, how) => {
        this.#cursor = step === undefined ? undefined : { step, axis: plan.axis, card };
        this.#drawCursor();
        if (step !== undefined && how === 'spoken') setText(this.#parts.spoken, card.describe(step));
      },
      onZoom: (window) => this.#zoom(plan.axis, window),
      onToggle: (what) => this.#toggle(what, plan.key),
    });
    this.#cards.set(plan.key, card);
    this.#watcher.observe(card.root);
    this.#inView.add(card.root);
    return card;
  }

  #drawCursor(): void {
    for (const card of this.#cards.values()) {
      const isOfAxis = this.#cursor !== undefined && this.#cursor.axis === card.axis;
      card.showCursor(isOfAxis ? this.#cursor?.step : undefined, this.#cursor?.card === card);
    }
  }

  #zoom(axis: CardPlan['axis'], window: Range | undefined): void {
    if (window === undefined) this.#windows.delete(axis);
    else this.#windows.set(axis, window);
    this.#rhythm.now();
  }

  #zoomAll(): void {
    this.#windows.clear();
    this.#rhythm.now();
  }

  #toggle(what: 'log' | 'table', key: string): void {
    const keys = this.#state[what];
    this.#change({ [what]: keys.includes(key) ? keys.filter((other) => other !== key) : [...keys, key] });
  }

  #choose(runId: string): void {
    if (runId === this.#state.runId) return;
    this.#windows.clear();
    this.#cursor = undefined;
    this.#about = undefined;
    this.#change({ runId });
    this.#host.post({ type: 'setRun', runId });
  }

  /** Of what draws itself. */
  #keep(part: Partial<PageState>): void {
    this.#state = { ...this.#state, ...part };
    this.#host.writeState(this.#state);
  }

  #change(part: Partial<PageState>): void {
    this.#keep(part);
    this.#rhythm.now();
  }

  #showNotice(notice: PageNotice | undefined): void {
    const { notice: root, noticeText, retry } = this.#parts;
    setHidden(root, notice === undefined);
    if (notice === undefined) return;
    setText(noticeText, notice.text);
    setHidden(retry, notice.action !== 'retry');
  }

  /** Garbage changes nothing that is shown; it is only said, where nothing else is. */
  #showIgnored(count: number): void {
    document.body.dataset['ignored'] = String(count);
    if (!this.#answered) this.#showNotice({ kind: 'broken', text: this.#texts.ignored, action: 'retry' });
  }
}

const answers: Readonly<Record<RunPageAnswer['type'], true>> = {
  about: true,
  artifacts: true,
  artifact: true,
  examples: true,
  pictures: true,
  picture: true,
};

function isAnswer(message: RunPageMessage): message is RunPageAnswer {
  return Object.hasOwn(answers, message.type);
}

new RunPage(readBodyData('texts') as RunTexts).start();
