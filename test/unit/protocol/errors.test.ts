import { expect, test } from 'vitest';
import {
  ExpectedError,
  describeError,
  fromErrorDocument,
  toErrorDocument,
  unknownName,
} from '../../../src/protocol/errors.ts';

test('an expected error keeps code and problems across a border; a bug keeps its stack', () => {
  const problems = [{ file: 'dvc.yaml', line: 3, column: 5, severity: 'error', message: 'no cmd' }] as const;
  const back = fromErrorDocument(toErrorDocument(new ExpectedError('bad-input', 'dvc.yaml is wrong', problems)));
  expect(back).toMatchObject({ code: 'bad-input', exitCode: 2, problems });
  const bug = fromErrorDocument(toErrorDocument(new TypeError('x is not a function')));
  expect(bug).not.toBeInstanceOf(ExpectedError);
  expect(bug.stack).toContain('errors.test.ts');
});

test('names and messages from files are one safe line each', () => {
  const problems = [
    { file: 'a\nb', line: 1, column: 2, severity: 'error', message: 'key "\u001b]0;x\u0007"' },
  ] as const;
  expect(describeError(new ExpectedError('bad-input', 'Wrong:', problems))).toBe(
    'Wrong:\na\\nb:1:2: error: key "\\u001b]0;x\\u0007"',
  );
  expect(unknownName('stage', 'x\u0007', ['\u001b[2J']).message).toBe(
    'There is no stage "x\\u0007". Did you mean "\\u001b[2J"?',
  );
});
