import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import {
  histogramOf,
  nearestPoint,
  planMatrix,
  pointsOf,
  spearman,
  type Cell,
  type Points,
} from '../../../src/core/relations/relations.ts';
import type { RelationBrush } from '../../../src/protocol/runsview.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import { withAlpha, type Theme } from '../../shared/theme.ts';
import { brushBox, listenForBox, type Box } from './boxbrush.ts';
import { createColumnHandle } from './columnhandle.ts';
import { paintRunDots, radiusOf, ringDot } from './dots.ts';
import type { Kind, KindHost } from './kind.ts';
import type { Colouring, Laid, Lit } from './model.ts';
import { fitText, type Pen } from '../../shared/pen.ts';
import { paintBox, paintBrushed } from './scatterpaint.ts';
import { createPointing } from './pointing.ts';
import { createStage, Slices } from './stage.ts';
import { isolate, toNumbers } from './telling.ts';

const layers = { dots: 0, top: 1 } as const;
/** More columns have no room. The last ones are those that have most to do with the metric. */
const mostColumns = 6;
const reach = 8;
const bins = 16;

/** Every column over every other: points below the diagonal, rank correlations above it, on it how the values lie. */
export function createMatrix(host: KindHost): Kind {
  const matrix = new Matrix(host);
  return {
    root: matrix.root,
    draw: () => matrix.draw(),
    leave: () => matrix.leave(),
    numbers: () => toNumbers(host, matrix.columns),
    drawing: () => matrix.drawing,
  };
}

interface Picture {
  readonly columns: readonly Laid[];
  readonly cells: readonly Cell[];
  /** By cell; undefined where the cell has none. */
  readonly points: readonly (Points | undefined)[];
  readonly correlations: readonly (number | undefined)[];
  readonly lit: Lit;
  readonly colouring: Colouring;
  readonly theme: Theme;
  readonly radius: number;
}

class Matrix {
  readonly #host: KindHost;
  readonly #stage = createStage('matrix', 2, () => this.#redraw());
  readonly #slices = new Slices();
  readonly #pointing: ReturnType<typeof createPointing>;
  readonly #handles: ReturnType<typeof createColumnHandle>[] = [];
  #box: { readonly box: Box; readonly cell: Cell } | undefined;
  #cell: Cell | undefined;
  #picture: Picture | undefined;
  #laid: Pick<Picture, 'columns' | 'cells' | 'points' | 'correlations'> | undefined;

  constructor(host: KindHost) {
    this.#host = host;
    this.#pointing = createPointing({
      ...{ host, stage: this.#stage, paint: () => this.#paintTop() },
      of: () => {
        const columns = this.#picture?.columns;
        const place = { x: this.#stage.size.width, y: 0 };
        return columns === undefined ? undefined : { shown: columns, spoken: columns, place };
      },
      order: () => this.#picture?.lit,
      sortBy: () => this.#picture?.columns.at(-1)?.dimension.places,
    });
    this.#stage.root.append(this.#pointing.root);
    this.#listen();
  }

  get root(): HTMLElement {
    return this.#stage.root;
  }

  get columns(): readonly Laid[] {
    return this.#host.model.axes.slice(-mostColumns);
  }

  #listen(): void {
    const { canvas } = this.#stage;
    listenForBox(canvas, {
      begins: (at) => {
        this.#cell = this.#cellAt(at);
        return this.#cell !== undefined;
      },
      onBox: (box) => {
        if (this.#cell === undefined) return;
        this.#box = { box, cell: this.#cell };
        this.#pointing.hide();
        this.#redraw();
        if (this.#picture !== undefined) this.#host.count(this.#picture.lit.count);
      },
      onDone: (box) => {
        const brushes = this.#cell === undefined ? this.#brushes : this.#brushesOf({ box, cell: this.#cell });
        this.#box = undefined;
        this.#host.brush(brushes);
      },
      onPress: this.#pointing.press,
      onMove: (_event, at) => this.#move(at),
    });
    canvas.addEventListener('pointerleave', this.#pointing.leave);
  }

  get #brushes(): readonly RelationBrush[] {
    return this.#host.model.view?.brushes ?? [];
  }

  /** With the one that is being drawn. */
  get #shown(): readonly RelationBrush[] {
    return this.#box === undefined ? this.#brushes : this.#brushesOf(this.#box);
  }

  /** The cell of points at a place of the chart. */
  #cellAt({ x, y }: { readonly x: number; readonly y: number }): Cell | undefined {
    return this.#picture?.cells.find(
      (cell) => cell.row > cell.column && x >= cell.left && x <= cell.right && y >= cell.top && y <= cell.bottom,
    );
  }

  #brushesOf({ box, cell }: { readonly box: Box; readonly cell: Cell }): readonly RelationBrush[] {
    const [x, y] = [this.#picture?.columns[cell.column], this.#picture?.columns[cell.row]];
    return x === undefined || y === undefined ? this.#brushes : brushBox(this.#brushes, box, { frame: cell, x, y });
  }

  #move(at: { readonly x: number; readonly y: number }): void {
    const cell = this.#cellAt(at);
    const picture = this.#picture;
    const points = cell === undefined ? undefined : picture?.points[picture.cells.indexOf(cell)];
    const isLit = (run: number): boolean => picture?.lit.flags[run] === 1;
    this.#pointing.point(points === undefined ? -1 : nearestPoint(points, { ...at, reach }, isLit), at);
  }

  get drawing(): Drawing | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    return {
      size: this.#stage.size,
      background: picture.theme.background,
      layers: [
        { opacity: 1, paint: (pen) => paintMatrix(pen, picture) },
        { opacity: 1, paint: (pen) => this.#paintStrips(pen, picture) },
      ],
    };
  }

  draw(): void {
    this.#box = undefined;
    this.#redraw();
    const picture = this.#picture;
    if (picture === undefined) return;
    const { model, texts } = this.#host;
    const names = picture.columns.map(({ name }) => isolate(name)).join(', ');
    this.#stage.canvas.setAttribute('aria-label', fillIn(texts.matrixOf, formatCount(model.runs.length), names));
    this.#stage.canvas.setAttribute('aria-description', texts.plotHint);
    this.#drawHandles(picture);
  }

  /** The cells of the diagonal are reached by keys. */
  #drawHandles({ columns, cells }: Picture): void {
    while (this.#handles.length < columns.length) {
      const handle = createColumnHandle(this.#host, 'matrix-column', (axis) => this.#change(axis));
      this.#handles.push(handle);
      this.root.append(handle.root);
    }
    for (const { root } of this.#handles.splice(columns.length)) root.remove();
    columns.forEach((laid, index) => {
      const cell = cells[index * columns.length + index];
      if (cell !== undefined) this.#handles[index]?.draw(laid, cell);
    });
  }

  #change(axis: Laid['axis']): void {
    const axes = this.#host.model.axes.map((laid) => (laid.axis.column === axis.column ? axis : laid.axis));
    this.#host.change({ axes });
  }

  #redraw(): void {
    const { model } = this.#host;
    const theme = model.facts?.theme;
    if (theme === undefined || this.root.clientWidth === 0) return;
    const isResized = this.#stage.fit();
    const columns = this.columns;
    const isLaid = !isResized && this.#laid?.columns.every((laid, i) => laid === columns[i]) === true;
    const laid = isLaid && this.#laid?.columns.length === columns.length ? this.#laid : this.#lay(columns);
    this.#laid = laid;
    const old = this.#picture;
    const next = {
      ...laid,
      theme,
      lit: model.litBy(this.#shown),
      colouring: model.colour(theme),
      radius: Math.min(3, radiusOf(model.runs.length)),
    };
    this.#picture = next;
    const isNew = old?.points !== next.points || old.lit !== next.lit || old.colouring !== next.colouring;
    if (isNew) this.#slices.run(paintMatrix(this.#stage.clear(layers.dots), next), () => this.#stage.finish());
    this.#paintTop();
  }

  #lay(columns: readonly Laid[]): Pick<Picture, 'columns' | 'cells' | 'points' | 'correlations'> {
    const cells = planMatrix(columns.length, this.#stage.size);
    const both = (cell: Cell): readonly [Laid, Laid] | undefined => {
      const [x, y] = [columns[cell.column], columns[cell.row]];
      return x === undefined || y === undefined ? undefined : [x, y];
    };
    return {
      columns,
      cells,
      points: cells.map((cell) => {
        const [x, y] = (cell.row > cell.column ? both(cell) : undefined) ?? [];
        return x === undefined || y === undefined ? undefined : pointsOf(cell, x, y);
      }),
      correlations: cells.map((cell) => {
        const [x, y] = (cell.row < cell.column ? both(cell) : undefined) ?? [];
        const isOrdered = x?.dimension.kind !== 'category' && y?.dimension.kind !== 'category';
        return x === undefined || y === undefined || !isOrdered
          ? undefined
          : spearman(x.dimension.places, y.dimension.places);
      }),
    };
  }

  #paintTop(): void {
    const picture = this.#picture;
    if (picture === undefined) return;
    const pen = this.#stage.clear(layers.top);
    const { at } = this.#pointing;
    if (at >= 0)
      for (const points of picture.points)
        if (points !== undefined)
          ringDot(pen, points, at, { color: picture.theme.foreground, radius: picture.radius + 2 });
    this.#paintStrips(pen, picture);
    if (this.#box !== undefined) paintBox(pen, this.#box.box, picture.theme);
  }

  #paintStrips(pen: Pen, { columns, cells, theme }: Picture): void {
    columns.forEach((laid, index) => {
      const frame = cells[index * columns.length + index];
      if (frame !== undefined) paintBrushed(pen, { frame, direction: 'x', laid }, { brushes: this.#shown, theme });
    });
  }

  leave(): void {
    this.#slices.stop();
    this.#picture = undefined;
    this.#pointing.hide();
  }
}

function* paintMatrix(pen: Pen, picture: Picture): Generator<void, void> {
  const { theme } = picture;
  for (const [index, cell] of picture.cells.entries()) {
    const [width, height] = [cell.right - cell.left, cell.bottom - cell.top];
    pen.lineWidth = 1;
    pen.strokeStyle = theme.grid;
    if (cell.row >= cell.column)
      pen.strokeRect(Math.round(cell.left) + 0.5, Math.round(cell.top) + 0.5, Math.round(width), Math.round(height));
    const points = picture.points[index];
    if (points !== undefined) yield* paintRunDots(pen, { ...picture, points });
    else if (cell.row === cell.column) paintDiagonal(pen, picture, cell);
    else paintCorrelation(pen, picture, cell, picture.correlations[index]);
  }
}

/** How many runs lie where, those in the brush in front; and the name. */
function paintDiagonal(pen: Pen, { columns, lit, theme }: Picture, cell: Cell): void {
  const laid = columns[cell.row];
  if (laid === undefined) return;
  const all = histogramOf(laid, () => true, bins);
  const most = Math.max(1, ...all);
  const lights = histogramOf(laid, (run) => lit.flags[run] === 1, bins);
  const width = (cell.right - cell.left - 8) / all.length;
  const room = Math.max(0, cell.bottom - cell.top - 32);
  const bars = (counts: Uint32Array, color: string): void => {
    pen.fillStyle = color;
    counts.forEach((count, i) => {
      const height = (count / most) * room;
      const at = laid.isReversed ? counts.length - 1 - i : i;
      if (count > 0) pen.fillRect(cell.left + 4 + at * width, cell.bottom - 4 - height, Math.max(1, width - 1), height);
    });
  };
  bars(all, withAlpha(theme.foreground, lit.by === 'all' ? 0 : 0.18));
  bars(lights, theme.series(0));
  pen.font = `600 12px ${theme.fontFamily}`;
  pen.fillStyle = theme.foreground;
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  pen.fillText(fitText(pen, laid.name, cell.right - cell.left - 8), (cell.left + cell.right) / 2, cell.top + 6);
}

function paintCorrelation(pen: Pen, { theme }: Picture, cell: Cell, correlation: number | undefined): void {
  if (correlation === undefined || Number.isNaN(correlation)) return;
  const sign = correlation < 0 ? '−' : '+';
  pen.font = `${Math.abs(correlation) >= 0.5 ? '600 ' : ''}13px ${theme.fontFamily}`;
  pen.fillStyle = Math.abs(correlation) >= 0.3 ? theme.foreground : theme.dim;
  pen.textAlign = 'center';
  pen.textBaseline = 'middle';
  const text = `ρ ${sign}${Math.abs(correlation).toFixed(2)}`;
  pen.fillText(text, (cell.left + cell.right) / 2, (cell.top + cell.bottom) / 2);
}
