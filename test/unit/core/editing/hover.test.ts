import { describe, expect, it } from 'vitest';
import { toDecorations } from '../../../../src/core/editing/decorations.ts';
import { findPointed, toHover } from '../../../../src/core/editing/hover.ts';
import { toBadge, toHoverTexts } from '../../../../src/core/editing/words.ts';
import { parseLock, parseParams, parsePipeline } from '../../../../src/core/pipeline/pipeline.ts';
import type { StageStatus } from '../../../../src/protocol/pipeline.ts';
import { resolveBeside } from '../pipeline/resolving.ts';
import { t } from './sentences.ts';

const text = `vars:
  - own:
      folder: models
stages:
  prepare:
    cmd: python prepare.py
    outs:
      - data/clean
  train:
    foreach: [cnn, mlp]
    do:
      cmd: python train.py \${item} \${train.lr} \${own.folder} \${nothing}
      deps:
        - data/clean
        - train.py
      params:
        - train.lr
        - conf.yaml:
            - seed
      outs:
        - \${own.folder}/\${item}:
            persist: true
`;
const params = 'seed: 1\ntrain:\n  lr: 0.1\n';
const lock = `schema: '2.0'
stages:
  train@cnn:
    cmd: x
    params:
      params.yaml:
        train.lr: 0.2
      conf.yaml:
        seed: 5
`;
const parsed = { 'params.yaml': params, 'conf.yaml': 'seed: 5\n' };
const files = new Map(
  Object.entries(parsed).map(([name, own]) => [name, { text: own, value: parseParams(own, name).value }]),
);
const stages = resolveBeside(
  // A name that stands for nothing leaves its stage out: the text is read without it.
  parsePipeline(text.replace(' ${nothing}', ''), 'dvc.yaml').value!,
  parsed,
).value!;
const locked = parseLock(lock, 'dvc.lock').value!;
const status = (name: string, state: StageStatus['state'], reasons: StageStatus['reasons'] = []): StageStatus => ({
  name,
  file: 'dvc.yaml',
  line: 1,
  state,
  reasons,
  needs: [],
  lastSeconds: null,
});
const statuses = [
  status('prepare', 'stale', [{ kind: 'out', path: 'data/clean', change: 'modified' }]),
  status('train@cnn', 'stale', [{ kind: 'dep', path: 'train.py', change: 'deleted' }]),
  status('train@mlp', 'never-run'),
];

describe('what is said about the word under the mouse', () => {
  /** `word`: the first place where it stands, or the one behind `after`. */
  const check = (word: string, after: string, expected: readonly string[] | undefined): void =>
    it(word, () => {
      const offset = text.indexOf(word, text.indexOf(after)) + 1;
      const lines = text.slice(0, offset).split('\n');
      const question = { file: 'dvc.yaml', text, line: lines.length, column: lines.at(-1)!.length + 1 };
      const found = findPointed(question);
      const hover =
        found &&
        toHover(found.edited, found.pointed, {
          stages,
          status: statuses,
          locked: ({ key }) => locked.stages.get(key),
          files,
          size: { files: 2, bytes: 3000 },
        });
      expect(hover && toHoverTexts(hover, t)).toEqual(expected);
    });

  check('deps', '', ['deps', 'Files and folders that the command reads. The stage is stale when one of them changes.']);
  check('persist', '', ['persist', 'true: not removed before the stage runs.']);
  check('foreach', '', [
    'foreach',
    'One stage for each item of this list or mapping: ${item} is the value, ${key} its key.',
  ]);
  check('data/clean', 'prepare', ['data/clean', '2 files, 3.0 kB · modified', 'Read by train@cnn, train@mlp']);
  check('data/clean', 'deps', ['data/clean', '2 files, 3.0 kB · modified', 'Made by prepare']);
  check('- train.py', 'deps', undefined);
  check('train.py', 'data/clean\n        -', ['train.py', '2 files, 3.0 kB · missing']);
  check('train.lr', 'params:', ['train.lr', 'Now 0.1, in params.yaml', 'The stage last ran with 0.2.']);
  check('seed', 'conf.yaml', ['seed', 'Now 5, in conf.yaml', 'The stage has run with this value.']);
  check('${item}', 'cmd: python train', ['${item}', 'cnn · from dvc.yaml, line 10', 'mlp · from dvc.yaml, line 10']);
  check('${train.lr}', '', ['${train.lr}', '0.1 · from params.yaml, line 3']);
  check('${own.folder}', '', ['${own.folder}', 'models · from dvc.yaml, line 3']);
  check('${nothing}', '', ['${nothing}', 'Nothing has this name.']);
  check('python', '', undefined);
});

it('marks what is not as its stage left it, and nothing that was never made', () => {
  const document = {
    project: '/p',
    stages: statuses,
    problems: [],
    data: [
      { path: 'raw.csv.dvc', state: 'stale' as const, reasons: [{ kind: 'out' as const, change: 'deleted' as const }] },
      { path: 'kept.dvc', state: 'fresh' as const, reasons: [] },
    ],
  };
  const drawn = toDecorations(stages, document).map((decoration) => {
    const { badge, tooltip } = toBadge(decoration, t);
    expect(badge.length).toBeLessThanOrEqual(2);
    return `${decoration.path} ${badge} ${tooltip}`;
  });
  expect(drawn).toEqual([
    'data/clean M Changed since prepare made it',
    'models/cnn S Stale: train@cnn would make it anew',
    'raw.csv ! raw.csv is missing',
  ]);
});
