import { describe, expect, test } from 'vitest';
import {
  cutBatch,
  isSafeArtifactPath,
  joinArtifactPath,
  parseHistoryPage,
  parseRunPage,
  parseServerAddress,
  parseServerRun,
  waitBeforeRetry,
} from '../../../../src/core/mlflowserver/mlflowserver.ts';

describe('the address of a server', () => {
  const check = (uri: string, expected: ReturnType<typeof parseServerAddress>) =>
    test(uri, () => expect(parseServerAddress(uri)).toEqual(expected));
  const basic = (user: string, password: string) => ({ kind: 'basic', user, password }) as const;
  check('http://host:5000', { base: 'http://host:5000', credentials: null });
  check('HTTPS://Host:443/mlflow//', { base: 'https://host/mlflow', credentials: null });
  check('http://a%40b:c%3Ad@host/#/experiments', { base: 'http://host', credentials: basic('a@b', 'c:d') });
  check('http://a%:b@host', { base: 'http://host', credentials: basic('a%', 'b') });
  check('http://', undefined);
  check('ftp://host', undefined);
  check('file:///mlruns', undefined);
});

describe('a run as a server tells it', () => {
  const info = { run_id: 'ab', experiment_id: '1', status: 'RUNNING' };
  const whole = {
    ...{ name: '', experimentId: '1', user: '', runId: 'ab', status: 'RUNNING', startTime: 0, endTime: null },
    ...{ artifactUri: '', isDeleted: false, params: {}, tags: {}, metrics: {} },
  };
  const check = (name: string, value: unknown, expected: unknown) =>
    test(name, () => expect(parseServerRun(value)).toEqual(expected));
  check('nothing but what it must have', { info }, whole);
  check(
    'numbers as texts, values that JSON has not, the older word for its id',
    {
      info: {
        run_uuid: 'ab',
        experiment_id: 7,
        status: 'FINISHED',
        start_time: '12',
        end_time: '34',
        run_name: 'r',
        user_id: 'u',
        lifecycle_stage: 'deleted',
        artifact_uri: 'x:',
      },
      data: {
        metrics: [
          { key: 'm', value: 'NaN', timestamp: '5', step: '6' },
          { key: 'i', value: '-Infinity' },
          { key: 'z' },
        ],
        params: [{ key: 'empty' }, { key: 'p', value: '1' }, { value: 'no key' }, 5],
        tags: [{ key: '__proto__', value: 'x' }],
      },
    },
    {
      ...whole,
      ...{
        experimentId: '7',
        status: 'FINISHED',
        startTime: 12,
        endTime: 34,
        name: 'r',
        user: 'u',
        isDeleted: true,
        artifactUri: 'x:',
      },
      params: { empty: '', p: '1' },
      tags: Object.fromEntries([['__proto__', 'x']]),
      metrics: {
        i: { value: -Infinity, step: 0, timestamp: 0 },
        m: { value: NaN, step: 6, timestamp: 5 },
        z: { value: 0, step: 0, timestamp: 0 },
      },
    },
  );
  check(
    'a status of another time, a metric that is a text',
    { info: { ...info, status: 'X' }, data: { metrics: [{ key: 'm', value: 'high' }] } },
    { ...whole, status: 'FAILED' },
  );
  for (const value of [
    null,
    [],
    'x',
    {},
    { info: 5 },
    { info: { ...info, run_id: '../x' } },
    { info: { ...info, experiment_id: 'a/b' } },
  ])
    check(`no run: ${JSON.stringify(value)}`, value, undefined);
  test('one that is none hides no other', () => {
    expect(parseRunPage({ runs: [{ info }, 5, { info }], next_page_token: 't' })).toEqual({
      items: [whole, whole],
      unreadable: 1,
      nextToken: 't',
    });
    expect(parseRunPage({})).toEqual({ items: [], unreadable: 0, nextToken: null });
    expect(parseRunPage({ runs: 'many' })).toBeUndefined();
    expect(parseHistoryPage({ metrics: [{ key: 'm', value: 1.5, timestamp: 2, step: 3 }, { value: {} }] })).toEqual({
      items: [{ value: 1.5, timestamp: 2, step: 3 }],
      unreadable: 1,
      nextToken: null,
    });
  });
});

test('paths of artifacts', () => {
  for (const path of ['a', 'a/b.txt', 'a b/#%', '...', 'ä'])
    expect([path, isSafeArtifactPath(path)]).toEqual([path, true]);
  for (const path of ['', '/', '/a', 'a/', 'a//b', '..', 'a/../b', '.', 'a\\b', 'C:/x', 'a\0'])
    expect([path, isSafeArtifactPath(path)]).toEqual([path, false]);
  expect(joinArtifactPath('1/ab/artifacts', 'a b/#%?.txt')).toBe('1/ab/artifacts/a%20b/%23%25%3F.txt');
});

test('a batch has as much as a server takes, and at least one', () => {
  expect(cutBatch([10, 10, 10], 2)).toBe(2);
  expect(cutBatch([2e6, 10], 1000)).toBe(1);
  expect(cutBatch([4e5, 4e5, 4e5], 1000)).toBe(2);
  expect(cutBatch([], 1000)).toBe(0);
});

test('when another attempt is worth it, and how long to wait for it', () => {
  const wait = (attempt: number, status: number | null, retryAfter?: string) =>
    waitBeforeRetry({ attempt, status, retryAfter }, 4, Date.parse('2026-01-01T00:00:00Z'));
  expect([wait(1, null), wait(2, 503), wait(3, 429), wait(4, 503)]).toEqual([500, 1000, 2000, undefined]);
  expect([wait(1, 404), wait(1, 400), wait(1, 501), wait(1, 401)]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect([
    wait(1, 429, '7'),
    wait(1, 503, 'Thu, 01 Jan 2026 00:00:03 GMT'),
    wait(1, 503, '3600'),
    wait(1, 503, 'soon'),
  ]).toEqual([7000, 3000, undefined, 500]);
});
