/**
 * Removes every control sequence but colours (SGR) from the output of a process before it reaches a terminal: a log could
 * otherwise set the clipboard, forge links or ask the terminal questions. Chunks may end anywhere, also inside a sequence.
 * Line ends become CR LF, as a terminal without a driver needs them.
 */
export function createSanitiser(): (chunk: string) => string {
  let state: State = { kind: 'text' };
  let previous = '';
  return (chunk) => {
    let out = '';
    for (const char of chunk) {
      const [next, shown] = advance(state, char);
      out += shown === '\n' && previous !== '\r' ? '\r\n' : shown;
      if (shown !== '') previous = shown.slice(-1);
      state = next;
    }
    return out;
  };
}

/** `string` is the body of an OSC, DCS, SOS, PM or APC sequence, of any length, up to BEL or ST. */
type State =
  | { readonly kind: 'text' }
  | { readonly kind: 'escape' }
  | { readonly kind: 'charset' }
  | { readonly kind: 'csi'; readonly parameters: string }
  | { readonly kind: 'string' }
  | { readonly kind: 'string-escape' };

const text: State = { kind: 'text' };
const LONGEST_COLOUR = 64;

function advance(state: State, char: string): readonly [State, string] {
  switch (state.kind) {
    case 'text':
      return inText(char);
    case 'escape':
      return afterEscape(char);
    case 'charset':
      return [text, ''];
    case 'csi':
      return inControl(state.parameters, char);
    case 'string':
      return inString(char);
    case 'string-escape':
      // ESC \ ends the string; any other ESC sequence begins anew.
      return char === '\\' ? [text, ''] : afterEscape(char);
  }
}

function inText(char: string): readonly [State, string] {
  const code = char.codePointAt(0) ?? 0;
  if (char === '\u001b') return [{ kind: 'escape' }, ''];
  if (char === '\u009b') return [{ kind: 'csi', parameters: '' }, ''];
  if (isStringOpener(code)) return [{ kind: 'string' }, ''];
  if (char === '\n' || char === '\r' || char === '\t') return [text, char];
  return [text, code < 0x20 || (code >= 0x7f && code < 0xa0) ? '' : char];
}

function afterEscape(char: string): readonly [State, string] {
  if (char === '[') return [{ kind: 'csi', parameters: '' }, ''];
  if (']PX^_'.includes(char)) return [{ kind: 'string' }, ''];
  if ('()*+-./#% '.includes(char)) return [{ kind: 'charset' }, ''];
  if (char === '\u001b') return [{ kind: 'escape' }, ''];
  return char === '\n' || char === '\r' ? [text, char] : [text, ''];
}

function inControl(parameters: string, char: string): readonly [State, string] {
  if (char === 'm') {
    const isColour = parameters.length <= LONGEST_COLOUR && /^[\d;:]*$/.test(parameters);
    return [text, isColour ? `\u001b[${parameters}m` : ''];
  }
  if (char >= '@' && char <= '~') return [text, ''];
  if (char >= ' ' && char <= '?')
    return [{ kind: 'csi', parameters: parameters.length > LONGEST_COLOUR ? parameters : parameters + char }, ''];
  return inText(char);
}

function inString(char: string): readonly [State, string] {
  if (char === '\u0007' || char === '\u009c') return [text, ''];
  if (char === '\u001b') return [{ kind: 'string-escape' }, ''];
  // A real terminal would swallow the rest of the log after a string that nobody closes.
  return char === '\n' ? [text, char] : [{ kind: 'string' }, ''];
}

function isStringOpener(code: number): boolean {
  return code === 0x90 || code === 0x98 || code === 0x9d || code === 0x9e || code === 0x9f;
}
