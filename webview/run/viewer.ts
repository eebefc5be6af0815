import { fillIn } from '../../src/core/charts/charts.ts';
import type { RunTexts } from '../../src/protocol/charts.ts';
import type { ArtifactView } from '../../src/protocol/runpage.ts';
import { escapeControls } from '../../src/protocol/text.ts';
import { formatBytes } from '../shared/bytes.ts';
import { createButton, createToggle } from '../shared/controls.ts';
import { element, setHidden, setText } from '../shared/dom.ts';

interface Viewer {
  readonly root: HTMLElement;
  clear(): void;
  wait(path: string, bytes: number | null): void;
  show(view: ArtifactView): void;
}

type View<K extends ArtifactView['kind']> = Extract<ArtifactView, { readonly kind: K }>;

/** What is chosen among the artifacts of a run. */
export function createViewer(texts: RunTexts, onOpen: () => void): Viewer {
  const name = element('h2');
  const size = element('span', { class: 'dim' });
  const open = createButton(texts.openInEditor, { onPress: onOpen });
  const toggle = createToggle(texts.artifactText, { name: texts.artifactText, onToggle: () => switchText() });
  const head = element('div', { class: 'head' }, name, size, toggle, open);
  const { note, body, put, putImage } = createContent(texts);
  const drawHistograms = createHistogramsLoader(texts);
  let [shown, isText]: [ArtifactView | undefined, boolean] = [undefined, false];
  const begin = (view: ArtifactView | undefined): void => {
    [shown, isText] = [view, false];
    setHidden(toggle, view?.kind !== 'drawn' || view.drawn.kind === 'broken');
    toggle.setAttribute('aria-pressed', 'false');
  };
  const switchText = (): void => {
    if (shown?.kind !== 'drawn') return;
    isText = !isText;
    toggle.setAttribute('aria-pressed', String(isText));
    showDrawn(shown);
  };
  const showText = ({ text, isCut }: View<'drawn'>['source']): void =>
    put(element('pre', {}, text), isCut ? texts.onlyBeginning : '');
  const showTable = (view: View<'table'>): void =>
    put(drawTable(view), view.isCut ? fillIn(texts.onlyRows, String(view.rows.length)) : '');
  const showDrawn = (view: View<'drawn'>): void => {
    const { drawn, source } = view;
    if (isText) showText(source);
    else if (drawn.kind === 'table') showTable(drawn);
    else if (drawn.kind === 'broken') put(element('pre', {}, source.text), drawn.text);
    else
      void drawHistograms(name.textContent, drawn.histograms, (content) => {
        if (shown === view && !isText) put(content, '');
      });
  };
  const showAny = (view: ArtifactView): void => {
    if (view.kind === 'image') putImage(name.textContent, view);
    else if (view.kind === 'text') showText(view);
    else if (view.kind === 'table') showTable(view);
    else if (view.kind === 'drawn') showDrawn(view);
    else put(undefined, view.kind === 'broken' ? view.text : view.why === 'large' ? texts.tooLarge : texts.noText);
  };
  return {
    root: element('div', { class: 'viewer' }, head, note, body),
    clear() {
      begin(undefined);
      setHidden(head, true);
      put(undefined, texts.chooseArtifact);
    },
    wait(path, bytes) {
      begin(undefined);
      setHidden(head, false);
      setText(name, escapeControls(path));
      toggle.setAttribute('aria-label', fillIn(texts.artifactTextOf, escapeControls(path)));
      setText(size, bytes === null ? '' : formatBytes(bytes));
      put(undefined, texts.readingArtifacts);
    },
    show(view) {
      begin(view);
      showAny(view);
    },
  };
}

/** What is shown, and a sentence above it. */
function createContent(texts: RunTexts) {
  const note = element('p', { class: 'dim', role: 'status' });
  const body = element('div', { class: 'content', tabindex: '0' });
  let picture: string | undefined;
  const put = (content: HTMLElement | undefined, text: string): void => {
    // A picture's bytes are kept as long as its address is known.
    if (picture !== undefined) URL.revokeObjectURL(picture);
    picture = undefined;
    body.replaceChildren(...(content === undefined ? [] : [content]));
    setHidden(body, content === undefined);
    setText(note, text);
    setHidden(note, text === '');
  };
  const putImage = (name: string, { bytes, mediaType }: View<'image'>): void => {
    const image = element('img', { alt: name });
    put(image, '');
    picture = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: mediaType }));
    image.addEventListener('error', () => put(undefined, texts.brokenPicture));
    image.src = picture;
  };
  return { note, body, put, putImage };
}

/** Their module is loaded with the first of them. */
function createHistogramsLoader(texts: RunTexts) {
  const load = () => import('./histograms.ts').then(({ createHistograms }) => createHistograms(texts));
  let loaded: ReturnType<typeof load> | undefined;
  type Draw = Awaited<ReturnType<typeof load>>['draw'];
  return async (name: string, histograms: Parameters<Draw>[1], onReady: (root: HTMLElement) => void): Promise<void> => {
    const made = await (loaded ??= load());
    onReady(made.root);
    if (made.root.isConnected) made.draw(name, histograms);
  };
}

function drawTable({ columns, rows }: View<'table'>): HTMLElement {
  const line = (tag: 'th' | 'td', cells: readonly string[]): HTMLElement =>
    element('tr', {}, ...cells.map((cell) => element(tag, tag === 'th' ? { scope: 'col' } : {}, cell)));
  return element(
    'table',
    {},
    element('thead', {}, line('th', columns)),
    element('tbody', {}, ...rows.map((row) => line('td', row))),
  );
}
