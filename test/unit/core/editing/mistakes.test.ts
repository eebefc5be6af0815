import { describe, expect, it } from 'vitest';
import { findProgram } from '../../../../src/core/editing/commandword.ts';
import { findMistakes, toFinding, type ProjectFacts } from '../../../../src/core/editing/mistakes.ts';
import { applyEdits, readEditedText } from '../../../../src/core/editing/text.ts';
import { toFixTitle } from '../../../../src/core/editing/words.ts';
import { buildGraph, parseLock, parseParams, parsePipeline } from '../../../../src/core/pipeline/pipeline.ts';
import type { Finding, Fix } from '../../../../src/protocol/editing.ts';
import { resolveBeside } from '../pipeline/resolving.ts';
import { t } from './sentences.ts';

interface Given {
  readonly params?: Record<string, string>;
  readonly missing?: readonly string[];
  readonly nearby?: readonly string[];
  readonly dataFiles?: readonly string[];
  readonly inGit?: readonly string[];
  readonly programs?: Record<string, readonly string[]>;
  readonly lock?: string;
}

function find(text: string, given: Given): readonly Finding[] {
  const pipeline = parsePipeline(text, 'dvc.yaml').value!;
  const params = new Map(
    Object.entries(given.params ?? {}).map(([name, own]) => [name, { text: own, value: parseParams(own, name).value }]),
  );
  const stages = resolveBeside(pipeline, given.params ?? {}).value ?? [];
  const lock = parseLock(given.lock ?? '', 'dvc.lock').value;
  const facts: ProjectFacts = {
    stages,
    locked: ({ key }) => lock?.stages.get(key),
    missing: new Set(given.missing),
    dataFiles: new Set(given.dataFiles),
    nearby: given.nearby ?? [],
    inGit: new Set(given.inGit),
    params,
    programs: new Map(Object.entries(given.programs ?? {})),
  };
  return findMistakes(facts, new Map([['dvc.yaml', readEditedText(text, 'dvc.yaml')!]]));
}

/** 'marked text: message', and below it each fix with the text that it gives. */
function draw(text: string, findings: readonly Finding[], texts: Record<string, string>): string[] {
  return findings.flatMap((finding) => [
    `${slice(text, finding)} | ${finding.severity}: ${finding.message}`,
    ...finding.fixes.map((fix) => `  ${toFixTitle(fix, t)}${drawFix(fix, { 'dvc.yaml': text, ...texts })}`),
  ]);
}

function drawFix(fix: Fix, texts: Record<string, string>): string {
  if (fix.kind === 'untrack') return '';
  if (fix.kind === 'create-file') return ` = ${JSON.stringify(fix.text)}`;
  const [first] = fix.edits;
  const before = texts[first!.file]!;
  const after = applyEdits(before, fix.edits);
  const gone = before.split('\n').filter((line) => !after.split('\n').includes(line));
  const come = after.split('\n').filter((line) => !before.split('\n').includes(line));
  return ` -[${gone.join('|')}] +[${come.join('|')}]`;
}

function slice(text: string, { line, column, endLine, endColumn }: Finding): string {
  expect(endLine).toBe(line);
  return text.split('\n')[line - 1]!.slice(column - 1, endColumn - 1);
}

describe('mistakes that only show beside the disk', () => {
  const check = (name: string, text: string, given: Given, lines: readonly string[]): void =>
    it(name, () => {
      expect(draw(text, find(text, given), given.params ?? {})).toEqual(lines);
    });

  check(
    'a missing dependency: another is meant, make it, or leave it out',
    'stages:\n  a:\n    cmd: x\n    deps:\n      - src/trian.py # code\n      - b\n    outs: [o]\n',
    { missing: ['src/trian.py'], nearby: ['src/train.py', 'src/zzz.py'] },
    [
      'src/trian.py | warning: a: the dependency src/trian.py does not exist, and no stage makes it.',
      '  Change to "src/train.py" -[      - src/trian.py # code] +[      - src/train.py # code]',
      '  Create src/trian.py = ""',
      '  Remove src/trian.py -[      - src/trian.py # code] +[]',
    ],
  );
  check(
    'relative to the folder of the stage',
    'stages:\n  a:\n    cmd: x\n    wdir: sub\n    deps: [../dat]\n',
    { missing: ['dat'], nearby: ['data'] },
    [
      '../dat | warning: a: the dependency ../dat does not exist, and no stage makes it.',
      '  Change to "../data" -[    deps: [../dat]] +[    deps: [../data]]',
      '  Create dat = ""',
      '  Remove ../dat -[    deps: [../dat]] +[]',
    ],
  );
  check(
    'an output of another stage may be meant',
    'stages:\n  a:\n    cmd: x\n    outs: [model.pkl]\n  b:\n    cmd: y\n    deps: [modle.pkl]\n',
    { missing: ['modle.pkl'] },
    [
      'modle.pkl | warning: b: the dependency modle.pkl does not exist, and no stage makes it.',
      '  Change to "model.pkl" -[    deps: [modle.pkl]] +[    deps: [model.pkl]]',
      '  Create modle.pkl = ""',
      '  Remove modle.pkl -[    deps: [modle.pkl]] +[]',
    ],
  );
  check(
    'data that is tracked by itself is got, not made',
    'stages:\n  a:\n    cmd: x\n    deps: [data]\n',
    { missing: ['data'], dataFiles: ['data.dvc'] },
    ['data | warning: a: data is tracked by data.dvc and not here: get it with "dvc pull".'],
  );
  check(
    'a group tells a common mistake once, and leaves words with ${…} alone',
    'stages:\n  a:\n    foreach: [p, q]\n    do:\n      cmd: x ${item}\n      deps: [common, "own/${item}"]\n',
    { missing: ['common', 'own/p', 'own/q'] },
    [
      'common | warning: a@p: the dependency common does not exist, and no stage makes it.',
      '  Create common = ""',
      '  Remove common -[      deps: [common, "own/${item}"]] +[      deps: ["own/${item}"]]',
      '"own/${item}" | warning: a@p: the dependency own/p does not exist, and no stage makes it.',
      '  Create own/p = ""',
      '  Remove own/${item} -[      deps: [common, "own/${item}"]] +[      deps: [common]]',
      '"own/${item}" | warning: a@q: the dependency own/q does not exist, and no stage makes it.',
      '  Create own/q = ""',
      '  Remove own/${item} -[      deps: [common, "own/${item}"]] +[      deps: [common]]',
    ],
  );
  check(
    'an output that Git tracks too',
    'stages:\n  a:\n    cmd: x\n    outs:\n      - model: {persist: true}\n      - m.json: {cache: false}\n',
    { inGit: ['model', 'm.json'] },
    [
      'model | error: a: the output model is also tracked by Git. Take it out of Git first: git rm -r --cached model',
      '  Stop tracking model with Git …',
    ],
  );
  check(
    'a param that its file has not: another is meant, or it is added with the value that the stage last ran with',
    'stages:\n  a:\n    cmd: x\n    params: [train.epoch, seed]\n',
    {
      params: { 'params.yaml': '# mine\ntrain:\n  epochs: 3\n' },
      lock: "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    params:\n      params.yaml:\n        seed: 7\n",
    },
    [
      'train.epoch | error: a: params.yaml has no param "train.epoch".',
      '  Change to "train.epochs" -[    params: [train.epoch, seed]] +[    params: [train.epochs, seed]]',
      '  Add train.epoch to params.yaml -[] +[  epoch: null]',
      'seed | error: a: params.yaml has no param "seed".',
      '  Add seed to params.yaml -[] +[seed: 7]',
    ],
  );
  check(
    'params of another file, and a file that is not there',
    'stages:\n  a:\n    cmd: x\n    params:\n      - conf/a.yaml:\n          - lr\n          - momentum\n      - new.yaml: [a.b, c]\n',
    { params: { 'conf/a.yaml': 'lr: 1\n' } },
    [
      'momentum | error: a: conf/a.yaml has no param "momentum".',
      '  Add momentum to conf/a.yaml -[] +[momentum: null]',
      'new.yaml | error: a: the params file new.yaml does not exist.',
      '  Create new.yaml = "a:\\n  b: null\\nc: null\\n"',
    ],
  );
  check(
    'params that another stage makes are not missed',
    'stages:\n  a:\n    cmd: x\n    params: [made/p.yaml: [lr]]\n  b:\n    cmd: y\n    outs: [made]\n',
    {},
    [],
  );
  check(
    'a command that is not there, in a line of several',
    'stages:\n  a:\n    cmd: |\n      echo one\n      A=1 pyhton x.py\n  b:\n    cmd: [ls, "pyhton -V"]\n',
    { programs: { pyhton: ['python'] } },
    [
      'pyhton | warning: a: there is no command "pyhton" on this machine.',
      '  Change to "python" -[      A=1 pyhton x.py] +[      A=1 python x.py]',
      'pyhton | warning: b: there is no command "pyhton" on this machine.',
      '  Change to "python" -[    cmd: [ls, "pyhton -V"]] +[    cmd: [ls, "python -V"]]',
    ],
  );
});

describe('the program that a command starts', () => {
  const check = (line: string, word: string | undefined): void =>
    it(line, () => {
      expect(findProgram(line)?.word).toBe(word);
    });
  check('python train.py', 'python');
  check('  ./run.sh && x', './run.sh');
  check('A=1 B=c/d python3.12 -m x', 'python3.12');
  check('cd src && make', undefined);
  check('if true; then x; fi', undefined);
  check('$PYTHON x', undefined);
  check('"my program" x', undefined);
  check('{a,b}', undefined);
  check('python;ls', 'python');
  check('py*', undefined);
  check('', undefined);
});

describe('problems of the graph lead to their other places', () => {
  const check = (name: string, text: string, lines: readonly string[]): void =>
    it(name, () => {
      const stages = resolveBeside(parsePipeline(text, 'dvc.yaml').value!, {}).value!;
      const edited = readEditedText(text, 'dvc.yaml');
      const drawn = buildGraph(stages).problems.flatMap((problem) => [
        `${slice(text, toFinding(problem, edited))} | ${problem.message}`,
        ...(problem.related ?? []).map(({ line, message }) => `  ${line}: ${message}`),
      ]);
      expect(drawn).toEqual(lines);
    });
  check(
    'a circle',
    'stages:\n  a: {cmd: x, deps: [c], outs: [a]}\n  b: {cmd: x, deps: [a], outs: [b]}\n  c: {cmd: x, deps: [b], outs: [c]}\n',
    [
      'a | The stages depend on each other: a → c → b → a.',
      '  4: c is part of the circle',
      '  3: b is part of the circle',
    ],
  );
  check('outputs inside each other', 'stages:\n  a: {cmd: x, outs: [data]}\n  b: {cmd: y, outs: [data/raw]}\n', [
    'data/raw | data and data/raw overlap: of a and of b.',
    '  2: data, an output of a',
  ]);
});
