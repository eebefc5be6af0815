import '../shared/page.css';
import './style.css';
import { fillIn } from '../../src/core/charts/charts.ts';
import {
  compareProtocolVersion,
  type CompareNotice,
  type ComparePageContext,
  type CompareTexts,
  type FromComparePage,
  type ShownComparison,
  type ToComparePage,
} from '../../src/protocol/compare.ts';
import { parseToComparePage } from '../../src/protocol/comparecodec.ts';
import { createButton, registerControls } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { connectHost, readBodyData } from '../shared/host.ts';
import { drawHead } from './head.ts';
import { drawArtifacts, drawMetrics, drawTexts } from './sections.ts';

function startPage(texts: CompareTexts, context: ComparePageContext): void {
  registerControls();
  let shown = -1;
  const title = element('h1');
  const table = element('table', { class: 'comparison' });
  const notes = element('div', { class: 'notes dim', role: 'status' });
  const said = element('p', { role: 'status' });
  const host = connectHost<ToComparePage, FromComparePage>({
    parse: parseToComparePage,
    receive: (message) => {
      if (message.sequence <= shown) return;
      shown = message.sequence;
      if (message.type === 'notice') showNotice(message.notice);
      else draw(message.comparison);
    },
    ignored: (count) => {
      document.body.dataset['ignored'] = String(count);
      if (shown < 0) showNotice({ kind: 'broken', text: texts.ignored, action: 'retry' });
    },
    toError: (message) => ({ type: 'error', message }),
  });
  const retry = createButton(texts.retry, { primary: true, onPress: () => host.post({ type: 'resync' }) });
  const notice = element('div', { class: 'notice' }, said, retry);
  const showNotice = (given: CompareNotice | undefined): void => {
    setHidden(notice, given === undefined);
    for (const part of [table, notes]) setHidden(part, given !== undefined);
    if (given === undefined) return;
    setText(said, given.text);
    setHidden(retry, given.action !== 'retry');
  };
  const draw = (comparison: ShownComparison): void => {
    const focused = document.activeElement?.getAttribute('data-key') ?? null;
    const parts = { texts, mayReadCode: context.mayReadCode, post: (message: FromComparePage) => host.post(message) };
    setText(title, fillIn(texts.differences, comparison.runs.length));
    table.setAttribute('aria-label', title.textContent);
    table.replaceChildren(
      drawHead(comparison.runs, parts),
      ...drawMetrics(comparison.metrics, comparison.runs.length, texts),
      ...drawTexts(texts.params, comparison.params, texts),
      ...drawTexts(texts.tags, comparison.tags, texts),
      ...drawArtifacts(comparison, parts),
    );
    notes.replaceChildren(...describe(comparison, texts).map((line) => element('p', {}, line)));
    // What is drawn anew keeps the place of the keyboard.
    if (focused !== null) table.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    host.writeState({ root: context.root, runIds: comparison.runs.map(({ runId }) => runId) });
    showNotice(undefined);
  };

  showNotice({ kind: 'loading', text: texts.loading, action: 'none' });
  document.body.append(element('header', {}, title), element('main', {}, notice, table, notes));
  host.post({ type: 'ready', protocol: compareProtocolVersion });
}

function describe({ metrics, equalMetrics, params, tags, troubles }: ShownComparison, texts: CompareTexts): string[] {
  const isEqual = metrics.length + params.length + tags.length === 0;
  const equal = equalMetrics === 1 ? texts.equalMetric : fillIn(texts.equalMetrics, equalMetrics);
  return [...(isEqual ? [texts.nothingDiffers] : equalMetrics > 0 ? [equal] : []), ...troubles];
}

startPage(readBodyData('texts') as CompareTexts, readBodyData('context') as ComparePageContext);
