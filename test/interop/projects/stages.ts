import { one, replace, type Project } from './project.ts';

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

export const stageProjects: Readonly<Record<string, Project>> = { ...commands, ...paths, ...outputs, ...flags };
