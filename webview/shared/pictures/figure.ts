import { fillIn, formatCount } from '../../../src/core/charts/charts.ts';
import type { PictureText, SteppedPictures } from '../../../src/protocol/pictures.ts';
import { element, setText } from '../dom.ts';

/** The picture of one name that one run has at the step. */
export interface Figure {
  readonly root: HTMLElement;
  isSeen: boolean;
  /** What must be read to show it; undefined where there is none yet at the step. */
  wantedAt(step: number): { readonly runId: string; readonly path: string } | undefined;
  draw(
    step: number,
    addressOf: (wanted: { readonly runId: string; readonly path: string }) => string | null | undefined,
  ): void;
  clear(): void;
}

interface FigureOptions {
  readonly run: { readonly runId: string; readonly name: string };
  readonly group: SteppedPictures;
  readonly texts: Readonly<Record<PictureText, string>>;
}

const smallWidth = 100;

/** Nothing blinks: until a picture is there the one before it stays, and the words say of which step it is. */
export function createFigure({ run, group, texts }: FigureOptions): Figure {
  const image = element('img', { alt: '' });
  const name = element('span', { class: 'name', title: run.name }, run.name);
  const words = element('span', { class: 'dim' });
  const root = element('figure', { class: 'waiting' }, image, element('figcaption', {}, name, words));
  image.hidden = true;
  const pictureAt = (step: number): SteppedPictures['pictures'][number] | undefined =>
    group.pictures.findLast((picture) => picture.step <= step);
  /** The address of a picture that can't be shown: it is not tried again at each drawing. */
  let faulty = '';
  image.addEventListener('error', () => {
    faulty = image.src;
    fail(texts.brokenPicture);
  });
  // Pixels of a tiny picture are what there is to see.
  image.addEventListener('load', () => image.classList.toggle('small', image.naturalWidth < smallWidth));
  const fail = (why: string): void => {
    root.classList.remove('waiting');
    image.hidden = true;
    image.removeAttribute('src');
    setText(words, why);
  };
  return {
    root,
    isSeen: false,
    wantedAt(step) {
      const picture = pictureAt(step);
      return picture === undefined ? undefined : { runId: run.runId, path: picture.path };
    },
    draw(step, addressOf) {
      const picture = pictureAt(step);
      if (picture === undefined) {
        fail(fillIn(texts.noPictureYet, formatCount(group.pictures[0]?.step ?? 0)));
        return;
      }
      const address = addressOf({ runId: run.runId, path: picture.path });
      if (address === null || address === faulty) {
        fail(texts.brokenPicture);
        return;
      }
      if (address === undefined || image.src === address) return;
      image.src = address;
      image.alt = fillIn(texts.pictureName, group.key, run.name, formatCount(picture.step));
      root.classList.remove('waiting');
      image.hidden = false;
      setText(words, fillIn(texts.pictureStepOf, formatCount(picture.step)));
    },
    clear() {
      image.hidden = true;
      image.removeAttribute('src');
      setText(words, '');
    },
  };
}
