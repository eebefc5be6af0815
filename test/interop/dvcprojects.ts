import type { Edit, GroundFiles } from './dvcground.ts';

/** Small projects, one for each construct of dvc.yaml, with edits after which both engines must say the same. */
interface Project extends GroundFiles {
  readonly edits?: Readonly<Record<string, Edit>>;
}

const replace =
  (from: string, to: string) =>
  (text: string): string => {
    if (!text.includes(from)) throw new Error(`"${from}" is not in the text.`);
    return text.replace(from, to);
  };

/** A project of one stage "s" that writes `o`. */
const one = (fields: string, files: Record<string, string> = {}): GroundFiles => ({
  files: {
    'dvc.yaml': `stages:\n  s:\n    cmd: echo > o\n    outs: [o]\n${fields.replace(/^/gm, '    ')}\n`,
    ...files,
  },
});
const long = 'word '.repeat(40);

const commands: Record<string, Project> = {
  'a command': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: cat i > o, deps: [i], outs: [o]}}', 'i': '1' },
    edits: {
      'the command': { 'dvc.yaml': replace('cat i', 'cat  i') },
      'as a list': { 'dvc.yaml': replace('cat i > o', '[cat i > o]') },
      'a dependency more': { 'dvc.yaml': replace('[i]', '[i, dvc.txt]'), 'dvc.txt': '' },
      'the dependency': { i: '2' },
      'the output': { o: '2' },
      'the output gone': { o: null },
      'the cache gone': { '.dvc/cache': null },
      'the lock gone': { 'dvc.lock': null },
    },
  },
  'commands in a list': {
    files: { 'dvc.yaml': 'stages:\n  s:\n    cmd: [echo a > o, echo b >> o]\n    outs: [o]\n' },
    edits: { 'as text': { 'dvc.yaml': replace('[echo a > o, echo b >> o]', '"echo a > o\\necho b >> o"') } },
  },
  'commands in lines': {
    files: { 'dvc.yaml': 'stages:\n  s:\n    cmd: |\n      echo a > o\n\n      echo b >> o\n    outs: [o]\n' },
    edits: { 'without the last line break': { 'dvc.yaml': replace('|', '|-') } },
  },
  'a command that is folded': {
    files: { 'dvc.yaml': `stages:\n  s:\n    cmd: echo "${long}" > o\n    outs: [o]\n` },
  },
  'odd characters': {
    files: { 'dvc.yaml': `stages:\n  s:\n    cmd: 'echo "é 😀 # x: y" > "o é"'\n    outs: ["o é"]\n` },
  },
  'a folder of its own': {
    files: { 'dvc.yaml': 'stages: {s: {wdir: sub, cmd: cat ../i > o, deps: [../i], outs: [o]}}', 'i': '', 'sub/x': '' },
    edits: { 'another folder': { 'dvc.yaml': replace('wdir: sub', 'wdir: ./sub/') } },
  },
  'a folder filled in': {
    files: {
      'dvc.yaml': 'stages: {s: {wdir: "${d.w}", cmd: echo > o, outs: [o]}}',
      'params.yaml': 'd: {w: sub}',
      'sub/x': '',
    },
  },
};

const paths: Record<string, Project> = {
  'a folder as dependency': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: ls d > o, deps: [d], outs: [o]}}', 'd/a': '1', 'd/e/é "q" \\x': '2' },
    edits: {
      'a file': { 'd/a': '2' },
      'a file more': { 'd/b': '' },
      'a file less': { 'd/a': null },
      'a folder instead of a file': { 'd/a': null, 'd/a/b': '1' },
    },
  },
  'a folder with a slash': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: mkdir p; echo > p/o, deps: [d/], outs: [p/]}}', 'd/a': '' },
    edits: { 'without the slash': { 'dvc.yaml': replace('[d/]', '[d]') } },
  },
  'an empty folder': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: mkdir o, deps: [d], outs: [o]}}' },
    shell: 'mkdir d',
    edits: { 'a file in it': { 'd/a': '' }, 'a file in the output': { 'o/x': '' } },
  },
  'paths that wander': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: mkdir -p d; echo > d/o, deps: [./i, x/../i], outs: [./d//o]}}', 'i': '1' },
    edits: { 'the dependency': { i: '2' } },
  },
  'dependencies outside': {
    files: {
      'dvc.yaml': 'stages: {s: {cmd: echo > o, deps: [OUTSIDE/i, ELSEWHERE/j, OUTSIDE/d], outs: [o]}}',
      'OUTSIDE/i': '1',
      'OUTSIDE/j': '2',
      'OUTSIDE/d/x': '',
    },
  },
  'a dependency outside that is missing later': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo > o, deps: [i], outs: [o]}}', 'i': '' },
    edits: { 'outside too': { 'dvc.yaml': replace('[i]', '[i, ./i]') } },
  },
  'an absolute path into the project': {
    files: {
      'dvc.yaml': 'stages: {s: {wdir: w, cmd: echo > o, deps: [ROOT/i], outs: [ROOT/w/./o]}}',
      'i': '1',
      'w/x': '',
    },
    edits: {
      'the dependency': { i: '2' },
      'a relative path': { 'dvc.yaml': (text) => text.replace(/deps: \[[^\]]*\]/, 'deps: [../i]') },
    },
  },
  'outputs outside': {
    files: {
      'dvc.yaml':
        'stages: {s: {cmd: echo > OUTSIDE/o; echo > ELSEWHERE/p, outs: [OUTSIDE/o: {cache: false}, ELSEWHERE/p: {cache: false}]}}',
    },
    edits: { 'the command': { 'dvc.yaml': replace('echo', 'echo x') } },
  },
  'a folder outside': {
    files: {
      'dvc.yaml': 'stages: {s: {wdir: OUTSIDE, cmd: echo > o, deps: [i], outs: [o: {cache: false}]}}',
      'OUTSIDE/i': '',
    },
  },
  'ignored dependencies': {
    files: {
      'dvc.yaml': 'stages: {s: {cmd: echo > o, deps: [i, d, e], params: [p], outs: [o]}}',
      '.dvcignore': '/i\n/d\n*.tmp\nparams.yaml\n',
      'i': '',
      'd/x': '1',
      'e/a.tmp': '',
      'e/b': '',
      'params.yaml': 'p: 1',
    },
    edits: {
      'an ignored member': { 'e/c.tmp': '' },
      'an ignored file': { i: '2' },
      'a member of an ignored folder': { 'd/x': '2' },
    },
  },
  'links': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo > o, deps: [l, d], outs: [o]}}', 'i': '1', 'd/x': '' },
    shell: 'ln -s i l; ln -s ../i d/l',
    edits: { 'what is linked': { i: '2' } },
  },
  'a part of an output': {
    files: {
      'dvc.yaml':
        'stages:\n  b: {cmd: cat d/x > o, deps: [d/x], outs: [o]}\n  a: {cmd: mkdir d; cp i d/x, deps: [i], outs: [d]}\n',
      'i': '1',
    },
    edits: { 'the first input': { i: '2' }, 'the part': { 'd/x': '3' } },
  },
  'a folder of outputs': {
    files: {
      'dvc.yaml':
        'stages:\n  c: {cmd: ls d > o, deps: [d], outs: [o]}\n  b: {cmd: echo b > d/z, outs: [d/z]}\n  a: {cmd: echo a > d/a, outs: [d/a]}\n',
      'd/own': '',
    },
    edits: { 'another file there': { 'd/own': '2' } },
  },
};

const outputs: Record<string, Project> = {
  'a folder as output': {
    files: { 'dvc.yaml': `stages: {s: {cmd: 'mkdir -p o/sub; echo 1 > o/x; echo 2 > "o/sub/é 😀"', outs: [o]}}` },
    edits: {
      'a member': { 'o/x': '2' },
      'a member more': { 'o/new': '' },
      'a member less': { 'o/x': null },
      'gone': { o: null },
    },
  },
  'not cached': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo > o, deps: [i], outs: [o: {cache: false}]}}', 'i': '' },
    edits: {
      'the output': { o: '2' },
      'cached': { 'dvc.yaml': replace(': {cache: false}', '') },
      'the dependency': { i: '2' },
    },
  },
  'kept between runs': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo x > o, deps: [i], outs: [o: {persist: true}]}}', 'i': '' },
    edits: { 'the dependency': { i: '2' } },
  },
  'an executable': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo > o; chmod +x o, deps: [i], outs: [o]}}', 'i': '' },
    shell: 'chmod +x i',
    edits: { 'the output': { o: 'x' } },
  },
  'annotations, remote, push': {
    ...one('x', {}),
    files: {
      'dvc.yaml':
        'stages:\n  s:\n    cmd: echo > o\n    desc: text\n    meta: {when: 2024-01-01 10:00:00, any: [1]}\n    outs: [o: {desc: d, type: t, labels: [a], meta: {b: 1}, remote: r, push: false, checkpoint: true}]\n',
    },
    edits: { 'a description': { 'dvc.yaml': replace('desc: text', 'desc: other') } },
  },
  'metrics and plots': {
    files: {
      'dvc.yaml': `stages:
  s:
    cmd: echo '{"a":1}' > m.json; echo a,b > p.csv; echo '{}' > n.json; mkdir q; echo x > q/y.csv
    metrics: [m.json: {cache: false}, n.json]
    plots: [p.csv: {x: a, y: b, x_label: l, y_label: m, title: t, template: linear, header: true, cache: false}, q]
`,
    },
    edits: {
      'a metric': { 'm.json': '{}' },
      'a plot': { 'p.csv': 'x' },
      'how it is drawn': { 'dvc.yaml': replace('x: a', 'x: c') },
    },
  },
  'one file in two entries': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo > o, outs: [o, o: {cache: false}]}}' },
  },
  'an empty file': { files: { 'dvc.yaml': 'stages: {s: {cmd: ": > o", outs: [o]}}' } },
};

const flags: Record<string, Project> = {
  'frozen': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: cat i > o, deps: [i], outs: [o], frozen: true}}', 'i': '', 'o': '1' },
    edits: { 'the dependency': { i: '2' }, 'the output': { o: '2' } },
  },
  'always changed': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: cat i > o, deps: [i], outs: [o], always_changed: true}}', 'i': '' },
    edits: { 'the dependency': { i: '2' } },
  },
  'without anything': { files: { 'dvc.yaml': 'stages: {s: {cmd: echo}}' } },
  'without dependencies': { ...one('frozen: false'), edits: { 'the output gone': { o: null } } },
  'without outputs': {
    files: { 'dvc.yaml': 'stages: {s: {cmd: echo, deps: [i]}}', 'i': '' },
    edits: { 'the dependency': { i: '2' } },
  },
};

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

export const projects: Readonly<Record<string, Project>> = {
  ...commands,
  ...paths,
  ...outputs,
  ...flags,
  ...params,
  ...interpolation,
  ...groups,
  ...wholeFiles,
};
