import { describe, expect, it } from 'vitest';
import { addTallies, countVitest, formatTally } from '../../../scripts/testing/tally.ts';

const file = (...statuses: string[]) => ({
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status) => ({ status })),
});
const broken = { status: 'failed', assertionResults: [] };

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

it('adds up layers', () => {
  const sum = addTallies([
    { passed: 1, failed: 0, skipped: 2 },
    { passed: 3, failed: 1, skipped: 0 },
  ]);
  expect(formatTally(sum)).toBe('4 passed, 1 failed, 2 skipped');
});
