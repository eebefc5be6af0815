import { beforeEach, expect, it, vi } from 'vitest';
import type { Finding } from '../../../src/protocol/editing.ts';
import type { Problem } from '../../../src/protocol/problem.ts';
import type { ProjectFolder } from '../../../src/protocol/engine.ts';
import { Document, EventEmitter, Range, changedDocuments, forget, told, workspace } from './editor.ts';
import { createEngine, settle } from './engine.ts';

vi.mock('vscode', () => import('./editor.ts'));
const { Problems } = await import('../../../src/vscode/problems.ts');

const problem = (file: string, message: string): Finding => ({
  file,
  line: 3,
  column: 1,
  endLine: 3,
  endColumn: 5,
  severity: 'error',
  message,
  fixes: [],
});

function open(
  find: (project: string) => readonly Finding[] | Promise<readonly Finding[]>,
  status: readonly Problem[] = [],
) {
  const engine = createEngine({
    checkFiles: ({ project }) => find(project),
    readStatus: ({ project }) => ({ project, stages: [], data: [], problems: status }),
  });
  const changed = new EventEmitter<void>();
  const projects = { list: [] as readonly ProjectFolder[], onDidChange: changed.event };
  const problems = new Problems(engine.thread, projects, () => undefined);
  const setProjects = async (...roots: string[]): Promise<void> => {
    projects.list = roots.map((root) => ({ root, name: root, branch: null }));
    changed.fire();
    await settle();
  };
  return { engine, problems, setProjects };
}

const shown = (): readonly string[] =>
  told.collections.flatMap(({ byFile }) =>
    [...byFile].flatMap(([file, own]) => own.map(({ range, message }) => `${file}:${range.start.line + 1} ${message}`)),
  );
const broken = problem('dvc.yaml', 'broken');

beforeEach(forget);

it('shows what is wrong in every project, and takes it away with the project', async () => {
  const { setProjects } = open(() => [broken, problem('/shared.yaml', 'shared')]);
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
  const { engine, setProjects } = open(() => [broken, ...problems]);
  await setProjects('/a');
  expect(shown()).toContain('/a/configs/a.yaml:3 unknown key');
  problems = [];
  engine.tell('changed', { project: '/a', areas: ['configs'] });
  await settle();
  expect(shown()).toEqual(['/a/dvc.yaml:3 broken']);
});

it('shows nothing of a project that was removed while it was being read', async () => {
  const late = Promise.withResolvers<readonly Finding[]>();
  const { setProjects } = open(() => late.promise);
  await setProjects('/a');
  await setProjects();
  late.resolve([broken]);
  await settle();
  expect(shown()).toEqual([]);
});

it('leads to the other places of a problem', async () => {
  const { setProjects } = open(() => [
    { ...broken, related: [{ file: 'sub/dvc.yaml', line: 2, column: 3, message: 'the other' }] },
  ]);
  await setProjects('/a');
  const [first] = told.collections.flatMap(({ byFile }) => [...byFile.values()].flat());
  expect(first?.relatedInformation).toMatchObject([
    { location: { uri: { fsPath: '/a/sub/dvc.yaml' }, range: { line: 1, character: 2 } }, message: 'the other' },
  ]);
});

it('looks at a text when nobody has typed for a while, and gives no fixes of a text that has changed since', async () => {
  vi.useFakeTimers();
  try {
    const { engine, problems, setProjects } = open(() => [broken]);
    const document = new Document('/a/dvc.yaml', 'stages: {}');
    workspace.textDocuments = [document];
    await setProjects('/a');
    const [everything] = [new Range(0, 0, 9, 0)];
    expect(problems.findingsAt(document as never, everything as never)).toEqual([broken]);

    document.type('stages: []');
    changedDocuments.fire({ document });
    expect(problems.findingsAt(document as never, everything as never)).toEqual([]);
    document.type('stages:');
    changedDocuments.fire({ document });
    vi.advanceTimersByTime(1000);
    await settle();
    expect(engine.asked.filter(({ name }) => name === 'checkFiles').map(({ payload }) => payload)).toEqual([
      { project: '/a', open: [] },
      { project: '/a', open: [{ file: 'dvc.yaml', text: 'stages:' }] },
    ]);
    expect(problems.findingsAt(document as never, everything as never)).toEqual([broken]);
  } finally {
    vi.useRealTimers();
  }
});

it('asks once more, not more often, for everything that changes while it looks', async () => {
  const looks: PromiseWithResolvers<readonly Finding[]>[] = [];
  const { engine, setProjects } = open(() => {
    const look = Promise.withResolvers<readonly Finding[]>();
    looks.push(look);
    return look.promise;
  });
  await setProjects('/a');
  for (let i = 0; i < 5; i += 1) engine.tell('changed', { project: '/a', areas: ['pipeline'] });
  looks[0]?.resolve([]);
  await settle();
  looks[1]?.resolve([broken]);
  await settle();
  expect(looks).toHaveLength(2);
  expect(shown()).toEqual(['/a/dvc.yaml:3 broken']);
});

it('adds what only the status knows of files that stages read, each problem once', async () => {
  const { setProjects } = open(() => [broken], [broken, problem('data', 'unreadable')]);
  await setProjects('/a');
  expect(shown()).toEqual(['/a/dvc.yaml:3 broken', '/a/data:3 unreadable']);
});
