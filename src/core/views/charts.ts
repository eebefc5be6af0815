import {
  bandNames,
  chartScales,
  emptyChartsView,
  smoothingNames,
  xAxisKinds,
  type CardView,
  type ChartsView,
} from '../../protocol/runsview.ts';
import { groupCards } from '../charts/charts.ts';
import { isMapping } from '../yaml/yaml.ts';
import { fieldsOf, listOf, readColumnId, readFlag, readText, wordOf, type Place, type Reader } from './reading.ts';
import type { Section } from './section.ts';

/** `charts` as a person writes it; `x` has its scale with it. */
interface ChartsFile extends Omit<ChartsView, 'xScale' | 'x'> {
  readonly x: Pick<ChartsView, 'x' | 'xScale'>;
}

/** More charts beside each other than a screen has room for. */
const mostColumns = 12;

const xScales = ['linear', 'log'] as const;
const readAxisFields = fieldsOf<{
  kind: ChartsView['x']['kind'];
  metric: string;
  scale: ChartsView['xScale'];
}>({ kind: wordOf(...xAxisKinds), metric: readText, scale: wordOf(...xScales) }, 'an x axis');

const readAxis: Reader<ChartsFile['x']> = (value, place) => {
  if (!isMapping(value)) {
    const kind = wordOf(...xAxisKinds)(value, place);
    return kind === null ? null : { x: { kind, metric: null }, xScale: 'linear' };
  }
  const fields = readAxisFields(value, place);
  if (fields === null) return null;
  const { metric = null, kind = metric === null ? 'step' : 'metric', scale: xScale = 'linear' } = fields;
  return { x: { kind, metric: kind === 'metric' ? metric : null }, xScale };
};

const readWeight: Reader<number> = (value, place) =>
  typeof value === 'number' && value >= 0 && value < 1
    ? value
    : place.fail('weight must be a number from 0 to below 1.');

type Smoothing = NonNullable<ChartsView['smoothing']>;
const noSmoothing: Smoothing = { kind: 'exponential', weight: 0 };
const readSmoothingFields = fieldsOf<Smoothing>({ kind: wordOf(...smoothingNames), weight: readWeight }, 'smoothing');

const readSmoothing: Reader<Smoothing> = (value, place) => {
  if (value === 'none') return noSmoothing;
  if (!isMapping(value)) return place.fail('smoothing is none, or a mapping with kind and weight.');
  const fields = readSmoothingFields(value, place);
  if (fields === null) return null;
  const { kind = 'exponential', weight } = fields;
  return weight === undefined ? place.fail('smoothing needs a weight.') : { kind, weight };
};

type Group = NonNullable<ChartsView['group']>;
interface GroupFile {
  readonly by: string;
  readonly band: Group['band'];
}
const readGroupFields = fieldsOf<GroupFile>({ by: readColumnId, band: wordOf(...bandNames) }, 'a group');

const readGroup: Reader<Group> = (value, place) => {
  const fields: Partial<GroupFile> | null = isMapping(value)
    ? readGroupFields(value, place)
    : withKey('by', readColumnId(value, place));
  if (fields === null) return null;
  const { by: column, band = 'range' } = fields;
  return column === undefined ? place.fail('A group needs the column by which it is made: by.') : { column, band };
};

interface CardFile {
  readonly y: readonly string[];
  readonly id: string;
  readonly scale: CardView['scale'];
  readonly wide: boolean;
  readonly hidden: boolean;
  readonly table: boolean;
  readonly clipped: boolean;
}

const readMetrics: Reader<readonly string[]> = (value, place) => {
  if (typeof value === 'string') return [value];
  const list = listOf(readText)(value, place);
  return list?.length === 0 ? place.fail('y names at least one metric.') : list;
};

const readCardFields = fieldsOf<CardFile>(
  {
    y: readMetrics,
    id: readText,
    scale: wordOf(...chartScales),
    wide: readFlag,
    hidden: readFlag,
    table: readFlag,
    clipped: readFlag,
  },
  'a chart',
);

const readCards: Reader<readonly CardView[]> = (value, place) => {
  if (!Array.isArray(value)) return place.fail('cards must be a list.');
  const known = new Set<string>();
  const cards = value.map((item: unknown, index) => readCard(item, place.at(index), known));
  return cards.every((card) => card !== null) ? cards : null;
};

function readCard(value: unknown, place: Place, known: Set<string>): CardView | null {
  const fields: Partial<CardFile> | null = isMapping(value)
    ? readCardFields(value, place)
    : withKey('y', readMetrics(value, place));
  if (fields === null) return null;
  const { y, id, scale = 'linear', wide = false, hidden = false, table = false, clipped = false } = fields;
  if (y === undefined) return place.fail('A chart needs a metric: y.');
  if (id !== undefined && known.has(id)) return place.at('id').fail(`There is a chart with the id "${id}" already.`);
  const own = id ?? deriveId(y, known);
  known.add(own);
  return { id: own, y, scale, isWide: wide, isHidden: hidden, isTable: table, isClipped: clipped };
}

/** What is written in short, without a mapping. */
function withKey<K extends string, T>(key: K, value: T | null): Readonly<Record<K, T>> | null {
  return value === null ? null : ({ [key]: value } as Record<K, T>);
}

/** As a chart that nobody has arranged is known; of several of the same the second has a number. */
function deriveId(y: readonly string[], known: ReadonlySet<string>): string {
  const isNames = y.every((name) => /^[\p{L}\p{N}_./-]+$/u.test(name));
  const cards = isNames
    ? groupCards(
        y.map((name) => ({ name, points: 2 })),
        null,
      ).cards
    : [];
  const base = cards.length === 1 && cards[0] !== undefined ? cards[0].key : y.join(', ');
  let id = base;
  for (let number = 2; known.has(id); number += 1) id = `${base} ${number}`;
  return id;
}

const readers = {
  x: readAxis,
  smoothing: readSmoothing,
  group: readGroup,
  colour: readColumnId,
  facet: readColumnId,
  columns: ((value, place) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= mostColumns
      ? value
      : place.fail(`columns must be a whole number from 1 to ${mostColumns}.`)) satisfies Reader<number>,
  cards: readCards,
  pinned: listOf(readText),
};
const readFields = fieldsOf<ChartsFile>(readers, 'charts');

/** The page Charts: axes, smoothing, groups, and the cards in their order. */
export const chartsSection: Section<ChartsView> = {
  readers,
  read(value, place) {
    const fields = readFields(value, place);
    if (fields === null) return null;
    const { x, ...rest } = fields;
    return { ...emptyChartsView, ...rest, ...x };
  },
  toPlain: ({ cards, x, xScale, smoothing, group, colour, facet, columns, pinned }) => ({
    x: toPlainAxis(x, xScale),
    smoothing: smoothing === null ? undefined : toPlainSmoothing(smoothing),
    group: group === null ? undefined : { by: group.column, band: group.band },
    colour: colour ?? undefined,
    facet: facet ?? undefined,
    columns: columns ?? undefined,
    cards: cards === null ? undefined : toPlainCards(cards),
    pinned: pinned.length === 0 ? undefined : pinned,
  }),
};

function toPlainAxis({ kind, metric }: ChartsView['x'], scale: ChartsView['xScale']): unknown {
  const isNamed = kind === 'metric' && metric !== null;
  if (scale === 'log') return { ...(isNamed ? { metric } : { kind }), scale };
  if (isNamed) return { metric };
  return kind === 'step' ? undefined : kind;
}

function toPlainSmoothing({ kind, weight }: Smoothing): unknown {
  return kind === noSmoothing.kind && weight === 0 ? 'none' : { kind, weight };
}

function toPlainCards(cards: readonly CardView[]): readonly unknown[] {
  const known = new Set<string>();
  return cards.map(({ id, y, scale, isWide, isHidden, isTable, isClipped }) => {
    const isDerived = deriveId(y, known) === id;
    known.add(id);
    const said = {
      ...(isDerived ? {} : { id }),
      ...(scale === 'linear' ? {} : { scale }),
      ...(isWide ? { wide: true } : {}),
      ...(isHidden ? { hidden: true } : {}),
      ...(isTable ? { table: true } : {}),
      ...(isClipped ? { clipped: true } : {}),
    };
    const [only] = y;
    const metrics = y.length === 1 ? only : y;
    return y.length === 1 && Object.keys(said).length === 0 ? only : { y: metrics, ...said };
  });
}
