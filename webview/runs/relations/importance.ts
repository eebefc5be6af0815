import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import { fewestRuns, paramImportance, type Importance } from '../../../src/core/relations/relations.ts';
import { element } from '../../shared/dom.ts';
import { createColumnChoice } from './bar.ts';
import { signOf, toDrawing } from './importancepaint.ts';
import type { Kind, KindHost, NumbersTable } from './kind.ts';
import type { Laid } from './model.ts';
import { isolate } from './telling.ts';

/** The same answer for the same runs, whenever it is asked for. */
const seed = 1;
/** So many tell it within a second; more hardly change it. */
const mostRuns = 500;
/** Below this part the forest knows next to nothing. */
const weak = 0.1;

/** Which params matter to a metric: bars with their shares, the sign of the correlation, and the method in words. */
export function createImportance(host: KindHost): Kind {
  const { texts, model } = host;
  const choice = createColumnChoice(texts, {
    label: texts.metricOf,
    isOffered: (kind) => kind === 'metric' || kind === 'duration',
    onChoose: (metric) => host.change({ metric }),
  });
  const body = element('div', {
    'class': 'importance',
    'data-part': 'importance',
    'data-drawn': '0',
    'role': 'region',
    'tabindex': '0',
    'aria-label': texts.importanceKind,
  });
  let known: { readonly key: string; readonly importance: Importance | undefined } | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const metricOf = (): Laid | undefined => model.layId(model.view?.metric ?? model.chosen.metric);
  const show = (metric: Laid): void => {
    body.replaceChildren(...describe(host, metric, known?.importance));
    body.dataset['drawn'] = String(Number(body.dataset['drawn']) + 1);
  };
  return {
    root: body,
    controls: [choice.root],
    draw() {
      choice.draw(model.runs, model.view?.metric ?? null, model.chosen.metric);
      const metric = metricOf();
      if (metric === undefined) return;
      const question = toQuestion(host, metric);
      if (known?.key === question.key) {
        show(metric);
        return;
      }
      if (known === undefined) body.replaceChildren(element('p', { class: 'dim' }, texts.importanceBusy));
      clearTimeout(waiting);
      // After the words have been drawn: it takes a while.
      waiting = setTimeout(() => {
        known = { key: question.key, importance: question.answer() };
        show(metric);
      }, 30);
    },
    leave: () => clearTimeout(waiting),
    numbers: () => toTable(host, known?.importance),
    drawing() {
      const { theme } = model.facts ?? {};
      const [metric, importance] = [metricOf(), known?.importance];
      if (theme === undefined || metric === undefined || importance === undefined) return undefined;
      const title = `${texts.importanceKind} · ${metric.name}`;
      return toDrawing({
        ...{ importance, theme, title, shareOf: percent },
        correlationOf: (correlation) => correlationWords(texts, correlation),
      });
    },
  };
}

function toQuestion(
  { model }: KindHost,
  metric: Laid,
): { readonly key: string; readonly answer: () => Importance | undefined } {
  const params = model.chosen.params.flatMap((id) => model.layId(id) ?? []);
  const variables = params.map(({ name, column }) => ({
    name,
    values: model.runs.map((run) => column.of(run) ?? null),
  }));
  const objective = model.runs.map((run) => {
    const value = metric.column.of(run);
    return typeof value === 'number' ? value : null;
  });
  return {
    key: JSON.stringify([metric.axis.column, objective, variables]),
    answer: () => paramImportance(variables, objective, seed, mostRuns),
  };
}

const percent = (part: number): string => `${(100 * part).toFixed(part < 0.0995 ? 1 : 0)}\u202f%`;
const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;

function describe({ texts, model }: KindHost, metric: Laid, importance: Importance | undefined): HTMLElement[] {
  const name = isolate(metric.name);
  const judged = metric.dimension.places.reduce((count, place) => count + Number(!Number.isNaN(place)), 0);
  if (importance === undefined) {
    const few = fillIn(texts.tooFewRuns, formatCount(fewestRuns), name, formatCount(judged));
    const words = judged < fewestRuns ? few : fillIn(texts.nothingVaries, name);
    return [element('p', { class: 'notice', role: 'status' }, words)];
  }
  const { explained, runs } = importance;
  const strength = [
    fillIn(texts.importanceExplained, percent(explained)),
    ...(explained < weak ? [texts.importanceWeak] : []),
  ];
  return [
    element('p', {}, strength.join(' ')),
    toBars({ texts, importance }),
    element(
      'p',
      { class: 'dim method' },
      fillIn(texts.importanceMethod, name, formatCount(Math.min(runs, model.runs.length))),
    ),
  ];
}

const signTexts = { grows: 'growsWith', falls: 'fallsWith', none: 'noCorrelation' } as const;

function correlationWords(texts: KindHost['texts'], correlation: number): string {
  if (Number.isNaN(correlation)) return texts.ofCategories;
  return fillIn(texts[signTexts[signOf(correlation)]], signed(correlation));
}

function toBars({
  texts,
  importance,
}: {
  readonly texts: KindHost['texts'];
  readonly importance: Importance;
}): HTMLElement {
  const most = Math.max(...importance.params.map(({ share }) => share), 1e-9);
  const rows = importance.params.map(({ name, share, correlation }) => {
    const bar = element('span', { 'class': `share ${signOf(correlation)}`, 'aria-hidden': 'true' });
    bar.style.width = `${(100 * share) / most}%`;
    return element(
      'tr',
      { 'data-part': 'importance-row' },
      element('th', { scope: 'row', dir: 'auto', title: name }, name),
      element('td', { class: 'bar-cell' }, bar),
      element('td', { class: 'number' }, percent(share)),
      element('td', {}, correlationWords(texts, correlation)),
    );
  });
  const head = element(
    'tr',
    {},
    element('th', { scope: 'col' }, texts.paramName),
    element('td'),
    element('th', { scope: 'col', class: 'number' }, texts.importanceShare),
    element('th', { scope: 'col' }, texts.correlation),
  );
  return element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
}

function toTable({ texts }: KindHost, importance: Importance | undefined): NumbersTable {
  return {
    head: [texts.paramName, texts.importanceShare, texts.correlation],
    rows: (importance?.params ?? []).map(({ name, share, correlation }) => [
      name,
      percent(share),
      correlationWords(texts, correlation),
    ]),
    more: 0,
  };
}
