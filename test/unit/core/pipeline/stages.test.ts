import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { parsePipeline } from '../../../../src/core/pipeline/stages.ts';
import { commandsOf, type Stage } from '../../../../src/core/pipeline/stage.ts';
import { resolveBeside } from './resolving.ts';

interface Read {
  stages: readonly Stage[];
  problems: string[];
}

function read(text: string, files: Record<string, string> = {}, file = 'dvc.yaml'): Read {
  const { value, problems } = parsePipeline(text, file);
  if (value === undefined) return { stages: [], problems: problems.map(formatProblem) };
  const resolved = resolveBeside(value, files);
  return { stages: resolved.value ?? [], problems: [...problems, ...resolved.problems].map(formatProblem) };
}

function readClean(text: string, files: Record<string, string> = {}, file = 'dvc.yaml'): readonly Stage[] {
  const { stages, problems } = read(text, files, file);
  expect(problems).toEqual([]);
  return stages;
}

describe('stages', () => {
  it('everything that a stage can say', () => {
    const [stage] = readClean(`stages:
  train:
    desc: a stage
    cmd: [a, b]
    wdir: sub
    deps: [../in, x/./y]
    params: [lr, train.epochs, other.yaml: [k], whole.json:, lr]
    outs:
      - out: {cache: false, persist: true, desc: d, labels: [x], meta: {any: 1}, push: false}
    metrics: [m.json]
    plots: [p.csv: {x: a, y: b, header: true}]
    frozen: true
    always_changed: true
    meta: anything
`);
    expect(stage).toMatchObject({
      name: 'train',
      place: { file: 'dvc.yaml', line: 2, column: 3 },
      cmd: ['a', 'b'],
      wdir: 'sub',
      frozen: true,
      alwaysChanged: true,
    });
    expect(stage!.deps.map(({ path, file }) => [path, file])).toEqual([
      ['../in', 'in'],
      ['x/./y', 'sub/x/y'],
    ]);
    expect(stage!.params.map(({ path, file, keys }) => [path, file, keys])).toEqual([
      ['params.yaml', 'sub/params.yaml', ['lr', 'train.epochs']],
      ['other.yaml', 'sub/other.yaml', ['k']],
      ['whole.json', 'sub/whole.json', []],
    ]);
    expect(stage!.outs.map(({ file, kind, cache, persist }) => [file, kind, cache, persist])).toEqual([
      ['sub/out', 'out', false, true],
      ['sub/m.json', 'metric', true, false],
      ['sub/p.csv', 'plot', true, false],
    ]);
  });

  it('a nested file has its own folder and addresses', () => {
    const [stage] = readClean('stages: {a: {cmd: x, wdir: .., outs: [o]}}', {}, 'sub/dvc.yaml');
    expect(stage).toMatchObject({ name: 'sub/dvc.yaml:a', key: 'a', wdir: '' });
  });

  it.each([
    ['one', ['one']],
    ['a\nb\n', ['a', 'b']],
    ['a\r\n\nb', ['a', '', 'b']],
    [
      ['a\nb', 'c'],
      ['a\nb', 'c'],
    ],
  ])('commands of %j', (cmd, commands) => expect(commandsOf(cmd)).toEqual(commands));
});

describe('groups are named as DVC names them', () => {
  const names = (text: string, files = {}): [string, string][] =>
    readClean(text, files).map(({ name, cmd }) => [name, String(cmd)]);

  it('foreach over a list', () =>
    expect(names('stages: {t: {foreach: [a, 1, 0.10, true, null], do: {cmd: "x ${item}"}}}')).toEqual([
      ['t@a', 'x a'],
      ['t@1', 'x 1'],
      ['t@0.1', 'x 0.1'],
      ['t@true', 'x true'],
      ['t@None', 'x None'],
    ]));

  it('foreach over composite items', () =>
    expect(names('stages: {t: {foreach: [{n: a}, {n: b}], do: {cmd: "x ${item.n}"}}}')).toEqual([
      ['t@0', 'x a'],
      ['t@1', 'x b'],
    ]));

  it('foreach over a mapping, with keys filled in too', () => {
    const stages = readClean(
      'stages: {t: {foreach: {u: {e: 1e-5}, v: {e: 2}}, do: {cmd: "x ${key} ${item.e}", params: [{"c/${key}.yaml": [k]}], outs: ["m/${key}"]}}}',
    );
    expect(stages.map(({ name, cmd, params, outs }) => [name, cmd, params[0]!.file, outs[0]!.file])).toEqual([
      ['t@u', 'x u 1e-05', 'c/u.yaml', 'm/u'],
      ['t@v', 'x v 2', 'c/v.yaml', 'm/v'],
    ]);
  });

  it('foreach over a list from params.yaml', () =>
    expect(
      names('stages: {t: {foreach: "${models}", do: {cmd: "x ${item} ${lr}"}}}', {
        'params.yaml': 'models: [a, true]\nlr: 1.0',
      }),
    ).toEqual([
      ['t@a', 'x a 1.0'],
      ['t@True', 'x true 1.0'],
    ]));

  it('matrix', () =>
    expect(names('stages: {t: {matrix: {m: [a, b], n: [1, {x: 2}]}, cmd: "x ${item.m} ${key}"}}')).toEqual([
      ['t@a-1', 'x a a-1'],
      ['t@a-n1', 'x a a-n1'],
      ['t@b-1', 'x b b-1'],
      ['t@b-n1', 'x b b-n1'],
    ]));
});

describe('interpolation', () => {
  const files = { 'params.yaml': 'a: {b: [10, x]}\nflag: true\nnothing:\nname: n' };
  it.each([
    ['${a.b[0]}', '10'],
    ['${a.b.1} and ${ a.b[1] }', 'x and x'],
    ['${flag}-${nothing}', 'true-None'],
    [String.raw`\${name} ${'${name}'}`, '${name} n'],
    ['$name ${name}', '$name n'],
  ])('%s', (cmd, filled) => {
    const { stages } = read(`stages: {s: {cmd: '-${cmd}'}}`, files);
    expect(stages[0]!.cmd).toBe(`-${filled}`);
  });

  it('vars: files, parts of files, inline', () => {
    const [stage] = readClean(
      'vars: [v.yaml, "w.json:p,q", {mine: {deep: 1}}]\nstages: {s: {cmd: "${name} ${x} ${p} ${mine.deep} ${mine.more}"}}',
      { ...files, 'v.yaml': 'x: 1\nmine: {more: 2}', 'w.json': '{"p": 1.0, "q": 2, "x": 3}' },
    );
    expect(stage!.cmd).toBe('n 1 1.0 1 2');
  });
});

describe('what is wrong is said at its place', () => {
  const files = { 'params.yaml': 'a: {b: 1}\nlist: [1]', 'w.yaml': 'k: 1' };
  const table: [string, string, string?][] = [
    ['unknown key', 'stages:\n  a:\n    cmd: x\n    out: [y]', 'dvc.yaml:4:5: error: Unknown key "out".'],
    ['unknown top key', 'stage: {}', 'dvc.yaml:1:1: error: Unknown key "stage".'],
    ['no cmd', 'stages:\n  a: {deps: [x]}', 'dvc.yaml:2:6: error: "cmd" is missing.'],
    ['wrong type', 'stages:\n  a:\n    cmd: x\n    deps: y', 'dvc.yaml:4:11: error: This must be a list.'],
    [
      'foreach with more',
      'stages:\n  a: {foreach: [1], do: {cmd: x}, cmd: y}',
      'dvc.yaml:2:35: error: Unknown key "cmd".',
    ],
    [
      'a name that no address can reach',
      'stages:\n  a@b: {cmd: x}',
      'dvc.yaml:2:3: error: "a@b" is no name for a stage: @ stands before the item of a group.',
    ],
    [
      'a name that is hard to address',
      'stages:\n  a.b: {cmd: x}',
      'dvc.yaml:2:3: warning: "a.b" is hard to address: of ASCII punctuation only - and _ belong in a stage\'s name.',
    ],
    ['unknown variable', 'stages:\n  a:\n    cmd: ${nope}', "dvc.yaml:3:10: error: a: Could not find 'nope'."],
    [
      'an expression',
      'stages:\n  a:\n    cmd: ${1..2}',
      'dvc.yaml:3:10: error: a: ${1..2} is no name: DVC fills in names like ${a.b} and ${a[0]} only.',
    ],
    [
      'a list in text',
      'stages:\n  a:\n    cmd: x ${list}',
      'dvc.yaml:3:10: error: a: ${list} is a list; only single values can be filled in here.',
    ],
    [
      'redefinition',
      'vars: [{a: {b: 2}}]\nstages: {}',
      'dvc.yaml:1:8: error: "a.b" is defined already; DVC allows no redefinition.',
    ],
    ['missing vars file', 'vars: [no.yaml]', 'dvc.yaml:1:8: error: no.yaml does not exist.'],
    [
      'a mapping where none may stand',
      'stages:\n  a:\n    cmd: x\n    wdir: ${a}',
      'dvc.yaml:4:11: error: a: ${a} is a mapping; only cmd takes one, as flags.',
    ],
    [
      'a mapping alone as command',
      'stages:\n  a:\n    cmd: ${a}',
      'dvc.yaml:3:10: error: a: ${a} alone is no command: the mapping becomes flags behind a program.',
    ],
    [
      'nested lists as flags',
      'vars: [{m: {l: [[1]]}}]\nstages: {a: {cmd: "x ${m}"}}',
      'dvc.yaml:2:19: error: a: ${m}: "l" is a list of lists, which makes no flag.',
    ],
    [
      'unknown variable in meta',
      'stages:\n  a:\n    cmd: x\n    meta: {x: "${nope}"}',
      "dvc.yaml:4:11: error: a: Could not find 'nope'.",
    ],
    ['unknown variable outside of stages', 'metrics:\n  - ${nope}', "dvc.yaml:2:5: error: Could not find 'nope'."],
    [
      'name of an artifact',
      'artifacts:\n  "${list}": {path: x}',
      'dvc.yaml:2:3: error: The name of an artifact must be text.',
    ],
    ['vars that are filled in', 'vars: [{x: "${a.b}"}]', 'dvc.yaml:1:8: error: vars can not be filled in with ${…}.'],
    [
      'vars with a date',
      'vars: [{x: [2024-01-31]}]',
      'dvc.yaml:1:8: error: "x.0" is a date, which DVC refuses in files of ${…}; write it as text.',
    ],
    [
      'vars of a stage: redefinition',
      'stages:\n  a: {cmd: x, vars: [{list: 2}]}',
      'dvc.yaml:2:22: error: "list" is defined already; DVC allows no redefinition.',
    ],
    [
      'vars of a stage: no such file',
      'stages:\n  a: {cmd: x, wdir: d, vars: [v.yaml]}',
      'dvc.yaml:2:31: error: d/v.yaml does not exist.',
    ],
    [
      'vars of a stage: no such key',
      'stages:\n  a: {cmd: x, vars: ["w.yaml:b"]}',
      'dvc.yaml:2:22: error: There is no "b" in w.yaml.',
    ],
    [
      'vars of a stage: loaded in part',
      'stages:\n  a: {cmd: x, vars: ["w.yaml:k", w.yaml]}',
      'dvc.yaml:2:34: error: w.yaml is loaded already, whole or in part.',
    ],
    [
      'vars of a group: its own name',
      'stages:\n  a: {foreach: [1], do: {cmd: x, vars: [{item: 2}]}}',
      'dvc.yaml:2:41: error: "item" is the group\'s own name; vars can not define it.',
    ],
    [
      'a list of plots',
      'stages:\n  a: {cmd: x, plots: [p.csv: [{x: a}]]}',
      'dvc.yaml:2:30: error: a: A list of plots belongs to the section "plots" of the file.',
    ],
    [
      'params of a file as text',
      'stages:\n  a: {cmd: x, params: [p.yaml: k]}',
      'dvc.yaml:2:32: error: a: Names of params must be a list.',
    ],
    [
      'a merge key of no mapping',
      'stages:\n  a: {<<: 5}',
      'dvc.yaml:2:7: error: Not readable as DVC reads it: what << merges must be a mapping.',
    ],
    ['empty cmd', 'stages: {a: {cmd: ""}}', 'dvc.yaml:1:19: error: a: cmd is empty.'],
    [
      'dvc.yaml as output',
      'stages: {a: {cmd: x, outs: [dvc.yaml]}}',
      'dvc.yaml:1:29: error: a: dvc.yaml belongs to DVC: it can be neither a dependency nor an output.',
    ],
    ['duplicate stage', 'stages:\n  a: {cmd: x}\n  a: {cmd: y}', 'dvc.yaml:3:3: error: Map keys must be unique'],
  ];
  it.each(table)('%s', (_, text, problem) => expect(read(text, files).problems[0]).toBe(problem));
});

describe('what only DVC can do makes a warning, and no other stage suffers', () => {
  it.each([
    ['deps: [s3://bucket/x]', 's3://bucket/x (only DVC reaches it)'],
    ['deps: ["remote://r/x"]', 'remote://r/x (only DVC reaches it)'],
    ['deps: ["ds://name"]', 'ds://name (a dataset)'],
    ['outs: ["s3://b/x": {cache: false}]', 's3://b/x (only DVC reaches it)'],
  ])('%s', (line, what) => {
    const { stages, problems } = read(`stages:\n  s:\n    cmd: x\n    ${line}\n  t: {cmd: y}\n`);
    expect(stages.map(({ name, unsupported }) => [name, unsupported])).toEqual([
      ['s', [what]],
      ['t', []],
    ]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^dvc\.yaml:4:\d+: warning: s: Needs DVC: /);
  });
});

describe('paths', () => {
  it.each([
    ['./a/../b', './a/../b', 'w/b'],
    ['../../x', '../../x', '../x'],
    ['/etc/hosts', '/etc/hosts', '../../etc/hosts'],
    ['/home/p/a/b', '../a/b', 'a/b'],
    ['/home/p/w/./c', 'c', 'w/c'],
    ['/home/pp', '/home/pp', '../pp'],
  ])('%s is locked as %s and stands at %s', (written, path, file) => {
    const [stage] = readClean(`stages: {s: {cmd: x, wdir: w, deps: [${written}]}}`);
    expect(stage!.deps[0]).toMatchObject({ path, file });
  });

  it('a folder outside', () => {
    const [one, two] = readClean('stages: {a: {cmd: x, wdir: ../o, deps: [i]}, b: {cmd: x, wdir: /tmp}}');
    expect([one!.wdir, one!.deps[0]!.file, two!.wdir]).toEqual(['../o', '../o/i', '../../tmp']);
  });
});

it('merge keys: what stands in the stage decides, the first of several sources before the second', () => {
  const stages = readClean('stages:\n  a: &a {cmd: x, deps: [i]}\n  b: {<<: *a, cmd: y}\n  c: {<<: [{cmd: z}, *a]}\n');
  expect(stages.map(({ cmd, deps }) => [cmd, deps.length])).toEqual([
    ['x', 1],
    ['y', 1],
    ['z', 1],
  ]);
});

it('vars of a stage are its own, and read from its folder', () => {
  const stages = readClean(
    'vars: [{w: sub}]\nstages:\n  a: {wdir: "${w}", vars: [v.yaml, {y: {z: 2}}], cmd: "${x} ${y.z}"}\n  b: {vars: [{x: 5}], cmd: "-${x}"}\n',
    { 'sub/v.yaml': 'x: 1' },
  );
  expect(stages.map(({ cmd }) => cmd)).toEqual(['1 2', '-5']);
});

it.each([
  ['billion laughs', `a: &a [x,x]\n${Array.from({ length: 200 }, (_, i) => `b${i}: &b${i} [*a,*a,*a]`).join('\n')}`],
  ['an alias that holds itself', 'stages:\n  a: &a {cmd: x, meta: *a}'],
  ['an alias without anchor', 'stages: *x'],
  [
    'nested laughs',
    `a: &a [x,x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`},*${i === 0 ? 'a' : `b${i - 1}`},*${i === 0 ? 'a' : `b${i - 1}`}]`).join('\n')}`,
  ],
  ['deep nesting', '['.repeat(100_000)],
  ['too long', `stages: {}\n#${'x'.repeat(9 << 20)}`],
  ['a tag', 'stages: !!js/function "x"'],
  ['__proto__ key', 'stages:\n  a: {cmd: x, __proto__: {y: 1}}'],
])('hostile YAML ends in a problem: %s', (_, text) => {
  const { stages, problems } = read(text);
  expect(stages).toEqual([]);
  expect(problems.length).toBeGreaterThan(0);
});
