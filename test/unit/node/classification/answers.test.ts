import { describe, expect, it } from 'vitest';
import { readAnswers } from '../../../../src/node/classification/classification.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { RunStatus } from '../../../../src/protocol/tracking.ts';

const file = 'split,label,predicted,probabilities\ntest,0,0,\ntest,1,0,\n';

/** A store with these artifacts of its only run; tells what was asked for. */
function storeOf(artifacts: Readonly<Record<string, { text: string; isWhole?: boolean }>>) {
  const asked: string[] = [];
  const readArtifact = (_: string, path: string) => {
    asked.push(path);
    const artifact = artifacts[path];
    if (artifact === undefined) return Promise.reject(new ExpectedError('unknown-name', `There is no ${path}.`));
    return Promise.resolve({ bytes: Buffer.from(artifact.text), isWhole: artifact.isWhole ?? true });
  };
  return { asked, readArtifact };
}

const check = (store: Pick<ReturnType<typeof storeOf>, 'readArtifact'>, status: RunStatus = 'FINISHED') =>
  readAnswers(store, { runId: 'a', status });
const answers = { split: 'test', classes: ['0', '1'], counts: [1, 0, 1, 0], curves: [], calibration: null };

describe('readAnswers', () => {
  it.each([
    ['of a training', { 'model/predictions.csv': { text: file } }, answers],
    ['of a script', { 'predictions.csv': { text: file } }, answers],
    ['of a training first', { 'model/predictions.csv': { text: file }, 'predictions.csv': { text: '' } }, answers],
    ['that are too long', { 'model/predictions.csv': { text: file, isWhole: false } }, null],
    ['that can’t be read', { 'model/predictions.csv': { text: 'a,b\n"' } }, null],
    ['that are not there', {}, null],
  ])('gives answers %s', async (_, artifacts, expected) => expect(await check(storeOf(artifacts))).toEqual(expected));

  it.each(['RUNNING', 'SCHEDULED'] as const)('looks for none while a run is %s', async (status) => {
    const store = storeOf({ 'model/predictions.csv': { text: file } });
    expect([await check(store, status), store.asked]).toEqual([null, []]);
  });

  it('does not hide a fault of ours', async () => {
    const readArtifact = () => Promise.reject(new TypeError('a bug'));
    await expect(check({ readArtifact })).rejects.toThrow('a bug');
  });
});
