import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import {
  brushesOn,
  brushOf,
  dragBrush,
  grabBrush,
  isMissingBrushed,
  moveAxis,
  moveBrush,
  placeAt,
  pressCategory,
  toggleMissing,
  type BrushMove,
  type Grab,
} from '../../../src/core/relations/relations.ts';
import type { RelationAxis, RelationBrush } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element, setHidden } from '../../shared/dom.ts';
import { edgeOf, tellBrush } from './axiswords.ts';
import type { Laid } from './model.ts';
import type { ParallelPicture } from './parallelpaint.ts';
import { isolate } from './telling.ts';

/** The pointer has moved by so much before a press is a drag, in pixels. */
const slop = 3;
/** How near to an edge of a brush the pointer takes it, in pixels. */
const edgeReach = 5;

interface HandlesOptions {
  readonly texts: RunsTexts;
  readonly say: (words: string) => void;
  /** What is shown while the pointer drags. */
  readonly onDraft: (draft: { readonly brushes?: readonly RelationBrush[]; readonly axes?: readonly Laid[] }) => void;
  readonly onBrush: (brushes: readonly RelationBrush[]) => void;
  readonly onAxes: (axes: readonly RelationAxis[]) => void;
}

type HandlesPicture = ParallelPicture & { readonly all: number };

interface Handle {
  readonly axis: HTMLElement;
  readonly name: HTMLElement;
  readonly log: HTMLElement;
  readonly reverse: HTMLElement;
  readonly none: HTMLElement;
}

/** What a drag has begun with. */
interface Drag {
  readonly index: number;
  readonly laid: Laid;
  readonly from: { readonly x: number; readonly y: number };
  readonly grab: Grab | undefined;
  readonly picture: HandlesPicture;
  hasMoved: boolean;
}

/** What of the axes is taken hold of: each has a part to brush, a name to move it by, and words that turn it round. Drawn they are by the canvas below. */
export class AxisHandles {
  readonly root = element('div', { 'class': 'handles', 'data-part': 'axes' });
  readonly #options: HandlesOptions;
  #handles: Handle[] = [];
  #picture: HandlesPicture | undefined;
  #drag: Drag | undefined;

  constructor(options: HandlesOptions) {
    this.#options = options;
  }

  get isDragging(): boolean {
    return this.#drag?.hasMoved === true;
  }

  draw(picture: HandlesPicture): void {
    this.#picture = picture;
    while (this.#handles.length < picture.axes.length) this.#add();
    for (const { axis, name, log, reverse, none } of this.#handles.splice(picture.axes.length))
      for (const part of [axis, name, log, reverse, none]) part.remove();
    if (!this.#handles.some(({ axis }) => axis.tabIndex === 0)) this.#handles[0]?.axis.setAttribute('tabindex', '0');
    picture.axes.forEach((laid, index) => this.#drawAxis(laid, index, picture));
  }

  #add(): void {
    const { texts } = this.#options;
    const index = this.#handles.length;
    const axis = element('div', {
      'class': 'axis',
      'data-part': 'axis',
      'role': 'slider',
      'tabindex': '-1',
      'aria-orientation': 'vertical',
      'aria-valuemin': '0',
      'aria-description': texts.axisHint,
    });
    const name = element('div', { 'class': 'axis-name', 'data-part': 'axis-name', 'aria-hidden': 'true' });
    const log = createWord(texts.logAxis, 'axis-log', () => this.#turn(index, 'log'));
    const reverse = createWord('⇅', 'axis-reverse', () => this.#turn(index, 'reverse'));
    const none = createWord('', 'axis-none', () => this.#toggleMissing(index));
    none.setAttribute('aria-hidden', 'true');
    axis.addEventListener('pointerdown', (event) => this.#press(event, index, true));
    name.addEventListener('pointerdown', (event) => this.#press(event, index, false));
    for (const part of [axis, name]) {
      part.addEventListener('pointermove', (event) => this.#move(event, index));
      part.addEventListener('pointerup', (event) => this.#release(event));
      part.addEventListener('pointercancel', () => this.#cancel());
    }
    axis.addEventListener('keydown', (event) => {
      if (this.#key(event, index)) event.preventDefault();
    });
    axis.addEventListener('focus', () => this.#stand(index));
    this.#handles.push({ axis, name, log, reverse, none });
    this.root.append(axis, name, none, element('div', { 'class': 'axis-foot', 'aria-hidden': 'true' }, log, reverse));
  }

  #drawAxis(laid: Laid, index: number, { plan, brushes, lit, all }: HandlesPicture): void {
    const handle = this.#handles[index];
    if (handle === undefined) return;
    const { axis, name, log, reverse, none } = handle;
    const { texts } = this.#options;
    const x = plan.xs[index] ?? 0;
    const foot = log.parentElement;
    axis.dataset['column'] = laid.axis.column;
    name.dataset['column'] = laid.axis.column;
    axis.style.left = `${x}px`;
    axis.style.top = `${plan.top - 8}px`;
    axis.style.height = `${plan.bottom - plan.top + 16}px`;
    name.style.left = `${x}px`;
    name.style.top = `${plan.top - 34}px`;
    name.style.width = `${Math.max(24, Math.min(plan.spacing - 8, 160))}px`;
    name.title = laid.name;
    if (foot !== null) {
      foot.style.left = `${x}px`;
      foot.style.bottom = '4px';
    }
    setHidden(log, !laid.canLog);
    log.setAttribute('aria-pressed', String(laid.dimension.kind === 'log'));
    reverse.setAttribute('aria-pressed', String(laid.isReversed));
    reverse.title = fillIn(texts.reverseAxis, laid.name);
    setHidden(none, !hasMissing(laid));
    none.style.left = `${x}px`;
    none.style.top = `${(plan.missing ?? 0) - 8}px`;
    none.dataset['column'] = laid.axis.column;
    none.title = texts.withoutNumber;
    none.setAttribute('aria-pressed', String(isMissingBrushed(brushes, laid.axis.column)));
    const own = brushes.filter(({ column }) => column === laid.axis.column);
    const words = own.length === 0 ? texts.axisPlain : own.map((brush) => tellBrush(laid, brush, texts)).join(', ');
    const count = fillIn(texts.inBrush, formatCount(lit.count), formatCount(all));
    axis.setAttribute('aria-label', laid.isReversed ? fillIn(texts.axisReversed, laid.name) : laid.name);
    axis.setAttribute('aria-valuemax', String(all));
    axis.setAttribute('aria-valuenow', String(lit.count));
    axis.setAttribute('aria-valuetext', lit.by === 'brush' ? `${words}, ${count}` : words);
  }

  /** The one stop of the Tab key among the axes. */
  #stand(index: number): void {
    this.#handles.forEach(({ axis }, i) => axis.setAttribute('tabindex', i === index ? '0' : '-1'));
  }

  #own(laid: Laid): readonly RelationBrush[] {
    return brushesOn(this.#picture?.brushes ?? [], laid.axis.column);
  }

  /** All brushes, with one of an axis in the place of another, or added, or gone. */
  #replace(laid: Laid, index: number, next: RelationBrush | undefined): readonly RelationBrush[] {
    const all = this.#picture?.brushes ?? [];
    const old = this.#own(laid)[index];
    const rest = old === undefined ? all : all.filter((brush) => brush !== old);
    return next === undefined ? rest : [...rest, next];
  }

  #press(event: PointerEvent, index: number, brushes: boolean): void {
    const picture = this.#picture;
    const laid = picture?.axes[index];
    if (picture === undefined || laid === undefined || event.button !== 0) return;
    const { axis, name } = this.#handles[index] ?? {};
    (brushes ? axis : name)?.setPointerCapture(event.pointerId);
    axis?.focus({ preventScroll: true });
    const place = this.#placeAt(event, picture, laid);
    const { plan } = picture;
    const grab = brushes
      ? grabBrush(laid.dimension, this.#own(laid), place, edgeReach / (plan.bottom - plan.top))
      : undefined;
    this.#drag = { index, laid, grab, picture, from: { x: event.clientX, y: event.clientY }, hasMoved: false };
    event.preventDefault();
  }

  #placeAt(event: PointerEvent, { plan }: HandlesPicture, laid: Laid): number {
    return placeAt(plan, event.clientY - this.root.getBoundingClientRect().top, laid.isReversed);
  }

  #move(event: PointerEvent, index: number): void {
    const drag = this.#drag;
    if (drag === undefined) {
      this.#showCursor(event, index);
      return;
    }
    const far = Math.hypot(event.clientX - drag.from.x, event.clientY - drag.from.y);
    if (!drag.hasMoved && far < slop) return;
    drag.hasMoved = true;
    if (drag.grab === undefined) this.#options.onDraft({ axes: this.#moved(drag, event) });
    else this.#options.onDraft({ brushes: this.#brushed(drag, drag.grab, event) });
  }

  #brushed(drag: Drag, grab: Grab, event: PointerEvent): readonly RelationBrush[] {
    const { laid, picture } = drag;
    const extent = dragBrush(grab, this.#placeAt(event, picture, laid));
    const next = brushOf(laid.axis.column, laid.dimension, extent);
    const old = brushesOn(picture.brushes, laid.axis.column)[grab.index];
    const rest = picture.brushes.filter((brush) => brush !== old);
    return next === undefined ? rest : [...rest, next];
  }

  /** The axes as they are if the name is let go here. */
  #moved({ index, picture }: Drag, event: PointerEvent): readonly Laid[] {
    const x = event.clientX - this.root.getBoundingClientRect().left;
    const { xs } = picture.plan;
    const nearest = xs.reduce((best, own, i) => (Math.abs(own - x) < Math.abs((xs[best] ?? 0) - x) ? i : best), 0);
    return moveAxis(picture.axes, index, nearest);
  }

  #release(event: PointerEvent): void {
    const drag = this.#drag;
    this.#drag = undefined;
    if (drag === undefined) return;
    const { laid, grab, picture } = drag;
    if (grab === undefined) {
      if (drag.hasMoved) this.#setAxes(this.#moved(drag, event));
    } else if (drag.hasMoved) this.#options.onBrush(this.#brushed(drag, grab, event));
    else if (grab.index >= 0) this.#options.onBrush(this.#replace(laid, grab.index, undefined));
    else {
      const pressed = pressCategory(laid.axis.column, laid.dimension, this.#placeAt(event, picture, laid));
      if (pressed !== undefined) this.#options.onBrush([...picture.brushes, pressed]);
    }
  }

  #cancel(): void {
    this.#drag = undefined;
    this.#options.onDraft({});
  }

  #setAxes(axes: readonly Laid[]): void {
    this.#options.onAxes(axes.map(({ axis }) => axis));
  }

  #showCursor(event: PointerEvent, index: number): void {
    const picture = this.#picture;
    const laid = picture?.axes[index];
    const { axis } = this.#handles[index] ?? {};
    if (picture === undefined || laid === undefined || axis === undefined) return;
    const reach = edgeReach / (picture.plan.bottom - picture.plan.top);
    const { edge, index: own } = grabBrush(laid.dimension, this.#own(laid), this.#placeAt(event, picture, laid), reach);
    axis.style.cursor = own < 0 ? 'crosshair' : edge === 'both' ? 'grab' : 'ns-resize';
  }

  #turn(index: number, what: 'log' | 'reverse'): void {
    const { texts, say } = this.#options;
    const laid = this.#picture?.axes[index];
    if (laid === undefined) return;
    const scale = laid.dimension.kind === 'log' ? 'linear' : 'log';
    const next: RelationAxis =
      what === 'log' ? { ...laid.axis, scale } : { ...laid.axis, isReversed: !laid.isReversed };
    this.#options.onAxes((this.#picture?.axes ?? []).map(({ axis }, i) => (i === index ? next : axis)));
    if (what === 'log') say(fillIn(texts.axisScale, isolate(laid.name), scale));
    else if (next.isReversed) say(fillIn(texts.axisReversed, isolate(laid.name)));
  }

  /** Runs without a value on an axis have a place of their own below it. */
  #toggleMissing(index: number): void {
    const laid = this.#picture?.axes[index];
    if (laid === undefined || !hasMissing(laid)) return;
    this.#options.onBrush(toggleMissing(this.#picture?.brushes ?? [], laid.axis.column));
  }

  #key(event: KeyboardEvent, index: number): boolean {
    const laid = this.#picture?.axes[index];
    if (laid === undefined) return false;
    const sideways = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
    if (sideways !== 0) {
      if (event.altKey) this.#moveBy(index, sideways);
      else this.#handles[index + sideways]?.axis.focus();
      return true;
    }
    if (event.key === 'ArrowUp' || event.key === 'ArrowDown') {
      const by = (event.key === 'ArrowUp') === laid.isReversed ? -1 : 1;
      this.#brushBy(laid, by, edgeOf(event, laid.isReversed));
      return true;
    }
    return this.#pressLetter(event, laid, index);
  }

  #pressLetter(event: KeyboardEvent, laid: Laid, index: number): boolean {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const own = this.#own(laid);
    const rows: Readonly<Record<string, () => void>> = {
      r: () => this.#turn(index, 'reverse'),
      l: () => this.#turn(index, 'log'),
      m: () => this.#toggleMissing(index),
      n: () => this.#brushBy(laid, 1, 'both', own.length),
      b: () => this.#options.onBrush(this.#replace(laid, 0, own[0])),
      Delete: () => this.#options.onBrush(this.#replace(laid, own.length - 1, undefined)),
      Backspace: () => this.#options.onBrush(this.#replace(laid, own.length - 1, undefined)),
      Escape: () => this.#options.onBrush([]),
      Home: () => this.#handles[0]?.axis.focus(),
      End: () => this.#handles.at(-1)?.axis.focus(),
    };
    const act = Object.hasOwn(rows, event.key) ? rows[event.key] : undefined;
    if (act === undefined) return false;
    if (event.key === 'l' && this.#handles[index]?.log.hidden === true) return true;
    act();
    return true;
  }

  /** The keys are on the brush of an axis that was changed last: it stands last. */
  #brushBy(laid: Laid, by: number, edge: BrushMove, index = this.#own(laid).length - 1): void {
    const next = moveBrush(laid.axis.column, laid.dimension, this.#own(laid)[index], { edge, by });
    this.#options.onBrush(this.#replace(laid, index, next));
  }

  #moveBy(index: number, by: number): void {
    const { texts, say } = this.#options;
    const axes = this.#picture?.axes ?? [];
    const [to, laid] = [index + by, axes[index]];
    if (laid === undefined || to < 0 || to >= axes.length) return;
    this.#setAxes(moveAxis(axes, index, to));
    this.#handles[to]?.axis.focus();
    say(fillIn(texts.axisMoved, isolate(laid.name), formatCount(to + 1), formatCount(axes.length)));
  }
}

const hasMissing = ({ dimension }: Laid): boolean => dimension.places.some(Number.isNaN);

function createWord(word: string, part: string, onPress: () => void): HTMLElement {
  const button = element('button', { 'class': 'word', 'type': 'button', 'tabindex': '-1', 'data-part': part }, word);
  button.addEventListener('click', onPress);
  return button;
}
