import {
  bandNames,
  emptyRelationsView,
  relationKinds,
  type RelationAxis,
  type RelationBrush,
  type RelationsView,
} from '../../protocol/runsview.ts';
import { isMapping } from '../yaml/yaml.ts';
import {
  fieldsOf,
  listOf,
  readColumnId,
  readFinite,
  readFlag,
  readText,
  wordOf,
  type Reader,
  type Readers,
} from './reading.ts';
import type { Section } from './section.ts';

const axisScales = ['linear', 'log'] as const;
const readAxisFields = fieldsOf<{ id: string; scale: 'linear' | 'log'; reversed: boolean }>(
  { id: readColumnId, scale: wordOf(...axisScales), reversed: readFlag },
  'an axis',
);

const readAxis: Reader<RelationAxis> = (value, place) => {
  if (!isMapping(value)) {
    const column = readColumnId(value, place);
    return column === null ? null : { column, scale: null, isReversed: false };
  }
  const fields = readAxisFields(value, place);
  if (fields === null) return null;
  const { id: column, scale = null, reversed: isReversed = false } = fields;
  return column === undefined ? place.fail('An axis needs the id of its column.') : { column, scale, isReversed };
};

const readBrushFields = fieldsOf<{ id: string; from: number; to: number; names: readonly string[]; missing: boolean }>(
  { id: readColumnId, from: readFinite, to: readFinite, names: listOf(readText), missing: readFlag },
  'a brush',
);

const readBrush: Reader<RelationBrush> = (value, place) => {
  const fields = readBrushFields(value, place);
  if (fields === null) return null;
  const { id: column, from: low, to: high, names, missing } = fields;
  if (column !== undefined && missing === true) return { column, isMissing: true };
  if (column !== undefined && names !== undefined) return { column, names };
  if (column === undefined || low === undefined || high === undefined)
    return place.fail('A brush has the id of its column, and from and to, or names, or missing: true.');
  return low <= high ? { column, low, high } : place.fail('from must not be above to.');
};

const readers: Readers<RelationsView> = {
  kind: wordOf(...relationKinds),
  axes: listOf(readAxis),
  colour: readColumnId,
  brushes: listOf(readBrush),
  x: readAxis,
  y: readAxis,
  metric: readColumnId,
  group: readColumnId,
  band: wordOf(...bandNames),
};
const readFields = fieldsOf<RelationsView>(readers, 'relations');

/** The tab of parameters: which picture, its axes, and what is brushed. */
export const relationsSection: Section<RelationsView> = {
  readers,
  read(value, place) {
    const fields = readFields(value, place);
    return fields === null ? null : { ...emptyRelationsView, ...fields };
  },
  toPlain: ({ kind, axes, colour, brushes, x, y, metric, group, band }) => ({
    kind: kind === emptyRelationsView.kind ? undefined : kind,
    axes: axes?.map(toPlainAxis),
    x: x === null ? undefined : toPlainAxis(x),
    y: y === null ? undefined : toPlainAxis(y),
    metric: metric ?? undefined,
    group: group ?? undefined,
    band: band === emptyRelationsView.band ? undefined : band,
    colour: colour ?? undefined,
    brushes: brushes.length === 0 ? undefined : brushes.map(toPlainBrush),
  }),
};

function toPlainAxis({ column, scale, isReversed }: RelationAxis): unknown {
  if (scale === null && !isReversed) return column;
  return { id: column, ...(scale === null ? {} : { scale }), ...(isReversed ? { reversed: true } : {}) };
}

function toPlainBrush(brush: RelationBrush): unknown {
  const { column: id } = brush;
  if ('isMissing' in brush) return { id, missing: true };
  return 'names' in brush ? { id, names: brush.names } : { id, from: brush.low, to: brush.high };
}
