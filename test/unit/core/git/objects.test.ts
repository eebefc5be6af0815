import { expect, test } from 'vitest';
import { parseBatch, parseCommit, parseReferences } from '../../../../src/core/git/git.ts';

test('objects of a batch, whatever they hold, and those that are not there', () => {
  const bytes = Buffer.from('1f blob 8\none two\n\nHEAD:x missing\n2a blob 0\n\n3b blob 3\na\nb\n');
  expect(parseBatch(bytes).map((object) => object && Buffer.from(object).toString())).toEqual([
    'one two\n',
    undefined,
    '',
    'a\nb',
  ]);
  expect(parseBatch(Buffer.from('cut'))).toEqual([]);
});

test('a commit: parents, who, when, what', () => {
  const text =
    'tree 1\nparent a1\nparent b2\nauthor Ada Lovelace <a@b> 1700000000 +0100\ncommitter C <c@d> 1700000009 -0500\ngpgsig x\n y\n\nA subject\n\nparent no\n';
  expect(parseCommit(Buffer.from(text))).toEqual({
    parents: ['a1', 'b2'],
    author: 'Ada Lovelace',
    time: 1700000009000,
    subject: 'A subject',
  });
  expect(parseCommit(Buffer.from('nonsense'))).toEqual({ parents: [], author: '', time: 0, subject: '' });
});

test('references to commits, through tags with a message', () => {
  const text =
    'refs/heads/main\t1\tcommit\t\t\nrefs/tags/v1\t2\ttag\t1\tcommit\nrefs/tags/blob\t3\tblob\t\t\nrefs/tags/tree\t4\ttag\t5\ttree\n';
  expect(parseReferences(text)).toEqual([
    { ref: 'refs/heads/main', commit: '1' },
    { ref: 'refs/tags/v1', commit: '1' },
  ]);
});
