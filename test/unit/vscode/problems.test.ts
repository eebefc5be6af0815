import { beforeEach, expect, it, vi } from 'vitest';
import type { ConfigOutline, ProjectFolder } from '../../../src/protocol/engine.ts';
import type { Problem } from '../../../src/protocol/problem.ts';
import { EventEmitter, forget, told } from './editor.ts';
import { createEngine, settle } from './engine.ts';

vi.mock('vscode', () => import('./editor.ts'));
const { registerProblems } = await import('../../../src/vscode/problems.ts');

const problem = (file: string, message: string): Problem => ({ file, line: 3, column: 1, severity: 'error', message });

/** Two projects whose configs share a mistake in a file that belongs to neither. */
function open(listConfigs: (project: string) => readonly ConfigOutline[] | Promise<readonly ConfigOutline[]>) {
  const engine = createEngine({
    readStatus: ({ project }) => ({ project, stages: [], data: [], problems: [problem('dvc.yaml', 'broken')] }),
    listConfigs: ({ project }) => listConfigs(project),
  });
  const changed = new EventEmitter<void>();
  const projects = { list: [] as readonly ProjectFolder[], onDidChange: changed.event };
  registerProblems(engine.thread, projects, () => undefined);
  const setProjects = async (...roots: string[]): Promise<void> => {
    projects.list = roots.map((root) => ({ root, name: root, branch: null }));
    changed.fire();
    await settle();
  };
  return { engine, setProjects };
}

const shown = (): readonly string[] =>
  told.collections.flatMap(({ byFile }) =>
    [...byFile].flatMap(([file, own]) => own.map(({ range, message }) => `${file}:${range.start.line + 1} ${message}`)),
  );
const outline = (...problems: readonly Problem[]): ConfigOutline => ({
  file: 'configs/a.yaml',
  model: 'a',
  sections: [],
  problems,
});

beforeEach(forget);

it('shows what is wrong in every project, and takes it away with the project', async () => {
  const { setProjects } = open(() => [outline(problem('/shared.yaml', 'shared'))]);
  await setProjects('/a', '/b');
  expect(shown()).toEqual([
    '/a/dvc.yaml:3 broken',
    '/shared.yaml:3 shared',
    '/shared.yaml:3 shared',
    '/b/dvc.yaml:3 broken',
  ]);
  await setProjects('/b');
  expect(shown()).toEqual(['/shared.yaml:3 shared', '/b/dvc.yaml:3 broken']);
  await setProjects();
  expect(shown()).toEqual([]);
});

it('takes away what has been mended', async () => {
  let problems = [problem('configs/a.yaml', 'unknown key')];
  const { engine, setProjects } = open(() => [outline(...problems)]);
  await setProjects('/a');
  expect(shown()).toContain('/a/configs/a.yaml:3 unknown key');
  problems = [];
  engine.tell('changed', { project: '/a', areas: ['configs'] });
  await settle();
  expect(shown()).toEqual(['/a/dvc.yaml:3 broken']);
});

it('shows nothing of a project that was removed while it was being read', async () => {
  const late = Promise.withResolvers<readonly ConfigOutline[]>();
  const { setProjects } = open(() => late.promise);
  await setProjects('/a');
  await setProjects();
  late.resolve([]);
  await settle();
  expect(shown()).toEqual([]);
});
