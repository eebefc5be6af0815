import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../../../../src/core/charts/charts.ts';
import {
  describeAloud,
  describeProgress,
  findProcessOfRun,
  formatBytes,
  toConfigEntries,
  toDataEntries,
  toFailureEntry,
  toModelEntries,
  toProblemEntry,
  toProjectEntry,
  toRunEntries,
  toStageEntries,
  listRunnable,
  toStageLog,
  type TreeEntry,
} from '../../../../src/core/trees/trees.ts';
import type { DataEntry, LiveProcess } from '../../../../src/protocol/engine.ts';
import type { StageStatus, StatusDocument } from '../../../../src/protocol/pipeline.ts';
import type { MetricSummary, RunSummary } from '../../../../src/protocol/tracking.ts';
import { TestProject } from '../../node/pipeline/bench.ts';

const t = (sentence: string, ...values: (string | number | boolean)[]): string =>
  fillIn(sentence, ...values.map(String));
const root = '/home/me/digits';

/** A tree as a person sees it: shape, label, description; two spaces a level. */
async function draw(entries: readonly TreeEntry[], indent = ''): Promise<string[]> {
  const lines: string[] = [];
  for (const entry of entries) {
    lines.push(
      `${indent}${entry.icon?.id ?? '-'} ${entry.label}${entry.description === '' ? '' : ` | ${entry.description}`}`,
    );
    lines.push(...(await draw((await entry.children?.()) ?? [], `${indent}  `)));
  }
  return lines;
}

function stage(name: string, state: StageStatus['state'], more: Partial<StageStatus> = {}): StageStatus {
  return { name, file: 'dvc.yaml', line: 3, state, reasons: [], needs: [], lastSeconds: null, ...more };
}

describe('the Pipeline view', () => {
  const status = (stages: readonly StageStatus[], problems: StatusDocument['problems'] = []): StatusDocument => ({
    project: root,
    stages,
    data: [],
    problems,
  });
  const check = (name: string, document: StatusDocument, lines: readonly string[]): void =>
    it(name, async () => {
      expect(await draw(toStageEntries(document, t))).toEqual(lines);
    });

  check(
    'a pipeline as the design draws it',
    status([
      stage('ingest', 'fresh', { lastSeconds: 2.1 }),
      stage('train@singleoutput', 'fresh', { lastSeconds: 41 }),
      stage('train@cnnbased', 'stale', {
        reasons: [{ kind: 'param', path: 'configs/cnnbased.yaml', key: 'training.learning_rate', change: 'modified' }],
      }),
      stage('evaluate', 'blocked', { needs: ['train@singleoutput', 'train@cnnbased'] }),
    ]),
    [
      'check ingest | fresh · 2.1 s',
      'warning train | 1 of 2 stale',
      '  check train@singleoutput | fresh · 41 s',
      '  warning train@cnnbased | training.learning_rate changed',
      'circle-outline evaluate | waits for train@cnnbased',
    ],
  );
  check(
    'every other state',
    status([
      stage('a', 'never-run'),
      stage('b', 'running'),
      stage('c', 'frozen'),
      stage('d', 'failed'),
      stage('e', 'needs-dvc'),
      stage('f', 'fresh'),
      stage('g', 'blocked'),
      stage('h', 'stale', { reasons: [{ kind: 'cmd' }, { kind: 'dep', path: 'data/raw' }, { kind: 'always' }] }),
    ]),
    [
      'circle-large-outline a | never run',
      'sync~spin b | running',
      'lock c | frozen',
      'error d | failed',
      'question e | needs DVC',
      'check f | fresh',
      'circle-outline g | waits for an earlier stage',
      'warning h | command changed and 2 more',
    ],
  );
  check(
    'groups',
    status([stage('t@a', 'fresh'), stage('t@b', 'fresh'), stage('u@a', 'running'), stage('u@b', 'fresh')]),
    [
      'check t | all 2 fresh',
      '  check t@a | fresh',
      '  check t@b | fresh',
      'sync~spin u | 1 of 2 running',
      '  sync~spin u@a | running',
      '  check u@b | fresh',
    ],
  );
  for (const [states, line] of [
    [['never-run', 'never-run'], 'circle-large-outline t | 2 never run'],
    [['fresh', 'stale', 'never-run'], 'warning t | 1 of 3 stale'],
    [['failed', 'blocked'], 'error t | 1 of 2 failed'],
    [['frozen', 'fresh'], 'lock t | 1 of 2 frozen'],
    [['blocked', 'blocked', 'fresh'], 'circle-outline t | 2 of 3 waiting'],
    [['needs-dvc'], 'question t | 1 needing DVC'],
    [['running', 'failed'], 'sync~spin t | 1 of 2 running'],
  ] as const)
    it(`a group says what is true of ${states.join(', ')}`, async () => {
      const stages = states.map((state, index) => stage(`t@${index}`, state));
      expect((await draw(toStageEntries(status(stages), t)))[0]).toBe(line);
    });
  check(
    'a broken dvc.yaml',
    status([], [{ file: 'dvc.yaml', line: 7, column: 3, severity: 'error', message: 'No.' }]),
    ['error No. | dvc.yaml:7'],
  );

  it('leads to the line, names the stage to commands, and keeps ids', () => {
    const [entry] = toStageEntries(status([stage('ingest', 'stale')]), t);
    expect(entry).toMatchObject({
      id: `stage:${root}:ingest`,
      target: { kind: 'stage', project: root, stage: 'ingest' },
      opens: { file: `${root}/dvc.yaml`, line: 3 },
      context: 'stage',
    });
    const [running] = toStageEntries(status([stage('ingest', 'running')]), t);
    expect(running?.id).toBe(entry?.id);
    expect(running?.context).toBe('stage running');
    const members = [stage('ingest', 'failed'), stage('t@a', 'fresh'), stage('u@a', 'running')];
    const contexts = toStageEntries(status(members), t).map(({ context }) => context);
    expect(contexts).toEqual(['stage failed', 'stage-group', 'stage-group running']);
  });

  it('gives every state a shape of its own, so that colour is never needed', () => {
    const states = ['fresh', 'stale', 'never-run', 'blocked', 'running', 'frozen', 'failed', 'needs-dvc'] as const;
    const icons = toStageEntries(status(states.map((state) => stage(state, state))), t).map(({ icon }) => icon?.id);
    expect(new Set(icons).size).toBe(states.length);
  });
});

function metric(value: number, step: number, best: MetricSummary['best'] = null, points = step): MetricSummary {
  return { points, last: { value, step }, min: { value, step }, max: { value, step }, best };
}

function run(name: string, more: Partial<RunSummary> = {}): RunSummary {
  return {
    runId: name,
    name,
    experiment: 'digits',
    status: 'FINISHED',
    startTime: 1,
    endTime: 2,
    parentRunId: null,
    params: {},
    tags: {},
    metrics: {},
    lost: false,
    artifacts: null,
    ...more,
  };
}

describe('the Runs view', () => {
  const live = run('warm-fox', {
    status: 'RUNNING',
    startTime: 9,
    params: { 'training.num_epochs': '24' },
    metrics: { val_loss: metric(0.081, 14), training_loss: metric(0.07, 14), batch_loss: metric(0.1, 900) },
  });
  it('shows newest first, live progress, outcomes and what can not be read', () => {
    const runs = [
      run('deep-wren', { startTime: 3, metrics: { val_loss: metric(0.09, 20, { value: 0.088, step: 18 }) } }),
      run('shy-otter', { startTime: 4, status: 'FAILED', tags: { 'mlops.reason': 'NaN loss at epoch 18' } }),
      run('calm-bee', {
        startTime: 5,
        metrics: { test_accuracy: metric(0.9712, 12, null, 1), val_loss: metric(0.1, 12) },
      }),
      run('old-cat', { startTime: 2, status: 'RUNNING', lost: true }),
      run('odd-elk', { startTime: 1, status: 'KILLED' }),
      live,
    ];
    const unreadable = [{ runId: 'feed', file: '/s/0/feed/meta.yaml', message: 'The file is empty.' }];
    const entries = toRunEntries({ runs, unreadable }, root, t);
    expect(entries.map(({ icon, label, description }) => [icon?.id, label, description])).toEqual([
      ['sync~spin', 'warm-fox', 'val_loss 0.0810 · epoch 14/24'],
      ['pass', 'calm-bee', 'test_accuracy 0.9712'],
      ['error', 'shy-otter', 'NaN loss at epoch 18'],
      ['pass', 'deep-wren', 'val_loss 0.0880 at 18'],
      ['debug-disconnect', 'old-cat', 'lost: its process is gone'],
      ['circle-slash', 'odd-elk', 'stopped'],
      ['warning', 'feed', 'unreadable: The file is empty.'],
    ]);
    expect(entries.map(({ context }) => context)).toEqual([
      'run running',
      'run finished',
      'run failed',
      'run finished',
      'run lost',
      'run killed',
      'run unreadable',
    ]);
  });

  it('lists metrics, params and tags below a run, with names that are no names of objects', async () => {
    const odd = run('x', { params: JSON.parse('{"__proto__": "a", "lr": "0.1"}') as Record<string, string> });
    const [entry] = toRunEntries({ runs: [odd], unreadable: [] }, root, t);
    expect(await draw((await entry?.children?.()) ?? [])).toEqual([
      'symbol-parameter Params | 2',
      '  - __proto__ | a',
      '  - lr | 0.1',
    ]);
  });

  it('tells progress without a plan, and nothing before the first epoch', () => {
    expect(describeProgress({ ...live, params: {} }, t)).toBe('epoch 14');
    expect(describeProgress({ ...live, metrics: { batch_loss: metric(0.1, 900) } }, t)).toBe('');
  });
});

describe('the Configs view', () => {
  const problem = {
    file: 'configs/cnn.yaml',
    line: 4,
    column: 3,
    severity: 'warning',
    message: 'Unknown key x.',
  } as const;
  const config = {
    file: 'configs/cnn.yaml',
    model: 'cnn',
    sections: [{ name: 'model', line: 1, entries: [{ key: 'name', value: 'cnnbased', line: 2 }] }],
    problems: [],
  };
  it('shows sections and values', async () => {
    expect(await draw(toConfigEntries([config], root, t))).toEqual([
      'settings cnn.yaml | cnnbased',
      '  symbol-namespace model',
      '    - name | cnnbased',
    ]);
  });
  it('shows warnings and errors in the place of what is wrong', async () => {
    const broken = { ...config, sections: [], problems: [problem, { ...problem, severity: 'error' as const }] };
    expect(await draw(toConfigEntries([{ ...config, problems: [problem] }, broken], root, t))).toEqual([
      'warning cnn.yaml | cnnbased · 1 warning',
      '  warning Unknown key x. | configs/cnn.yaml:4',
      '  symbol-namespace model',
      '    - name | cnnbased',
      'error cnn.yaml | 1 problem',
      '  warning Unknown key x. | configs/cnn.yaml:4',
      '  error Unknown key x. | configs/cnn.yaml:4',
    ]);
    expect(toConfigEntries([broken], root, t)[0]?.context).toBe('config broken');
  });
});

describe('the Data view', () => {
  const entry = (path: string, more: Partial<DataEntry>): DataEntry => ({
    path,
    name: path.split('/').at(-1) ?? '',
    kind: 'file',
    files: 1,
    bytes: 0,
    state: null,
    ...more,
  });
  it('asks for a folder only when it is opened', async () => {
    const asked: string[] = [];
    const list = (folder: string): Promise<readonly DataEntry[]> => {
      asked.push(folder);
      return Promise.resolve([entry(`${folder}/a.gz`, { bytes: 1_660_000, state: 'tracked' })]);
    };
    const entries = toDataEntries(
      [
        entry('data/raw', { kind: 'folder', files: 4, bytes: 1_700_000, state: 'tracked' }),
        entry('data/big', { kind: 'folder', files: null, bytes: null }),
        entry('data/gone', { files: null, bytes: null, state: 'missing' }),
        entry('data/own.csv', { bytes: 12, state: 'modified' }),
      ],
      root,
      t,
      list,
    );
    expect(asked).toEqual([]);
    expect(entries.map(({ label, description }) => `${label} | ${description}`)).toEqual([
      'raw | 4 files · 1.7 MB · tracked',
      'big | many files',
      'gone | missing',
      'own.csv | 12 B · modified',
    ]);
    expect(await draw((await entries[0]?.children?.()) ?? [])).toEqual(['database a.gz | 1.7 MB · tracked']);
    expect(asked).toEqual(['data/raw']);
    expect(entries[2]?.opens).toBeUndefined();
  });
});

it('shows a project with its branch, and problems of files outside by their own path', () => {
  expect(toProjectEntry({ root, name: 'digits', branch: 'main' }, () => [])).toMatchObject({
    label: 'digits',
    description: 'main',
    target: { kind: 'project', project: root },
  });
  const problem = { line: 1, column: 1, severity: 'error', message: 'x' } as const;
  expect(toProblemEntry({ ...problem, file: '/etc/x.yaml' }, root, t).opens?.file).toBe('/etc/x.yaml');
  expect(toProblemEntry({ ...problem, file: 'C:\\x.yaml' }, root, t).opens?.file).toBe('C:\\x.yaml');
});

describe('ids of two projects that have everything else in common', () => {
  const problem = { file: 'dvc.yaml', line: 1, column: 1, severity: 'error', message: 'No.' } as const;
  const config = {
    file: 'configs/cnn.yaml',
    model: 'cnn',
    sections: [{ name: 'model', line: 1, entries: [{ key: 'name', value: 'cnn', line: 2 }] }],
    problems: [problem],
  };
  const folder = { path: 'data/raw', name: 'raw', kind: 'folder', files: 1, bytes: 1, state: null } as const;
  const unreadable = [{ runId: 'feed', file: '/s/feed', message: 'No.' }];
  const model = { name: 'cnn', folder: '/m/cnn', modified: 5, runId: null };
  const views: Readonly<Record<string, (project: string) => readonly TreeEntry[]>> = {
    pipeline: (project) =>
      toStageEntries(
        { project, stages: [stage('a', 'fresh'), stage('b@c', 'fresh')], data: [], problems: [problem] },
        t,
      ),
    configs: (project) => toConfigEntries([config], project, t),
    data: (project) =>
      toDataEntries([folder], project, t, () => Promise.resolve([{ ...folder, path: 'data/raw/x', kind: 'file' }])),
    runs: (project) => toRunEntries({ runs: [run('x', { params: { lr: '1' } })], unreadable }, project, t),
    models: (project) =>
      toModelEntries({ folders: [model], registry: { models: [], problems: [] }, runs: [] }, project, {
        t,
        formatDate: String,
      }),
    failures: (project) => [
      toFailureEntry(
        'No.',
        toProjectEntry({ root: project, name: 'digits', branch: null }, () => []),
      ),
    ],
  };
  const listIds = async (entries: readonly TreeEntry[], depth: number): Promise<string[]> => {
    const below =
      depth === 0 ? [] : entries.map(async ({ children }) => listIds((await children?.()) ?? [], depth - 1));
    return [...entries.map(({ id }) => id), ...(await Promise.all(below)).flat()];
  };
  for (const [view, load] of Object.entries(views))
    it(view, async () => {
      const ids = [...(await listIds(load('/home/me/digits'), 3)), ...(await listIds(load('/home/me/other'), 3))];
      expect(ids.length).toBeGreaterThan(1);
      expect(new Set(ids).size).toBe(ids.length);
    });
});

describe('what a screen reader says', () => {
  const reasons = [{ kind: 'cmd' }] as const;
  const problem = { file: 'dvc.yaml', line: 1, column: 1, severity: 'warning', message: 'No.' } as const;
  const first = (entries: readonly TreeEntry[]): TreeEntry | undefined => entries[0];
  const ofStage = (...given: Parameters<typeof stage>): TreeEntry | undefined =>
    first(toStageEntries({ project: root, stages: [stage(...given)], data: [], problems: [] }, t));
  const ofRun = (more: Partial<RunSummary>): TreeEntry | undefined =>
    first(toRunEntries({ runs: [run('elk', more)], unreadable: [] }, root, t));
  for (const [entry, words] of [
    [ofStage('a', 'fresh', { lastSeconds: 2 }), 'a, fresh · 2.0 s'],
    [ofStage('a', 'stale', { reasons }), 'a, stale, command changed'],
    [ofStage('a', 'stale'), 'a, stale'],
    [ofStage('a', 'failed'), 'a, failed'],
    [ofRun({ metrics: { val_loss: metric(0.1, 1) } }), 'elk, finished, val_loss 0.1000'],
    [ofRun({}), 'elk, finished'],
    [ofRun({ status: 'RUNNING' }), 'elk, running'],
    [ofRun({ status: 'FAILED', tags: { 'mlops.reason': 'NaN loss' } }), 'elk, failed, NaN loss'],
    [ofRun({ status: 'FAILED' }), 'elk, failed'],
    [ofRun({ status: 'KILLED' }), 'elk, stopped'],
    [ofRun({ status: 'RUNNING', lost: true }), 'elk, lost: its process is gone'],
    [toProblemEntry(problem, root, t), 'No., warning, dvc.yaml:1'],
  ] as const)
    it(words, () => {
      expect(entry === undefined ? undefined : describeAloud(entry)).toBe(words);
    });
});

it('finds the log of a stage where the engine keeps it', async () => {
  const project = await TestProject.create({
    'dvc.yaml': 'stages:\n  größe:\n    foreach: ["a b/c*"]\n    do:\n      cmd: echo ${item}\n',
    'sub/dvc.yaml': 'stages:\n  s:\n    cmd: echo s\n',
  });
  try {
    await project.run();
    const kept = project.events.flatMap((event) => (event.type === 'stage-started' ? [[event.stage, event.log]] : []));
    expect(kept).toHaveLength(2);
    for (const [name = '', log = ''] of kept) expect(path.normalize(toStageLog(project.root, name))).toBe(log);
  } finally {
    await project.remove();
  }
});

it('offers each stage to run, but a large group as one', () => {
  const members = (group: string, count: number) =>
    Array.from({ length: count }, (_, index) => ({ name: `${group}@${index}` }));
  const stages = [{ name: 'prepare' }, ...members('few', 2), ...members('many', 5000)];
  expect(listRunnable(stages)).toEqual(['prepare', 'few@0', 'few@1', 'many']);
});

describe('sizes', () => {
  for (const [bytes, text] of [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1_699_000, '1.7 MB'],
    [36_400_000, '36 MB'],
  ] as const)
    it(text, () => {
      expect(formatBytes(bytes)).toBe(text);
    });
});

describe('the process to stop for a run', () => {
  const process = (id: string, more: Partial<LiveProcess>): LiveProcess => ({
    id,
    pid: 1,
    command: 'run',
    since: 0,
    kind: 'other',
    stages: [],
    runId: null,
    model: null,
    steering: null,
    log: null,
    ...more,
  });
  const inStage = process('t', { kind: 'training', runId: 'r', model: 'cnn', command: 'mlops train configs/cnn.yaml' });
  const check = (name: string, processes: readonly LiveProcess[], expected: string | undefined): void =>
    it(name, () => {
      expect(findProcessOfRun(processes, 'r')?.id).toBe(expected);
    });
  check('none', [], undefined);
  check('a training by itself', [inStage], 't');
  check('inside a pipeline', [process('p', { kind: 'pipeline', stages: ['train@cnn'] }), inStage], 'p');
  check('beside a pipeline of other stages', [process('p', { kind: 'pipeline', stages: ['clean'] }), inStage], 't');
  check(
    'started from an editor beside a pipeline',
    [
      process('p', { kind: 'pipeline' }),
      { ...inStage, command: 'train configs/cnn.yaml', log: '/p/.mlops/tmp/logs/x.log' },
    ],
    't',
  );
});
