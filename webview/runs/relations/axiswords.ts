import { fillIn, formatTicks } from '../../../src/core/charts/charts.ts';
import type { BrushMove } from '../../../src/core/relations/relations.ts';
import type { RelationBrush } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { formatTicksOfTime } from '../words.ts';
import type { Laid } from './model.ts';
import { isolate } from './telling.ts';

/** Shift moves the edge that is above or at the right, Control the other one. */
export function edgeOf(
  { shiftKey, ctrlKey, metaKey }: Pick<KeyboardEvent, 'shiftKey' | 'ctrlKey' | 'metaKey'>,
  isReversed: boolean,
): BrushMove {
  if (shiftKey) return isReversed ? 'low' : 'high';
  if (ctrlKey || metaKey) return isReversed ? 'high' : 'low';
  return 'both';
}

/** `0.001 to 0.01`, or the categories. */
export function tellBrush({ column }: Laid, brush: RelationBrush, texts: RunsTexts): string {
  if ('isMissing' in brush) return texts.withoutNumber;
  if ('names' in brush) return brush.names.map(isolate).join(', ');
  const format = column.kind === 'time' ? formatTicksOfTime : formatTicks;
  const digits = column.kind === 'time' ? 15 : 4;
  const [low = '', high = ''] = format([brush.low, brush.high].map((value) => Number(value.toPrecision(digits))));
  return fillIn(texts.between, low, high);
}
