import { escapeControls } from '../../protocol/text.ts';

/** What is no character of XML: halves of pairs, and two that never are. */
const noCharacters = /[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const marks: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** A text that is text in HTML and in SVG, as content and between quotation marks. Controls, those that turn the direction of writing among them, are shown as escapes. */
export function escapeMarkup(text: string): string {
  return escapeControls(text)
    .replace(noCharacters, '\ufffd')
    .replace(/[&<>"']/g, (mark) => marks[mark] ?? mark);
}

/** A name from elsewhere: whichever way it is written, what stands beside it is not turned. */
export function isolate(text: string): string {
  return `<bdi>${escapeMarkup(text)}</bdi>`;
}

/** The beginning of a text that would be too long. */
export function shorten(text: string, most: number): string {
  const letters = Array.from(text.slice(0, 2 * most + 2));
  return letters.length <= most ? text : `${letters.slice(0, most - 1).join('')}…`;
}
