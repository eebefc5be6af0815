import { expect, it } from 'vitest';
import { fillIn } from '../../../../src/core/charts/charts.ts';
import { toModelEntries, type TreeEntry } from '../../../../src/core/trees/trees.ts';
import type { RegistryList } from '../../../../src/protocol/registry.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

const t = (sentence: string, ...values: (string | number | boolean)[]): string =>
  fillIn(sentence, ...values.map(String));
const root = '/home/me/digits';
const point = { value: 0.97, step: 1 };
const runs: readonly RunSummary[] = [
  {
    ...{ runId: 'r', name: 'r lark', experiment: 'x', status: 'FINISHED', startTime: 1, endTime: 2, parentRunId: null },
    metrics: { test_accuracy: { points: 1, last: point, min: point, max: point, best: null } },
    ...{ params: {}, tags: {}, lost: false, artifacts: null },
  },
];

const version = (number: string, runId: string | null, stage: string | null = null) => ({
  ...{ version: number, runId, source: 'file:///x', tags: {}, description: null, createdTime: 7, updatedTime: 7 },
  ...{ stage, status: 'READY' },
});
const registry: RegistryList = {
  models: [
    {
      ...{ name: 'digits', origin: 'mlflow', description: null, tags: {}, createdTime: 1, updatedTime: 1 },
      aliases: { champion: '2', best: '2' },
      versions: [version('2', 'r'), version('1', null, 'Archived')],
    },
  ],
  problems: [{ file: '/s/models/x/meta.yaml', message: 'meta.yaml is missing.' }],
};

it('shows registered models with versions, aliases, stages and runs', async () => {
  const entries = toModelEntries({ folders: [], registry, runs }, root, { t, formatDate: (time) => `day ${time}` });
  const draw = (list: readonly TreeEntry[]): string[] =>
    list.map(({ label, description }) => `${label} | ${description}`);
  expect(draw(entries)).toEqual([
    'digits | 2 versions · champion 2 · best 2',
    'meta.yaml is missing. | /s/models/x/meta.yaml',
  ]);
  const versions = (await entries[0]?.children?.()) ?? [];
  expect(draw(versions)).toEqual([
    'Version 2 | @champion @best · accuracy 0.9700 · day 7',
    'Version 1 | stage Archived · day 7',
  ]);
  expect(versions[0]?.target).toEqual({ kind: 'version', project: root, name: 'digits', version: '2' });
  const [link] = (await versions[0]?.children?.()) ?? [];
  expect(link).toMatchObject({ context: 'version-run', target: { kind: 'run', runId: 'r' } });
  expect(versions[1]?.children).toBeUndefined();
});

it('tells the release of a version, and shows a model of the store and of releases as two rows', async () => {
  const [stored] = registry.models;
  const released = { ...version('2', 'r'), source: 'git:1.0.0', tags: { 'git.tag': '1.0.0' } };
  const models = [stored!, { ...stored!, origin: 'git' as const, aliases: { champion: '2' }, versions: [released] }];
  const facts = { folders: [], registry: { models, problems: [] }, runs };
  const entries = toModelEntries(facts, root, { t, formatDate: (time) => `day ${time}` });
  expect(entries.map(({ description }) => description)).toEqual([
    '2 versions · champion 2 · best 2',
    'releases in git · 1 version · champion 2',
  ]);
  const all = (await Promise.all(entries.map(async (entry) => [entry, ...((await entry.children?.()) ?? [])]))).flat();
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(all[1]?.description).toBe('@champion @best · released as 1.0.0 · accuracy 0.9700 · day 7');
});

it('shows models with the accuracy of their run', () => {
  const models = [
    { name: 'cnn', folder: '/m/cnn', modified: 5, runId: 'r' },
    { name: 'old', folder: '/m/old', modified: 6, runId: null },
  ];
  const entries = toModelEntries({ folders: models, registry, runs }, root, { t, formatDate: (time) => `day ${time}` });
  expect(entries.slice(2).map(({ label, description }) => `${label} | ${description}`)).toEqual([
    'cnn | accuracy 0.9700 · day 5',
    'old | day 6',
  ]);
});
