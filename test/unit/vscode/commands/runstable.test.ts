import { beforeEach, expect, it, vi } from 'vitest';
import type { Target } from '../../../../src/core/trees/trees.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { emptyRunsView } from '../../../../src/protocol/runsview.ts';
import type { SavedView } from '../../../../src/protocol/runtable.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';
import { answers, forget, told } from '../editor.ts';
import { createEngine } from '../engine.ts';

vi.mock('vscode', () => import('../editor.ts'));
const { createRunsTableCommands } = await import('../../../../src/vscode/commands/runstable.ts');
const { createRunEditCommands } = await import('../../../../src/vscode/commands/editruns.ts');
const { parseTarget } = await import('../../../../src/vscode/commands/target.ts');

const project = '/w/digits';
const run = (runId: string, tags: RunSummary['tags'] = {}): RunSummary => ({
  ...{ runId, name: `${runId} lark`, experiment: 'x', status: 'FINISHED', startTime: 1, endTime: 2, parentRunId: null },
  ...{ params: {}, tags, metrics: {}, lost: false, artifacts: null },
});

function create(refused = '', { hasPage = false, views = [] as readonly SavedView[] } = {}) {
  const engine = createEngine({
    listViews: () => views,
    listRuns: () => ({ runs: [run('one', { 'mlops.star': '1' }), run('two'), run('three')], unreadable: [] }),
    editRun({ runId }) {
      if (runId === refused) throw new ExpectedError('busy', 'The run goes on.');
      return null;
    },
  });
  const own = { root: project, name: 'digits', branch: null };
  const projects = { whenKnown: () => Promise.resolve([own]), whenAllKnown: () => Promise.resolve([own]) };
  const tables = { show: vi.fn(), copy: vi.fn(), takeAway: vi.fn(() => hasPage) };
  const exports = {
    writeReport: vi.fn(() => Promise.resolve({ bytes: 1, runs: 1, charts: 1, notes: [] })),
    tellReport: vi.fn(() => Promise.resolve('###')),
  };
  const parts = { engine: engine.thread, projects, tables, exports } as unknown as Parameters<
    typeof createRunsTableCommands
  >[0];
  return {
    tables,
    exports,
    commands: { ...createRunsTableCommands(parts), ...createRunEditCommands(parts) },
    edited: () => engine.asked.filter(({ name }) => name === 'editRun').map(({ payload }) => payload),
  };
}

beforeEach(() => {
  forget();
  answers.workspaceFolder = '/w';
});

const one: Target = { kind: 'run', project, runId: 'one' };
const both: Target = { ...one, runIds: ['one', 'two'] };
const tag = (runId: string, tags: RunSummary['tags'] | Record<string, null>) => ({ project, runId, edit: { tags } });

it.each([
  ['mlops.starRun', one, [tag('one', { 'mlops.star': null })]],
  ['mlops.starRun', both, [tag('one', { 'mlops.star': '1' }), tag('two', { 'mlops.star': '1' })]],
  ['mlops.hideRun', one, [tag('one', { 'mlops.hidden': '1' })]],
] as const)('%s on %j', async (command, target, expected) => {
  const { commands, edited } = create();
  await commands[command](target);
  expect(edited()).toEqual(expected);
});

it.each([
  ['Blue', 'blue'],
  ['No colour', null],
])('the colour %s', async (picked, colour) => {
  answers.picked = [picked];
  const { commands, edited } = create();
  await commands['mlops.colourRun'](one);
  expect(edited()).toEqual([tag('one', { 'mlops.colour': colour } as Record<string, null>)]);
});

it.each([
  [' team = red = blue ', [tag('one', { team: 'red = blue' })]],
  ['team=', [tag('one', { team: null })]],
  ['team', []],
  ['=x', []],
  [undefined, []],
])('the tag %j', async (typed, expected) => {
  answers.typed = typed;
  const { commands, edited } = create();
  await commands['mlops.tagRun'](one);
  expect(edited()).toEqual(expected);
});

it('one run that refuses keeps none of the others, and its reason is told', async () => {
  const { commands, edited } = create('one');
  await expect(commands['mlops.hideRun'](both)).rejects.toThrow('The run goes on.');
  expect(edited()).toHaveLength(2);
});

it('several runs are deleted, and brought back by the button of one message', async () => {
  answers.pressed = 'Undo';
  const { commands, edited } = create();
  await commands['mlops.deleteRun'](both);
  expect(told.messages).toEqual([expect.stringContaining('2 runs are no longer listed')]);
  expect(edited()).toMatchObject([
    { runId: 'one', edit: { isDeleted: true } },
    { runId: 'two', edit: { isDeleted: true } },
    { runId: 'one', edit: { isDeleted: false } },
    { runId: 'two', edit: { isDeleted: false } },
  ]);
});

it('shows the table and the charts, and copies', async () => {
  const { commands, tables } = create();
  await commands['mlops.showRunsTable']();
  await commands['mlops.showRunsCharts']();
  await commands['mlops.copyRunsAsCsv']();
  await commands['mlops.copyRunsAsMarkdown']();
  await commands['mlops.copyRunsAsJson']();
  expect(tables.show.mock.calls).toEqual([
    [project, 'table'],
    [project, 'charts'],
  ]);
  expect(tables.copy.mock.calls).toEqual([['csv'], ['markdown'], ['json']]);
});

it('takes away what the page in front shows', async () => {
  const { commands, tables, exports } = create('', { hasPage: true });
  for (const name of ['exportReport', 'copyReport', 'exportChartsAsPng', 'exportChartsAsSvg', 'exportPoints'] as const)
    await commands[`mlops.${name}`]();
  expect(tables.takeAway.mock.calls).toEqual([['report'], ['summary'], ['png'], ['svg'], ['csv']]);
  expect(exports.writeReport).not.toHaveBeenCalled();
});

it('without a page a report is of all runs, or of a view that is picked', async () => {
  const charts = { ...emptyRunsView, charts: { ...emptyRunsView.charts, columns: 2 } };
  const views = [
    { name: 'losses', view: charts, problem: null },
    { name: 'broken', view: null, problem: 'x' },
  ];
  const { commands, exports } = create('', { views });
  answers.saved = '/w/r.html';
  answers.picked = ['losses', 'All runs', 'escape'];
  await commands['mlops.exportReport']();
  await commands['mlops.copyReport']();
  await commands['mlops.exportReport']();
  expect(exports.writeReport.mock.calls).toEqual([
    [project, { title: 'losses', view: charts, runIds: null }, '/w/r.html'],
  ]);
  const all = { title: 'Runs of digits', view: emptyRunsView, runIds: null };
  expect(exports.tellReport.mock.calls).toEqual([[project, all]]);
  expect(told.picks.at(-1)?.map(({ label }) => label)).toEqual(['All runs', 'losses']);
});

it.each([
  [{ ...both, webviewSection: 'run' }, true],
  [{ ...one, runIds: 'one' }, false],
  [{ ...one, runIds: [7] }, false],
])('what a menu of the page says is a target: %j', (argument, isOne) => {
  expect(parseTarget(argument) !== undefined).toBe(isOne);
});

it.each([
  ['the runs that are selected', one, [one, { ...one, runId: 'b' }, one], ['one', 'b']],
  [
    'itself alone, where others are selected',
    one,
    [
      { ...one, runId: 'b' },
      { ...one, runId: 'c' },
    ],
    undefined,
  ],
  ['itself alone, where it is the only run', one, [one, { kind: 'project', project }, null], undefined],
  ['runs of its project', one, [one, { ...one, runId: 'b', project: '/other' }], undefined],
] as const)('an entry of the tree stands for %s', (_what, argument, selected, runIds) => {
  const toEntry = (target: unknown) => ({ id: 'x', target });
  expect(parseTarget(toEntry(argument), selected.map(toEntry))).toEqual(
    runIds === undefined ? argument : { ...argument, runIds },
  );
});
