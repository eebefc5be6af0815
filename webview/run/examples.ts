import { fillIn, formatCount, formatValue } from '../../src/core/charts/charts.ts';
import type { AnswerTexts, CellExample, CellExamples } from '../../src/protocol/answers.ts';
import { element, setHidden, setText } from '../shared/dom.ts';

/** A cell of the matrix, by the names of its classes. */
export interface Cell {
  readonly actual: string;
  readonly predicted: string;
}

interface Examples {
  readonly root: HTMLElement;
  /** The cell whose examples are looked at; undefined: none. */
  readonly cell: Cell | undefined;
  choose(cell: Cell | undefined): void;
  receive(answer: Cell & { readonly found: CellExamples }): void;
}

interface ExamplesOptions {
  readonly texts: AnswerTexts;
  readonly onAsk: (cell: Cell) => void;
  readonly onSay: (words: string) => void;
}

/** What is in a cell of the matrix: the pictures that the model was given, with how sure it was. One question at a time is under way. */
export function createExamples({ texts, onAsk, onSay }: ExamplesOptions): Examples {
  const title = element('h3');
  const note = element('p', { class: 'dim' });
  const list = element('div', { class: 'grid', role: 'list', tabindex: '0' });
  const root = element('div', { class: 'examples' }, title, note, list);
  let cell: Cell | undefined;
  let asked: Cell | undefined;
  const clear = (): void => {
    setText(title, '');
    setText(note, texts.chooseCell);
    list.replaceChildren();
    setHidden(list, true);
  };
  const ask = (): void => {
    asked = cell;
    if (asked !== undefined) onAsk(asked);
  };
  const show = ({ split, total, examples, note: said }: CellExamples, { actual, predicted }: Cell): void => {
    const order = actual === predicted ? texts.leastSureFirst : texts.surestFirst;
    const hasOrder = examples.length > 1 && examples.some(({ probability }) => probability !== null);
    const count = fillIn(texts.examplesShown, formatCount(examples.length), formatCount(total));
    const words = [...(total > 0 ? [count] : []), ...(hasOrder ? [order] : []), ...(said === null ? [] : [said])];
    setText(note, words.join(' · '));
    const draw = (example: CellExample): HTMLElement => drawExample(example, { split, predicted, texts });
    list.replaceChildren(...examples.map(draw));
    setHidden(list, examples.length === 0);
    list.setAttribute('aria-label', title.textContent);
    onSay(`${title.textContent}. ${note.textContent}`);
  };
  clear();
  return {
    root,
    get cell() {
      return cell;
    },
    choose(next) {
      cell = next;
      clear();
      if (next === undefined) {
        asked = undefined;
        return;
      }
      setText(title, fillIn(texts.examplesOf, next.actual, next.predicted));
      setText(note, texts.readingExamples);
      if (asked === undefined) ask();
    },
    receive({ actual, predicted, found }) {
      if (asked?.actual !== actual || asked.predicted !== predicted) return;
      const isWanted = cell === asked;
      asked = undefined;
      if (cell === undefined) return;
      if (isWanted) show(found, cell);
      else ask();
    },
  };
}

/** Numbers of an example that is no picture, as many as are read at a glance. */
const mostValues = 8;

function drawExample(
  { number, probability, picture, values }: CellExample,
  { split, predicted, texts }: { readonly split: string; readonly predicted: string; readonly texts: AnswerTexts },
): HTMLElement {
  const name = fillIn(texts.exampleName, formatCount(number), split);
  const answer = probability === null ? '' : fillIn(texts.exampleAnswer, predicted, formatValue(probability));
  const words = answer === '' ? name : `${name}, ${answer}`;
  const shown = [...values].slice(0, mostValues).map(formatValue).join(', ');
  const rest = values.length > mostValues ? ', …' : '';
  const content =
    picture === null
      ? values.length === 0
        ? []
        : [element('span', { class: 'values' }, `${shown}${rest}`)]
      : [drawPicture(picture, words)];
  const caption = element(
    'span',
    { class: 'dim' },
    `#${number}${probability === null ? '' : ` · ${formatValue(probability)}`}`,
  );
  return element('div', { 'role': 'listitem', 'aria-label': words, 'title': words }, ...content, caption);
}

function drawPicture(
  { width, height, channels, pixels }: NonNullable<CellExample['picture']>,
  name: string,
): HTMLElement {
  const canvas = element('canvas', { 'role': 'img', 'aria-label': name });
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext('2d');
  if (context === null) return canvas;
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i += 1) {
    for (let channel = 0; channel < 3; channel += 1)
      image.data[i * 4 + channel] = pixels[i * channels + (channels === 1 ? 0 : channel)] ?? 0;
    image.data[i * 4 + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
