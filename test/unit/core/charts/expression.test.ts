import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateOver, parseExpression } from '../../../../src/core/charts/expression.ts';

const numbers = new Map([
  ['loss', 2],
  ['val "x"', 10],
  ['__proto__', 3],
]);
const check = (text: string): unknown => {
  const parsed = parseExpression(text);
  return 'problem' in parsed ? parsed.problem : parsed.value.evaluate(numbers);
};

describe('parseExpression', () => {
  it.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['8 / 4 / 2', 1],
    ['2 - 3 - 4', -5],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['- -3', 3],
    ['+3', 3],
    ['2 − 1', 1],
    ['1.5e3', 1500],
    ['.5', 0.5],
    ['3.', 3],
    ['log(exp(2))', 2],
    ['abs(-4)', 4],
    ['min(3, 1, 2)', 1],
    ['max(3)', 3],
    ['"loss" * 2', 4],
    ['"val ""x""" - "loss"', 8],
    ['"__proto__"', 3],
    ['"constructor"', NaN],
    ['"missing" + 1', NaN],
    ['1 / 0', Infinity],
    ['log(0)', -Infinity],
  ])('%s', (text, expected) => expect(check(text)).toBe(expected));

  it.each([
    ['', 1, 'A number, a metric in quotation marks or "(" is expected.'],
    ['1 +', 4, 'A number, a metric in quotation marks or "(" is expected.'],
    ['1 2', 3, 'An operator or the end is expected, not "2".'],
    ['(1 + 2', 7, '")" is expected for the "(" of column 1.'],
    ['1)', 2, 'An operator or the end is expected, not ")".'],
    ['loss + 1', 1, '"loss" is no function (log, exp, abs, min, max). A metric stands in quotation marks: "loss".'],
    [
      '1 + constructor(1)',
      5,
      '"constructor" is no function (log, exp, abs, min, max). A metric stands in quotation marks: "constructor".',
    ],
    ['log 3', 5, '"(" is expected after log.'],
    ['log(1, 2)', 1, 'log takes one value, not 2.'],
    ['1 + "loss', 5, 'The quotation mark that opens here is never closed.'],
    ['1 ; 2', 3, '";" means nothing here.'],
    ['* 2', 1, 'A number, a metric in quotation marks or "(" is expected, not "*".'],
    [`${'('.repeat(200)}1`, 101, 'Nested deeper than 100 levels.'],
    [`${'-'.repeat(200)}1`, 101, 'Nested deeper than 100 levels.'],
    [`1${' '.repeat(1000)}`, 1001, 'An expression has at most 1000 characters.'],
  ])('%j: column %i', (text, column, message) => expect(check(text)).toEqual({ column, message }));

  it('names its metrics', () => {
    const parsed = parseExpression('"b" + "a" * "b"');
    expect('value' in parsed && parsed.value.metrics).toEqual(['b', 'a']);
  });

  it('computes as JavaScript does', () => {
    const leaf = fc.integer({ min: 0, max: 9 }).map(String);
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        leaf,
        fc
          .tuple(tie('tree'), fc.constantFrom('+', '-', '*', '/'), tie('tree'))
          .map(([a, sign, b]) => `(${a} ${sign} ${b})`),
        fc.tuple(leaf, leaf, leaf, leaf).map(([a, b, c, d]) => `${a} - ${b} * ${c} + ${d} / 7`),
      ),
    }));
    fc.assert(
      fc.property(tree, (text) => {
        // The text is made here, of digits, signs and parentheses.
        // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call
        expect(check(text)).toBe(new Function(`return ${text}`)());
      }),
    );
  });

  it('never throws and always names a column, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)) }),
      fc
        .array(fc.constantFrom('(', ')', '1', '"a"', '+', '^', 'log', ',', ' ', '"'), { maxLength: 30 })
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, (some) => {
        const parsed = parseExpression(some);
        if ('problem' in parsed) expect(parsed.problem.column).toBeGreaterThanOrEqual(1);
        else expect(typeof parsed.value.evaluate(numbers)).toBe('number');
      }),
      { numRuns: 200 },
    );
  });

  it('goes over the steps of all its metrics', () => {
    const parsed = parseExpression('"a" - "b"');
    if ('problem' in parsed) throw new Error(parsed.problem.message);
    const points = new Map([
      ['a', { steps: Float64Array.of(1, 3), values: Float64Array.of(10, 30) }],
      ['b', { steps: Float64Array.of(2, 3, 4), values: Float64Array.of(1, 2, 3) }],
    ]);
    const none = { steps: new Float64Array(0), values: new Float64Array(0) };
    const { steps, values } = evaluateOver(parsed.value, (name) => points.get(name) ?? none);
    expect([[...steps], [...values]]).toEqual([
      [1, 2, 3, 4],
      [NaN, 19, 28, NaN],
    ]);
  });
});
