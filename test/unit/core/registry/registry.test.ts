import { describe, expect, test } from 'vitest';
import {
  formatModelMeta,
  parseHistory,
  parseModelMeta,
  parseModelReference,
  parseVersionMeta,
  planMove,
  planUndo,
  recordMove,
  updateRegistryMeta,
} from '../../../../src/core/registry/registry.ts';
import { findAliasMistake, findModelNameMistake } from '../../../../src/core/names/names.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { historyTag, type AliasChange, type RegisteredModel } from '../../../../src/protocol/registry.ts';

test.each<[text: string, expected: ReturnType<typeof parseModelReference>]>([
  ['digits', { name: 'digits' }],
  ['with space', { name: 'with space' }],
  ['digits@champion', { name: 'digits', alias: 'champion' }],
  ['digits/12', { name: 'digits', version: '12' }],
  ['models:/digits@champion', { name: 'digits', alias: 'champion' }],
  ['models:/digits/3', { name: 'digits', version: '3' }],
  ['@last', undefined],
  ['', undefined],
  ['models/digits', undefined],
  ['./digits/2', undefined],
  ['a@b/2', undefined],
  ['runs:/0123/model', undefined],
  ['digits@', undefined],
])('%s refers to a version', (text, expected) => {
  expect(parseModelReference(text)).toEqual(expected);
});

test.each<[name: string, isFine: boolean]>([
  ['digits', true],
  ['größe 😀', true],
  [' x ', true],
  ['a.b-c_d', true],
  ['', false],
  ['  ', false],
  ['a/b', false],
  ['a\\b', false],
  ['a:b', false],
  ['50%', false],
  ['.', false],
  ['..', false],
  ['..x', false],
  ['a\nb', false],
  ['\ud800', false],
  ['x'.repeat(257), false],
])('a registered model may be called %j: %s', (name, isFine) => {
  expect(findModelNameMistake(name) === undefined).toBe(isFine);
});

test.each<[alias: string, isFine: boolean]>([
  ['champion', true],
  ['chal-lenger_1', true],
  ['große', true],
  ['12', true],
  ['', false],
  ['latest', false],
  ['LaTest', false],
  ['v1', false],
  ['V22', false],
  ['v1x', true],
  ['a b', false],
  ['a.b', false],
  ['../x', false],
  ['x'.repeat(256), false],
])('an alias may be called %j: %s', (alias, isFine) => {
  expect(findAliasMistake(alias) === undefined).toBe(isFine);
});

const versionOf = (version: string) => ({
  ...{ version, runId: null, source: 'file:///x', tags: {}, description: null, createdTime: 1, updatedTime: 1 },
  ...{ stage: null, status: 'READY' },
});

/** A model with versions 1 to 3, whose champion went where `moves` say, and is now where `champion` says. */
function modelOf(champion: string | undefined, history?: string, versions = ['3', '2', '1']): RegisteredModel {
  return {
    ...{ name: 'digits', origin: 'mlflow', description: null, createdTime: 1, updatedTime: 1 },
    aliases: champion === undefined ? {} : { champion },
    tags: history === undefined ? {} : { [historyTag]: history },
    versions: versions.map(versionOf),
  };
}

const facts = { user: 'me', time: 5, reason: 'better' };

describe('a move of an alias', () => {
  test('says from where, to where, who, when and why', () => {
    expect(planMove(modelOf('1'), 'champion', '3', facts)).toEqual({
      ...{ name: 'digits', alias: 'champion', from: '1', to: '3', user: 'me', time: 5, reason: 'better' },
      isUndo: false,
    });
    expect(planMove(modelOf(undefined), 'champion', '3', facts)).toMatchObject({ from: null, to: '3' });
    expect(planMove(modelOf('2'), 'champion', null, { user: 'me', time: 5 })).toMatchObject({
      ...{ from: '2', to: null, reason: null },
    });
  });

  test.each<[what: string, plan: () => AliasChange, message: RegExp]>([
    [
      'to where it is',
      () => planMove(modelOf('3'), 'champion', '3', facts),
      /"champion" of digits is version 3 already/,
    ],
    ['of a reserved name', () => planMove(modelOf('3'), 'latest', '3', facts), /MLflow keeps for itself/],
    ['away that is not there', () => planMove(modelOf('3'), 'champoin', null, facts), /Did you mean "champion"/],
  ])('%s is refused', (_, plan, message) => {
    expect(plan).toThrow(message);
  });
});

describe('undo', () => {
  const first = planMove(modelOf(undefined), 'champion', '1', { user: 'a', time: 1 });
  const second = planMove(modelOf('1'), 'champion', '2', { user: 'b', time: 2 });
  const history = recordMove(recordMove(undefined, first), second);

  test('takes back move after move, and is a move on record itself', () => {
    const undo = planUndo(modelOf('2', history), undefined, facts);
    expect(undo).toMatchObject({ alias: 'champion', from: '2', to: '1', isUndo: true });
    const after = recordMove(history, undo);
    const again = planUndo(modelOf('1', after), 'champion', facts);
    expect(again).toMatchObject({ from: '1', to: null, isUndo: true });
    const all = recordMove(after, again);
    expect(parseHistory({ [historyTag]: all }).map(({ to }) => to)).toEqual(['1', '2', '1', null]);
    expect(() => planUndo(modelOf(undefined, all), undefined, facts)).toThrow(
      /No move of an alias of digits is on record/,
    );
  });

  test('goes back to where an undone move had begun once more', () => {
    const undo = planUndo(modelOf('2', history), undefined, facts);
    const third = planMove(modelOf('1'), 'champion', '3', facts);
    const moved = recordMove(recordMove(history, undo), third);
    expect(planUndo(modelOf('3', moved), undefined, facts)).toMatchObject({ from: '3', to: '1' });
  });

  test.each<[what: string, model: RegisteredModel, code: string, message: RegExp]>([
    ['somebody has moved it since', modelOf('3', history), 'changed-meanwhile', /was version 2 and is version 3/],
    [
      'somebody has taken it away',
      modelOf(undefined, history),
      'changed-meanwhile',
      /was version 2 and is on no version/,
    ],
    ['nothing is on record', modelOf('2'), 'unknown-name', /No move of an alias/],
    [
      'the version before is gone',
      modelOf('2', history, ['3', '2']),
      'unknown-name',
      /There is no version "digits\/1"/,
    ],
  ])('is refused when %s', (_, model, code, message) => {
    try {
      planUndo(model, undefined, facts);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ExpectedError);
      expect([(error as ExpectedError).code, (error as Error).message]).toEqual([code, expect.stringMatching(message)]);
    }
  });
});

describe('the history in a tag', () => {
  const move = planMove(modelOf(undefined), 'champion', '1', facts);

  test.each<[what: string, text: string]>([
    ['cut', recordMove(undefined, move).slice(0, -4)],
    ['no list', '{"alias":"champion"}'],
    ['of other things', '[1, null, {"alias": 7}, {"alias": "x", "from": 1, "to": "2", "time": 3}]'],
  ])('%s is none', (_, text) => {
    expect(parseHistory({ [historyTag]: text })).toEqual([]);
    expect(parseHistory({ [historyTag]: recordMove(text, move) })).toHaveLength(1);
  });

  test('keeps the newest moves that MLflow has room for', () => {
    let text: string | undefined;
    for (let time = 0; time < 60; time += 1) text = recordMove(text, { ...move, time, reason: 'x'.repeat(3000) });
    const kept = parseHistory({ [historyTag]: text ?? '' });
    expect(text?.length).toBeLessThanOrEqual(100_000);
    expect(kept.length).toBeGreaterThan(25);
    expect(kept.at(-1)?.time).toBe(59);
    expect(kept.map(({ time }) => time)).toEqual(Array.from({ length: kept.length }, (_, at) => 60 - kept.length + at));
  });
});

describe('meta.yaml', () => {
  test('a change leaves what is not known here, in its place', () => {
    const text = `aliases:\n  champion: '1'\n  old: '2'\ndescription: 'a\n\n  b'\nlast_updated_timestamp: 1\nname: digits\nnew_key: [1, 2]\n`;
    expect(updateRegistryMeta(text, { time: 9, description: 'c: d', aliases: { champion: '2' } })).toBe(
      `aliases:\n  champion: '2'\ndescription: 'c: d'\nlast_updated_timestamp: 9\nname: digits\nnew_key: [1, 2]\n`,
    );
    expect(updateRegistryMeta(text, { time: 9, description: null, aliases: {} })).toBe(
      `aliases: {}\ndescription: null\nlast_updated_timestamp: 9\nname: digits\nnew_key: [1, 2]\n`,
    );
    expect(updateRegistryMeta('name: x\n', { time: 9 })).toBe('name: x\nlast_updated_timestamp: 9\n');
  });

  test('every beginning of it is read, or is a problem with its place', () => {
    const text = updateRegistryMeta(formatModelMeta('digits', 'a "b"\n#c', 1795291200000), {
      ...{ time: 1795291200001, aliases: { champion: '12' } },
    });
    for (let length = 0; length < text.length; length += 1) {
      const { value, problems } = parseModelMeta(text.slice(0, length), 'meta.yaml');
      if (value === undefined) expect(problems[0]).toMatchObject({ file: 'meta.yaml', severity: 'error' });
    }
    expect(parseModelMeta(text, 'meta.yaml').value).toEqual({
      ...{ description: 'a "b"\n#c', createdTime: 1795291200000, updatedTime: 1795291200001 },
    });
  });

  test.each<[text: string, expected: object]>([
    ['current_stage: None', { stage: null, isDeleted: false }],
    ['current_stage: Staging', { stage: 'Staging', isDeleted: false }],
    ['current_stage: Deleted_Internal', { isDeleted: true }],
    ['status: READY', { status: 'READY' }],
    ['status: 1', { status: 'PENDING_REGISTRATION' }],
    ['source: ""\nstorage_location: file:///x', { source: 'file:///x' }],
    ["run_id: '12345678901234567890123456789012'", { runId: '12345678901234567890123456789012' }],
  ])('a version: %s', (text, expected) => {
    expect(parseVersionMeta(`name: x\n${text}\n`, 'meta.yaml').value).toMatchObject(expected);
  });
});
