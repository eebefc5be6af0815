import { fillIn } from '../../../src/core/charts/charts.ts';
import { element } from '../../shared/dom.ts';
import { createSwatch, nameOfSeries, type BodyOf, type CardTools } from './card.ts';

/** Bytes decide, not names. SVG is a document and not only a picture: as the source of an `img` it runs no script and loads nothing. */
const kinds: readonly (readonly [mediaType: string, isKind: (bytes: Uint8Array) => boolean])[] = [
  ['image/png', (bytes) => startsWith(bytes, 0x89, 0x50, 0x4e, 0x47)],
  ['image/jpeg', (bytes) => startsWith(bytes, 0xff, 0xd8, 0xff)],
  ['image/gif', (bytes) => startsWith(bytes, 0x47, 0x49, 0x46, 0x38)],
  [
    'image/svg+xml',
    (bytes) => /^\s*(?:<\?xml|<!--|<!doctype svg|<svg)/i.test(new TextDecoder().decode(bytes.subarray(0, 256))),
  ],
];

function startsWith(bytes: Uint8Array, ...mark: readonly number[]): boolean {
  return mark.every((byte, index) => bytes[index] === byte);
}

/** Pictures of all revisions side by side. */
export function createImages({ texts }: CardTools): BodyOf<'images'> {
  const root = element('div', { class: 'pictures', role: 'region', tabindex: '0' });
  let urls: readonly string[] = [];
  const revoke = (): void => {
    for (const url of urls) URL.revokeObjectURL(url);
    urls = [];
  };
  return {
    root,
    draw({ title, images }, look) {
      revoke();
      root.setAttribute('aria-label', title);
      const made: string[] = [];
      root.replaceChildren(
        ...images.map(({ revision, bytes }) => {
          const name = nameOfSeries({ revision, label: '' }, look);
          const own = look.revisions.find((one) => one.revision === revision);
          const caption = element('figcaption', {}, ...(own === undefined ? [] : [createSwatch(own)]), name);
          const refusal = element('p', { class: 'dim' }, texts.plotsBadPicture);
          const type = kinds.find(([, isKind]) => isKind(bytes))?.[0];
          if (type === undefined) return element('figure', {}, caption, refusal);
          const url = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type }));
          made.push(url);
          const picture = element('img', { src: url, alt: fillIn(texts.plotsPictureOf, title, name) });
          picture.addEventListener('error', () => picture.replaceWith(refusal));
          return element('figure', {}, caption, picture);
        }),
      );
      urls = made;
    },
    destroy: revoke,
  };
}
