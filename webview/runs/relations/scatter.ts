import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { nearestPoint, planScatter, pointsOf, type Frame, type Points } from '../../../src/core/relations/relations.ts';
import type { RelationAxis, RelationBrush } from '../../../src/protocol/runsview.ts';
import { createToggle } from '../../shared/controls.ts';
import { setHidden } from '../../shared/dom.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import type { Theme } from '../../shared/theme.ts';
import { createColumnChoice } from './bar.ts';
import { brushBox, listenForBox, type Box } from './boxbrush.ts';
import { createColumnHandle } from './columnhandle.ts';
import { paintRunDots, radiusOf, ringDot, type Dots } from './dots.ts';
import type { Kind, KindHost } from './kind.ts';
import type { Laid } from './model.ts';
import type { Pen } from '../../shared/pen.ts';
import { paintBox, paintBrushed, paintScatterAxes } from './scatterpaint.ts';
import { createPointing, type Pointed } from './pointing.ts';
import { createStage, Slices } from './stage.ts';
import { isolate, toNumbers } from './telling.ts';

const layers = { dots: 0, top: 1 } as const;
/** How near to a point is on it, in pixels. */
const reach = 10;

/** A scatter plot of two columns; a box marks runs. */
export function createScatter(host: KindHost): Kind {
  const scatter = new Scatter(host);
  return {
    root: scatter.root,
    controls: scatter.controls,
    draw: () => scatter.draw(),
    leave: () => scatter.leave(),
    numbers: () => toNumbers(host, scatter.columns),
    drawing: () => scatter.drawing,
  };
}

interface Picture extends Dots {
  readonly frame: Frame;
  readonly x: Laid;
  readonly y: Laid;
}

class Scatter {
  readonly controls: readonly HTMLElement[];
  readonly #host: KindHost;
  readonly #stage = createStage('scatter', 2, () => this.#redraw());
  readonly #slices = new Slices();
  readonly #pointing: ReturnType<typeof createPointing>;
  readonly #choices: Readonly<Record<'x' | 'y', ReturnType<typeof createColumnChoice>>>;
  readonly #logs: Readonly<Record<'x' | 'y', HTMLElement>>;
  readonly #handles: Readonly<Record<'x' | 'y', ReturnType<typeof createColumnHandle>>>;
  #box: Box | undefined;
  #picture: Picture | undefined;
  #points: { readonly key: readonly unknown[]; readonly points: Points } | undefined;

  constructor(host: KindHost) {
    this.#host = host;
    this.#choices = { x: this.#createChoice('x'), y: this.#createChoice('y') };
    this.#logs = { x: this.#createLog('x'), y: this.#createLog('y') };
    this.#handles = {
      x: createColumnHandle(host, 'x-axis', (x) => host.change({ x })),
      y: createColumnHandle(host, 'y-axis', (y) => host.change({ y })),
    };
    this.controls = [this.#choices.x.root, this.#logs.x, this.#choices.y.root, this.#logs.y];
    this.#pointing = createPointing({
      ...{ host, stage: this.#stage, paint: () => this.#paintTop() },
      of: (run) => this.#pointedAt(run),
      order: () => this.#picture?.lit,
      sortBy: () => this.#picture?.y.dimension.places,
    });
    this.#stage.root.append(this.#handles.x.root, this.#handles.y.root, this.#pointing.root);
    this.#listen();
  }

  get root(): HTMLElement {
    return this.#stage.root;
  }

  get columns(): readonly Laid[] {
    return this.#axes() ?? [];
  }

  #createChoice(direction: 'x' | 'y'): ReturnType<typeof createColumnChoice> {
    return createColumnChoice(this.#host.texts, {
      label: direction,
      isOffered: (kind) => kind !== 'tag',
      onChoose: (column) =>
        this.#host.change({ [direction]: column === null ? null : { column, scale: null, isReversed: false } }),
    });
  }

  #createLog(direction: 'x' | 'y'): HTMLElement {
    const { texts } = this.#host;
    const log = createToggle(texts.logAxis, {
      name: `${direction}, ${texts.logAxis}`,
      onToggle: () => {
        const laid = this.#picture?.[direction];
        if (laid === undefined) return;
        const axis: RelationAxis = { ...laid.axis, scale: laid.dimension.kind === 'log' ? 'linear' : 'log' };
        this.#host.change({ [direction]: axis });
      },
    });
    log.dataset['part'] = `${direction}-log`;
    return log;
  }

  #listen(): void {
    const { canvas } = this.#stage;
    listenForBox(canvas, {
      begins: () => this.#picture !== undefined,
      onBox: (box) => this.#mark(box),
      onDone: (box) => {
        const brushes = this.#brushesOf(box);
        this.#box = undefined;
        this.#host.brush(brushes);
      },
      onPress: this.#pointing.press,
      onMove: (_event, at) => {
        const picture = this.#picture;
        if (picture === undefined) return;
        const { lit, points } = picture;
        this.#pointing.point(
          nearestPoint(points, { ...at, reach }, (run) => lit.flags[run] === 1),
          at,
        );
      },
    });
    canvas.addEventListener('pointerleave', this.#pointing.leave);
  }

  #brushesOf(box: Box): readonly RelationBrush[] {
    const brushes = this.#host.model.view?.brushes ?? [];
    return this.#picture === undefined ? brushes : brushBox(brushes, box, this.#picture);
  }

  #mark(box: Box): void {
    this.#box = box;
    this.#pointing.hide();
    this.#redraw();
    if (this.#picture !== undefined) this.#host.count(this.#picture.lit.count);
  }

  #pointedAt(run: number): Pointed | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    const { x, y, points, colouring } = picture;
    return {
      shown: distinct([x, y, ...this.#host.model.axes, colouring.laid]),
      spoken: [x, y],
      place: { x: points.xs[run] ?? 0, y: points.ys[run] ?? 0 },
    };
  }

  get drawing(): Drawing | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    const paintTop = (pen: Pen): void => {
      paintScatterAxes(pen, picture);
      this.#paintBrushed(pen, picture);
    };
    return {
      size: this.#stage.size,
      background: picture.theme.background,
      layers: [
        { opacity: 1, paint: (pen) => paintRunDots(pen, picture) },
        { opacity: 1, paint: paintTop },
      ],
    };
  }

  draw(): void {
    this.#box = undefined;
    const { model, texts } = this.#host;
    const { x, y } = model.view ?? {};
    this.#choices.x.draw(model.runs, x?.column ?? null, model.chosen.scatter.x);
    this.#choices.y.draw(model.runs, y?.column ?? null, model.chosen.scatter.y);
    this.#redraw();
    const picture = this.#picture;
    if (picture === undefined) return;
    for (const direction of ['x', 'y'] as const) {
      setHidden(this.#logs[direction], !picture[direction].canLog);
      this.#logs[direction].setAttribute('aria-pressed', String(picture[direction].dimension.kind === 'log'));
    }
    const names = [picture.y, picture.x].map(({ name }) => isolate(name));
    const { canvas } = this.#stage;
    canvas.setAttribute('aria-label', fillIn(texts.scatterOf, formatCount(model.runs.length), ...names));
    canvas.setAttribute('aria-description', texts.plotHint);
    const { left, top, right, bottom } = picture.frame;
    this.#handles.x.draw(picture.x, { left, right, top: bottom + 2, bottom: bottom + 44 });
    this.#handles.y.draw(picture.y, { left: 4, right: left - 2, top, bottom });
  }

  #axes(): readonly [Laid, Laid] | undefined {
    const { model } = this.#host;
    const { x, y } = model.view ?? {};
    const lay = (axis: RelationAxis | null | undefined, id: string | null): Laid | undefined =>
      axis === null || axis === undefined ? model.layId(id) : model.lay(axis);
    const laid = [lay(x, model.chosen.scatter.x), lay(y, model.chosen.scatter.y)] as const;
    return laid[0] === undefined || laid[1] === undefined ? undefined : [laid[0], laid[1]];
  }

  #redraw(): void {
    const { model } = this.#host;
    const axes = this.#axes();
    const theme = model.facts?.theme;
    if (axes === undefined || theme === undefined || this.root.clientWidth === 0) return;
    const isResized = this.#stage.fit();
    const old = this.#picture;
    const next = this.#toPicture(axes, theme);
    this.#picture = next;
    const isAsBefore = old?.points === next.points && old.lit === next.lit && old.colouring === next.colouring;
    if (isResized || !isAsBefore)
      this.#slices.run(paintRunDots(this.#stage.clear(layers.dots), next), () => this.#stage.finish());
    this.#paintTop();
  }

  #toPicture([x, y]: readonly [Laid, Laid], theme: Theme): Picture {
    const { model } = this.#host;
    const { size } = this.#stage;
    const frame = planScatter(size);
    const key = [x, y, size];
    if (this.#points?.key.every((part, i) => part === key[i]) !== true)
      this.#points = { key, points: pointsOf(frame, x, y) };
    return {
      ...{ frame, x, y, theme, points: this.#points.points },
      lit: model.litBy(this.#brushes),
      colouring: model.colour(theme),
      radius: radiusOf(model.runs.length),
    };
  }

  #paintTop(): void {
    if (this.#picture === undefined) return;
    const pen = this.#stage.clear(layers.top);
    const { theme, points, radius } = this.#picture;
    paintScatterAxes(pen, this.#picture);
    this.#paintBrushed(pen, this.#picture);
    ringDot(pen, points, this.#pointing.at, { color: theme.foreground, radius: radius + 2 });
    if (this.#box !== undefined) paintBox(pen, this.#box, theme);
  }

  #paintBrushed(pen: Pen, { frame, x, y, theme }: Picture): void {
    const brushes = this.#brushes;
    paintBrushed(pen, { frame, direction: 'x', laid: x }, { brushes, theme });
    paintBrushed(pen, { frame, direction: 'y', laid: y }, { brushes, theme });
  }

  /** With the one that is being drawn. */
  get #brushes(): readonly RelationBrush[] {
    return this.#box === undefined ? (this.#host.model.view?.brushes ?? []) : this.#brushesOf(this.#box);
  }

  leave(): void {
    this.#slices.stop();
    this.#picture = undefined;
    this.#pointing.hide();
  }
}

function distinct(laid: readonly (Laid | undefined)[]): readonly Laid[] {
  const byColumn = new Map(laid.flatMap((one) => (one === undefined ? [] : [[one.axis.column, one] as const])));
  return [...byColumn.values()];
}
