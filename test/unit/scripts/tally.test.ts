import { describe, expect, it } from 'vitest';
import { root } from '../../../scripts/places.ts';
import { addTallies, countVitest, formatTally } from '../../../scripts/testing/tally.ts';

const file = (...statuses: string[]) => ({
  status: statuses.includes('failed') ? 'failed' : 'passed',
  name: `${root}/test/unit/some.test.ts`,
  assertionResults: statuses.map((status) => ({ status })),
});
const broken = {
  name: `${root}/test/unit/broken.test.ts`,
  status: 'failed',
  message: 'no such file',
  assertionResults: [],
};

function check(
  name: string,
  {
    files = [],
    exit = 0,
    expected,
  }: { files?: (typeof broken | ReturnType<typeof file>)[]; exit?: number; expected: string },
): void {
  it(name, () => {
    const count = (status: string): number =>
      files.flatMap((each) => each.assertionResults).filter((test: { status: string }) => test.status === status)
        .length;
    const report = {
      numPassedTests: count('passed'),
      numFailedTests: count('failed'),
      numPendingTests: count('pending'),
      numTodoTests: count('todo'),
      testResults: files,
    };
    expect(formatTally(countVitest(report, exit))).toBe(expected);
  });
}

describe('a vitest report', () => {
  check('is counted as it stands', {
    files: [file('passed', 'passed', 'pending')],
    expected: '2 passed, 0 failed, 1 skipped',
  });
  check('counts a failed test once', {
    files: [file('passed', 'failed')],
    exit: 1,
    expected: '1 passed, 1 failed, 0 skipped',
  });
  check('counts a file that could not be loaded', {
    files: [file('passed'), broken],
    exit: 1,
    expected: '1 passed, 1 failed, 0 skipped',
  });
  check('counts an error outside of any test', {
    files: [file('passed')],
    exit: 1,
    expected: '1 passed, 1 failed, 0 skipped',
  });
  check('that is empty counts nothing', { expected: '0 passed, 0 failed, 0 skipped' });
});

it('names an error outside of any test', () => {
  const report = { numPassedTests: 1, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };
  expect(countVitest(report, 1).failures).toEqual([expect.stringContaining('Unhandled Errors')]);
  expect(countVitest(report, 0).failures).toEqual([]);
});

it('adds up layers', () => {
  const sum = addTallies([
    { passed: 1, failed: 0, skipped: 2, failures: [] },
    { passed: 3, failed: 1, skipped: 0, failures: ['a: b'] },
  ]);
  expect(formatTally(sum)).toBe('4 passed, 1 failed, 2 skipped');
  expect(sum.failures).toEqual(['a: b']);
});

it('names each failure in a line: file, test, first line of the reason', () => {
  const failed = {
    status: 'failed',
    fullName: 'a suite a test',
    failureMessages: ['Error: 1 is not 2\n    at x.ts:1:1'],
  };
  const files = [{ ...file(), status: 'failed', assertionResults: [failed] }, broken];
  const report = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, numTodoTests: 0, testResults: files };
  expect(countVitest(report, 1).failures).toEqual([
    'test/unit/some.test.ts › a suite a test: Error: 1 is not 2',
    'test/unit/broken.test.ts › could not be loaded: no such file',
  ]);
});
