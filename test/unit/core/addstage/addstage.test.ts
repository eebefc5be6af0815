import { describe, expect, it } from 'vitest';
import {
  checkStage,
  checkStageName,
  parseParamsList,
  planStage,
  suggestCommands,
  suggestDeps,
  suggestName,
  suggestOuts,
  suggestParams,
} from '../../../../src/core/addstage/addstage.ts';
import { parsePipeline } from '../../../../src/core/pipeline/pipeline.ts';
import type { StageGround, StageRequest } from '../../../../src/protocol/addstage.ts';

const ground: StageGround = {
  stages: [
    { name: 'ingest', inputs: ['src/ingest.ts'], outputs: ['data/raw'] },
    { name: 'clean', inputs: ['data/raw'], outputs: ['data/clean'] },
    { name: 'train@a', inputs: ['data/clean'], outputs: ['models/a'] },
  ],
  paths: [
    'configs/',
    'configs/cnn.yaml',
    'src/',
    'src/data/my file.ts',
    'src/models/cnn/',
    'src/models/cnn/model.ts',
    'src/split.ts',
    'tools/go.py',
    'types/mlops.d.ts',
  ],
  params: [{ file: 'configs/cnn.yaml', keys: ['data', 'mlflow', 'model', 'training'] }],
};
const empty: StageRequest = { name: 'split', cmd: 'x', deps: [], params: [], outs: [], desc: '' };
const outs = (...paths: string[]) => paths.map((path) => ({ kind: 'out', path, cache: true }) as const);

describe('what a stage may be', () => {
  it.each([
    ['split', undefined],
    ['größe-2_b', undefined],
    ['', 'A stage needs a name.'],
    ['a.b', 'Of punctuation only'],
    ['a@b', 'Of punctuation only'],
    ['a b', undefined],
    [' a', 'Of punctuation only'],
    ['a\nb', 'Of punctuation only'],
    ['clean', 'There is a stage "clean" already.'],
    ['train', 'There is a stage "train" already.'],
  ])('the name "%s"', (name, problem) => {
    const found = checkStageName(name, ground);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  it.each<[Partial<StageRequest>, string | undefined]>([
    [{ deps: ['data/raw'], outs: outs('data/split') }, undefined],
    [{ outs: outs('data/raw/part') }, 'overlap'],
    [{ outs: outs('data') }, 'overlap'],
    [{ outs: outs('data/clean/') }, 'is an output twice'],
    [{ deps: ['data/clean'], outs: outs('src/ingest.ts') }, 'depend on each other'],
    [{ deps: ['a/../b'], outs: outs('b') }, 'both a dependency and an output'],
    [{ outs: outs('b', './b') }, 'b is an output twice'],
    [{ deps: ['/etc/passwd'] }, 'outside of the project'],
    [{ outs: outs('../b') }, 'outside of the project'],
    [{ outs: outs('') }, 'A path is empty'],
    [{ deps: ['src\\a.ts'] }, 'parted by /'],
  ])('%j', (changes, problem) => {
    const found = checkStage({ ...empty, ...changes }, ground);
    if (problem === undefined) expect(found).toEqual([]);
    else expect(found.join('\n')).toContain(problem);
  });

  it('what was wrong before is not the new stage’s fault', () => {
    const broken = { stages: [...ground.stages, { name: 'b', inputs: [], outputs: ['data/raw'] }] };
    expect(checkStage({ ...empty, outs: outs('data/split') }, broken)).toEqual([]);
  });
});

describe('the lines of a stage', () => {
  it('in DVC’s order, sorted, in the layout of the file', () => {
    const request: StageRequest = {
      name: 'split',
      cmd: 'mlops exec src/split.ts',
      deps: ['src/split.ts', 'data/clean'],
      params: [
        { file: 'whole.json', keys: [] },
        { file: 'configs/cnn.yaml', keys: ['training', 'data'] },
        { file: 'params.yaml', keys: ['seed'] },
      ],
      outs: [
        ...outs('data/split'),
        { kind: 'metric', path: 'reports/m.json', cache: false },
        { kind: 'plot', path: 'reports/p', cache: true },
      ],
      desc: 'no: yes',
    };
    const text = '# mine\nstages:\n  clean:\n    cmd: x\n    deps:\n      - data/raw\n';
    const { addition, text: planned, problems } = planStage(request, { text, file: 'dvc.yaml', ground });
    expect(problems).toEqual([]);
    expect(planned?.startsWith(text)).toBe(true);
    expect(addition).toEqual({
      file: 'dvc.yaml',
      line: 7,
      text: `  split:
    desc: 'no: yes'
    cmd: mlops exec src/split.ts
    deps:
      - data/clean
      - src/split.ts
    params:
      - seed
      - configs/cnn.yaml:
          - data
          - training
      - whole.json:
    outs:
      - data/split
    metrics:
      - reports/m.json:
          cache: false
    plots:
      - reports/p
`,
    });
    expect(parsePipeline(planned ?? '', 'dvc.yaml').problems).toEqual([]);
  });

  it.each([
    ['a command that is missing', { ...empty, cmd: ' ' }, 'A stage needs a command.'],
    ['a name that is taken', { ...empty, name: 'clean' }, 'already'],
  ])('none for %s', (_name, request, sentence) => {
    const planned = planStage(request, { text: '', file: 'dvc.yaml', ground });
    expect(planned.addition).toBeNull();
    expect(planned.problems[0]?.message).toContain(sentence);
  });
});

it.each([
  [['lr', 'a,b'], [{ file: 'params.yaml', keys: ['lr', 'a', 'b'] }]],
  [['c.yaml:x, y', 'c.yaml:z'], [{ file: 'c.yaml', keys: ['x', 'y', 'z'] }]],
  [['c.yaml:x', 'c.yaml:'], [{ file: 'c.yaml', keys: [] }]],
])('params %j', (texts, expected) => {
  expect(parseParamsList(texts)).toEqual(expected);
});

describe('what is suggested', () => {
  it('commands for scripts and configs, that of the file in the editor first', () => {
    expect(suggestCommands(ground, 'tools/go.py').map(({ cmd }) => cmd)).toEqual([
      'python tools/go.py',
      'mlops train configs/cnn.yaml',
      'mlops exec "src/data/my file.ts"',
      'mlops exec src/split.ts',
    ]);
  });

  it.each([
    ['src/split.ts', 'split'],
    ['src/clean.ts', ''],
    ['configs/cnn.yaml', 'train-cnn'],
    [undefined, ''],
  ])('a name for %s', (file, name) => {
    expect(suggestName(file, ground)).toBe(name);
  });

  it('for training: code, the keys that it reads, the model', () => {
    const cmd = 'mlops train configs/cnn.yaml';
    expect(suggestDeps(cmd, ground)).toEqual(['src/models/cnn']);
    expect(suggestParams(cmd, ground)).toEqual([{ file: 'configs/cnn.yaml', keys: ['data', 'model', 'training'] }]);
    expect(suggestOuts(cmd, ground, 'out')).toEqual(['models/cnn']);
    expect(suggestOuts(cmd, ground, 'metric')).toEqual([]);
  });

  it('for a script: itself', () => {
    expect(suggestDeps('mlops exec src/split.ts --fast', ground)).toEqual(['src/split.ts']);
    expect(suggestParams('mlops exec src/split.ts', ground)).toEqual([]);
  });
});
