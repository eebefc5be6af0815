import { describe, expect, it } from 'vitest';
import { areasOf, isWatched } from '../../../../src/core/watching/watching.ts';

describe('what a changed file concerns', () => {
  const check = (file: string, areas: readonly string[]): void =>
    it(file, () => {
      expect(areasOf(file)).toEqual(areas);
    });
  check('dvc.yaml', ['pipeline']);
  check('dvc.lock', ['pipeline', 'data', 'models']);
  check('sub/dvc.lock', ['pipeline', 'data', 'models']);
  check('data.dvc', ['pipeline', 'data']);
  check('configs/cnn.yaml', ['configs', 'pipeline']);
  check('src/models/cnn/model.ts', ['pipeline']);
  check('data/raw/x.csv', ['data', 'pipeline']);
  check('database/x', ['pipeline']);
  check('models/cnn/model.json', ['models', 'pipeline']);
  check('models/mlruns/0/meta.yaml', ['runs']);
  check('mlflow.db-wal', ['runs']);
  check('.mlops/tmp/locks/run-1.json', ['processes', 'pipeline', 'runs']);
  check('.mlops/tmp/logs/x.log', []);
  check('.mlops/tmp/running-stages.json', ['pipeline']);
  check('.mlops/project.yaml', ['runs', 'pipeline']);
  check('.git/HEAD', ['branches']);
  check('.git/refs/heads/feature/x', ['branches']);
  check('.git/index', []);
  check('.dvc/cache/files/md5/00/x', []);
  check('.dvc/config', ['pipeline']);
  check('node_modules/x/index.js', []);
  check('src/node_modules/x', []);
  check('configs/.mlops-tmp-cnn.yaml-0', []);
});

describe('which folders are watched', () => {
  const check = (folder: string, watched: boolean): void =>
    it(`${folder}: ${watched}`, () => {
      expect(isWatched(folder)).toBe(watched);
    });
  for (const folder of [
    '',
    'src/models/cnn',
    'configs',
    'data',
    'data/raw',
    'models/cnn',
    'models/mlruns/1/abc',
    '.mlops/tmp/locks',
  ])
    check(folder, true);
  for (const folder of ['.git', '.git/refs/heads/feature', '.mlops', '.mlops/tmp', '.dvc', 'mlruns/0/abc'])
    check(folder, true);
  for (const folder of [
    'node_modules',
    '.dvc/cache',
    '.git/objects',
    '.git/logs/refs/heads',
    'data/raw/images',
    'models/mlruns/1/abc/metrics',
  ])
    check(folder, false);
  for (const folder of ['models/cnn/deep', '.mlops/tmp/logs', '.mlops/state', 'notebooks']) check(folder, false);
});
