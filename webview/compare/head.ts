import { fillIn } from '../../src/core/charts/charts.ts';
import type { CompareTexts, FromComparePage, ShownRun } from '../../src/protocol/compare.ts';
import { element } from '../shared/dom.ts';

export interface PageParts {
  readonly texts: CompareTexts;
  readonly mayReadCode: boolean;
  readonly post: (message: FromComparePage) => void;
}

/** A word that does something. `key` finds it again when the page is drawn anew. */
export function createWord(
  word: string,
  { name, key, onPress }: { readonly name: string; readonly key: string; readonly onPress: () => void },
): HTMLElement {
  const button = element(
    'button',
    { 'class': 'action', 'type': 'button', 'title': name, 'aria-label': name, 'data-key': key },
    word,
  );
  button.addEventListener('click', onPress);
  return button;
}

/** A column for each run, with what can be compared with the first one. */
export function drawHead(runs: readonly ShownRun[], parts: PageParts): HTMLElement {
  const [first] = runs;
  const cells = first === undefined ? [] : runs.map((run) => drawRun(run, first, parts));
  return element('thead', {}, element('tr', {}, element('td'), ...cells));
}

function drawRun(run: ShownRun, first: ShownRun, parts: PageParts): HTMLElement {
  const { texts, post } = parts;
  const { runId, name, experiment } = run;
  const open = createWord(name, {
    name: fillIn(texts.openRun, name),
    key: `open ${runId}`,
    onPress: () => post({ type: 'open', runId }),
  });
  open.classList.add('name');
  const state = [texts[states[run.status]], experiment, formatTime(run.startTime)].join(' · ');
  return element(
    'th',
    { scope: 'col' },
    open,
    element('div', { class: 'dim' }, state),
    element('div', { class: 'actions' }, ...(run === first ? [texts.measuredBy] : drawActions(run, first, parts))),
  );
}

function drawActions(run: ShownRun, first: ShownRun, { texts, mayReadCode, post }: PageParts): readonly HTMLElement[] {
  const { runId, name } = run;
  const against = (type: 'code' | 'config', word: string, sentence: string): HTMLElement =>
    createWord(word, {
      name: fillIn(sentence, name, first.name),
      key: `${type} ${runId}`,
      onPress: () => post({ type, runId }),
    });
  return [
    ...(mayReadCode && run.hasCommit && first.hasCommit ? [against('code', texts.code, texts.codeOf)] : []),
    ...(mayReadCode && run.hasConfig && first.hasConfig ? [against('config', texts.config, texts.configOf)] : []),
    createWord(fillIn(texts.measure, name), {
      name: fillIn(texts.measure, name),
      key: `measure ${runId}`,
      onPress: () => post({ type: 'measure', runId }),
    }),
  ];
}

const states = {
  RUNNING: 'running',
  SCHEDULED: 'scheduled',
  FINISHED: 'succeeded',
  FAILED: 'failed',
  KILLED: 'stopped',
} as const satisfies Record<ShownRun['status'], keyof CompareTexts>;

/** As the person's language writes it; a time beyond what a date can be as its number. */
function formatTime(time: number): string {
  if (Math.abs(time) > 8.64e15) return String(time);
  return new Date(time).toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
}
