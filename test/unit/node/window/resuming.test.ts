import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flattenParams, parseConfig } from '../../../../src/core/config/config.ts';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import { openStore, type RunStart } from '../../../../src/node/tracking/tracking.ts';
import { listResumable, planResumption } from '../../../../src/node/window/resuming.ts';
import { listRunsOfProject } from '../../../../src/node/window/runs.ts';
import type { RunStatus } from '../../../../src/protocol/tracking.ts';

const netConfig = `model: {units: 3}
mlflow: {experiment_name: e}
training: {batch_size: 1, num_epochs: 3, loss_function: mse}
`;
let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'mlops-resuming-'));
  await write('dvc.yaml');
  await write('src/models/net/model.ts');
  await write('configs/net.yaml', netConfig);
});
afterEach(() => rm(root, { recursive: true, force: true, maxRetries: 3 }));

async function write(file: string, text = ''): Promise<void> {
  await mkdir(path.dirname(path.join(root, file)), { recursive: true });
  await writeFile(path.join(root, file), text);
}

interface Ended {
  readonly status?: RunStatus;
  readonly tags?: Readonly<Record<string, string>>;
  readonly params?: RunStart['params'];
  readonly checkpoint?: string | null;
}

const ofNet = { 'mlops.config': 'configs/net.yaml' };

async function createRun({
  status = 'KILLED',
  tags = ofNet,
  params = {},
  checkpoint = 'epoch-0002/checkpoint.json',
}: Ended): Promise<string> {
  const store = openStore(`file://${path.join(root, 'models/mlruns')}`);
  const writer = await store.createRun({ experiment: 'e', user: 'u', startTime: 1, params, tags });
  if (checkpoint !== null) {
    const file = path.join(writer.artifacts, 'checkpoints', checkpoint);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, '{}');
  }
  await writer.finish(status, 2);
  return writer.runId;
}

const asSweep = { tags: { ...ofNet, 'mlops.sweep': 's1' }, params: { 'sweep.objective': 'minimize val_loss' } };

async function writeSweep(parentRunId: string, outcome: string): Promise<void> {
  const plan = {
    config: 'configs/net.yaml',
    assignments: [{ 'model.units': 2 }],
    rungs: [3],
    reduction: 3,
    overrides: [],
    objective: { metric: 'val_loss', direction: 'minimize' },
  };
  const trials = [
    {
      number: 0,
      rung: 0,
      promotes: null,
      values: {},
      epochs: 3,
      hasEnded: outcome === 'succeeded',
      value: null,
      outcome,
      runId: null,
      seconds: null,
    },
  ];
  await write('.mlops/state/sweeps/s1.json', JSON.stringify({ version: 1, plan, store: '', parentRunId, trials }));
}

describe('what is offered to go on', () => {
  const check = (
    name: string,
    ended: Ended,
    isOffered: boolean,
    prepare: (runId: string) => Promise<void> = () => Promise.resolve(),
  ): void =>
    it(`${name}: ${isOffered ? 'yes' : 'no'}`, async () => {
      const runId = await createRun(ended);
      await prepare(runId);
      const { runs } = await listRunsOfProject({ root }, {});
      expect(await listResumable({ root }, runs)).toEqual(isOffered ? [runId] : []);
    });
  check('a training that was stopped', {}, true);
  check('one that has failed', { status: 'FAILED' }, true);
  check('one that has ended well', { status: 'FINISHED' }, false);
  check('one that goes on', { status: 'RUNNING' }, false);
  check('one without a checkpoint', { checkpoint: null }, false);
  check('one with its best model only', { checkpoint: 'best/model.json' }, false);
  check('one with half a checkpoint', { checkpoint: '.mlops-tmp-1/checkpoint.json' }, false);
  check('a run of another program', { tags: {} }, false);
  check('one whose config is gone', { tags: { 'mlops.config': 'configs/old.yaml' } }, false);
  check('one whose config lies elsewhere', { tags: { 'mlops.config': '../../etc/passwd' } }, false);
  check('a trial of a sweep', { tags: { ...ofNet, 'mlops.sweep': 's1', 'mlflow.parentRunId': 'p' } }, false);
  check('a sweep with trials left', asSweep, true, (runId) => writeSweep(runId, 'stopped'));
  check('a sweep that is through', asSweep, false, (runId) => writeSweep(runId, 'succeeded'));
  check('a sweep of which nothing is kept', asSweep, false);
  check('a sweep whose file is of another', asSweep, false, () => writeSweep('another', 'stopped'));
  check('a sweep whose file is broken', asSweep, false, () => write('.mlops/state/sweeps/s1.json', '{"version": 1}'));
});

describe('how it goes on', () => {
  const installation = {} as Installation;
  const check = (
    name: string,
    ended: Ended,
    expected: readonly string[] | RegExp,
    prepare: (runId: string) => Promise<void> = () => Promise.resolve(),
  ): void =>
    it(name, async () => {
      const runId = await createRun(ended);
      await prepare(runId);
      const planned = planResumption({ root }, runId, { env: {}, installation });
      if (expected instanceof RegExp) await expect(planned).rejects.toThrow(expected);
      else expect(await planned).toEqual(expected.map((word) => (word === 'RUN' ? runId : word)));
    });
  const params = flattenParams(parseConfig(netConfig, 'configs/net.yaml').value!);
  check('a sweep', asSweep, ['sweep', '--resume', 's1'], (runId) => writeSweep(runId, 'stopped'));
  check('a sweep that is through: not', asSweep, /has no trial left/, (runId) => writeSweep(runId, 'succeeded'));
  check(
    'a trial: with its sweep',
    { tags: { ...ofNet, 'mlops.sweep': 's1', 'mlflow.parentRunId': 'p' } },
    /resume the sweep/,
  );
  check('a run of another program: not', { tags: {} }, /another program/);
  const train = ['train', 'configs/net.yaml', '--resume', 'RUN'];
  check('a training', { params }, train);
  check(
    'a training whose config has changed since: by its own',
    { params: { ...params, 'training.num_epochs': '9', 'training.learning_rate': '0.5' } },
    [...train, '--set', 'training.num_epochs=9', '--set', 'training.learning_rate=0.5'],
  );
  check(
    'a training that lacks a param of now: without it',
    { params: Object.fromEntries(Object.entries(params).filter(([name]) => name !== 'model.units')) },
    [...train, '--set', 'model.units=null'],
  );
  check(
    'a training by a config that is none any more: not, with the reason',
    { params: { ...params, 'training.batch_size': 'many' } },
    /has mistakes/,
  );
  check('a training that has ended well: not', { status: 'FINISHED', params }, /nothing left to train/);
});
