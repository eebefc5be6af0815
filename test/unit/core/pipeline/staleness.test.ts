import { describe, expect, it } from 'vitest';
import { describeReason } from '../../../../src/protocol/pipeline.ts';
import { toDvcStatus } from '../../../../src/core/pipeline/dvcstatus.ts';
import type { LockedStage } from '../../../../src/core/pipeline/lockfile.ts';
import { findReasons, toState, type StageFacts } from '../../../../src/core/pipeline/staleness.ts';
import type { Stage } from '../../../../src/core/pipeline/stage.ts';
import { integer, type PyValue } from '../../../../src/core/pipeline/values.ts';

const place = { file: 'dvc.yaml', line: 1, column: 1 };
const stage: Stage = {
  name: 'train',
  key: 'train',
  place,
  cmd: 'run',
  wdir: 'w',
  deps: [{ path: 'in', file: 'w/in', place }],
  params: [
    { path: 'params.yaml', file: 'w/params.yaml', keys: ['lr', 'epochs'], place },
    { path: 'all.yaml', file: 'w/all.yaml', keys: [], place },
  ],
  outs: [
    { path: 'out', file: 'w/out', place, kind: 'out', cache: true, persist: false },
    { path: 'm.json', file: 'w/m.json', place, kind: 'metric', cache: false, persist: false },
  ],
  frozen: false,
  alwaysChanged: false,
  desc: undefined,
  unsupported: [],
};
const locked = (path: string, md5: string) => ({
  path,
  md5,
  legacy: false,
  size: 1,
  nfiles: undefined,
  isexec: false,
  foreign: [],
});
const lock: LockedStage = {
  cmd: 'run',
  deps: [locked('in', 'a')],
  params: new Map([
    [
      'params.yaml',
      new Map<string, PyValue>([
        ['lr', integer(1)],
        ['epochs', 'x'],
      ]),
    ],
    ['all.yaml', new Map<string, PyValue>([['k', null]])],
  ]),
  outs: [locked('out', 'b'), locked('m.json', 'c')],
};
const fact = (md5: string | undefined) => ({ md5, size: 1, nfiles: undefined, isexec: false });
const facts: StageFacts = {
  deps: [fact('a')],
  params: [
    new Map<string, PyValue>([
      ['lr', { kind: 'float', value: 1 }],
      ['epochs', 'x'],
    ]),
    new Map<string, PyValue>([['k', null]]),
  ],
  outs: [fact('b'), fact('c')],
  cached: [true, true],
};

const reasons = (more: { stage?: Partial<Stage>; lock?: Partial<LockedStage> | null; facts?: Partial<StageFacts> }) =>
  findReasons({ ...stage, ...more.stage }, more.lock === null ? undefined : { ...lock, ...more.lock }, {
    ...facts,
    ...more.facts,
  });

describe('reasons', () => {
  const table: [string, Parameters<typeof reasons>[0], string[]][] = [
    ['fresh, and 1 equals 1.0', {}, []],
    ['dep modified', { facts: { deps: [fact('z')] } }, ['in changed']],
    ['dep deleted', { facts: { deps: [fact(undefined)] } }, ['in deleted']],
    ['dep not in the lock', { lock: { deps: [] } }, ['in changed']],
    [
      'param modified',
      {
        facts: {
          params: [
            new Map<string, PyValue>([
              ['lr', integer(2)],
              ['epochs', 'x'],
            ]),
            facts.params[1],
          ],
        },
      },
      ['lr changed'],
    ],
    [
      'param gone',
      { facts: { params: [new Map<string, PyValue>([['lr', integer(1)]]), facts.params[1]] } },
      ['epochs deleted'],
    ],
    ['param file gone', { facts: { params: [undefined, facts.params[1]] } }, ['params.yaml deleted']],
    [
      'param new to the lock',
      {
        lock: {
          params: new Map([
            ['params.yaml', new Map<string, PyValue>([['lr', integer(1)]])],
            ['all.yaml', lock.params.get('all.yaml')!],
          ]),
        },
      },
      ['epochs new'],
    ],
    [
      'new key in a whole file',
      {
        facts: {
          params: [
            facts.params[0],
            new Map<string, PyValue>([
              ['k', null],
              ['n', null],
            ]),
          ],
        },
      },
      ['n new'],
    ],
    ['key gone from a whole file', { facts: { params: [facts.params[0], new Map()] } }, ['k deleted']],
    [
      'file new to the lock',
      { lock: { params: new Map([['params.yaml', lock.params.get('params.yaml')!]]) } },
      ['all.yaml new'],
    ],
    ['out modified', { facts: { outs: [fact('z'), fact('c')] } }, ['out changed']],
    ['out deleted', { facts: { outs: [fact('b'), fact(undefined)] } }, ['m.json deleted']],
    ['object gone', { facts: { cached: [false, true] } }, ['out is not in the cache']],
    ['cmd', { stage: { cmd: ['run'] } }, ['command changed']],
    ['cmd list', { stage: { cmd: ['run'] }, lock: { cmd: ['run'] } }, []],
    [
      'frozen ignores inputs',
      { stage: { frozen: true }, facts: { deps: [fact('z')], outs: [fact('z'), fact('c')] } },
      ['out changed'],
    ],
    ['always', { stage: { alwaysChanged: true } }, ['always runs']],
    ['callback', { stage: { deps: [], params: [], outs: [] }, lock: null }, ['always runs']],
    [
      'never run',
      { lock: null, facts: { outs: [fact(undefined), fact(undefined)] } },
      ['in changed', 'params.yaml new', 'all.yaml new', 'out deleted', 'm.json deleted'],
    ],
  ];
  it.each(table)('%s', (_, more, expected) => expect(reasons(more).map(describeReason)).toEqual(expected));
});

it('dvc status --json', () => {
  const all = reasons({
    stage: { alwaysChanged: true, cmd: 'other' },
    facts: {
      deps: [fact('z')],
      params: [new Map<string, PyValue>([['lr', integer(3)]]), undefined],
      outs: [fact('b'), fact('z')],
      cached: [false, true],
    },
  });
  expect(toDvcStatus([{ stage, reasons: all }], (file) => file)).toEqual({
    train: [
      {
        'changed deps': {
          'w/in': 'modified',
          'w/params.yaml': { lr: 'modified', epochs: 'deleted' },
          'w/all.yaml': 'deleted',
        },
      },
      { 'changed outs': { 'w/out': 'not in cache', 'w/m.json': 'modified' } },
      'always changed',
      'changed command',
    ],
  });
  expect(toDvcStatus([{ stage, reasons: [] }], (file) => file)).toEqual({});
  expect(Object.keys(toDvcStatus([{ stage, reasons: all }], (file) => `../${file}`))).toEqual(['../dvc.yaml:train']);
});

describe('state', () => {
  const base = { reasons: [], isLocked: true, isRunning: false, hasFailed: false, isBehind: false };
  it.each([
    [{}, {}, 'fresh'],
    [{}, { reasons: [{ kind: 'cmd' as const }] }, 'stale'],
    [{}, { isLocked: false, reasons: [{ kind: 'cmd' as const }] }, 'never-run'],
    [{}, { isBehind: true }, 'blocked'],
    [{}, { hasFailed: true, reasons: [{ kind: 'cmd' as const }] }, 'failed'],
    [{}, { isRunning: true, hasFailed: true }, 'running'],
    [{ frozen: true }, { reasons: [{ kind: 'out' as const }] }, 'frozen'],
    [{ unsupported: ['x'] }, {}, 'needs-dvc'],
  ])('%o %o: %s', (more, rest, state) => expect(toState({ ...stage, ...more }, { ...base, ...rest })).toBe(state));
});
