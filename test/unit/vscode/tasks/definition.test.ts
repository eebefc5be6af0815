import { describe, expect, it } from 'vitest';
import { toArguments, type TaskWork } from '../../../../src/vscode/tasks/definition.ts';

describe('the arguments of a task', () => {
  const check = (work: unknown, expected: readonly string[]): void =>
    it(JSON.stringify(work), () => {
      expect(toArguments(work as TaskWork)).toEqual(expected);
    });
  check({}, ['run']);
  check({ stage: 'train@cnn' }, ['run', 'train@cnn']);
  check({ stage: '' }, ['run']);
  check({ command: ' run  train --single ' }, ['run', 'train', '--single']);
  check({ command: ' ', stage: 'a' }, ['run', 'a']);
  check({ command: 'train configs/my net.yaml' }, ['train', 'configs/my', 'net.yaml']);
  check({ arguments: ['train', 'configs/my net.yaml'], command: 'run', stage: 'a' }, ['train', 'configs/my net.yaml']);
  check({ arguments: [], command: 'run a' }, ['run', 'a']);
  check({ arguments: ['run', 3] }, ['run', '3']);
  check({ arguments: 'run a', stage: 'b' }, ['run', 'b']);
});
