import type { GroundFiles } from '../dvcground.ts';
import { one, replace, type Project } from './project.ts';

const params: Record<string, Project> = {
  'params': {
    ...one('params: [lr, train.layers, train.layers.1, "5", n, t]', {
      'params.yaml': 'lr: 1e-5\ntrain: {layers: [64, 64.0, "64"]}\n5: five\nn:\nt: true\nu: 1\n',
    }),
    edits: {
      'written otherwise': { 'params.yaml': replace('1e-5', '0.00001') },
      'an int for a float': { 'params.yaml': replace('64.0', '64') },
      'a text for a number': { 'params.yaml': replace('"64"', '64') },
      '1 for true': { 'params.yaml': replace('t: true', 't: 1') },
      'another value': { 'params.yaml': replace('1e-5', '1e-4') },
      'another one, not tracked': { 'params.yaml': replace('u: 1', 'u: 2') },
      'one more': { 'dvc.yaml': replace('lr, ', 'lr, u, ') },
      'one less': { 'dvc.yaml': replace('lr, ', '') },
    },
  },
  'a params file of another name': {
    ...one('params: [p.yaml: [a.b], "conf/q.yaml": [x, y]]', {
      'p.yaml': 'a: {b: [1, {c: 2}]}',
      'conf/q.yaml': 'x: é\ny: "0123"',
    }),
    edits: { 'a value': { 'p.yaml': 'a: {b: [1, {c: 3}]}' }, 'order of keys': { 'conf/q.yaml': 'y: "0123"\nx: é' } },
  },
  'a whole params file': {
    ...one('params: [p.yaml: , q.json: [], r.yaml: {}]', {
      'p.yaml': 'b: 1\na: {z: 1, y: [2]}',
      'q.json': '{"b": [1, 1.0, 1e5], "a": null}',
      'r.yaml': 'k: 1',
    }),
    edits: {
      'a key more': { 'p.yaml': 'b: 1\na: {z: 1, y: [2]}\nc: 1' },
      'a key less': { 'q.json': '{"a": null}' },
      'a value': { 'r.yaml': 'k: 2' },
    },
  },
  'whole and in part': {
    ...one('params: [lr, p.yaml: [a], params.yaml: , p.yaml: [b]]', {
      'p.yaml': 'a: 1\nb: 2\nc: 3',
      'params.yaml': 'lr: 1\nx: 2',
    }),
    edits: { 'another key': { 'params.yaml': 'lr: 1\nx: 3' }, 'not tracked': { 'p.yaml': 'a: 1\nb: 2\nc: 4' } },
  },
  'JSON': {
    ...one('params: [p.json: [a, b.0, c]]', { 'p.json': '{"a": 1.50, "b": [true, 2], "c": 12345678901234567890}' }),
    edits: { 'a value': { 'p.json': '{"a": 1.5, "b": [1, 2], "c": 12345678901234567891}' } },
  },
  'TOML': {
    ...one('params: [p.toml: [title, owner, "fruit", fruit.1.name, n.x, text]]', {
      'p.toml': `title = "x" # comment
text = """
a \\
   b\\t\\u00e9"""
n.x = 1_000
n."y z" = 0x1F
[owner]
name = 'Tom\\'
lr = 1e-5
nested = [1, 2.0, [true], {a = 1, b.c = 2}]
[[fruit]]
name = "a"
[fruit.size]
w = -1.5
[[fruit]]
name = "b"
`,
    }),
    edits: {
      'a value': { 'p.toml': replace('1e-5', '1e-6') },
      'the same': { 'p.toml': replace('1_000', '1000') },
      'a table': { 'p.toml': replace('w = -1.5', 'w = -2.5') },
    },
  },
  'a whole TOML file': {
    ...one('params: [p.toml: ]', { 'p.toml': 'b = 1.0\n[a]\nx = [1, 2]\n' }),
    edits: { 'a key more': { 'p.toml': 'b = 1\nc = 2\n[a]\nx = [1, 2]\n' } },
  },
  'Python': {
    ...one('params: [p.py: [A, B, T, T.1, D, neg, s, raw, Train, Train.Inner.depth, top, paren, match]]', {
      'p.py': `import os
A = 1
B: float = 1e-5
C: int
T = (1, "a")
D = {"a": [1, None], 'b': True}
F = f"x{A}"
G = lambda x: 1
neg = -5; pos = +.5
s = 'a' "b" """c
d"""
raw = r"\\n"
if A:
    B = 3
def f(x):
    A = 5
class Train(object):
    """doc"""
    lr = 0.1  # comment
    class Inner: depth = 3; width = 4
    def __init__(self, x=1):
        self.own = [7,
            8]
        local = 8
def __init__(self):
    self.top = 0x1F
match = 3
x[0] = 1
paren = (5)
call = int("3")
A = 2
`,
    }),
    edits: {
      'a value': { 'p.py': replace('lr = 0.1', 'lr = 0.2') },
      'a tuple as a list': { 'p.py': replace('(1, "a")', '[1, "a"]') },
      'a tuple': { 'p.py': replace('(1, "a")', '(2, "a")') },
      'a comment': { 'p.py': replace('# comment', '# other') },
    },
  },
  'a whole Python file': {
    ...one('params: [p.py: ]', { 'p.py': 'A = 1\nB = 1, 2\nclass C:\n\tx = "é"\n' }),
    edits: { 'a class more': { 'p.py': 'A = 1\nB = 1, 2\nclass C:\n\tx = "é"\nclass D: y = 1\n' } },
  },
  'params by pattern': {
    ...one('params: ["*.c", "a.?", "l.-1", "**.w", "q[xy].z", "r[!x]"]', {
      'params.yaml': 'a: {c: 2}\nl: [4, 5]\nx: {y: {z: {w: 1}}}\nqx: {z: 1}\nry: 1\n',
    }),
    edits: { 'a value': { 'params.yaml': replace('[4, 5]', '[4, 6]') } },
  },
  'params of the folder': {
    files: {
      'dvc.yaml': 'stages: {s: {wdir: sub, cmd: echo > o, params: [a, ../params.yaml: [a]], outs: [o]}}',
      'params.yaml': 'a: 1',
      'sub/params.yaml': 'a: 2',
    },
    edits: { 'the near one': { 'sub/params.yaml': 'a: 3' }, 'the far one': { 'params.yaml': 'a: 3' } },
  },
  'params that a stage makes': {
    files: {
      'dvc.yaml':
        'stages:\n  b: {cmd: echo > o, params: [p.yaml: [a]], outs: [o]}\n  a: {cmd: "cp i p.yaml", deps: [i], outs: [p.yaml]}\n',
      'i': 'a: 1',
    },
    edits: { 'its source': { i: 'a: 2' }, 'its source, elsewhere': { i: 'a: 1\nb: 2' } },
  },
};

const filled = (command: string, files: Record<string, string>, more = ''): GroundFiles => ({
  files: { 'dvc.yaml': `${more}stages:\n  s:\n    cmd: >-\n      echo ${command} > o\n    outs: [o]\n`, ...files },
});

const interpolation: Record<string, Project> = {
  'values in text': {
    ...filled("'${a} ${b} ${c} ${d} ${e} ${l[0]} ${l[-1]} ${m.n.o} ${ m.n[o] }'", {
      'params.yaml': 'a: 1\nb: 1.0\nc: true\nd:\ne: 1e-5\nl: [x, 10]\nm: {n: {o: 0o17}}',
    }),
    edits: {
      'a value': { 'params.yaml': replace('a: 1', 'a: 2') },
      'the same in text': { 'params.yaml': replace('1e-5', '0.00001') },
    },
  },
  'escapes': filled(String.raw`'\${a} $a $\${a} ${'${a}'}'`, { 'params.yaml': 'a: 1' }),
  'vars of files': {
    ...filled(
      "'${x} ${p} ${q} ${mine.deep} ${mine.more}'",
      { 'v.yaml': 'x: 1\nmine: {more: 2}', 'w.json': '{"p": 1.0, "q": 2, "r": 3}' },
      'vars: [v.yaml, "w.json:p,q", {mine: {deep: 1}}, v.yaml]\n',
    ),
    edits: {
      'one of them': { 'v.yaml': 'x: 2\nmine: {more: 2}' },
      'one that is not taken': { 'w.json': '{"p": 1.0, "q": 2, "r": 4}' },
    },
  },
  'vars of TOML and Python': filled(
    "'${a.b} ${c[1]} ${M.x} ${f}'",
    { 'v.toml': 'c = [1, 2.0]\n[a]\nb = "é"', 'v.py': 'f = -1.5\nclass M:\n  x = None\n' },
    'vars: [v.toml, v.py]\n',
  ),
  'vars of a stage': {
    files: {
      'dvc.yaml':
        'vars: ["l.yaml:b"]\nstages:\n  s:\n    wdir: "${w}"\n    vars: [v.yaml, {y: {z: 2}}, "../l.yaml:a", ../params.yaml]\n    cmd: echo ${x} ${y.z} ${y.q} ${a} ${b} > o\n    outs: [o]\n  t: {cmd: "echo ${y.q} > u", outs: [u]}\n',
      'params.yaml': 'w: sub\ny: {q: 1}',
      'l.yaml': 'a: 5\nb: 6',
      'sub/v.yaml': 'x: 3',
    },
    edits: { 'its file': { 'sub/v.yaml': 'x: 4' } },
  },
  'vars of the stages of a group': {
    files: {
      'dvc.yaml':
        'stages:\n  g:\n    foreach: [a, b]\n    do: {wdir: "${item}", vars: [v.yaml, {key: k}], cmd: "echo ${x} ${key} > o", outs: [o]}\n',
      'a/v.yaml': 'x: 1',
      'b/v.yaml': 'x: 2',
    },
    edits: { 'the vars of one': { 'b/v.yaml': 'x: 3' } },
  },
  'a mapping as flags': {
    ...filled('${m} ${m.sub}', {
      'params.yaml':
        'm: {a: 1, b: true, c: false, d: [1, true, null, 1.0, "a b", 1e-7], e: "it\'s é", f: null, g: "", h: [], i: {}, sub: {x: {y: 1e-5}}, 5: z}',
    }),
    edits: { 'one of them': { 'params.yaml': replace('c: false', 'c: true') } },
  },
  'a mapping as flags, as configured': {
    ...filled('${m}', { 'params.yaml': 'm: {b: true, c: false, d: [1, "a b"], n: {e: false}}' }),
    config: '[parsing]\n    bool = boolean_optional\n    list = append\n',
    edits: { 'configured otherwise': { '.dvc/config': replace('append', 'nargs') } },
  },
  'keys and everything else': {
    files: {
      'dvc.yaml':
        'stages:\n  s:\n    desc: about ${x}\n    meta: {a: "${n}"}\n    cmd: echo > a1\n    deps: ["${x}.in"]\n    params: ["${p}": ["${k}"]]\n    outs: ["${x}${n}": {cache: false, desc: "${x}"}]\n',
      'params.yaml': 'x: a\nn: 1\np: q.yaml\nk: lr',
      'q.yaml': 'lr: 1',
      'a.in': '',
    },
  },
  'a value that is no text': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: "echo ${v} > o", outs: [o]}}', 'params.yaml': 'v: 007\nw: yes' },
  },
};

export const valueProjects: Readonly<Record<string, Project>> = { ...params, ...interpolation };
