import { fillIn, formatCount, formatValue } from '../../../src/core/charts/charts.ts';
import { groupRuns, planGroups, type Group, type Groups } from '../../../src/core/relations/relations.ts';
import { bandNames } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { createDropdown } from '../../shared/controls.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import type { Drawing } from '../../shared/export/svgpen.ts';
import type { Pen } from '../../shared/pen.ts';
import { createColumnChoice } from './bar.ts';
import { nameRoom, paintGroups, roomOfScale, type GroupsPicture } from './groupspaint.ts';
import { createHover } from './hover.ts';
import type { Kind, KindHost, NumbersTable } from './kind.ts';
import type { Laid } from './model.ts';
import { createStage } from './stage.ts';
import { isolate } from './telling.ts';

type GroupKind = 'bars' | 'boxes';
type BandName = (typeof bandNames)[number];

const bandTexts = {
  range: 'bandRange',
  deviation: 'bandDeviation',
  error: 'bandError',
  confidence: 'bandConfidence',
} as const satisfies Readonly<Record<BandName, keyof RunsTexts>>;

export const createBars = (host: KindHost): Kind => toKind(new GroupsChart(host, 'bars'));
export const createBoxes = (host: KindHost): Kind => toKind(new GroupsChart(host, 'boxes'));

function toKind(chart: GroupsChart): Kind {
  return {
    root: chart.root,
    controls: chart.controls,
    draw: () => chart.draw(),
    leave: () => chart.leave(),
    numbers: () => chart.numbers(),
    drawing: () => chart.drawing,
  };
}

/** A metric by the values of a param: the mean with a band, or the box plot of each group. */
class GroupsChart {
  readonly root: HTMLElement;
  readonly controls: readonly HTMLElement[];
  readonly #host: KindHost;
  readonly #kind: GroupKind;
  readonly #stage: ReturnType<typeof createStage>;
  readonly #hover = createHover();
  readonly #sentence = element('p', { class: 'dim sentence' });
  readonly #notice = element('p', { class: 'notice', role: 'status', hidden: '' });
  readonly #metric: ReturnType<typeof createColumnChoice>;
  readonly #group: ReturnType<typeof createColumnChoice>;
  readonly #band: ReturnType<typeof createDropdown>;
  #known: { readonly key: readonly unknown[]; readonly found: Groups } | undefined;
  #picture: GroupsPicture | undefined;
  #at = -1;

  constructor(host: KindHost, kind: GroupKind) {
    const { texts } = host;
    this.#host = host;
    this.#kind = kind;
    this.#stage = createStage(kind, 1, () => this.#redraw());
    this.#metric = createColumnChoice(texts, {
      label: texts.metricOf,
      isOffered: (own) => own === 'metric' || own === 'duration',
      onChoose: (metric) => host.change({ metric }),
    });
    this.#group = createColumnChoice(texts, {
      label: texts.groupedBy,
      isOffered: (own) => own === 'param' || own === 'text' || own === 'status',
      onChoose: (group) => host.change({ group }),
    });
    this.#band = createDropdown(texts.bandOf, (name) => {
      const band = bandNames.find((own) => own === name);
      if (band !== undefined) host.change({ band });
    });
    const choice = element(
      'label',
      { class: 'choice' },
      element('span', { class: 'dim' }, texts.bandOf),
      this.#band.root,
    );
    this.controls = [this.#metric.root, this.#group.root, ...(kind === 'bars' ? [choice] : [])];
    this.#stage.root.append(this.#hover.root);
    this.root = element('div', { class: 'groups' }, this.#stage.root, this.#sentence, this.#notice);
    this.#listen();
  }

  #listen(): void {
    const { canvas } = this.#stage;
    canvas.addEventListener('pointermove', (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      const at = { x: event.clientX - left, y: event.clientY - top };
      const rows = this.#picture?.plan.rows ?? [];
      this.#point(
        rows.findIndex(({ middle, half }) => Math.abs(at.y - middle) <= half / 0.6),
        at,
      );
    });
    canvas.addEventListener('pointerleave', () => this.#point(-1, undefined));
    canvas.addEventListener('blur', () => this.#point(-1, undefined));
    canvas.addEventListener('click', () => this.#select());
    canvas.addEventListener('keydown', (event) => {
      const count = this.#picture?.groups.length ?? 0;
      const moves: Readonly<Record<string, number>> = {
        ArrowDown: this.#at + 1,
        ArrowUp: this.#at - 1,
        Home: 0,
        End: count - 1,
      };
      const next = Object.hasOwn(moves, event.key) ? moves[event.key] : undefined;
      if (next !== undefined) this.#point(Math.max(0, Math.min(count - 1, next)), undefined);
      else if (event.key === 'Enter' || event.key === ' ') this.#select();
      else if (event.key === 'Escape') this.#point(-1, undefined);
      else return;
      event.preventDefault();
    });
  }

  /** The runs of the group that is pointed at. */
  #select(): void {
    const group = this.#picture?.groups[this.#at];
    if (group !== undefined) this.#host.select(group.runs.flatMap((run) => this.#host.model.runs[run]?.runId ?? []));
  }

  #point(index: number, at: { readonly x: number; readonly y: number } | undefined): void {
    const picture = this.#picture;
    if (picture === undefined || (index === this.#at && index === -1)) return;
    this.#at = index;
    this.#paint();
    const group = picture.groups[index];
    if (group === undefined) {
      this.#hover.hide();
      return;
    }
    const row = picture.plan.rows[index];
    const place = at ?? { x: picture.plan.x(group.box.mean), y: row?.middle ?? 0 };
    const { texts } = this.#host;
    const names = headOf(texts).slice(1);
    const values = cellsOf(group).slice(1);
    const rows = names.map((name, i) => ({ name, text: values[i] ?? '' }));
    this.#hover.show(group.name, rows, place, this.#stage.size);
    if (at === undefined) this.#host.say(this.#tell(group));
  }

  #tell({ name, box, band }: Group): string {
    const { texts } = this.#host;
    const [count, own] = [formatCount(box.count), isolate(name)];
    const [low, high] = band ?? [box.mean, box.mean];
    return this.#kind === 'bars'
      ? fillIn(texts.groupTold, own, ...[box.mean, low, high].map(formatValue), count)
      : fillIn(
          texts.boxTold,
          own,
          ...[box.median, box.lower, box.upper].map(formatValue),
          count,
          formatCount(box.outliers.length),
        );
  }

  draw(): void {
    const { model, texts } = this.#host;
    const { metric = null, group = null, band = 'deviation' } = model.view ?? {};
    this.#metric.draw(model.runs, metric, model.chosen.metric);
    this.#group.draw(model.runs, group, model.chosen.group);
    this.#band.update(
      bandNames.map((name) => ({ value: name, label: texts[bandTexts[name]] })),
      band,
    );
    this.#redraw();
    const laid = this.#laid();
    if (laid === undefined || this.#known === undefined) return;
    const { groups, more } = this.#known.found;
    const names = [laid.metric.name, laid.by.name].map(isolate);
    const isEmpty = groups.length === 0;
    setHidden(this.#notice, !isEmpty);
    setHidden(this.#stage.root, isEmpty);
    setText(this.#notice, isEmpty ? fillIn(texts.noGroups, ...names) : '');
    setText(this.#sentence, more === 0 ? '' : fillIn(texts.moreGroups, formatCount(more)));
    const { canvas } = this.#stage;
    canvas.setAttribute('aria-label', fillIn(texts.groupsOf, ...names, formatCount(groups.length)));
    canvas.setAttribute('aria-description', texts.groupHint);
  }

  #laid(): { readonly metric: Laid; readonly by: Laid } | undefined {
    const { model } = this.#host;
    const metric = model.layId(model.view?.metric ?? model.chosen.metric ?? 'duration');
    const by = model.layId(model.view?.group ?? model.chosen.group);
    return metric === undefined || by === undefined ? undefined : { metric, by };
  }

  #redraw(): void {
    const { model } = this.#host;
    const laid = this.#laid();
    const theme = model.facts?.theme;
    if (laid === undefined || theme === undefined) return;
    const { metric, by } = laid;
    const band = model.view?.band ?? 'deviation';
    const key = [metric, by, band, model.runs];
    if (this.#known?.key.every((part, i) => part === key[i]) !== true) {
      const valuesOf = ({ column }: Laid) => model.runs.map((run) => column.of(run) ?? null);
      this.#known = { key, found: groupRuns(valuesOf(by), valuesOf(metric), band) };
    }
    const { groups } = this.#known.found;
    if (groups.length === 0 || this.#stage.root.clientWidth === 0) return;
    this.#stage.fit();
    const { size } = this.#stage;
    const pen = this.#stage.layer(0);
    const plan = planGroups(groups, this.#kind, { ...size, names: nameRoom(pen, groups, theme, size) });
    const lit = model.litBy(model.view?.brushes ?? []);
    this.#picture = { kind: this.#kind, groups, plan, theme, metric: metric.name, lit, by: by.name };
    this.#at = Math.min(this.#at, groups.length - 1);
    this.#paint();
    this.#stage.finish();
  }

  #paint(): void {
    if (this.#picture !== undefined) paintGroups(this.#stage.clear(0), this.#picture, this.#at);
  }

  get drawing(): Drawing | undefined {
    const picture = this.#picture;
    if (picture === undefined) return undefined;
    const paint = (pen: Pen): void => paintGroups(pen, picture, -1);
    const { width, height } = this.#stage.size;
    // Few groups leave much of the stage empty.
    const size = { width, height: Math.min(height, picture.plan.bottom + roomOfScale) };
    return { size, background: picture.theme.background, layers: [{ opacity: 1, paint }] };
  }

  numbers(): NumbersTable {
    const { texts } = this.#host;
    const groups = this.#known?.found.groups ?? [];
    return { head: headOf(texts), rows: groups.map(cellsOf), more: 0 };
  }

  leave(): void {
    this.#picture = undefined;
    this.#hover.hide();
  }
}

const headOf = (texts: RunsTexts): readonly string[] => [
  texts.groupName,
  texts.groupRuns,
  texts.meanOf,
  texts.bandLow,
  texts.bandHigh,
  texts.medianOf,
  texts.quartiles,
  texts.whiskers,
  texts.outliersOf,
];

function cellsOf({ name, box, band }: Group): readonly string[] {
  const span = (ends: readonly number[]): string => ends.map(formatValue).join(' – ');
  return [
    name,
    formatCount(box.count),
    formatValue(box.mean),
    ...(band ?? []).map(formatValue),
    ...(band === null ? ['—', '—'] : []),
    formatValue(box.median),
    span([box.lower, box.upper]),
    span(box.whiskers),
    formatCount(box.outliers.length),
  ];
}
