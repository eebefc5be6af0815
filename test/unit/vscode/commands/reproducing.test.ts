import { beforeEach, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import { badInput } from '../../../../src/protocol/errors.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createReproducingCommands } = await import('../../../../src/vscode/commands/reproducing.ts');

const project = '/w/digits';
const target: Target = { kind: 'run', project, runId: 'clicked' };

function create(refuses = false) {
  const engine = createEngine({
    planReproduction: () => {
      if (refuses) throw badInput('fox can’t be reproduced.');
      return { name: 'fox', folder: '/w/digits-1', patch: true, notes: ['It was steered by hand.'] };
    },
  });
  const parts = { engine: engine.thread, projects: {}, showRun: () => undefined, report: () => undefined };
  return createReproducingCommands(parts as never);
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

const started = (): readonly unknown[] => told.tasks.map(({ definition }) => definition);

it('is started as a task when a person has agreed', async () => {
  answers.pressed = 'Reproduce';
  await create()['mlops.reproduceRun'](target);
  expect(told.messages).toEqual(['Train fox again and compare its metrics?']);
  expect(started()).toMatchObject([{ arguments: ['runs', 'reproduce', 'clicked'] }]);
});

it('is not started otherwise, nor when something is missing', async () => {
  await create()['mlops.reproduceRun'](target);
  await expect(create(true)['mlops.reproduceRun'](target)).rejects.toThrow('can’t be reproduced');
  expect(started()).toEqual([]);
});
