import { fillIn } from '../../src/core/charts/charts.ts';
import { groupOfBox, type DrawnNode } from '../../src/core/dag/dag.ts';
import type { DagTexts, GraphContent, GraphNotice } from '../../src/protocol/dag.ts';
import { createButton } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';

// What stands around the drawing: a head with zoom, a strip about the chosen stage, a notice in place of a drawing.

export interface Actions {
  readonly onZoom: (way: 'in' | 'out' | 'fit') => void;
  readonly onToggleAll: () => void;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
  readonly onRun: (downstream: boolean) => void;
  readonly onRetry: () => void;
  readonly onAddStage: () => void;
}

function createWord(label: string, onPress: () => void, name = label): HTMLButtonElement {
  const word = element('button', { 'class': 'word', 'type': 'button', 'aria-label': name, 'title': name }, label);
  word.addEventListener('click', onPress);
  return word;
}

/** Sets label and name, which are the same here. */
function rename(word: HTMLButtonElement, label: string): void {
  setText(word, label);
  if (word.title === label) return;
  word.title = label;
  word.setAttribute('aria-label', label);
}

export function createHead(texts: DagTexts, { onZoom, onToggleAll }: Actions) {
  const about = element('span', { class: 'dim about' });
  const all = createWord(texts.expandAll, onToggleAll);
  const level = element('span', { class: 'dim level' });
  const zooms = [
    createWord('−', () => onZoom('out'), texts.zoomOut),
    level,
    createWord('+', () => onZoom('in'), texts.zoomIn),
    createWord(texts.zoomFit, () => onZoom('fit')),
  ];
  const root = element('header', {}, element('h1', {}, texts.title), about, all, ...zooms);
  const warning = element('p', { class: 'warning', role: 'status' });
  return {
    root,
    warning,
    draw(graph: GraphContent | undefined, zoom: number, isAllOpen: boolean): void {
      const count = graph?.stages.length ?? 0;
      setText(about, graph === undefined ? '' : count === 1 ? texts.oneStage : fillIn(texts.stages, count));
      setHidden(all, (graph?.groups.length ?? 0) === 0);
      for (const zoom of zooms) setHidden(zoom, graph === undefined);
      rename(all, isAllOpen ? texts.collapseAll : texts.expandAll);
      setText(level, fillIn(texts.zoomLevel, Math.round(zoom * 100)));
      setHidden(warning, (graph?.warning ?? null) === null);
      setText(warning, graph?.warning ?? '');
    },
  };
}

export function createStrip(texts: DagTexts, { mayRun, ...actions }: Actions & { readonly mayRun: boolean }) {
  const name = element('h2');
  const words = element('span', { class: 'dim' });
  const around = element('span', { class: 'dim around' });
  const toggle = createWord(texts.expand, () => actions.onToggle());
  const open = createWord(texts.open, () => actions.onOpen());
  const runs = [
    createWord(texts.run, () => actions.onRun(false)),
    createWord(texts.runDownstream, () => actions.onRun(true)),
  ];
  const root = element('footer', {}, name, words, around, toggle, open, ...(mayRun ? runs : []));
  return {
    root,
    draw(node: DrawnNode | undefined, needs: string): void {
      setHidden(name, node === undefined);
      setHidden(words, node === undefined);
      setText(name, node?.name ?? '');
      setText(words, node?.words ?? '');
      setText(around, node === undefined ? texts.hint : needs);
      around.title = node === undefined ? '' : needs;
      const group = node === undefined ? null : groupOfBox(node);
      setHidden(toggle, group === null);
      if (group !== null) rename(toggle, fillIn(node?.members === null ? texts.collapse : texts.expand, group));
      setHidden(open, node === undefined);
      for (const run of runs) setHidden(run, node === undefined);
    },
  };
}

export function createNotice(texts: DagTexts, { onRetry, onAddStage }: Actions) {
  const text = element('p', { role: 'status' });
  const retry = createButton(texts.retry, { primary: true, onPress: onRetry });
  const add = createButton(texts.addStage, { primary: true, onPress: onAddStage });
  const root = element('div', { class: 'notice' }, text, retry, add);
  return {
    root,
    draw(notice: GraphNotice | undefined): void {
      setHidden(root, notice === undefined);
      setText(text, notice?.text ?? '');
      setHidden(retry, notice?.action !== 'retry');
      setHidden(add, notice?.action !== 'addStage');
    },
  };
}
