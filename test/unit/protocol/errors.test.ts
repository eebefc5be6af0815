import { expect, test } from 'vitest';
import { ExpectedError, fromErrorDocument, toErrorDocument } from '../../../src/protocol/errors.ts';

test('an expected error keeps code and problems across a border; a bug keeps its stack', () => {
  const problems = [{ file: 'dvc.yaml', line: 3, column: 5, severity: 'error', message: 'no cmd' }] as const;
  const back = fromErrorDocument(toErrorDocument(new ExpectedError('bad-input', 'dvc.yaml is wrong', problems)));
  expect(back).toMatchObject({ code: 'bad-input', exitCode: 2, problems });
  const bug = fromErrorDocument(toErrorDocument(new TypeError('x is not a function')));
  expect(bug).not.toBeInstanceOf(ExpectedError);
  expect(bug.stack).toContain('errors.test.ts');
});
