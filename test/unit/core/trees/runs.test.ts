import { describe, expect, it } from 'vitest';
import { describeAloud, toRunEntries, type TreeEntry } from '../../../../src/core/trees/trees.ts';
import type { RunSummary } from '../../../../src/protocol/tracking.ts';

const t = (message: string, ...values: (string | number | boolean)[]): string =>
  message.replaceAll(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)]));
const point = { value: 0.081, step: 14 };
const live: RunSummary = {
  runId: 'elk',
  name: 'elk',
  experiment: 'x',
  status: 'RUNNING',
  startTime: 1,
  endTime: null,
  parentRunId: null,
  params: { 'training.num_epochs': '24' },
  tags: { 'mlops.paused': 'at epoch 14, batch 900' },
  metrics: { val_loss: { points: 14, last: point, min: point, max: point, best: null } },
  lost: false,
  artifacts: null,
};

it.each<[string, Partial<RunSummary>, (string | undefined)[]]>([
  ['paused', {}, ['debug-pause', 'paused · val_loss 0.0810 · epoch 14/24', 'run paused']],
  ['going on', { tags: {} }, ['sync~spin', 'val_loss 0.0810 · epoch 14/24', 'run running']],
  ['lost', { lost: true }, ['debug-disconnect', 'lost: its process is gone', 'run lost']],
  ['ended', { status: 'FAILED' }, ['error', 'failed', 'run failed']],
])('a run with the tag of a pause is shown as it is: %s', (_, more, expected) => {
  const [entry] = toRunEntries({ runs: [{ ...live, ...more }], unreadable: [] }, '/w/digits', t);
  expect([entry?.icon?.id, entry?.description, entry?.context]).toEqual(expected);
});

it('marks runs of other stores than that of new runs, and those that can only be read', () => {
  const stores = ['file:///w/digits/models/mlruns', 'sqlite:////w/digits/mlflow.db'].map((uri, index) => ({
    ...{ uri, label: index === 0 ? 'models/mlruns' : 'mlflow.db', kind: 'folder' as const },
    abilities: { logs: index === 0, edits: index === 0 },
  }));
  const runs = stores.map(({ uri }, index) => ({
    ...live,
    runId: uri,
    status: 'FINISHED' as const,
    tags: {},
    startTime: -index,
    store: uri,
  }));
  const entries = toRunEntries(
    { runs, unreadable: [], stores, resumable: runs.map(({ runId }) => runId) },
    '/w/digits',
    t,
  );
  expect(entries.map(({ description, context }) => [description, context])).toEqual([
    ['val_loss 0.0810', 'run finished resumable'],
    ['val_loss 0.0810 · mlflow.db', 'run finished readonly'],
  ]);
  expect(entries[1]?.tooltip).toContain('sqlite:////w/digits/mlflow.db');
});

describe('a sweep is one run with its trials below it', () => {
  const run = (runId: string, more: Partial<RunSummary> = {}): RunSummary => ({
    ...{ ...live, runId, name: runId, status: 'FINISHED', tags: {}, params: {}, metrics: {} },
    ...more,
  });
  const sweep = (more: Partial<RunSummary> = {}): RunSummary =>
    run('sweep', {
      startTime: 5,
      params: { 'sweep.objective': 'maximize val_f1', 'sweep.trials': '3', 'sweep.keys': 'model.units, training.lr' },
      tags: { 'mlops.sweep': 's1', 'mlops.best_run': 'b' },
      ...more,
    });
  const trial = (runId: string, number: number, more: Partial<RunSummary> & { value?: number } = {}): RunSummary => {
    const { value, ...rest } = more;
    const found = value === undefined ? null : { value, step: 2 };
    return run(runId, {
      startTime: 10 + number,
      parentRunId: 'sweep',
      params: { 'model.units': String(number), 'training.lr': '0.1', 'model.name': 'net' },
      tags: { 'mlops.sweep': 's1', 'mlops.trial': String(number) },
      metrics: found === null ? {} : { val_f1: { points: 2, last: found, min: null, max: found, best: null } },
      ...rest,
    });
  };
  const list = (runs: readonly RunSummary[], resumable: readonly string[] = []): readonly TreeEntry[] =>
    toRunEntries({ runs, unreadable: [], resumable }, '/w/digits', t);
  const below = async (entry: TreeEntry | undefined): Promise<readonly TreeEntry[]> =>
    (await entry?.children?.()) ?? [];

  it.each<[string, Partial<RunSummary>, readonly RunSummary[], string, string]>([
    ['begun', { status: 'RUNNING' }, [], '0/3 trials', 'sweep, running, 0/3 trials'],
    [
      'half done',
      { status: 'RUNNING' },
      [trial('a', 0, { value: 0.5 }), trial('b', 1, { value: 0.75 })],
      '2/3 trials · val_f1 0.7500',
      'sweep, running, 2/3 trials · val_f1 0.7500',
    ],
    ['stopped', { status: 'KILLED' }, [trial('a', 0)], 'stopped · 1/3 trials', 'sweep, stopped · 1/3 trials'],
    [
      'failed',
      { status: 'FAILED' },
      [trial('a', 0, { status: 'FAILED' })],
      'failed · 1/3 trials',
      'sweep, failed · 1/3 trials',
    ],
    [
      'lost',
      { status: 'RUNNING', lost: true },
      [],
      'lost: its process is gone · 0/3 trials',
      'sweep, lost: its process is gone · 0/3 trials',
    ],
    [
      'of one trial',
      { params: { 'sweep.objective': 'maximize val_f1', 'sweep.trials': '1' } },
      [trial('b', 0, { value: 1 })],
      '1 trial · val_f1 1.000',
      'sweep, finished, 1 trial · val_f1 1.000',
    ],
  ])('that is %s', (_, more, trials, description, aloud) => {
    const entries = list([...trials, sweep(more)]);
    expect(entries.map((entry) => entry.description)).toEqual([description]);
    expect(describeAloud(entries[0]!)).toBe(aloud);
  });

  it('what goes on stands first, then the best, which is marked; runs that are no trials any more stand last', async () => {
    const runs = [
      trial('old', 0, { startTime: 1, status: 'FAILED' }),
      trial('a', 0, { value: 0.5 }),
      trial('b', 1, { value: 0.75 }),
      trial('c', 2, { status: 'RUNNING' }),
      sweep({ status: 'RUNNING' }),
    ];
    const [entry] = list(runs);
    const trials = (await below(entry)).filter(({ context }) => context.startsWith('run '));
    expect(trials.map(({ icon, label, description }) => [icon?.id, label, description])).toEqual([
      ['sync~spin', 'c', 'units 2, lr 0.1'],
      ['star-full', 'b', 'val_f1 0.7500 · units 1, lr 0.1'],
      ['pass', 'a', 'val_f1 0.5000 · units 0, lr 0.1'],
      ['error', 'old', 'failed'],
    ]);
    expect(describeAloud(trials[1]!)).toBe('b, best trial, val_f1 0.7500 · units 1, lr 0.1');
    expect((await below(entry)).slice(trials.length).map(({ label }) => label)).toEqual(['Params', 'Tags']);
  });

  it('runs of other tools are nested by their parent too, and a run whose parent is not there, or is below itself, is still shown', async () => {
    const runs = [
      run('outer', { startTime: 9 }),
      run('inner', { parentRunId: 'outer' }),
      run('innermost', { parentRunId: 'inner' }),
      run('orphan', { startTime: 8, parentRunId: 'gone' }),
      run('one', { startTime: 7, parentRunId: 'other' }),
      run('other', { startTime: 6, parentRunId: 'one' }),
      run('self', { startTime: 5, parentRunId: 'self' }),
    ];
    const entries = list(runs);
    expect(entries.map(({ label }) => label)).toEqual(['outer', 'orphan', 'one', 'other', 'self']);
    expect(entries[0]?.description).toBe('1 run');
    expect((await below((await below(entries[0]))[0])).map(({ label }) => label)).toEqual(['innermost']);
  });

  it.each<[string, RunSummary, string]>([
    ['a training with a checkpoint', run('x', { status: 'KILLED' }), 'run killed resumable'],
    ['a sweep', sweep({ runId: 'x', status: 'KILLED' }), 'sweep killed resumable'],
    ['a run without', run('y', { status: 'FAILED' }), 'run failed'],
    ['a live sweep', sweep({ status: 'RUNNING' }), 'sweep running'],
  ])('%s can be resumed where it says so', (_, given, context) => {
    expect(list([given], ['x'])[0]?.context).toBe(context);
  });

  it('ten thousand runs are listed in a moment, whatever they are nested in', () => {
    const trials = Array.from({ length: 9998 }, (_, number) => trial(`t${number}`, number, { value: number }));
    const entries = list([...trials, sweep(), run('z', { startTime: 99 })]);
    expect(entries.map(({ label }) => label)).toEqual(['z', 'sweep']);
  });
});

describe('what is wrong with runs that are shown all the same', () => {
  const warnings = [
    { runId: 'elk', file: '/s/0/elk/metrics/val_loss', message: '2 lines that are no points are left out.' },
    { runId: '', file: '/w/digits/configs/a.yaml', message: 'http://localhost:5000 is not yet supported.' },
  ];
  const entries = toRunEntries({ runs: [live], unreadable: [], warnings }, '/w/digits', t);

  it('stands below the run, and in its tooltip', async () => {
    const [first] = (await entries[0]?.children?.()) ?? [];
    expect(first).toMatchObject({
      ...{ label: warnings[0]!.message, description: 'val_loss', context: 'run-warning' },
      opens: { file: warnings[0]!.file },
    });
    expect(entries[0]?.tooltip).toContain(warnings[0]!.message);
  });

  it('stands at the end where it concerns a whole store', () => {
    expect(entries.slice(1)).toMatchObject([
      { label: warnings[1]!.message, description: 'a.yaml', icon: { id: 'warning' } },
    ]);
  });

  it('leads to signing in where a server wants to know who asks', () => {
    const server = 'http://host:5000';
    const [entry] = toRunEntries({ runs: [], unreadable: [], warnings: [{ ...warnings[1]!, server }] }, '/w/digits', t);
    expect(entry).toMatchObject({
      context: 'run-warning unauthorized',
      target: { kind: 'server', project: '/w/digits', server },
    });
  });
});
