import { fillIn, formatCount } from '../../src/core/charts/charts.ts';
import type {
  CompareTexts,
  ShownArtifact,
  ShownComparison,
  ShownMetric,
  ShownPoint,
  ShownRun,
  ShownValue,
} from '../../src/protocol/compare.ts';
import type { ComparedText } from '../../src/protocol/tracking.ts';
import { formatBytes } from '../shared/bytes.ts';
import { element } from '../shared/dom.ts';
import { createWord, type PageParts } from './head.ts';

// The parts of the table, each a group of rows below its title; one without rows is left out.

type Row = readonly [head: readonly (Node | string)[], cells: readonly HTMLElement[]];

function drawSection(title: string, count: number, rows: readonly Row[]): readonly HTMLElement[] {
  if (rows.length === 0) return [];
  const head = element('th', { scope: 'rowgroup', colspan: String(count + 1) }, title);
  const lines = rows.map(([name, cells]) => element('tr', {}, element('th', { scope: 'row' }, ...name), ...cells));
  return [element('tbody', {}, element('tr', { class: 'section' }, head), ...lines)];
}

export function drawMetrics(
  metrics: readonly ShownMetric[],
  count: number,
  texts: CompareTexts,
): readonly HTMLElement[] {
  const words = { minimize: texts.lowerIsBetter, maximize: texts.higherIsBetter };
  const rows = metrics.map(({ name, direction, values }): Row => {
    const hint = direction === null ? [] : [element('div', { class: 'dim' }, words[direction])];
    return [[name, ...hint], values.map((value) => drawValue(value, texts))];
  });
  return drawSection(texts.metrics, count, rows);
}

/** The best point where a direction is known, with the last one below; else the last one. Sign, arrow, word and colour say the same. */
function drawValue(value: ShownValue | null, texts: CompareTexts): HTMLElement {
  if (value === null) return drawNothing(texts.noValue);
  const { best, last, change } = value;
  const point = best ?? last;
  const step = element('span', { class: 'dim' }, ` ${fillIn(texts.atStep, formatCount(point.step))} `);
  const words = [point.delta ?? '', change === null ? '' : texts[change]].join(' ').trim();
  const verdict = element('span', { class: change ?? 'unjudged' }, ...drawArrow(point.delta), words);
  return element(
    'td',
    {},
    element('div', {}, element('strong', {}, point.text), step, verdict),
    ...(best === null ? [] : [drawLast(last, texts)]),
  );
}

/** Which way the number went; whether that is good is said by the word. */
function drawArrow(delta: string | null): readonly HTMLElement[] {
  if (delta === null) return [];
  return [element('span', { 'aria-hidden': 'true' }, delta.startsWith('+') ? '▲ ' : '▼ ')];
}

function drawLast({ text, step, delta }: ShownPoint, texts: CompareTexts): HTMLElement {
  const words = [fillIn(texts.last, text), fillIn(texts.atStep, formatCount(step)), delta === null ? '' : `(${delta})`];
  return element('div', { class: 'dim' }, words.join(' ').trim());
}

function drawNothing(words: string): HTMLElement {
  return element(
    'td',
    { class: 'dim' },
    element('span', { 'aria-hidden': 'true' }, '–'),
    element('span', { class: 'spoken' }, words),
  );
}

export function drawTexts(title: string, list: readonly ComparedText[], texts: CompareTexts): readonly HTMLElement[] {
  const count = list[0]?.values.length ?? 0;
  const rows = list.map(({ name, values: [first = null, ...others] }): Row => {
    const cells = others.map((text) => drawText(text, text !== first, texts));
    return [[name], [drawText(first, false, texts), ...cells]];
  });
  return drawSection(title, count, rows);
}

function drawText(text: string | null, isOther: boolean, texts: CompareTexts): HTMLElement {
  return text === null ? drawNothing(texts.noValue) : element('td', { class: isOther ? 'text other' : 'text' }, text);
}

export function drawArtifacts({ runs, artifacts }: ShownComparison, parts: PageParts): readonly HTMLElement[] {
  const rows = artifacts.map((artifact): Row => [
    [artifact.path],
    runs.map((run, index) => drawArtifact(artifact, { run, first: runs[0] ?? run, index }, parts)),
  ]);
  return drawSection(parts.texts.artifacts, runs.length, rows);
}

interface Place {
  readonly run: ShownRun;
  readonly first: ShownRun;
  readonly index: number;
}

/** What both have can be compared. */
function drawArtifact({ path, runs }: ShownArtifact, { run, first, index }: Place, parts: PageParts): HTMLElement {
  const { texts, post } = parts;
  const own = runs[index];
  if (own?.isThere !== true) return drawNothing(texts.notThere);
  const size = own.bytes === null ? texts.isThere : formatBytes(own.bytes);
  if (index === 0 || runs[0]?.isThere !== true) return element('td', {}, size);
  const compare = createWord(texts.compare, {
    name: fillIn(texts.compareOf, path, run.name, first.name),
    key: `artifact ${run.runId} ${path}`,
    onPress: () => post({ type: 'artifact', runId: run.runId, path }),
  });
  return element('td', {}, `${size} `, compare);
}
