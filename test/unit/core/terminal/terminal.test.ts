import { describe, expect, it } from 'vitest';
import { createSanitiser } from '../../../../src/core/terminal/terminal.ts';

const sanitise = (text: string): string => createSanitiser()(text);

describe('output of processes in a terminal', () => {
  const check = (name: string, input: string, expected: string): void =>
    it(name, () => {
      expect(sanitise(input)).toBe(expected);
      // The same text cut in two at every place: nothing may survive a cut.
      for (let at = 0; at <= input.length; at += 1) {
        const step = createSanitiser();
        expect(step(input.slice(0, at)) + step(input.slice(at)), `cut at ${at}`).toBe(expected);
      }
      // And one character at a time.
      const step = createSanitiser();
      expect(Array.from(input, (char) => step(char)).join('')).toBe(expected);
    });

  check('plain text', 'loss 0.5\tok', 'loss 0.5\tok');
  check('line ends', 'a\nb\r\nc\r', 'a\r\nb\r\nc\r');
  check(
    'colours stay',
    '\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mrgb\u001b[m',
    '\u001b[1;31mred\u001b[0m \u001b[38:2::1:2:3mrgb\u001b[m',
  );
  check('cursor moves and clears go', 'a\u001b[2Jb\u001b[10;20Hc\u001b[?25ld\u001b[K', 'abcd');
  check('questions to the terminal go', 'a\u001b[6nb\u001b[cc\u001b[>0q', 'abc');
  check('title (OSC 0, BEL)', 'a\u001b]0;evil\u0007b', 'ab');
  check('link (OSC 8, ST)', '\u001b]8;;http://evil\u001b\\text\u001b]8;;\u001b\\', 'text');
  check('clipboard (OSC 52)', '\u001b]52;c;ZXZpbA==\u0007ok', 'ok');
  check('DCS, SOS, PM, APC', 'a\u001bPq#0\u001b\\b\u001bXx\u001b\\c\u001b^x\u001b\\d\u001b_x\u001b\\e', 'abcde');
  check('eight-bit introducers', 'a\u009b31mb\u009d0;t\u009cc\u0090x\u009cd', 'a\u001b[31mbcd');
  check('a colour with a marker is no colour', '\u001b[>4;2mx\u001b[?1mx', 'xx');
  check('control characters go', 'a\u0000\u0007\u0008\u007f\u0085b', 'ab');
  check('single-character and charset sequences', '\u001bca\u001b7b\u001b(0c\u001b#8d', 'abcd');
  check('a string that nobody closes ends with the line', '\u001b]0;never closed\nnext', '\r\nnext');
  check('an escape inside a string begins anew', '\u001b]0;x\u001b[31mred', '\u001b[31mred');
  check('a sequence broken by a line end', '\u001b[31\nx', '\r\nx');
  check('astral characters', 'ok \u{1f600}!', 'ok \u{1f600}!');

  it('keeps no endless parameters', () => {
    expect(sanitise(`\u001b[${'1;'.repeat(10_000)}mx`)).toBe('x');
  });
});
