import { formatCount, formatValue } from '../../src/core/charts/charts.ts';
import type { NamedText, RunEvent, RunFacts, RunTexts } from '../../src/protocol/charts.ts';
import { element, setHidden } from '../shared/dom.ts';
import type { RunPlan } from './plan.ts';

const mostEvents = 100;

/** The side with parameters, what is known of the run, and its events. */
export function createDetails(texts: RunTexts): {
  readonly root: HTMLElement;
  draw(facts: RunFacts | undefined, events: readonly RunEvent[], isOpen: boolean): void;
} {
  const root = element('aside', { 'aria-label': texts.details, 'tabindex': '0' });
  let shown = '';
  return {
    root,
    draw(facts, events, isOpen) {
      setHidden(root, !isOpen || facts === undefined);
      if (facts === undefined || !isOpen) return;
      const next = JSON.stringify([facts.params, facts.details, facts.experiment, events.length]);
      if (next === shown) return;
      shown = next;
      const named: NamedText[] = [[texts.experiment, facts.experiment], ...facts.details];
      const lines = events
        .slice(-mostEvents)
        .map(({ step, kind, text }): NamedText => [step === null ? '' : formatCount(step), text === '' ? kind : text]);
      root.replaceChildren(
        element('h2', {}, texts.parameters),
        facts.params.length === 0 ? element('p', { class: 'dim' }, texts.noParameters) : rows(facts.params),
        element('h2', {}, texts.runDetails),
        rows(named),
        ...(lines.length === 0 ? [] : [element('h2', {}, texts.events), rows(lines, 'events')]),
      );
    },
  };
}

function rows(named: readonly NamedText[], kind?: string): HTMLElement {
  return element(
    'dl',
    kind === undefined ? {} : { class: kind },
    ...named.map(([name, text]) =>
      element('div', {}, element('dt', { title: name }, name), element('dd', { title: text }, text)),
    ),
  );
}

/** Metrics of the test split, once they are there. */
export function createStrip(texts: RunTexts): { readonly root: HTMLElement; draw(strip: RunPlan['strip']): void } {
  const list = element('dl');
  const root = element(
    'section',
    { 'class': 'strip', 'aria-label': texts.testSplit, 'tabindex': '0' },
    element('h2', {}, texts.testSplit),
    list,
  );
  return {
    root,
    draw(strip) {
      setHidden(root, strip.length === 0);
      list.replaceChildren(
        ...strip.map(({ label, value }) =>
          element('div', {}, element('dt', {}, label), element('dd', {}, formatValue(value))),
        ),
      );
    },
  };
}
