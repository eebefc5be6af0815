import { fillIn, parseExpression, type BoardCard } from '../../../src/core/charts/charts.ts';
import type { RunsTexts } from '../../../src/protocol/runtable.ts';
import { element, setHidden, setText } from '../../shared/dom.ts';

interface ExpressionEditor {
  readonly root: HTMLElement;
  open(text: string, known: ReadonlySet<string>): void;
}

/** A line to write an expression in; what is wrong with it stands below its place. */
export function createExpressionEditor(
  texts: RunsTexts,
  { onDraw, onClose }: { readonly onDraw: (text: string) => void; readonly onClose: () => void },
): ExpressionEditor {
  const input = element('input', {
    ...{ type: 'text', spellcheck: 'false', autocomplete: 'off' },
    ...{ 'aria-label': texts.chartsExpressionName, 'placeholder': texts.chartsExpressionHint },
  });
  const caret = element('div', { 'class': 'caret', 'aria-hidden': 'true' });
  const mistake = element('p', { class: 'bad', role: 'status' });
  const word = (label: string, press: () => void): HTMLElement => {
    const button = element('button', { class: 'word', type: 'button' }, label);
    button.addEventListener('click', press);
    return button;
  };
  let metrics: ReadonlySet<string> = new Set();
  const close = (): void => {
    setHidden(root, true);
    onClose();
  };
  const draw = (): void => {
    const found = findMistake(input.value.trim() === '' ? '' : input.value, metrics, texts);
    setText(mistake, found?.message ?? '');
    setText(caret, found === undefined ? '' : `${' '.repeat(found.column - 1)}^`);
    input.setAttribute('aria-invalid', String(found !== undefined));
    if (found !== undefined) return;
    close();
    onDraw(input.value.trim());
  };
  const root = element(
    'div',
    { class: 'expression', hidden: '' },
    element(
      'div',
      { class: 'bar' },
      element('div', { class: 'field' }, input, caret),
      word(texts.chartsDraw, draw),
      word(texts.chartsCancel, close),
    ),
    mistake,
  );
  input.addEventListener('input', () => {
    setText(caret, '');
    setText(mistake, '');
    input.setAttribute('aria-invalid', 'false');
  });
  root.addEventListener('keydown', (event) => {
    event.stopPropagation();
    const deed = event.key === 'Escape' ? close : event.key === 'Enter' && event.target === input ? draw : undefined;
    if (deed === undefined) return;
    // The key would press what has the focus next.
    event.preventDefault();
    deed();
  });
  return {
    root,
    open(text, known) {
      metrics = known;
      input.value = text;
      setText(mistake, '');
      setText(caret, '');
      setHidden(root, false);
      input.focus();
      input.select();
    },
  };
}

/** Of an expression, and of metrics in it that nobody has. A metric's own name is one as well. */
function findMistake(
  text: string,
  known: ReadonlySet<string>,
  texts: RunsTexts,
): { readonly column: number; readonly message: string } | undefined {
  if (known.has(text.trim())) return undefined;
  const parsed = parseExpression(text);
  if ('problem' in parsed) return parsed.problem;
  const [first] = known;
  const { metrics } = parsed.value;
  if (metrics.length === 0) return { column: 1, message: fillIn(texts.chartsNoMetric, `"${first ?? ''}"`) };
  const unknown = metrics.find((name) => !known.has(name));
  if (unknown === undefined) return undefined;
  return { column: text.indexOf(`"${unknown}"`) + 1, message: fillIn(texts.chartsUnknownMetric, unknown) };
}

/** What a card draws as an expression to begin with: its own, or the name of its last metric. */
export function toExpression(measures: BoardCard['measures']): string {
  const [first] = measures;
  const last = measures.at(-1);
  if (first?.isExpression === true) return first.text;
  return last === undefined ? '' : `"${last.text.replaceAll('"', '""')}"`;
}
