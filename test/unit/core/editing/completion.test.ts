import { describe, expect, it } from 'vitest';
import { planCompletion, toCompletions, type CompletionFacts } from '../../../../src/core/editing/completion.ts';
import { readCursor } from '../../../../src/core/editing/cursor.ts';
import { applyEdits, readEditedText } from '../../../../src/core/editing/text.ts';
import { listVariables } from '../../../../src/core/editing/variables.ts';
import { parseParams } from '../../../../src/core/pipeline/pipeline.ts';

/** A text with `|` for the cursor. */
function split(marked: string): { text: string; line: number; column: number } {
  const at = marked.indexOf('|');
  const before = marked.slice(0, at).split('\n');
  return { text: marked.replace('|', ''), line: before.length, column: before.at(-1)!.length + 1 };
}

describe('where the cursor stands', () => {
  const check = (name: string, marked: string, place: string): void =>
    it(name, () => {
      const { text, ...position } = split(marked);
      const { path, at, prefix, siblings } = readCursor(text, position);
      expect([path.join('/'), at, prefix, siblings.join(' ')].join(' · ')).toBe(place);
    });

  check('an empty file', '|', ' · key ·  · ');
  check('a top key', 'vars: []\nst|', ' · key · st · vars');
  check('a stage', 'stages:\n  |', 'stages · key ·  · ');
  check('a key of a stage', 'stages:\n  a:\n    cmd: x\n    de|\n    outs: [y]\n', 'stages/a · key · de · cmd outs');
  check('a new line behind a stage', 'stages:\n  a:\n    cmd: x\n    |', 'stages/a · key ·  · cmd');
  check('the value of a key', 'stages:\n  a:\n    wdir: sr|', 'stages/a/wdir · value · sr · ');
  check('an item', 'stages:\n  a:\n    deps:\n      - src/|', 'stages/a/deps/0 · key · src/ · ');
  check(
    'an item at the column of its key',
    'stages:\n  a:\n    deps:\n    - x\n    - |',
    'stages/a/deps/0 · key ·  · ',
  );
  check('an item without a dash', 'stages:\n  a:\n    deps:\n      s|', 'stages/a/deps · key · s · ');
  check('in brackets', 'stages:\n  a:\n    deps: [x, sr|]', 'stages/a/deps/0 · value · sr · ');
  check(
    'a key of another file',
    'stages:\n  a:\n    params:\n      - c.yaml:\n          - tr|',
    'stages/a/params/0/c.yaml/0 · key · tr · ',
  );
  check(
    'options of an output',
    'stages:\n  a:\n    outs:\n      - m:\n          ca|',
    'stages/a/outs/0/m · key · ca · ',
  );
  check('in a group', 'stages:\n  a:\n    foreach: [1]\n    do:\n      |', 'stages/a/do · key ·  · ');
  check(
    'behind a text of several lines',
    'stages:\n  a:\n    cmd: |-\n      k: v\n    |'.replace('|-', '>-'),
    'stages/a · key ·  · cmd',
  );
  check('inside of such a text', 'stages:\n  a:\n    cmd: >\n      k: v\n      x |', 'stages/a/cmd · value ·  · ');
});

describe('what is offered', () => {
  const params = 'train:\n  lr: 0.1\nseed: 7\nmodels: [cnn, mlp]\n';
  const folders: Record<string, CompletionFacts['entries']> = {
    '': [
      { name: 'src', isFolder: true },
      { name: 'data.csv', isFolder: false },
      { name: 'conf.yaml', isFolder: false },
      { name: 'dvc.yaml', isFolder: false },
    ],
    'src': [{ name: 'train.py', isFolder: false }],
  };

  /** Labels with their details, and the line after the first choice was taken. */
  const check = (name: string, marked: string, labels: readonly string[], line: string): void =>
    it(name, () => {
      const { text, ...position } = split(marked);
      const plan = planCompletion({ file: 'dvc.yaml', text, ...position });
      const { wants, stage } = plan;
      const files = new Map([['params.yaml', { text: params, value: parseParams(params, 'params.yaml').value }]]);
      const offered = toCompletions(plan, {
        entries: wants.kind === 'paths' || wants.kind === 'params' ? (folders[wants.folder] ?? []) : [],
        params: wants.kind === 'params' ? files.get(wants.file)?.value : undefined,
        variables: listVariables(readEditedText(text, 'dvc.yaml')!, stage, files),
      });
      const shown = offered.map(({ label, detail }) => `${label}${detail === '' ? '' : ` (${detail})`}`);
      expect(shown).toEqual(labels);
      const [first] = offered;
      const after = applyEdits(text, [{ file: 'dvc.yaml', range: first!.range, text: first!.text }]);
      expect(
        after
          .split('\n')
          .slice(position.line - 1)
          .join('\n'),
      ).toBe(line);
    });

  check(
    'keys of the file',
    'vars: []\n|',
    ['stages', 'params', 'metrics', 'plots', 'artifacts', 'datasets'],
    'stages:\n  $0',
  );
  check(
    'keys of a stage that are not there yet, the needed one marked',
    'stages:\n  a:\n    deps: [x]\n    params: []\n    |\n    outs: []\n',
    ['cmd (*)', 'metrics', 'plots', 'wdir', 'desc', 'vars', 'frozen', 'always_changed', 'matrix', 'meta'],
    '    cmd: $0\n    outs: []\n',
  );
  check('keys of a group that has begun', 'stages:\n  a:\n    foreach: [1]\n    |', ['do (*)'], '    do:\n      $0');
  check(
    'no matrix inside of a foreach',
    'stages:\n  a:\n    foreach: [1]\n    do:\n      cmd: x\n      deps: []\n      params: []\n      outs: []\n      desc: x\n      vars: []\n      frozen: true\n      |',
    ['metrics', 'plots', 'wdir', 'always_changed', 'meta'],
    '      metrics:\n        - $0',
  );
  check('flags', 'stages:\n  a:\n    frozen: |', ['true', 'false'], '    frozen: true');
  check(
    'options of an output',
    'stages:\n  a:\n    outs:\n      - m:\n          p|',
    ['desc', 'type', 'labels', 'meta', 'cache', 'persist', 'checkpoint', 'remote', 'push'],
    '          desc: $0',
  );
  check(
    'dependencies: what other stages make, then what is there',
    'stages:\n  a:\n    cmd: x\n    outs: [out.txt]\n  b:\n    deps:\n      - |\n    outs: [own.txt]\n',
    ['out.txt (a)', 'src/', 'data.csv', 'conf.yaml', 'dvc.yaml'],
    '      - out.txt\n    outs: [own.txt]\n',
  );
  check('in a folder', 'stages:\n  a:\n    deps: [src/t|]', ['src/train.py'], '    deps: [src/train.py]');
  check(
    'a list that has no dash yet',
    'stages:\n  a:\n    deps:\n      s|',
    ['src/', 'data.csv', 'conf.yaml', 'dvc.yaml'],
    '      - src',
  );
  check('folders', 'stages:\n  a:\n    wdir: |', ['src/'], '    wdir: src');
  check(
    'params, then files of params',
    'stages:\n  a:\n    params:\n      - |',
    ['train', 'train.lr (0.1)', 'seed (7)', 'models (["cnn", "mlp"])', 'conf.yaml:'],
    '      - train',
  );
  check(
    'names',
    'stages:\n  a:\n    cmd: run ${|}\n',
    ['train ({…})', 'train.lr (0.1)', 'seed (7)', 'models (["cnn", "mlp"])'],
    '    cmd: run ${train}\n',
  );
  check(
    'names in a group',
    'vars: [{own: {k: 1}}]\nstages:\n  a:\n    foreach: {p: {x: 1}, q: {x: 2}}\n    do:\n      cmd: ${it|\n',
    [
      'train ({…})',
      'train.lr (0.1)',
      'seed (7)',
      'models (["cnn", "mlp"])',
      'own ({…})',
      'own.k (1)',
      'key (p, q)',
      'item ({…})',
      'item.x (1, 2)',
    ],
    '      cmd: ${train}\n',
  );
  check(
    'lists for a group',
    'stages:\n  a:\n    foreach: |',
    ['train ({…})', 'models (["cnn", "mlp"])'],
    '    foreach: ${train}',
  );
});
