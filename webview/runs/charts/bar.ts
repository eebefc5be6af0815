import { fillIn, formatCount, smoothingKinds } from '../../../src/core/charts/charts.ts';
import { toColumn } from '../../../src/core/runtable/runtable.ts';
import { bandNames, type ChartsView } from '../../../src/protocol/runsview.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { createDropdown, createSlider, createToggle, type Dropdown } from '../../shared/controls.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';
import { nameColumn } from '../words.ts';
import { createWord } from './looks.ts';
import { longestFind } from './state.ts';

interface BarActions {
  readonly onView: (part: Partial<ChartsView>) => void;
  readonly onClip: (isClipped: boolean) => void;
  /** Charts with this in their names are wanted. */
  readonly onFind: (text: string) => void;
  readonly onMore: () => void;
  readonly onAdd: () => void;
  readonly onWhole: () => void;
  readonly onShowHidden: () => void;
}

interface BarFacts {
  readonly view: ChartsView;
  /** Ids of columns that runs can be told apart by. */
  readonly columns: readonly string[];
  readonly metrics: readonly string[];
  readonly isZoomed: boolean;
  readonly isClipped: boolean;
  readonly hidden: number;
  readonly showsMore: boolean;
  readonly find: string;
}

/** As strong as the slider goes, and where it begins. */
const strongest = 0.99;
const usual = 0.6;
/** Metrics that are offered for the x axis. */
const mostMetrics = 100;
const metricPrefix = 'metric ';

/** How all charts look: what is used most in one line, the rest on demand. */
export function createBar(texts: RunsTexts, actions: BarActions) {
  const labelled = (word: string, control: HTMLElement): HTMLElement =>
    element('div', { class: 'setting' }, element('span', { class: 'dim' }, word), control);
  const controls = createControls(texts, actions);
  const more = createToggle(texts.chartsMore, { name: texts.chartsMoreName, onToggle: actions.onMore });
  const clip = createToggle(texts.chartsClip, {
    name: texts.chartsClipName,
    onToggle: () => actions.onClip(clip.getAttribute('aria-pressed') !== 'true'),
  });
  const whole = createWord(texts.chartsWhole, texts.chartsWhole, actions.onWhole);
  const hidden = createWord('', '', actions.onShowHidden);
  const add = createWord(texts.chartsAdd, texts.chartsAdd, actions.onAdd);
  const smoothing = element(
    'div',
    { class: 'setting' },
    element('span', { class: 'dim' }, texts.chartsSmooth),
    controls.smoothing.root,
    controls.weight.root,
  );
  const find = createFind(texts, actions.onFind);
  const band = labelled(texts.chartsBand, controls.band.root);
  const rest = element(
    'div',
    { class: 'settings' },
    controls.logX,
    labelled(texts.chartsColour, controls.colour.root),
    labelled(texts.chartsFacet, controls.facet.root),
    labelled(texts.chartsColumns, controls.columns.root),
    clip,
    add,
  );
  const first = element(
    'div',
    { class: 'settings' },
    labelled(texts.chartsX, controls.x.root),
    smoothing,
    labelled(texts.chartsGroup, controls.group.root),
    band,
    more,
    element('span', { class: 'rest' }),
    find,
    hidden,
    whole,
  );
  return {
    root: element('div', { class: 'bar' }, first, rest),
    add,
    draw(facts: BarFacts): void {
      const { view, isZoomed, isClipped, showsMore } = facts;
      controls.draw(facts);
      if (find.value !== facts.find) find.value = facts.find;
      setHidden(band, view.group === null);
      setHidden(whole, !isZoomed);
      setHidden(hidden, facts.hidden === 0);
      const hiddenWords = fillIn(texts.chartsHidden, formatCount(facts.hidden));
      setText(hidden, hiddenWords);
      hidden.setAttribute('aria-label', hiddenWords);
      hidden.title = hiddenWords;
      clip.setAttribute('aria-pressed', String(isClipped));
      more.setAttribute('aria-expanded', String(showsMore));
      more.removeAttribute('aria-pressed');
      setHidden(rest, !showsMore);
    },
  };
}

function createFind(texts: RunsTexts, onFind: BarActions['onFind']): HTMLInputElement {
  const find = element('input', {
    ...{ type: 'search', class: 'find', spellcheck: 'false', autocomplete: 'off', maxlength: String(longestFind) },
    ...{ 'placeholder': texts.chartsFind, 'aria-label': texts.chartsFindName, 'title': texts.chartsFindName },
  });
  find.addEventListener('input', () => onFind(find.value));
  // What is written here means nothing to the page.
  find.addEventListener('keydown', (event) => event.stopPropagation());
  return find;
}

function createControls(texts: RunsTexts, { onView }: BarActions) {
  let shown: ChartsView | undefined;
  const column = (name: string, choose: (id: string | null) => void): Dropdown =>
    createDropdown(name, (id) => choose(id === '' ? null : id));
  const x = createDropdown(texts.chartsAxis, (value) => onView({ x: toX(value) }));
  const smoothing = createDropdown(texts.chartsSmoothing, (value) => {
    const kind = smoothingKinds.find((one) => one === value);
    const weight = shown?.smoothing?.weight ?? 0;
    onView({
      smoothing:
        kind === undefined
          ? value === 'off'
            ? { kind: 'exponential', weight: 0 }
            : null
          : { kind, weight: weight || usual },
    });
  });
  const weight = createSlider(texts.chartsSmoothingWeight, {
    ...{ most: strongest, step: 0.01, format: (value: number) => value.toFixed(2) },
    onInput: (value) => onView({ smoothing: { kind: shown?.smoothing?.kind ?? 'exponential', weight: value } }),
  });
  const group = column(texts.chartsGroupName, (id) =>
    onView({ group: id === null ? null : { column: id, band: shown?.group?.band ?? 'deviation' } }),
  );
  const band = createDropdown(texts.chartsBandName, (value) => {
    const own = bandNames.find((name) => name === value);
    const known = shown?.group ?? null;
    if (own !== undefined && known !== null) onView({ group: { ...known, band: own } });
  });
  const colour = column(texts.chartsColourName, (id) => onView({ colour: id }));
  const facet = column(texts.chartsFacetName, (id) => onView({ facet: id }));
  const columns = createDropdown(texts.chartsColumnsName, (value) =>
    onView({ columns: value === '' ? null : Number(value) }),
  );
  const logX = createToggle(texts.chartsLogX, {
    name: texts.chartsLogXName,
    onToggle: () => onView({ xScale: shown?.xScale === 'log' ? 'linear' : 'log' }),
  });
  const words = smoothingWords(texts);
  return {
    ...{ x, smoothing, weight, group, band, colour, facet, columns, logX },
    draw({ view, columns: ids, metrics }: BarFacts): void {
      shown = view;
      x.update(xChoices(metrics, view, texts), fromX(view.x));
      const kind = view.smoothing === null ? 'automatic' : view.smoothing.weight === 0 ? 'off' : view.smoothing.kind;
      smoothing.update(
        Object.entries(words).map(([value, label]) => ({ value, label })),
        kind,
      );
      setHidden(weight.root, kind === 'automatic' || kind === 'off');
      weight.set(view.smoothing?.weight ?? usual);
      const choose = (dropdown: Dropdown, id: string | null, none: string): void =>
        dropdown.update(columnChoices(ids, id, { texts, none }), id ?? '');
      choose(group, view.group === null ? null : view.group.column, texts.chartsNone);
      choose(colour, view.colour, texts.chartsOwn);
      choose(facet, view.facet, texts.chartsNone);
      band.update(bandChoices(texts), view.group?.band ?? 'deviation');
      const counts = ['1', '2', '3', '4', '6'].map((value) => ({ value, label: value }));
      const automatic = { value: '', label: texts.chartsAutomatic };
      columns.update([automatic, ...counts], view.columns === null ? '' : String(view.columns));
      logX.setAttribute('aria-pressed', String(view.xScale === 'log'));
    },
  };
}

const fromX = ({ kind, metric }: ChartsView['x']): string =>
  kind === 'metric' ? `${metricPrefix}${metric ?? ''}` : kind;

function toX(value: string): ChartsView['x'] {
  if (value.startsWith(metricPrefix)) return { kind: 'metric', metric: value.slice(metricPrefix.length) };
  const kinds = ['step', 'epoch', 'relative', 'wall'] as const;
  return { kind: kinds.find((kind) => kind === value) ?? 'step', metric: null };
}

function xChoices(metrics: readonly string[], { x }: ChartsView, texts: RunsTexts) {
  const own =
    x.kind === 'metric' && x.metric !== null && !metrics.slice(0, mostMetrics).includes(x.metric) ? [x.metric] : [];
  return [
    { value: 'step', label: texts.chartsStep },
    { value: 'epoch', label: texts.chartsEpochAxis },
    { value: 'relative', label: texts.chartsRelative },
    { value: 'wall', label: texts.chartsWall },
    ...[...metrics.slice(0, mostMetrics), ...own].map((name) => ({ value: `${metricPrefix}${name}`, label: name })),
  ];
}

function columnChoices(
  ids: readonly string[],
  chosen: string | null,
  { texts, none }: { readonly texts: RunsTexts; readonly none: string },
) {
  const all = chosen === null || ids.includes(chosen) ? ids : [...ids, chosen];
  const named = all.flatMap((id) => {
    const column = toColumn(id);
    return column === undefined ? [] : [{ value: id, label: nameColumn(column, texts).name }];
  });
  return [{ value: '', label: none }, ...named];
}

function bandChoices(texts: RunsTexts) {
  const words = {
    range: texts.chartsRange,
    deviation: texts.chartsDeviation,
    error: texts.chartsError,
    confidence: texts.chartsConfidence,
  };
  return bandNames.map((value) => ({ value, label: words[value] }));
}

function smoothingWords(texts: RunsTexts) {
  return {
    automatic: texts.chartsSmoothingAutomatic,
    off: texts.chartsSmoothingOff,
    exponential: texts.chartsExponential,
    gaussian: texts.chartsGaussian,
    mean: texts.chartsMean,
  };
}
