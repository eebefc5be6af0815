import { emptyRelationsView, relationKinds, type RelationsView } from '../../protocol/runsview.ts';
import { isMapping } from '../yaml/yaml.ts';
import { fieldsOf, listOf, readColumnId, readFinite, readFlag, wordOf, type Reader } from './reading.ts';
import type { Section } from './section.ts';

type Axis = NonNullable<RelationsView['axes']>[number];
type Brush = RelationsView['brushes'][number];

const axisScales = ['linear', 'log'] as const;
const readAxisFields = fieldsOf<{ id: string; scale: 'linear' | 'log'; reversed: boolean }>(
  { id: readColumnId, scale: wordOf(...axisScales), reversed: readFlag },
  'an axis',
);

const readAxis: Reader<Axis> = (value, place) => {
  if (!isMapping(value)) {
    const column = readColumnId(value, place);
    return column === null ? null : { column, scale: null, isReversed: false };
  }
  const fields = readAxisFields(value, place);
  if (fields === null) return null;
  const { id: column, scale = null, reversed: isReversed = false } = fields;
  return column === undefined ? place.fail('An axis needs the id of its column.') : { column, scale, isReversed };
};

const readBrushFields = fieldsOf<{ id: string; from: number; to: number }>(
  { id: readColumnId, from: readFinite, to: readFinite },
  'a brush',
);

const readBrush: Reader<Brush> = (value, place) => {
  const fields = readBrushFields(value, place);
  if (fields === null) return null;
  const { id: column, from: low, to: high } = fields;
  if (column === undefined || low === undefined || high === undefined)
    return place.fail('A brush has the id of its column, from and to.');
  return low <= high ? { column, low, high } : place.fail('from must not be above to.');
};

const readers = {
  kind: wordOf(...relationKinds),
  axes: listOf(readAxis),
  colour: readColumnId,
  brushes: listOf(readBrush),
};
const readFields = fieldsOf<RelationsView>(readers, 'relations');

/** The page Parameters: which picture, its axes, and what is brushed. */
export const relationsSection: Section<RelationsView> = {
  readers,
  read(value, place) {
    const fields = readFields(value, place);
    return fields === null ? null : { ...emptyRelationsView, ...fields };
  },
  toPlain: ({ kind, axes, colour, brushes }) => ({
    kind: kind === emptyRelationsView.kind ? undefined : kind,
    axes: axes?.map(({ column, scale, isReversed }) =>
      scale === null && !isReversed
        ? column
        : { id: column, ...(scale === null ? {} : { scale }), ...(isReversed ? { reversed: true } : {}) },
    ),
    colour: colour ?? undefined,
    brushes:
      brushes.length === 0 ? undefined : brushes.map(({ column, low, high }) => ({ id: column, from: low, to: high })),
  }),
};
