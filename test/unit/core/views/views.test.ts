import { describe, expect, it } from 'vitest';
import { findViewNameMistake, formatView, parseView } from '../../../../src/core/views/views.ts';
import { formatProblem } from '../../../../src/protocol/problem.ts';
import { emptyTableView, type TableView } from '../../../../src/protocol/runtable.ts';

const file = '.mlops/views/lr.yaml';
const column = (id: string, width: number | null = null, isPinned = false) => ({ id, width, isPinned });
const full: TableView = {
  columns: [column('name', 240, true), column('metrics.val_loss'), column('last(metrics.val_loss)', 90)],
  sort: [
    { column: 'metrics.val_loss', descending: false },
    { column: 'start', descending: true },
  ],
  filter: 'val_loss < 0.3',
  group: 'params.lr',
  showsHidden: true,
};
const text = `table:
  columns:
    - { id: name, width: 240, pinned: true }
    - metrics.val_loss
    - { id: last(metrics.val_loss), width: 90 }
  sort:
    - metrics.val_loss
    - -start
  filter: val_loss < 0.3
  group: params.lr
  hidden: shown
`;

describe('a view file', () => {
  it('is written so that a person can read it, and read as it was written', () => {
    expect(formatView(undefined, file, full)).toEqual({ value: text, problems: [] });
    expect(parseView(text, file)).toEqual({ value: full, problems: [] });
    expect(parseView(formatView(undefined, file, emptyTableView).value ?? 'x', file).value).toEqual(emptyTableView);
  });

  it.each(['', '# nothing\n', 'charts: {}\n', 'table:\n'])('that chooses nothing is a view: %j', (nothing) => {
    expect(parseView(nothing, file)).toEqual({ value: emptyTableView, problems: [] });
  });

  it.each([
    ['[]', '1:1: error: A view is a mapping with the key table.'],
    ['table: 7', '1:8: error: table must be a mapping.'],
    ['table:\n  columns: name', '2:12: error: columns must be a list.'],
    ['table:\n  columns:\n    - name\n    - nobody', '4:7: error: "nobody" is no column;'],
    ['table:\n  columns:\n    - { id: name, width: 9 }', '3:7: error: width must be a number from 40 to 800.'],
    ['table:\n  columns: [{ id: name, pinned: 1 }]', '2:13: error: pinned must be true or false.'],
    ['table:\n  sort: [-start, what]', '2:18: error: "what" is no column;'],
    ['table:\n  filter: 3', '2:11: error: filter must be a text.'],
    ['table:\n  group: [a]', '2:10: error: This is no column;'],
    ['table:\n  hidden: no', '2:11: error: hidden can only be "shown"'],
    ['table:\n  sort: [', '2:10: error: '],
    ['<<<<<<< HEAD\ntable:\n=======\n', '1:1: error: Unresolved merge conflict.'],
  ])('with a mistake says where: %j', (wrong, problem) => {
    const { value, problems } = parseView(wrong, file);
    expect(value).toBeUndefined();
    expect(problems.map(formatProblem).join('\n')).toContain(`${file}:${problem}`);
  });

  it('with an unknown key is shown all the same', () => {
    const { value, problems } = parseView('table:\n  widths: 3\n  filter: a < 1\n', file);
    expect(value?.filter).toBe('a < 1');
    expect(problems.map(formatProblem)).toEqual([
      `${file}:2:3: warning: "widths" is no key of a table's view; there are columns, sort, filter, group, hidden.`,
    ]);
  });
});

describe('a view that is saved again', () => {
  const commented = `# Ours.
charts: { log: true } # of another page
table:
  # The ones that matter.
  columns:
    - name
    - metrics.val_loss # best first
    - params.lr
  filter: val_loss < 0.3 # what we ship
`;

  it.each<[string, Partial<TableView>, (before: string) => string]>([
    ['nothing', {}, (before) => before],
    ['the filter', { filter: 'a < 1' }, (before) => before.replace('val_loss < 0.3', 'a < 1')],
    [
      'the order of columns',
      { columns: [column('name'), column('params.lr'), column('metrics.val_loss')] },
      (before) => before.replace('    - params.lr\n', '').replace('    - metrics', '    - params.lr\n    - metrics'),
    ],
    ['a group', { group: 'params.lr' }, (before) => `${before}  group: params.lr\n`],
    ['no filter', { filter: '' }, (before) => before.replace(/ {2}filter.*\n/, '')],
  ])('keeps comments and what belongs to others: %s', (_name, change, expected) => {
    const before = parseView(commented, file).value ?? emptyTableView;
    const after = { ...before, ...change };
    const { value } = formatView(commented, file, after);
    expect(value).toBe(expected(commented));
    expect(parseView(value ?? '', file).value).toEqual(after);
  });

  it.each(['table: [', 'a: 1\na: 2', '- list'])('is not written over what can’t be read: %j', (broken) => {
    const { value, problems } = formatView(broken, file, full);
    expect([value, problems.length > 0]).toEqual([undefined, true]);
  });
});

it.each([
  ['learning rates', undefined],
  ['größe 1.2_a-b', undefined],
  ['', 'needs a name'],
  ['../x', 'made of letters'],
  ['a/b', 'made of letters'],
  ['.hidden', 'made of letters'],
  ['a.', 'made of letters'],
  ['nul', 'Windows'],
  ['x'.repeat(61), 'at most 60'],
])('the name %j', (name, mistake) => {
  const found = findViewNameMistake(name);
  if (mistake === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(mistake);
});
