import { replace, type Project } from './project.ts';

const groups: Record<string, Project> = {
  'foreach over a list': {
    files: {
      'dvc.yaml':
        'stages: {t: {foreach: [a, 1, 0.10, true, null, a], do: {cmd: "echo ${item} > o-${item}", outs: ["o-${item}"]}}}',
    },
    edits: {
      'an item more': { 'dvc.yaml': replace('[a,', '[a, b,') },
      'an item less': { 'dvc.yaml': replace('[a, 1,', '[a,') },
    },
  },
  'foreach over a mapping': {
    files: {
      'dvc.yaml':
        'stages: {t: {foreach: {u: {e: 1e-5}, v: {e: 2}, 3: {e: x}}, do: {cmd: "echo ${item.e} > ${key}.o", outs: ["${key}.o"]}}}',
    },
    edits: { 'an item': { 'dvc.yaml': replace('e: 2', 'e: 3') } },
  },
  'foreach over lists and mappings': {
    files: {
      'dvc.yaml': 'stages: {t: {foreach: [{n: a}, {n: [b]}], do: {cmd: "echo ${item.n} > o", deps: [i]}}}'.replace(
        '{n: [b]}',
        '{n: b}',
      ),
      'i': '',
    },
  },
  'foreach over what params say': {
    files: {
      'dvc.yaml':
        'stages:\n  t: {foreach: "${models}", do: {cmd: "echo ${item} ${lr} > t-${item}", outs: ["t-${item}"]}}\n  u: {foreach: "${maps}", do: {cmd: "echo ${item.v} > u-${key}", outs: ["u-${key}"]}}\n',
      'params.yaml': 'models: [a, true]\nlr: 1.0\nmaps: {x: {v: 1}, 5: {v: 2}, y: {v: 3}}',
    },
    edits: {
      'a model more': { 'params.yaml': replace('[a, true]', '[a, true, b]') },
      'the rate': { 'params.yaml': replace('1.0', '2.0') },
    },
  },
  'foreach with texts filled in': {
    files: {
      'dvc.yaml':
        'stages: {t: {foreach: ["x${n}", "${flag}", "${n}"], do: {cmd: "echo ${item} > ${item}.o", outs: ["${item}.o"]}}}',
      'params.yaml': 'n: 1\nflag: true',
    },
  },
  'foreach with everything in a stage': {
    files: {
      'dvc.yaml':
        'stages:\n  t:\n    foreach: [a, b]\n    do:\n      wdir: d\n      cmd: cat ${item}.in > ${item}.out\n      deps: ["${item}.in"]\n      params: [p.yaml: ["${item}.lr"]]\n      metrics: ["${item}.out": {cache: false}]\n      frozen: false\n      matrix: {x: [1]}\n',
      'd/a.in': '1',
      'd/b.in': '2',
      'd/p.yaml': 'a: {lr: 1}\nb: {lr: 2}',
    },
    edits: { 'the input of one': { 'd/b.in': '3' }, 'the param of one': { 'd/p.yaml': 'a: {lr: 3}\nb: {lr: 2}' } },
  },
  'matrix': {
    files: {
      'dvc.yaml':
        'stages: {t: {matrix: {m: [a, b], n: [1, 2.5]}, cmd: "echo ${item.m} ${item.n} > ${key}.o", outs: ["${key}.o"]}}',
    },
    edits: { 'a value more': { 'dvc.yaml': replace('[a, b]', '[a, b, c]') } },
  },
  'matrix of lists and mappings': {
    files: {
      'dvc.yaml':
        'stages: {t: {matrix: {a: "${l}", b: [1, "${s}", "${flag}"], c: [[1], x]}, cmd: "echo ${item.a} ${item.b} > ${key}.o", outs: ["${key}.o"]}}',
      'params.yaml': 'l: [x, {q: 1}]\ns: hello\nflag: false',
    },
  },
  'matrix of the keys of a mapping': {
    files: {
      'dvc.yaml': 'stages: {t: {matrix: {a: "${m}"}, cmd: "echo ${item.a} > ${key}.o", outs: ["${key}.o"]}}',
      'params.yaml': 'm: {u: 1, v: 2}',
    },
  },
  'an empty group': {
    files: { 'dvc.yaml': 'stages: {t: {foreach: [], do: {cmd: echo}}, s: {cmd: echo > o, outs: [o]}}' },
  },
};

const wholeFiles: Record<string, Project> = {
  'several files': {
    files: {
      'dvc.yaml': 'stages: {last: {cmd: cat a/o b/c/p > o, deps: [a/o, b/c/p], outs: [o]}}',
      'a/dvc.yaml': 'stages: {s: {cmd: "cat ../b/c/p > o; echo ${x} >> o", deps: [../b/c/p], params: [x], outs: [o]}}',
      'a/params.yaml': 'x: 1',
      'b/dvc.yaml':
        'stages: {s: {wdir: c, cmd: cat ../../i > p, deps: [../../i], outs: [p]}, up: {wdir: .., cmd: echo > q, outs: [q]}}',
      'b/c/x': '',
      'i': '1',
    },
    edits: {
      'the first input': { i: '2' },
      'params of one': { 'a/params.yaml': 'x: 2' },
      'the lock of one gone': { 'b/dvc.lock': null },
    },
  },
  'anchors and merge keys': {
    files: {
      'dvc.yaml':
        'stages:\n  a: &a\n    cmd: &c echo > o\n    deps: [i]\n    outs: [o]\n  b:\n    <<: *a\n    outs: [p]\n    cmd: cat i > p\n  c: {<<: [{outs: [q]}, *a], cmd: echo > q}\n',
      'i': '1',
    },
    edits: { 'the input': { i: '2' } },
  },
  'sections outside of stages': {
    files: {
      'dvc.yaml': `params: [p.yaml, "\${x}"]
metrics: [m.json, "\${x}.json"]
plots:
  - a.csv
  - b.csv:
  - id: {x: col, y: [a, b], x_label: l, y_label: m, title: "\${x}", template: linear}
  - c: {x: {f.csv: a}, y: {f.csv: [a, b], g.csv: c}}
  - d: {}
    e: {y: col}
artifacts:
  model: {path: m, type: model, desc: d, labels: [a], meta: {any: 1}}
  "\${x}-1": {path: "\${x}"}
datasets: [{name: d, type: dc, url: x}]
vars: [{x: v}]
stages: {s: {cmd: echo > o, outs: [o]}}
`,
    },
  },
  'comments, flow and quotes': {
    files: {
      'dvc.yaml': `# about
"stages": {  # here
  's': {"cmd": "echo > o", 'outs': ["o"], deps: [  ]} }
`,
    },
  },
  'no stages': { files: { 'dvc.yaml': 'vars: [{a: 1}]\n' } },
  'an empty dvc.yaml': { files: { 'dvc.yaml': '# nothing\n' } },
};

export const fileProjects: Readonly<Record<string, Project>> = { ...groups, ...wholeFiles };
