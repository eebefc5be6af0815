import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { deleteView, listViews, saveView } from '../../../../src/node/views/views.ts';
import { emptyRunsView } from '../../../../src/protocol/runsview.ts';

let root: string;
const place = (name: string): string => path.join(root, '.mlops/views', name);
const view = { ...emptyRunsView, table: { ...emptyRunsView.table, filter: 'a < 1' } };

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'mlops-views-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('keeps views in files, lists them by name, and one that is broken hides no other', async () => {
  expect(await listViews({ root })).toEqual([]);
  await saveView({ root }, 'loss', view);
  await saveView({ root }, 'all runs', emptyRunsView);
  await writeFile(place('broken.yaml'), 'table:\n  columns: 3\n');
  await writeFile(place('latin.yaml'), Buffer.from([0x74, 0xe9]));
  await writeFile(place('notes.txt'), 'nothing');
  await mkdir(place('folder.yaml'));
  expect(await listViews({ root })).toEqual([
    { name: 'all runs', view: emptyRunsView, problem: null },
    { name: 'broken', view: null, problem: '.mlops/views/broken.yaml:2:12: error: columns must be a list.' },
    { name: 'latin', view: null, problem: expect.stringContaining('UTF-8') as string },
    { name: 'loss', view, problem: null },
  ]);
});

it('changes a file without losing its comments, and never writes over one that can’t be read', async () => {
  await mkdir(place(''), { recursive: true });
  await writeFile(place('loss.yaml'), '# ours\ntable:\n  filter: b > 2 # good\n');
  await saveView({ root }, 'loss', view);
  expect(await readFile(place('loss.yaml'), 'utf8')).toBe('# ours\ntable:\n  filter: a < 1 # good\n');
  await writeFile(place('loss.yaml'), 'table: [');
  await expect(saveView({ root }, 'loss', view)).rejects.toMatchObject({ code: 'bad-input' });
  expect(await readFile(place('loss.yaml'), 'utf8')).toBe('table: [');
});

it.each(['../../outside', 'a/b', ''])('writes and deletes nothing under the name %j', async (name) => {
  await saveView({ root }, 'loss', view);
  await expect(saveView({ root }, name, view)).rejects.toMatchObject({ code: 'bad-input' });
  await expect(deleteView({ root }, name)).rejects.toMatchObject({ code: 'unknown-name' });
  expect(await listViews({ root })).toHaveLength(1);
});

it('deletes one', async () => {
  await saveView({ root }, 'loss', view);
  await expect(deleteView({ root }, 'los')).rejects.toMatchObject({ message: expect.stringContaining('mean "loss"') });
  await deleteView({ root }, 'loss');
  expect(await listViews({ root })).toEqual([]);
  await expect(deleteView({ root }, 'loss')).rejects.toMatchObject({ code: 'unknown-name' });
});
