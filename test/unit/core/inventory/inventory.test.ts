import { describe, expect, it } from 'vitest';
import { outlineConfig, stateOfPath, toTrackedPaths } from '../../../../src/core/inventory/inventory.ts';
import type { StaleReason, StatusDocument } from '../../../../src/protocol/pipeline.ts';

describe('the outline of a config', () => {
  it('has every value with its line, and the problems of training', () => {
    const text = 'model:\n  name: cnn # ours\ntraining:\n  batch_size: 128\n  betas: [1, 2]\n  num_epochs: many\n';
    const outline = outlineConfig(text, 'configs/cnn.yaml');
    expect(outline.model).toBe('cnn');
    expect(outline.sections).toEqual([
      { name: 'model', line: 1, entries: [{ key: 'name', value: 'cnn', line: 2 }] },
      {
        name: 'training',
        line: 3,
        entries: [
          { key: 'batch_size', value: '128', line: 4 },
          { key: 'betas', value: '[1,2]', line: 5 },
          { key: 'num_epochs', value: 'many', line: 6 },
        ],
      },
    ]);
    expect(outline.problems.map(({ line, severity }) => [line, severity])).toContainEqual([6, 'error']);
  });
  for (const text of ['', 'a: [', '- 1\n- 2\n', 'model: 3\n', '? {a: 1}\n: 2\n'])
    it(`never throws: ${JSON.stringify(text)}`, () => {
      const outline = outlineConfig(text, 'configs/x.yaml');
      expect(outline.problems.length).toBeGreaterThan(0);
    });
  it('cuts long values', () => {
    const [section] = outlineConfig(`data:\n  dataset_path: ${'x'.repeat(5000)}\n`, 'configs/x.yaml').sections;
    expect(section?.entries[0]?.value.length).toBeLessThan(250);
  });
});

describe('what tracks a path', () => {
  const reason = (path: string, change: StaleReason['change']): StaleReason => ({
    kind: 'out',
    path,
    ...(change === undefined ? {} : { change }),
  });
  const stage = { file: 'dvc.yaml', line: 1, needs: [], lastSeconds: null };
  const status: StatusDocument = {
    project: '/p',
    problems: [],
    stages: [
      { ...stage, name: 'split', state: 'stale', reasons: [reason('data/processed/', 'modified')] },
      { ...stage, name: 'label', state: 'stale', reasons: [reason('data/interim/labels.csv', 'deleted')] },
      { ...stage, name: 'features', state: 'never-run', reasons: [reason('data/features', 'deleted')] },
      { ...stage, name: 'clean', state: 'stale', reasons: [{ kind: 'dep', path: 'data/raw', change: 'modified' }] },
    ],
    data: [{ path: 'data/external.dvc', state: 'fresh', reasons: [] }],
  };
  const tracked = toTrackedPaths(status, ['data/raw', 'data/processed', 'data/interim/labels.csv']);
  const check = (path: string, state: string | null): void =>
    it(`${path}: ${state ?? 'nothing'}`, () => {
      expect(stateOfPath(path, tracked)).toBe(state);
    });
  check('data/raw', 'tracked');
  check('data/raw/train.gz', 'tracked');
  check('data/raw2', null);
  check('data/processed', 'modified');
  check('data/processed/train.csv', 'modified');
  check('data/interim/labels.csv', 'missing');
  check('data/interim', 'tracked');
  check('data/external', 'tracked');
  check('data/own.csv', null);
  check('data/features', null);
});
