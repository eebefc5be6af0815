import { describe, expect, it } from 'vitest';
import { addParam, removeItem, replaceScalar } from '../../../../src/core/editing/fixes.ts';
import { applyEdits, itemsOf, pairOf, readEditedText } from '../../../../src/core/editing/text.ts';

describe('a param put into a params file', () => {
  const check = (name: string, file: string, before: string, key: string, after: string | undefined): void =>
    it(name, () => {
      const edits = addParam(before, file, key, '3');
      expect(edits === undefined ? undefined : applyEdits(before, edits)).toBe(after);
    });

  check('an empty file', 'params.yaml', '', 'lr', 'lr: 3\n');
  check('a file of comments', 'params.yaml', '# mine\n', 'a.b', '# mine\na:\n  b: 3\n');
  check(
    'beside others, comments kept',
    'params.yaml',
    'lr: 0.1 # fast\n# end\n',
    'seed',
    'lr: 0.1 # fast\nseed: 3\n# end\n',
  );
  check('no line end', 'params.yaml', 'lr: 0.1', 'seed', 'lr: 0.1\nseed: 3');
  check('Windows line ends', 'params.yaml', 'lr: 1\r\nx: 2\r\n', 'a.b', 'lr: 1\r\nx: 2\r\na:\r\n  b: 3\r\n');
  check(
    'into a mapping in the middle, with its indentation',
    'params.yaml',
    'train:\n    epochs: 3 # few\n\nother: 1\n',
    'train.lr',
    'train:\n    epochs: 3 # few\n    lr: 3\n\nother: 1\n',
  );
  check(
    'into a mapping that is still empty',
    'params.yaml',
    'train:\nx: 1\n',
    'train.opt.lr',
    'train:\n  opt:\n    lr: 3\nx: 1\n',
  );
  check('behind a text of several lines', 'params.yaml', 'a: |\n  one\n  two\n', 'b', 'a: |\n  one\n  two\nb: 3\n');
  check('behind a list', 'params.yaml', 'a:\n- 1\n- 2\n', 'b', 'a:\n- 1\n- 2\nb: 3\n');
  check('a flow mapping', 'params.yaml', 'train: {epochs: 3}\n', 'train.lr', 'train: {epochs: 3, lr: 3}\n');
  check('JSON in one line', 'p.json', '{"a": 1}\n', 'b.c', '{"a": 1, "b": {"c": 3}}\n');
  check('JSON in lines', 'p.json', '{\n  "a": 1\n}\n', 'b', '{\n  "a": 1,\n  "b": 3\n}\n');
  check('empty JSON', 'p.json', '{}', 'b', '{"b": 3}');
  check('something else in the way', 'params.yaml', 'train: 3\n', 'train.lr', undefined);
  check('it is there already', 'params.yaml', 'lr: 3\n', 'lr', undefined);
  check('a file with errors', 'params.yaml', 'lr: [\n', 'x', undefined);
  check('a file of Python', 'params.py', 'lr = 3\n', 'x', undefined);
});

describe('an entry out of a list', () => {
  const check = (name: string, before: string, index: number, after: string | undefined): void =>
    it(name, () => {
      const edited = readEditedText(before, 'dvc.yaml')!;
      const owner = pairOf(edited.yaml.document.contents, 'deps')!;
      const edits = removeItem(edited, owner, index);
      expect(edits === undefined ? undefined : applyEdits(before, edits)).toBe(after);
    });

  check('the first', 'deps:\n  - a # one\n  - b\n', 0, 'deps:\n  - b\n');
  check('the last', 'deps:\n  - a\n  - b\nouts: [c]\n', 1, 'deps:\n  - a\nouts: [c]\n');
  check('the last without line end', 'deps:\n  - a\n  - b', 1, 'deps:\n  - a\n');
  check('with options', 'deps:\n- a:\n    x: 1\n- b\n', 0, 'deps:\n- b\n');
  check('the only one, with its key', 'cmd: x\ndeps:\n  - a\nouts: [c]\n', 0, 'cmd: x\nouts: [c]\n');
  check('in brackets', 'deps: [a, b, c]\n', 1, 'deps: [a, c]\n');
  check('the last in brackets', 'deps: [a, b]\n', 1, 'deps: [a]\n');
  check('the only one in brackets', 'cmd: x\ndeps: [a]\n', 0, 'cmd: x\n');
  check('Windows line ends', 'deps:\r\n- a\r\n- b\r\n', 0, 'deps:\r\n- b\r\n');
});

describe('a word by another', () => {
  const check = (before: string, by: string, after: string): void =>
    it(`${before} → ${after}`, () => {
      const edited = readEditedText(before, 'dvc.yaml')!;
      const edits = replaceScalar(edited, itemsOf(edited.yaml.document.contents)[0], by);
      expect(applyEdits(before, edits ?? [])).toBe(after);
    });

  check('- a # why', 'src/b.py', '- src/b.py # why');
  check('- a', 'it: is', "- 'it: is'");
  check('- "a"', 'b "c"', '- "b \\"c\\""');
  check("- 'a'", "o'b", "- 'o''b'");
});
