import { describe, expect, it } from 'vitest';
import { fillIn, formatCount, formatDuration, formatTicks, formatValue } from '../../../../src/core/charts/numbers.ts';

describe('numbers', () => {
  it.each([
    [0.08812, '0.0881'],
    [0.9391, '0.9391'],
    [2.0812, '2.081'],
    [12.3456, '12.35'],
    [123.456, '123.5'],
    [4321, '4321'],
    [54321, '54\u202f321'],
    [0.001, '0.001'],
    [0.0002, '0.0002'],
    [0.00001234, '1.23e-5'],
    [12_345_678, '1.23e7'],
    [-0.5, '−0.5000'],
    [-1e-7, '−1e-7'],
    [0, '0'],
    [-0, '0'],
    [NaN, 'NaN'],
    [Infinity, '∞'],
    [-Infinity, '−∞'],
  ])('value %d', (value, text) => expect(formatValue(value)).toBe(text));

  it.each([
    [
      [0, 0.5, 1],
      ['0', '0.5', '1'],
    ],
    [
      [-0.25, 0],
      ['−0.25', '0'],
    ],
    [
      [0, 100_000, 200_000],
      ['0', '100\u202f000', '200\u202f000'],
    ],
    [
      [0, 1e6, 2e6],
      ['0', '1e6', '2e6'],
    ],
    [
      [0, 1e-4, 2e-4],
      ['0', '1e-4', '2e-4'],
    ],
    [
      [0.0002, 0.001],
      ['0.0002', '0.001'],
    ],
  ])('ticks %j', (ticks, texts) => expect(formatTicks(ticks)).toEqual(texts));

  it.each([
    [0.34, '0.3 s'],
    [41, '41 s'],
    [200, '3 min 20 s'],
    [240, '4 min'],
    [7500, '2 h 5 min'],
    [7200, '2 h'],
    [-3, '0.0 s'],
  ])('duration %d', (seconds, text) => expect(formatDuration(seconds)).toBe(text));

  it('writes counts and fills in places', () => {
    expect([formatCount(24), formatCount(123_456), formatCount(2.5)]).toEqual(['24', '123\u202f456', '2.5']);
    expect(fillIn('{0} at {1}, {0}; {2}', '$&', 3)).toBe('$& at 3, $&; {2}');
  });
});
