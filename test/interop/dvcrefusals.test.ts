import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExpectedError } from '../../src/protocol/errors.ts';
import { Ground } from './dvcground.ts';

let ground: Ground;
beforeAll(async () => {
  ground = await Ground.create();
});
afterAll(() => ground.remove());

/** Problems for which the run is refused before anything is touched, or for which a stage fails. */
async function ourRefusals(): Promise<string[]> {
  const { root, project } = ground;
  const status = await ground.ourStatus();
  if (Array.isArray(status)) return (status as string[]).filter((problem) => problem.includes(': error: '));
  const ended = await project.run().catch((error: unknown) => {
    if (!(error instanceof ExpectedError)) throw error;
    return error;
  });
  if (ended instanceof ExpectedError) return [ended.message.replaceAll(root, '')];
  return ended.stages.flatMap(({ name, outcome, reason }) => (outcome === 'failed' ? [`${name}: ${reason}`] : []));
}

async function check(files: Record<string, string>, place: string, actions: readonly string[]): Promise<void> {
  const errors = [];
  for (const action of actions) {
    await ground.lay({ files });
    errors.push((await ground.dvc.try(action, ground.root)).error);
  }
  await ground.lay({ files });
  const ours = await ourRefusals();
  expect({ refused: errors.some((error) => error !== undefined), ours }).toEqual({
    refused: true,
    ours: [expect.stringContaining(place)],
  });
}

const p = { 'params.yaml': 'a: {b: 1}\nlist: [1, 2]\nn: 1\ntext: abc\n' };

/** dvc.yaml, what our refusal must say (its place first), other files. */
const reading: [string, string, string, Record<string, string>?][] = [
  ['no mapping', '- 1', 'dvc.yaml:1:1: error'],
  ['text that is no YAML', 'stages: {a', 'dvc.yaml:1:11: error'],
  ['a tab', 'stages:\n\ta: {cmd: x}', 'dvc.yaml:2:'],
  ['a key twice', 'stages:\n  a: {cmd: x}\n  a: {cmd: y}', 'dvc.yaml:3:3: error'],
  ['a tag', 'stages: !x {}', 'dvc.yaml:1:12: error'],
  ['a merge key of a text', 'stages:\n  a: {cmd: x, <<: 5}', 'dvc.yaml:2:15: error'],
  ['two merge keys', 'stages:\n  a: &a {cmd: x}\n  b: {<<: *a, <<: *a}', 'dvc.yaml:3:15: error'],
  ['an unknown section', 'stage: {}', 'dvc.yaml:1:1: error'],
  ['an unknown key of a stage', 'stages:\n  a: {cmd: x, out: [y]}', 'dvc.yaml:2:15: error'],
  ['sections that are null', 'stages:', 'dvc.yaml:1:'],
  ['a stage that is null', 'stages: {a: }', 'dvc.yaml:1:'],
  ['a stage that is a list', 'stages: {a: [x]}', 'dvc.yaml:1:13: error'],
  ['a stage without cmd', 'stages: {a: {deps: [x]}}', 'dvc.yaml:1:13: error'],
  ['cmd that is a number', 'stages: {a: {cmd: 5}}', 'dvc.yaml:1:19: error'],
  ['cmd that is a mapping', 'stages: {a: {cmd: {x: y}}}', 'dvc.yaml:1:19: error'],
  ['cmd that is null', 'stages: {a: {cmd: }}', 'dvc.yaml:1:'],
  ['wdir that is a list', 'stages: {a: {cmd: x, wdir: [x]}}', 'dvc.yaml:1:28: error'],
  ['deps that are text', 'stages: {a: {cmd: x, deps: y}}', 'dvc.yaml:1:28: error'],
  ['deps that are null', 'stages: {a: {cmd: x, deps: }}', 'dvc.yaml:1:'],
  ['a dependency with options', 'stages: {a: {cmd: x, deps: [y: {cache: false}]}}', 'dvc.yaml:1:29: error'],
  ['a dependency that is a number', 'stages: {a: {cmd: x, deps: ["${n}"]}}', 'dvc.yaml:1:29: error', p],
  ['an unknown option', 'stages: {a: {cmd: x, outs: [y: {cach: false}]}}', 'dvc.yaml:1:33: error'],
  ['an option of the wrong kind', 'stages: {a: {cmd: x, outs: [y: {cache: no}]}}', 'dvc.yaml:1:40: error'],
  ['options that are null', 'stages: {a: {cmd: x, outs: [y: ]}}', 'dvc.yaml:1:'],
  ['plot options for an output', 'stages: {a: {cmd: x, outs: [y: {x: a}]}}', 'dvc.yaml:1:33: error'],
  ['labels that are text', 'stages: {a: {cmd: x, outs: [y: {labels: a}]}}', 'dvc.yaml:1:41: error'],
  ['several plots of one file', 'stages: {a: {cmd: x, plots: [y: [{x: a}, {x: b}]]}}', 'dvc.yaml:1:33: error'],
  ['frozen that is text', 'stages: {a: {cmd: x, frozen: "true"}}', 'dvc.yaml:1:30: error'],
  ['desc that is a number', 'stages: {a: {cmd: x, desc: 5}}', 'dvc.yaml:1:28: error'],
  ['params that are a mapping', 'stages: {a: {cmd: x, params: {p.yaml: [a]}}}', 'dvc.yaml:1:30: error'],
  ['params of a file as text', 'stages: {a: {cmd: x, params: [p.yaml: a]}}', 'dvc.yaml:1:39: error'],
  ['a param that is a number', 'stages: {a: {cmd: x, params: ["${n}"]}}', 'dvc.yaml:1:31: error', p],
  ['foreach without do', 'stages: {a: {foreach: [1]}}', 'dvc.yaml:1:13: error'],
  ['foreach with more', 'stages: {a: {foreach: [1], do: {cmd: x}, cmd: y}}', 'dvc.yaml:1:42: error'],
  ['foreach over a number', 'stages: {a: {foreach: 5, do: {cmd: x}}}', 'dvc.yaml:1:23: error'],
  ['foreach over a text', 'stages: {a: {foreach: "${text}", do: {cmd: x}}}', 'dvc.yaml:1:23: error', p],
  ['foreach over a date', 'stages: {a: {foreach: [2024-01-31], do: {cmd: x}}}', 'dvc.yaml:1:23: error'],
  ['matrix that is a list', 'stages: {a: {matrix: [1], cmd: x}}', 'dvc.yaml:1:22: error'],
  ['a matrix of numbers', 'stages: {a: {matrix: {x: 5}, cmd: x}}', 'dvc.yaml:1:26: error'],
  ['a matrix over a text', 'stages: {a: {matrix: {x: "${text}"}, cmd: x}}', 'dvc.yaml:1:', p],
  ['matrix and foreach', 'stages: {a: {foreach: [1], do: {cmd: x}, matrix: {x: [1]}}}', 'dvc.yaml:1:42: error'],
  ['a name with @', 'stages: {a@b: {cmd: x}}', 'dvc.yaml:1:10: error'],
  ['an unknown variable', 'stages: {a: {cmd: "x ${nope}"}}', 'dvc.yaml:1:19: error', p],
  ['an unknown variable in deps', 'stages: {a: {cmd: x, deps: ["${a.c}"]}}', 'dvc.yaml:1:28: error', p],
  ['an unknown variable in meta', 'stages: {a: {cmd: x, meta: {k: ["${nope}"]}}}', 'dvc.yaml:1:28: error'],
  ['an unknown variable in desc', 'stages: {a: {cmd: x, desc: "${nope}"}}', 'dvc.yaml:1:28: error'],
  ['an unknown variable in foreach', 'stages: {a: {foreach: "${nope}", do: {cmd: x}}}', 'dvc.yaml:1:23: error'],
  ['an unknown variable in metrics', 'metrics: ["${nope}"]', 'dvc.yaml:1:11: error'],
  ['an unknown variable in an artifact', 'artifacts: {m: {path: "${nope}"}}', 'dvc.yaml:1:'],
  ['a part of a number', 'stages: {a: {cmd: "x ${n.x}"}}', 'dvc.yaml:1:19: error', p],
  ['beyond a list', 'stages: {a: {cmd: "x ${list[2]}"}}', 'dvc.yaml:1:19: error', p],
  ['an empty expression', 'stages: {a: {cmd: "x ${}"}}', 'dvc.yaml:1:19: error', p],
  ['an expression', 'stages: {a: {cmd: "x ${a..b}"}}', 'dvc.yaml:1:19: error', p],
  ['a list as text', 'stages: {a: {cmd: "x ${list}"}}', 'dvc.yaml:1:19: error', p],
  ['a list as cmd', 'stages: {a: {cmd: "${list}"}}', 'dvc.yaml:1:19: error', p],
  ['a mapping in deps', 'stages: {a: {cmd: x, deps: ["x ${a}"]}}', 'dvc.yaml:1:28: error', p],
  ['a mapping with nested lists', 'vars: [{m: {x: [[1]]}}]\nstages: {a: {cmd: "x ${m}"}}', 'dvc.yaml:2:19: error'],
  ['vars that are a mapping', 'vars: {a: 1}', 'dvc.yaml:1:7: error'],
  ['vars that are numbers', 'vars: [5]', 'dvc.yaml:1:8: error'],
  ['vars that are filled in', 'vars: [{x: "${n}"}]', 'dvc.yaml:1:8: error', p],
  ['a vars file that is filled in', 'vars: ["${text}.yaml"]', 'dvc.yaml:1:8: error', p],
  ['a vars file that is missing', 'vars: [v.yaml]', 'dvc.yaml:1:8: error'],
  ['a vars file that is a folder', 'vars: [d]', 'd:1:1: error', { 'd/x': '' }],
  ['a vars file that is a list', 'vars: [v.yaml]', 'v.yaml:1:1: error', { 'v.yaml': '- 1' }],
  ['a vars file that is no YAML', 'vars: [v.yaml]', 'v.yaml:1:', { 'v.yaml': '{' }],
  ['a vars file that is no TOML', 'vars: [v.toml]', 'v.toml:2:', { 'v.toml': 'a = 1\nb =' }],
  ['a vars file that is no Python', 'vars: [v.py]', 'v.py:2:5', { 'v.py': 'a = 1\nb = (' }],
  ['a key that a vars file lacks', 'vars: ["v.yaml:b"]', 'dvc.yaml:1:8: error', { 'v.yaml': 'a: 1' }],
  ['a file of vars in part twice', 'vars: ["v.yaml:a", "v.yaml:a"]', 'dvc.yaml:1:20: error', { 'v.yaml': 'a: 1' }],
  ['a file of vars in part, then whole', 'vars: ["v.yaml:a", v.yaml]', 'dvc.yaml:1:20: error', { 'v.yaml': 'a: 1' }],
  ['params.yaml in part', 'vars: ["params.yaml:n"]', 'dvc.yaml:1:8: error', p],
  ['a value redefined', 'vars: [{a: {b: 2}}]', 'dvc.yaml:1:8: error', p],
  ['a value in place of a mapping', 'vars: [{a: 2}]', 'dvc.yaml:1:8: error', p],
  ['a date among vars', 'vars: [{x: {y: 2024-01-31}}]', 'dvc.yaml:1:8: error'],
  ['a date in params.yaml', 'stages: {a: {cmd: x}}', 'dvc.yaml:1:1: error', { 'params.yaml': 'x: 2024-01-31' }],
  ['a tuple among vars', 'vars: [v.py]', 'dvc.yaml:1:8: error', { 'v.py': 'a = (1, 2)' }],
  ['own vars: a value redefined', 'stages: {a: {cmd: x, vars: [{n: 2}]}}', 'dvc.yaml:1:29: error', p],
  ['own vars: a file that is missing', 'stages: {a: {cmd: x, vars: [v.yaml]}}', 'dvc.yaml:1:29: error'],
  ['own vars: filled in', 'stages: {a: {cmd: x, vars: [{x: "${n}"}]}}', 'dvc.yaml:1:29: error', p],
  ['own vars: params.yaml in part', 'stages: {a: {cmd: x, vars: ["params.yaml:n"]}}', 'dvc.yaml:1:29: error', p],
  [
    'own vars: the name of the item',
    'stages: {a: {foreach: [1], do: {cmd: x, vars: [{item: 2}]}}}',
    'dvc.yaml:1:48: error',
  ],
  ['params that are text', 'params: p.yaml', 'dvc.yaml:1:9: error'],
  ['plots that are a mapping', 'plots: {p.csv: {x: a}}', 'dvc.yaml:1:8: error'],
  ['a plot without a name', 'plots: [{}]', 'dvc.yaml:1:9: error'],
  ['a plot with a list for x', 'plots: [{p.csv: {x: [a]}}]', 'dvc.yaml:1:21: error'],
  ['a plot with numbers for y', 'plots: [{p.csv: {y: [1]}}]', 'dvc.yaml:1:22: error'],
  ['a plot with an unknown key', 'plots: [{p.csv: {z: a}}]', 'dvc.yaml:1:18: error'],
  ['an artifact without a path', 'artifacts: {m: {type: x}}', 'dvc.yaml:1:16: error'],
  ['an artifact that is a path', 'artifacts: {m: x}', 'dvc.yaml:1:16: error'],
  ['an artifact with an unknown key', 'artifacts: {m: {path: x, size: 1}}', 'dvc.yaml:1:26: error'],
  ['an artifact whose name is a list', 'artifacts: {"${list}": {path: x}}', 'dvc.yaml:1:13: error', p],
  ['datasets that are a number', 'datasets: 5', 'dvc.yaml:1:11: error'],
  ['datasets that are null', 'datasets:', 'dvc.yaml:1:'],
  ['dvc.yaml as an output', 'stages: {a: {cmd: x, outs: [sub/dvc.yaml]}}', 'dvc.yaml:1:29: error'],
  ['a .dvc file as a dependency', 'stages: {a: {cmd: x, deps: [x.dvc]}}', 'dvc.yaml:1:29: error'],
  ['an output that is ignored', 'stages: {a: {cmd: x, outs: [o]}}', 'dvc.yaml:1:29: error', { '.dvcignore': 'o' }],
  ['one output of two stages', 'stages:\n  a: {cmd: x, outs: [o]}\n  b: {cmd: y, outs: [./o]}', 'dvc.yaml:3:22: error'],
  ['one output twice in a stage', 'stages: {a: {cmd: x, outs: [o], metrics: [o]}}', 'dvc.yaml:1:43: error'],
  ['outputs that overlap', 'stages:\n  a: {cmd: x, outs: [o]}\n  b: {cmd: y, outs: [o/p]}', 'dvc.yaml:3:22: error'],
  [
    'a cycle',
    'stages:\n  a: {cmd: x, deps: [p], outs: [o]}\n  b: {cmd: y, deps: [o], outs: [p]}',
    'dvc.yaml:2:3: error',
  ],
  ['a stage that needs itself', 'stages: {a: {cmd: x, deps: [o/p], outs: [o]}}', 'dvc.yaml:1:10: error'],
  [
    'a dvc.yaml inside an output',
    'stages: {a: {cmd: x}}',
    'sub/dvc.yaml:1:29: error',
    { 'sub/dvc.yaml': 'stages: {b: {cmd: y, outs: [.]}}' },
  ],
  ['a lock of DVC 1', 'stages: {a: {cmd: x}}', 'dvc.lock:1:1: error', { 'dvc.lock': 'a: {cmd: x}\n' }],
  [
    'a lock with an unknown key',
    'stages: {a: {cmd: x}}',
    'dvc.lock:2:27: error',
    { 'dvc.lock': "schema: '2.0'\nstages: {a: {cmd: x, out: []}}\n" },
  ],
  [
    'a lock with a conflict',
    'stages: {a: {cmd: x}}',
    'dvc.lock:1:1: error',
    { 'dvc.lock': '<<<<<<< HEAD\n=======\n>>>>>>> b\n' },
  ],
];

/** The same for what only shows when the stages run; their commands would succeed. */
const running: typeof reading = [
  ['a number among commands', 'stages: {a: {cmd: [echo, 5]}}', 'dvc.yaml:1:19: error'],
  ['an empty cmd', 'stages: {a: {cmd: "", outs: [x]}}', 'dvc.yaml:1:19: error', { x: '' }],
  ['a mapping as cmd', 'stages: {a: {cmd: "${a}"}}', 'dvc.yaml:1:19: error', p],
  ['a dependency that is missing', 'stages: {a: {cmd: "true", deps: [i]}}', 'a: the dependency i does not exist'],
  ['a params file that is missing', 'stages: {a: {cmd: "true", params: [n]}}', 'Params are missing'],
  ['a param that is missing', 'stages: {a: {cmd: "true", params: [m]}}', 'Params are missing', p],
  [
    'a pattern of several params',
    'stages: {a: {cmd: "true", params: ["l*"]}}',
    'dvc.yaml:1:36: error',
    { 'params.yaml': 'la: 1\nlb: 2' },
  ],
  ['a params file that is no YAML', 'stages: {a: {cmd: "true", params: [p.yaml: ]}}', 'p.yaml:1:', { 'p.yaml': '{' }],
  ['a folder that is missing', 'stages: {a: {cmd: "true", wdir: w}}', 'a: the folder w (wdir) does not exist'],
  ['an output that is not made', 'stages: {a: {cmd: "true", outs: [o]}}', 'a: the output o does not exist'],
  ['a cached output outside', 'stages: {a: {cmd: echo > OUTSIDE/o, outs: [OUTSIDE/o]}}', 'lies outside of the project'],
];

describe('what DVC refuses we refuse, at its place', () => {
  it.each(reading)('reading: %s', (_, dvcYaml, place, files = {}) =>
    check({ 'dvc.yaml': dvcYaml, ...files }, place, ['status', 'order']),
  );
  it.each(running)('running: %s', (_, dvcYaml, place, files = {}) =>
    check({ 'dvc.yaml': dvcYaml, ...files }, place, ['repro']),
  );
});
