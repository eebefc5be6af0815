import '../shared/page.css';
import './style.css';
import { fillIn } from '../../src/core/charts/charts.ts';
import { parseToPredictPage } from '../../src/protocol/chartcodec.ts';
import {
  chartProtocolVersion,
  type FromPredictPage,
  type PageNotice,
  type PredictedImage,
  type PredictTexts,
  type ToPredictPage,
} from '../../src/protocol/charts.ts';
import { createButton, registerControls } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';
import { connectHost, readBodyData } from '../shared/host.ts';

/** Labels shown for each image; the rest is summed up in a line. */
const mostLabels = 5;

function startPage(texts: PredictTexts): void {
  registerControls();
  let shown = -1;
  let urls: string[] = [];
  const title = element('h1');
  const images = element('div', { class: 'images' });
  const text = element('p', { role: 'status' });
  const host = connectHost<ToPredictPage, FromPredictPage>({
    parse: parseToPredictPage,
    receive: (message) => {
      if (message.sequence > shown) draw(message);
    },
    ignored: (count) => {
      document.body.dataset['ignored'] = String(count);
      if (shown < 0) showNotice({ kind: 'broken', text: texts.ignored, action: 'retry' });
    },
    toError: (message) => ({ type: 'error', message }),
  });
  const choose = createButton(texts.chooseImages, {
    primary: true,
    onPress: () => host.post({ type: 'chooseImages' }),
  });
  const retry = createButton(texts.retry, { primary: true, onPress: () => host.post({ type: 'retry' }) });
  const notice = element('div', { class: 'notice' }, text, retry);

  const showNotice = (given: PageNotice | undefined): void => {
    setHidden(notice, given === undefined);
    if (given === undefined) return;
    setText(text, given.text);
    setHidden(retry, given.action !== 'retry');
  };
  const draw = (message: ToPredictPage): void => {
    shown = message.sequence;
    setText(title, fillIn(texts.title, message.model));
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
    const pictures = message.type === 'predictions' ? message.images : [];
    images.replaceChildren(...pictures.map((picture) => drawImage(picture, texts, urls)));
    if (message.type === 'notice') showNotice(message.notice);
    else showNotice(pictures.length > 0 ? undefined : { kind: 'empty', text: texts.empty, action: 'none' });
  };

  showNotice({ kind: 'loading', text: texts.loading, action: 'none' });
  document.body.append(element('header', {}, title, choose), element('main', {}, notice, images));
  host.post({ type: 'ready', protocol: chartProtocolVersion });
}

function drawImage(image: PredictedImage, texts: PredictTexts, urls: string[]): HTMLElement {
  const head = element('h2', { title: image.name }, image.label, element('span', { class: 'dim' }, image.name));
  return element('section', { class: 'image' }, head, drawPicture(image, texts, urls), drawBars(image, texts));
}

function drawPicture({ name, bytes, mediaType }: PredictedImage, texts: PredictTexts, urls: string[]): HTMLElement {
  const missing = element('p', { class: 'missing dim' }, texts.noPicture);
  if (bytes === null) return missing;
  const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: mediaType }));
  urls.push(url);
  const picture = element('img', { src: url, alt: name });
  picture.addEventListener('error', () => picture.replaceWith(missing));
  return picture;
}

/** Most probable first; a table, so that it can be read without the bars. */
function drawBars({ name, label, probabilities }: PredictedImage, texts: PredictTexts): HTMLElement {
  if (probabilities.length === 0) return element('p', { class: 'dim' }, texts.noProbabilities);
  const sorted = probabilities.toSorted(([, a], [, b]) => b - a);
  const rows = sorted.slice(0, mostLabels).map(([key, probability]) => {
    const bar = element('div', { class: 'bar' });
    bar.style.width = `${probability * 100}%`;
    return element(
      'tr',
      { class: key === label ? 'best' : '' },
      element('th', { scope: 'row' }, key),
      element('td', {}, bar),
      element('td', { class: 'number' }, `${(probability * 100).toFixed(1)} %`),
    );
  });
  const rest = sorted.slice(mostLabels);
  const table = element(
    'table',
    { 'class': 'bars', 'aria-label': fillIn(texts.probabilitiesOf, name) },
    element('tbody', {}, ...rows),
  );
  const most = `${((rest[0]?.[1] ?? 0) * 100 + 0.05).toFixed(1)} %`;
  return rest.length === 0
    ? table
    : element('div', {}, table, element('p', { class: 'dim' }, fillIn(texts.more, rest.length, most)));
}

startPage(readBodyData('texts') as PredictTexts);
