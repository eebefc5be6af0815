import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { heightsOf, nearestLine, planParallel, type ParallelPlan } from '../../../src/core/relations/relations.ts';
import type { RelationAxis, RelationBrush } from '../../../src/protocol/runsview.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import type { Pen } from '../../shared/pen.ts';
import { AxisHandles } from './axishandles.ts';
import type { Kind, KindHost } from './kind.ts';
import type { Laid } from './model.ts';
import { faintness, paintAxes, paintFaint, paintLit, paintRun, type ParallelPicture } from './parallelpaint.ts';
import { createPointing, type Pointed } from './pointing.ts';
import { createStage, Slices } from './stage.ts';
import { isolate, toNumbers } from './telling.ts';

const layers = { faint: 0, lit: 1, top: 2 } as const;
/** How near to a line is on it, in pixels. */
const reach = 6;

/** Parallel coordinates: each run a line over axes that are brushed, moved and turned round. */
export function createParallel(host: KindHost): Kind {
  const parallel = new Parallel(host);
  return {
    root: parallel.root,
    draw: () => parallel.draw(),
    leave: () => parallel.leave(),
    numbers: () => toNumbers(host, host.model.axes),
    drawing: () => parallel.drawing,
  };
}

interface Draft {
  readonly brushes?: readonly RelationBrush[];
  readonly axes?: readonly Laid[];
}

class Parallel {
  readonly #host: KindHost;
  readonly #stage = createStage('parallel', 3, () => this.#redraw());
  readonly #handles: AxisHandles;
  readonly #litSlices = new Slices();
  readonly #faintSlices = new Slices();
  readonly #pointing: ReturnType<typeof createPointing>;
  /** While an axis is dragged or brushed. */
  #draft: Draft = {};
  /** Of the faint lines that stand. */
  #faintPlan: ParallelPlan | undefined;
  #picture: ParallelPicture | undefined;

  constructor(host: KindHost) {
    this.#host = host;
    this.#handles = new AxisHandles({
      texts: host.texts,
      say: host.say,
      onDraft: (draft) => this.#setDraft(draft),
      onBrush: (brushes) => host.brush(brushes),
      onAxes: (axes) => this.#changeAxes(axes),
    });
    this.#pointing = createPointing({
      ...{ host, stage: this.#stage, paint: () => this.#paintTop() },
      of: (run) => this.#pointedAt(run),
      order: () => this.#picture?.lit,
      sortBy: () => this.#picture?.axes.at(-1)?.dimension.places,
    });
    this.#stage.root.append(this.#handles.root, this.#pointing.root);
    this.#listen();
  }

  get root(): HTMLElement {
    return this.#stage.root;
  }

  #listen(): void {
    const { root, canvas } = this.#stage;
    root.addEventListener('pointermove', (event) => this.#move(event));
    root.addEventListener('pointerleave', this.#pointing.leave);
    canvas.addEventListener('click', this.#pointing.press);
  }

  #move(event: PointerEvent): void {
    const picture = this.#picture;
    if (picture === undefined || this.#handles.isDragging) return;
    const box = this.root.getBoundingClientRect();
    const at = { x: event.clientX - box.left, y: event.clientY - box.top };
    const isLit = (run: number): boolean => picture.lit.flags[run] === 1;
    this.#pointing.point(nearestLine(picture.plan, picture.heights, { ...at, reach }, isLit), at);
  }

  /** Beside the end of its line. */
  #pointedAt(run: number): Pointed | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    const last = picture.plan.xs.length - 1;
    const place = { x: picture.plan.xs[last] ?? 0, y: picture.heights[run * (last + 1) + last] ?? 0 };
    return { shown: this.#axes, spoken: this.#axes, place };
  }

  get #axes(): readonly Laid[] {
    return this.#draft.axes ?? this.#host.model.axes;
  }

  #setDraft(draft: Draft): void {
    this.#draft = draft;
    this.#redraw();
    if (draft.brushes !== undefined && this.#picture !== undefined) this.#host.count(this.#picture.lit.count);
  }

  #changeAxes(axes: readonly RelationAxis[]): void {
    this.#draft = {};
    this.#host.change({ axes });
  }

  get drawing(): Drawing | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    const faint = { opacity: faintness(picture.theme), paint: (pen: Pen) => paintFaint(pen, picture) };
    return {
      size: picture.size,
      background: picture.theme.background,
      layers: [
        ...(picture.lit.by === 'all' ? [] : [faint]),
        { opacity: 1, paint: (pen) => paintLit(pen, picture) },
        { opacity: 1, paint: (pen) => paintAxes(pen, picture) },
      ],
    };
  }

  draw(): void {
    this.#draft = {};
    this.#redraw();
  }

  #redraw(): void {
    const { model, texts } = this.#host;
    const { facts } = model;
    if (facts === undefined || this.root.clientWidth === 0) return;
    const isResized = this.#stage.fit();
    const old = this.#picture;
    const next = this.#toPicture(isResized);
    this.#picture = next;
    const { canvas } = this.#stage;
    const names = next.axes.map(({ name }) => isolate(name)).join(', ');
    canvas.setAttribute('aria-label', fillIn(texts.parallelOf, formatCount(model.runs.length), names));
    canvas.setAttribute('aria-description', texts.plotHint);
    const hasMoved = isResized || old?.heights !== next.heights || old.theme !== next.theme;
    const isRelit = hasMoved || old.lit !== next.lit || old.colouring !== next.colouring;
    if (isRelit) this.#paintLines(next, hasMoved);
    this.#paintTop();
    this.#handles.draw({ ...next, all: model.runs.length });
  }

  #toPicture(isResized: boolean): ParallelPicture {
    const { model, texts } = this.#host;
    const theme = model.facts?.theme;
    if (theme === undefined) throw new Error('Drawn before there is anything to draw.');
    const axes = this.#axes;
    const { size } = this.#stage;
    const old = this.#picture;
    const isAsBefore = !isResized && old?.axes === axes;
    const plan = isAsBefore ? old.plan : planParallel(axes, size);
    const brushes = this.#draft.brushes ?? model.view?.brushes ?? [];
    return {
      ...{ size, axes, plan, brushes, theme },
      heights: isAsBefore ? old.heights : heightsOf(axes, plan),
      lit: model.litBy(brushes),
      colouring: model.colour(theme),
      missingWord: texts.withoutNumber,
    };
  }

  /** What is lit first. The faint ones behind it are drawn once the others stand, before a brush needs them. */
  #paintLines(picture: ParallelPicture, hasMoved: boolean): void {
    if (hasMoved) this.#faintPlan = undefined;
    const needsFaint = picture.lit.by !== 'all';
    this.#faintSlices.stop();
    this.#stage.fade(layers.faint, needsFaint ? faintness(picture.theme) : 0);
    this.#litSlices.run(paintLit(this.#stage.clear(layers.lit), picture), () => {
      const isWhole = !needsFaint || this.#faintPlan === picture.plan;
      if (isWhole) this.#stage.finish();
      if (this.#faintPlan === picture.plan) return;
      this.#faintSlices.run(paintFaint(this.#stage.clear(layers.faint), picture), () => {
        this.#faintPlan = picture.plan;
        if (!isWhole) this.#stage.finish();
      });
    });
  }

  #paintTop(): void {
    const picture = this.#picture;
    if (picture === undefined) return;
    const pen = this.#stage.clear(layers.top);
    const { colouring, theme } = picture;
    const { at } = this.#pointing;
    if (at >= 0) {
      const color = colouring.palette[colouring.bins[at] ?? 0] ?? theme.foreground;
      paintRun(pen, picture, at, { color, width: 2.5 });
    }
    paintAxes(pen, picture);
  }

  leave(): void {
    this.#litSlices.stop();
    this.#faintSlices.stop();
    this.#faintPlan = undefined;
    this.#picture = undefined;
    this.#pointing.hide();
  }
}
