import { fillIn, formatCount, formatValue, type ShownRun } from '../../src/core/charts/charts.ts';
import type { NamedText, RunTexts } from '../../src/protocol/charts.ts';
import type { RunAbout } from '../../src/protocol/runpage.ts';
import type { Objective } from '../../src/protocol/tracking.ts';
import { createButton } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { drawSparkline } from '../shared/plots/sparkline.ts';

export interface AboutOptions {
  readonly texts: RunTexts;
  readonly onSaveNote: (text: string) => void;
  readonly onOpenConfig: () => void;
}

export interface About {
  readonly root: HTMLElement;
  draw(run: ShownRun | undefined, about: RunAbout | undefined): void;
}

/** What is known of a run beside its curves: note, metrics in short, params, data sets, tags. */
export function createAbout({ texts, onSaveNote, onOpenConfig }: AboutOptions): About {
  const note = createNote(texts, onSaveNote);
  const metrics = element('div');
  const origin = createButton(texts.openConfig, { onPress: onOpenConfig });
  const [params, datasets, tags] = [element('div'), element('div'), element('div')];
  const part = (title: string, ...children: HTMLElement[]): HTMLElement =>
    element('section', { 'aria-label': title }, element('h2', {}, title), ...children);
  const data = part(texts.datasets, datasets);
  const root = element(
    'div',
    { 'class': 'about-tab', 'tabindex': '0', 'role': 'tabpanel', 'aria-label': texts.overview },
    element('div', {}, part(texts.note, note.root), part(texts.metrics, metrics)),
    element('div', {}, part(texts.parameters, params, origin), data, part(texts.tags, tags)),
  );
  let shown = '';
  return {
    root,
    draw(run, about) {
      note.draw(about);
      if (run === undefined) return;
      const { facts } = run;
      const lengths = [...run.series].map(([name, { steps }]) => [name, steps.length, steps[steps.length - 1]]);
      const next = JSON.stringify([facts.params, about, lengths]);
      if (next === shown) return;
      shown = next;
      metrics.replaceChildren(drawMetrics(run, about, texts));
      params.replaceChildren(rows(facts.params, texts.noParameters));
      setHidden(origin, (about?.origin ?? null) === null);
      setText(origin, fillIn(texts.openConfig, (about?.origin?.commit ?? '').slice(0, 8)));
      const inputs = [...(about?.datasets ?? []).map(toDataset), ...(about?.models ?? []).map(toModel)];
      setHidden(data, inputs.length === 0);
      datasets.replaceChildren(rows(inputs, ''));
      tags.replaceChildren(rows(about?.tags ?? [], texts.noTags));
    },
  };
}

function toDataset({ name, digest, context, sourceType, source }: RunAbout['datasets'][number]): NamedText {
  return [
    context === '' ? name : `${name} (${context})`,
    [digest, sourceType, source].filter((text) => text !== '').join(' · '),
  ];
}

const toModel = (id: string): NamedText => ['model', id];

function rows(named: readonly NamedText[], nothing: string): HTMLElement {
  if (named.length === 0) return element('p', { class: 'dim' }, nothing);
  return element(
    'dl',
    {},
    ...named.map(([name, text]) => element('div', {}, element('dt', { title: name }, name), element('dd', {}, text))),
  );
}

function drawMetrics(run: ShownRun, about: RunAbout | undefined, texts: RunTexts): HTMLElement {
  const names = [...run.series.keys()].sort((a, b) => rankOf(a, run) - rankOf(b, run) || (a < b ? -1 : 1));
  if (names.length === 0) return element('p', { class: 'dim' }, texts.nothingMeasured);
  const directions = new Map(about?.directions ?? []);
  const head = [texts.metric, texts.course, texts.best, texts.last].map((name, index) =>
    element('th', { scope: 'col', class: index > 1 ? 'number' : '' }, name),
  );
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...names.map((name) => drawMetric(name, run, directions.get(name), texts))),
  );
}

/** The objective first, then what is of the model, then what the system was doing. */
function rankOf(name: string, { facts }: ShownRun): number {
  return name === facts.objective?.metric ? 0 : name.startsWith('system/') ? 2 : 1;
}

function drawMetric(
  name: string,
  run: ShownRun,
  direction: Objective['direction'] | undefined,
  texts: RunTexts,
): HTMLElement {
  const points = run.series.get(name) ?? { steps: new Float64Array(), values: new Float64Array() };
  const { steps, values } = points;
  const course = element('td', {});
  course.append(drawSparkline(points));
  const best = direction === undefined ? undefined : findBest(values, direction);
  return element(
    'tr',
    {},
    element('th', { scope: 'row', title: name }, name),
    course,
    element('td', { class: 'number' }, best === undefined ? '' : at(values[best], steps[best], texts)),
    element('td', { class: 'number' }, at(values[values.length - 1], steps[steps.length - 1], texts)),
  );
}

function findBest(values: ArrayLike<number>, direction: Objective['direction']): number | undefined {
  const sign = direction === 'minimize' ? 1 : -1;
  let best: number | undefined;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? NaN;
    if (!Number.isNaN(value) && (best === undefined || sign * value < sign * (values[best] ?? NaN))) best = index;
  }
  return best;
}

function at(value: number | undefined, step: number | undefined, texts: RunTexts): string {
  if (value === undefined || step === undefined) return '';
  return fillIn(texts.valueAt, Number.isNaN(value) ? texts.noValue : formatValue(value), formatCount(step));
}

/** The note, edited in its place: it is saved by a button or Ctrl+Enter, and Escape gives it up. */
function createNote(
  texts: RunTexts,
  onSave: (text: string) => void,
): { readonly root: HTMLElement; draw(about: RunAbout | undefined): void } {
  const field = element('textarea', {
    'aria-label': texts.note,
    'rows': '3',
    'placeholder': texts.noNote,
    'spellcheck': 'true',
  });
  let saved = '';
  const save = createButton(texts.saveNote, { primary: true, onPress: () => onSave(field.value) });
  const giveUp = (): void => {
    field.value = saved;
    drawButtons();
  };
  const drop = createButton(texts.discard, { onPress: giveUp });
  const drawButtons = (): void => {
    for (const button of [save, drop]) setHidden(button, field.readOnly || field.value === saved);
    field.rows = Math.min(12, Math.max(2, field.value.split('\n').length));
  };
  field.addEventListener('input', drawButtons);
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') giveUp();
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && field.value !== saved) onSave(field.value);
  });
  drawButtons();
  return {
    root: element('div', { class: 'note' }, field, element('div', { class: 'buttons' }, save, drop)),
    draw(about) {
      field.readOnly = about?.mayEdit !== true;
      const note = about?.note ?? '';
      // What somebody is writing is not taken from under their hands.
      if (field.value === saved || field.value === note) {
        saved = note;
        if (field.value !== note) field.value = note;
      } else saved = note;
      drawButtons();
    },
  };
}
