const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
const COLOURS_OR_CONTROLS = new RegExp(`\\u001b\\[[\\d;:]*m|${CONTROLS.source}`, 'g');

/** Text from files and tools made safe for a terminal or a message: control characters shown as escapes, never performed. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, toEscape);
}

/** As {@link escapeControls}, line breaks and tabs too: for what must stay one line, or one cell of a table. */
export function toOneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** As {@link escapeControls}, but colours (SGR sequences) stay: the last fence before a terminal. */
export function escapeAllButColours(text: string): string {
  return text.replace(COLOURS_OR_CONTROLS, (found) => (found.length > 1 ? found : toEscape(found)));
}

function toEscape(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
