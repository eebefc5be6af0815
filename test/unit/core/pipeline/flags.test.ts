import { expect, it } from 'vitest';
import { defaultFlags, toFlags } from '../../../../src/core/pipeline/flags.ts';
import { parseParams } from '../../../../src/core/pipeline/params.ts';

const flags = (yaml: string, settings = defaultFlags) => toFlags(parseParams(yaml, 'p.yaml').value!, settings);

it.each([
  ['a: 1', '--a 1'],
  ['a: {b: {c: 1.0}, d: 1e-7}', '--a.b.c 1.0 --a.d 1e-07'],
  ['a: true\nb: false', '--a'],
  ['a:', '--a None'],
  ['a: [1, true, null, x y]', "--a 1 True None 'x y'"],
  ['a: []\nb: {}', ''],
  ["a: it's\nb: ''\nc: é\nd: a-b_c/d.e:f,g=h@i%j+k", `--a 'it'"'"'s' --b '' --c 'é' --d a-b_c/d.e:f,g=h@i%j+k`],
  ["a: 'x; rm -rf $HOME `y` | z'", "--a 'x; rm -rf $HOME `y` | z'"],
])('%s', (yaml, text) => expect(flags(yaml)).toEqual({ text }));

it('as [parsing] says', () =>
  expect(flags('a: true\nb: false\nc: [1, x y]\nd: []', { bool: 'boolean_optional', list: 'append' })).toEqual({
    text: "--a --no-b --c 1 --c 'x y'",
  }));

it.each(['a: {l: [[1]]}', 'a: {l: [{x: 1}]}'])('%s makes no flag', (yaml) =>
  expect(flags(yaml)).toEqual({ text: '', nestedAt: 'a.l' }),
);
