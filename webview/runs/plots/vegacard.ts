import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { fillTemplate } from '../../../src/core/plots/plots.ts';
import { parsePointsPlot } from '../../../src/protocol/plotscodec.ts';
import type { PointsPlot } from '../../../src/protocol/plots.ts';
import { createButton, createDropdown } from '../../shared/controls.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { BodyOf, CardTools, PlotLook } from './card.ts';
import type { VegaControl, VegaPicture } from './vegaquestion.ts';

/** How many seconds a template may take, and how many when somebody asks for more: the page is at hand meanwhile. */
const patience = { first: 5, more: 60 } as const;

/** Any other template, by Vega, which is loaded when the first of them is to be drawn. */
export const createVega = (tools: CardTools): BodyOf<'vega'> => new VegaCard(tools);

type Plot = Parameters<BodyOf<'vega'>['draw']>[0];

class VegaCard implements BodyOf<'vega'> {
  readonly root: HTMLElement;
  readonly #texts: CardTools['texts'];
  readonly #isTrusted: boolean;
  readonly #picture = element('img', { alt: '', hidden: '' });
  readonly #holder = element('div', { class: 'vega', role: 'region', tabindex: '0' }, this.#picture);
  readonly #controls = element('div', { class: 'vega-bindings' });
  readonly #words: HTMLElement;
  readonly #more: HTMLElement;
  #shown: { readonly plot: Plot; readonly look: PlotLook } | undefined;
  #values: Readonly<Record<string, unknown>> = {};
  #controlled = '';
  #drawing = 0;
  #url = '';

  constructor({ texts, isTrusted }: CardTools) {
    [this.#texts, this.#isTrusted] = [texts, isTrusted];
    this.#words = element('p', { class: 'dim' }, texts.plotsDrawing);
    this.#more = createButton(texts.plotsPatience, { onPress: () => this.#go(patience.more) });
    setHidden(this.#more, true);
    this.root = element('div', { class: 'vega-card' }, this.#holder, this.#controls, this.#words, this.#more);
  }

  draw(plot: Plot, look: PlotLook): void {
    if (plot.plot !== this.#shown?.plot.plot) this.#values = {};
    this.#shown = { plot, look };
    this.#picture.alt = plot.title;
    this.#holder.setAttribute('aria-label', plot.title);
    if (this.#isTrusted) this.#go(patience.first);
    else setText(this.#words, this.#texts.plotsTrust);
  }

  destroy(): void {
    this.#drawing += 1;
    URL.revokeObjectURL(this.#url);
  }

  #go(seconds: number): void {
    this.#drawing += 1;
    const number = this.#drawing;
    setHidden(this.#more, true);
    if (this.#picture.hidden) {
      setHidden(this.#words, false);
      setText(this.#words, this.#texts.plotsDrawing);
    }
    this.#show(seconds, number).catch((error: unknown) => {
      if (number === this.#drawing) this.#fail(error);
    });
  }

  async #show(seconds: number, number: number): Promise<void> {
    const { plot: drawn, look } = this.#shown ?? {};
    const plot = drawn === undefined ? undefined : parsePointsPlot(drawn.plot);
    if (plot === undefined || look === undefined) throw new Error(this.#texts.ignored);
    const { renderVega } = await import('./vega.ts');
    const named = nameRevisions(plot, look.names);
    const colours = revisionsOf(plot).map(
      (revision) => look.revisions.find((one) => one.revision === revision)?.colour ?? look.theme.dim,
    );
    const { spec } = fillTemplate(plot.ownTemplate, named, { colours, ...sizeOf(this.root) });
    const picture = await renderVega({ filled: spec, values: this.#values, seconds }, look.theme);
    if (number === this.#drawing) this.#put(picture);
  }

  /** As the source of an `img` SVG runs no script and loads nothing, whatever a template has written into it. */
  #put({ svg, refused, controls, isStill }: VegaPicture): void {
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
    this.#picture.src = this.#url;
    setHidden(this.#picture, false);
    this.#drawControls(controls);
    const words = [
      refused.length === 0 ? '' : fillIn(this.#texts.plotsRefused, refused.join(', ')),
      isStill ? '' : this.#texts.plotsStill,
    ].filter((sentence) => sentence !== '');
    setText(this.#words, words.join(' '));
    setHidden(this.#words, words.length === 0);
  }

  #fail(error: unknown): void {
    const { plotsSlow, plotsBroken } = this.#texts;
    const { message, seconds } = error as { readonly message?: string; readonly seconds?: number };
    setHidden(this.#picture, true);
    this.#drawControls([]);
    setHidden(this.#words, false);
    setText(
      this.#words,
      seconds === undefined ? fillIn(plotsBroken, message ?? '') : fillIn(plotsSlow, formatCount(seconds)),
    );
    setHidden(this.#more, seconds !== patience.first);
  }

  /** The same ones stay, so that a hand on one of them is not thrown off. */
  #drawControls(controls: readonly VegaControl[]): void {
    const stamp = JSON.stringify(controls.map((control) => ({ ...control, value: null })));
    if (stamp === this.#controlled) return;
    this.#controlled = stamp;
    const inputs = controls.map((control) => toInput(control, (value) => this.#choose(control.name, value)));
    this.#controls.replaceChildren(...inputs);
  }

  #choose(name: string, value: unknown): void {
    this.#values = { ...this.#values, [name]: value };
    this.#go(patience.first);
  }
}

function toInput(control: VegaControl, onChoose: (value: unknown) => void): HTMLElement {
  const { label, value, kind } = control;
  switch (kind) {
    case 'range': {
      const [min, max, step] = [control.min, control.max, control.step].map(String);
      const input = element('input', { type: 'range', min, max, step, value: String(value) });
      input.addEventListener('input', () => onChoose(input.valueAsNumber));
      return element('label', { class: 'choice' }, label, input);
    }
    case 'checkbox': {
      const input = element('input', { type: 'checkbox' });
      input.checked = value === true;
      input.addEventListener('input', () => onChoose(input.checked));
      return element('label', { class: 'choice' }, input, label);
    }
    case 'select': {
      const { choices } = control;
      const dropdown = createDropdown(label, (at) => onChoose(choices[Number(at)]?.value));
      dropdown.update(
        choices.map((choice, at) => ({ value: String(at), label: choice.label })),
        String(choices.findIndex((choice) => choice.value === value)),
      );
      return element('label', { class: 'choice' }, label, dropdown.root);
    }
  }
}

/** Axes, legend and their titles take about so much of a card. */
const around = { width: 80, height: 110 } as const;

function sizeOf({ clientWidth, clientHeight }: HTMLElement): { readonly width: number; readonly height: number } {
  return { width: Math.max(160, clientWidth - around.width), height: Math.max(140, clientHeight - around.height) };
}

function revisionsOf({ series }: PointsPlot): readonly string[] {
  return [...new Set(series.filter(({ rows }) => rows.length > 0).map(({ revision }) => revision))];
}

/** People know runs, not hashes. */
function nameRevisions(plot: PointsPlot, names: ReadonlyMap<string, string>): PointsPlot {
  const series = plot.series.map((one) => {
    const revision = names.get(one.revision) ?? one.revision;
    return { ...one, revision, rows: one.rows.map((row) => ({ ...row, rev: revision })) };
  });
  return { ...plot, series };
}
