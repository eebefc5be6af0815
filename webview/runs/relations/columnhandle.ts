import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { brushesOn, moveBrush, type Frame } from '../../../src/core/relations/relations.ts';
import type { RelationAxis, RelationBrush } from '../../../src/protocol/runsview.ts';
import { element } from '../../shared/dom.ts';
import { edgeOf, tellBrush } from './axiswords.ts';
import type { KindHost } from './kind.ts';
import type { Laid } from './model.ts';

/** Keys that mean more on a column that lies along them. */
const steps: Readonly<Record<string, number>> = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 };

/** What of a column can be reached by keys where the mouse marks a part of the chart: its brush, scale and direction. */
export function createColumnHandle(host: KindHost, part: string, onAxis: (axis: RelationAxis) => void) {
  const { texts, model } = host;
  const root = element('div', {
    'class': 'column-handle',
    'data-part': part,
    'role': 'slider',
    'tabindex': '0',
    'aria-valuemin': '0',
    'aria-description': texts.columnHint,
  });
  let laid: Laid | undefined;
  const all = (): readonly RelationBrush[] => model.view?.brushes ?? [];
  const isOwn = ({ column }: RelationBrush): boolean => column === laid?.axis.column;
  const move = (own: Laid, event: KeyboardEvent, by: number): void => {
    const old = brushesOn(all(), own.axis.column).at(-1);
    const next = moveBrush(own.axis.column, own.dimension, old, {
      edge: edgeOf(event, own.isReversed),
      by: own.isReversed ? -by : by,
    });
    host.brush([...all().filter((brush) => !isOwn(brush)), ...(next === undefined ? [] : [next])]);
  };
  root.addEventListener('keydown', (event) => {
    if (laid === undefined || event.altKey) return;
    const own = laid;
    const by = Object.hasOwn(steps, event.key) ? steps[event.key] : undefined;
    if (by !== undefined) move(own, event, by);
    else if (event.key === 'Delete' || event.key === 'Backspace') host.brush(all().filter((brush) => !isOwn(brush)));
    else if (event.key === 'Escape') host.brush([]);
    else if (event.key === 'r') onAxis({ ...own.axis, isReversed: !own.isReversed });
    else if (event.key === 'l' && own.canLog)
      onAxis({ ...own.axis, scale: own.dimension.kind === 'log' ? 'linear' : 'log' });
    else return;
    event.preventDefault();
  });
  return {
    root,
    draw(next: Laid, frame: Frame): void {
      laid = next;
      root.dataset['column'] = next.axis.column;
      root.style.left = `${frame.left}px`;
      root.style.top = `${frame.top}px`;
      root.style.width = `${frame.right - frame.left}px`;
      root.style.height = `${frame.bottom - frame.top}px`;
      const lit = model.litBy(all());
      const words = all()
        .filter(isOwn)
        .map((brush) => tellBrush(next, brush, texts));
      const count = fillIn(texts.inBrush, formatCount(lit.count), formatCount(model.runs.length));
      root.setAttribute('aria-label', next.isReversed ? fillIn(texts.axisReversed, next.name) : next.name);
      root.setAttribute('aria-valuemax', String(model.runs.length));
      root.setAttribute('aria-valuenow', String(lit.count));
      const told = words.length === 0 ? [texts.axisPlain] : words;
      root.setAttribute('aria-valuetext', [...told, ...(lit.by === 'brush' ? [count] : [])].join(', '));
    },
  };
}
