import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { listColumnIds, toColumn } from '../../../src/core/runtable/runtable.ts';
import type { RelationsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../src/protocol/tracking.ts';
import { createChoices } from '../../shared/choices.ts';
import { createDropdown, createToggle } from '../../shared/controls.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import { nameColumn } from '../words.ts';
import type { Colouring, Lit } from './model.ts';

type KindName = RelationsView['kind'];

/** Which kind of chart is looked at. */
export function createKinds(
  texts: RunsTexts,
  names: readonly (readonly [kind: KindName, label: string])[],
  onChoose: (kind: KindName) => void,
): ReturnType<typeof createChoices<KindName>> {
  return createChoices({
    ...{ role: 'radio', className: 'kinds', label: texts.kinds, onChoose },
    choices: names.map(([name, text]) => ({ name, text, attributes: { 'class': 'kind', 'data-part': name } })),
  });
}

/** More than anybody looks through. */
const mostChoices = 200;

/** A list of columns: what nobody has chosen first, then metrics, params and what else a run has. */
export function createColumnChoice(
  texts: RunsTexts,
  options: {
    readonly label: string;
    readonly isOffered: (kind: string) => boolean;
    readonly onChoose: (id: string | null) => void;
  },
) {
  const dropdown = createDropdown(options.label, (id) => options.onChoose(id === '' ? null : id));
  let known: { readonly runs: readonly RunSummary[]; readonly ids: readonly string[] } | undefined;
  const label = (id: string): string => {
    const column = toColumn(id);
    if (column === undefined) return id;
    const { name, detail } = nameColumn(column, texts);
    return detail === '' ? name : `${name} (${detail})`;
  };
  return {
    root: element('label', { class: 'choice' }, element('span', { class: 'dim' }, options.label), dropdown.root),
    /** `automatic`: what is taken where nobody has chosen. */
    draw(runs: readonly RunSummary[], chosen: string | null, automatic: string | null): void {
      if (known?.runs !== runs) {
        const all = listColumnIds(runs).filter((id) => options.isOffered(toColumn(id)?.kind ?? ''));
        known = { runs, ids: rank(all).slice(0, mostChoices) };
      }
      const ids = chosen === null || known.ids.includes(chosen) ? known.ids : [...known.ids, chosen];
      const first = automatic === null ? texts.colourAutomatic : `${label(automatic)} (${texts.colourAutomatic})`;
      dropdown.update(
        [{ value: '', label: first }, ...ids.map((id) => ({ value: id, label: label(id) }))],
        chosen ?? '',
      );
    },
  };
}

/** Attributes of a run are seldom what is meant. */
function rank(ids: readonly string[]): readonly string[] {
  const isNamed = (id: string): boolean => id.includes('.');
  return [...ids.filter(isNamed), ...ids.filter((id) => !isNamed(id))];
}

const mostSwatches = 8;

/** What the colours mean. */
export function createLegend() {
  const root = element('span', { 'class': 'legend dim', 'data-part': 'legend' });
  let shown: Colouring | undefined;
  return {
    root,
    draw(colouring: Colouring): void {
      if (shown === colouring) return;
      shown = colouring;
      const { laid, palette } = colouring;
      if (laid === undefined) root.replaceChildren();
      else if (laid.dimension.kind === 'category') root.replaceChildren(...toSwatches(laid.dimension.names, palette));
      else root.replaceChildren(...toRamp(colouring));
      root.title = laid?.name ?? '';
    },
  };
}

function toRamp({ laid, palette }: Colouring): HTMLElement[] {
  const strip = element('span', { 'class': 'ramp', 'aria-hidden': 'true' });
  strip.style.background = `linear-gradient(to right, ${palette.slice(0, -1).join(', ')})`;
  const ends = laid?.rangeWords ?? [];
  return [element('span', {}, ends[0] ?? ''), strip, element('span', {}, ends[1] ?? '')];
}

function toSwatches(names: readonly string[], palette: readonly string[]): HTMLElement[] {
  const shown = names.slice(0, mostSwatches).map((name, index) => {
    const swatch = element('span', { 'class': 'swatch', 'aria-hidden': 'true' });
    swatch.style.background = palette[index % (palette.length - 1)] ?? '';
    return element('span', { class: 'entry', title: name }, swatch, element('bdi', {}, name));
  });
  return names.length > mostSwatches ? [...shown, element('span', {}, '…')] : shown;
}

/** How many runs are to be seen well, and the way back to all of them. */
export function createCount(texts: RunsTexts, onClear: () => void, onNumbers: () => void) {
  const words = element('span', { 'role': 'status', 'data-part': 'count' });
  const clear = element('button', { 'class': 'word', 'type': 'button', 'data-part': 'clear' }, texts.clearBrush);
  clear.addEventListener('click', onClear);
  const numbers = createToggle(texts.numbers, { name: texts.numbers, onToggle: onNumbers });
  numbers.dataset['part'] = 'numbers';
  const sentences: Readonly<Record<Lit['by'], string>> = {
    brush: texts.inBrush,
    selection: texts.selectedOf,
    all: texts.runsOf,
  };
  return {
    parts: [words, clear, numbers],
    tell(count: number, all: number, by: Lit['by']): void {
      const told = by === 'all' ? [formatCount(all)] : [formatCount(count), formatCount(all)];
      setText(words, by === 'all' && all === 1 ? texts.groupOfOne : fillIn(sentences[by], ...told));
      setHidden(clear, by !== 'brush');
    },
    drawNumbers: (isShown: boolean) => numbers.setAttribute('aria-pressed', String(isShown)),
  };
}
