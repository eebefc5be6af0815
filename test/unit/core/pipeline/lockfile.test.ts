import { describe, expect, it } from 'vitest';
import { formatLock, parseLock, type LockFile, type LockedStage } from '../../../../src/core/pipeline/lockfile.ts';
import { integer, toPyMap, type PyValue } from '../../../../src/core/pipeline/values.ts';

const entry = (path: string, md5: string, more: object = {}) => ({
  path,
  md5,
  legacy: false,
  size: 6,
  nfiles: undefined,
  isexec: false,
  foreign: [],
  ...more,
});

const prepare: LockedStage = {
  cmd: 'python prepare.py',
  deps: [
    entry('z.py', '1234567890123456789012345678e123'),
    entry('a.py', 'b1946ac92492d2347c6235b4d2611184', { isexec: true }),
  ],
  params: new Map<string, ReadonlyMap<string, PyValue>>([
    [
      'conf/a.yaml',
      new Map<string, PyValue>([
        [
          'x',
          toPyMap([
            ['b', integer(1)],
            ['a', [{ kind: 'float', value: 2 }]],
          ]),
        ],
      ]),
    ],
    [
      'params.yaml',
      new Map<string, PyValue>([
        ['train.epochs', integer(10)],
        ['lr', { kind: 'float', value: 0.1 }],
      ]),
    ],
  ]),
  outs: [entry('data', '253db378146ec7452e4fd525933ace0b.dir', { size: 14, nfiles: 3 })],
};

const prepareText = `  prepare:
    cmd: python prepare.py
    deps:
    - path: a.py
      hash: md5
      md5: b1946ac92492d2347c6235b4d2611184
      size: 6
      isexec: true
    - path: z.py
      hash: md5
      md5: '1234567890123456789012345678e123'
      size: 6
    params:
      params.yaml:
        lr: 0.1
        train.epochs: 10
      conf/a.yaml:
        x:
          b: 1
          a:
          - 2.0
    outs:
    - path: data
      hash: md5
      md5: 253db378146ec7452e4fd525933ace0b.dir
      size: 14
      nfiles: 3
`;

function read(text: string): LockFile {
  const { value, problems } = parseLock(text, 'dvc.lock');
  expect(problems).toEqual([]);
  return value!;
}

describe('dvc.lock as DVC writes it', () => {
  it('a new file', () => {
    expect(formatLock(read(''), 'prepare', prepare)).toBe(`schema: '2.0'\nstages:\n${prepareText}`);
  });

  it('is read back', () => {
    const lock = read(`schema: '2.0'\nstages:\n${prepareText}`);
    const stage = lock.stages.get('prepare')!;
    expect(stage.deps.map(({ path, md5 }) => [path, md5])).toEqual([
      ['a.py', 'b1946ac92492d2347c6235b4d2611184'],
      ['z.py', '1234567890123456789012345678e123'],
    ]);
    expect(stage.params.get('params.yaml')!.get('lr')).toEqual({ kind: 'float', value: 0.1 });
    expect(formatLock(lock, 'prepare', prepare)).toBe(lock.text);
  });

  it('an unquoted number, upper case and a legacy entry are hashes all the same', () => {
    const lock = read(
      "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: p\n      md5: 12345678901234567890123456789012\n    - path: q\n      hash: md5\n      md5: ABCDEF00ABCDEF00ABCDEF00ABCDEF00\n",
    );
    expect(lock.stages.get('a')!.deps.map(({ md5, legacy }) => [md5, legacy])).toEqual([
      ['12345678901234567890123456789012', true],
      ['abcdef00abcdef00abcdef00abcdef00', false],
    ]);
  });
});

describe('everything but the entry stays byte by byte', () => {
  const other = `  # kept
  other:   # and this
    cmd: echo   "x"
    params:
      params.yaml:
        lr: 1e-05    # odd spacing
`;
  const table: [string, string, string][] = [
    [
      'entry replaced in the middle',
      `schema: '2.0'\nstages:\n  prepare:\n    cmd: old\n${other}`,
      `schema: '2.0'\nstages:\n${prepareText}${other}`,
    ],
    ['entry added behind', `schema: '2.0'\nstages:\n${other}`, `schema: '2.0'\nstages:\n${other}${prepareText}`],
    [
      'entry added before another section',
      `schema: '2.0'\nstages:\n${other}datasets: []\n`,
      `schema: '2.0'\nstages:\n${other}${prepareText}datasets: []\n`,
    ],
    [
      'no line break at the end',
      `schema: '2.0'\nstages:\n  prepare:\n    cmd: old`,
      `schema: '2.0'\nstages:\n${prepareText}`,
    ],
    [
      'comment below',
      `schema: '2.0'\nstages:\n  prepare:\n    cmd: old\n# the end\n`,
      `schema: '2.0'\nstages:\n${prepareText}# the end\n`,
    ],
    ['no stages', `schema: '2.0'\n`, `schema: '2.0'\nstages:\n${prepareText}`],
    ['empty stages', `schema: '2.0'\nstages:\n`, `schema: '2.0'\nstages:\n${prepareText}`],
    ['flow style is written anew', `schema: '2.0'\nstages: {}\n`, `schema: '2.0'\nstages:\n${prepareText}`],
    [
      'a folded command',
      `schema: '2.0'\nstages:\n  prepare:\n    cmd: a very\n      long one\n${other}`,
      `schema: '2.0'\nstages:\n${prepareText}${other}`,
    ],
  ];
  it.each(table)('%s', (_, before, after) => {
    expect(formatLock(read(before), 'prepare', prepare)).toBe(after);
  });

  it.each(['', '# read by the other reader\n'])('a new entry stands before the one that is named%s', (comment) => {
    const [first, last] = ['  first:\n    cmd: x\n', '  last:\n    cmd: y\n'];
    const text = `${comment}schema: '2.0'\nstages:\n${first}${last}`;
    const wanted = `${comment}schema: '2.0'\nstages:\n${first}${prepareText}${last}`;
    expect(formatLock(read(text), 'prepare', prepare, 'last')).toBe(wanted);
  });
});

describe('an entry whose text can not simply be replaced', () => {
  const table: [string, string][] = [
    ['an end marker', `schema: '2.0'\nstages:\n  other:\n    cmd: x\n...\n`],
    ['line ends of Windows', `schema: '2.0'\r\nstages:\r\n`],
    [
      'an anchor that another entry uses',
      `schema: '2.0'\nstages:\n  prepare:\n    cmd: &c old\n  other:\n    cmd: *c\n`,
    ],
  ];
  it.each(table)('%s', (_, before) => {
    const { stages } = read(formatLock(read(before), 'prepare', prepare));
    expect(stages.get('prepare')).toEqual(read(`schema: '2.0'\nstages:\n${prepareText}`).stages.get('prepare'));
    expect(stages.get('other')?.cmd).toEqual(read(before).stages.get('other')?.cmd);
  });
});

describe('what DVC refuses is refused with its place', () => {
  const table: [string, string][] = [
    ["schema: '1.0'\n", "dvc.lock:1:9: This is not a lock file of DVC 2 or 3 (schema: '2.0')."],
    ["schema: '2.0'\nstages:\n  a:\n    cmd: x\n    odd: 1\n", 'dvc.lock:5:10: Unknown key "odd".'],
    ["schema: '2.0'\nstages:\n  a: 3\n", 'dvc.lock:3:6: An entry must be a mapping.'],
    [
      "schema: '2.0'\nstages:\n<<<<<<< HEAD\n",
      'dvc.lock:3:1: Unresolved merge conflict. Keep either side and run the pipeline, which mends it.',
    ],
    ['stage:\n  cmd: x\n', "dvc.lock:1:1: This is not a lock file of DVC 2 or 3 (schema: '2.0')."],
    [
      "schema: '2.0'\nstages:\n  a: {<<: *x}\n",
      'dvc.lock:3:11: Unresolved alias (the anchor must be set before the alias): x',
    ],
  ];
  it.each(table)('%j', (text, message) => {
    const { value, problems } = parseLock(text, 'dvc.lock');
    expect(value).toBeUndefined();
    expect(problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`)[0]).toBe(message);
  });

  it.each([
    [
      'billion laughs',
      `schema: '2.0'\na: &a [x,x]\n${Array.from({ length: 200 }, (_, i) => `b${i}: [*a,*a]`).join('\n')}\n`,
    ],
    ['deep', `schema: '2.0'\nstages: ${'['.repeat(100_000)}`],
  ])('%s ends in a problem, quickly', (_, text) => {
    expect(parseLock(text, 'dvc.lock').value).toBeUndefined();
  });
});
