import { describe, expect, it } from 'vitest';
import { toLenses } from '../../../../src/core/editing/outline.ts';
import { readEditedText } from '../../../../src/core/editing/text.ts';
import { toLensTitles, wordsLast } from '../../../../src/core/editing/words.ts';
import type { StageStatus } from '../../../../src/protocol/pipeline.ts';
import { t } from './sentences.ts';

const now = 1_000_000_000;
const minute = 60_000;

interface Given {
  readonly text?: string;
  readonly file?: string;
  readonly trusted?: boolean;
  readonly commands?: readonly string[];
}

function stage(name: string, state: StageStatus['state'], more: Partial<StageStatus> = {}): StageStatus {
  return { name, file: 'dvc.yaml', line: 2, state, reasons: [], needs: [], lastSeconds: null, ...more };
}

function draw(stages: readonly StageStatus[], given: Given): string[] {
  const { text = 'stages:\n  a:\n    cmd: x\n', file = 'dvc.yaml', trusted = true, commands = [] } = given;
  return toLenses(readEditedText(text, file)!, stages).flatMap((lens) => {
    const titles = toLensTitles(lens, { project: '/p', now, trusted, commands: new Set(commands), t });
    return titles.length === 0 ? [] : [`${lens.line}: ${titles.map(({ title }) => title).join(' | ')}`];
  });
}

describe('what stands above a stage', () => {
  const check = (name: string, stages: readonly StageStatus[], lines: readonly string[], given: Given = {}): void =>
    it(name, () => {
      expect(draw(stages, given)).toEqual(lines);
    });
  const run = 'Run | Run with Downstream';

  check('never run', [stage('a', 'never-run')], [`2: never run | ${run}`]);
  check(
    'fresh, with its time',
    [stage('a', 'fresh', { lastSeconds: 2.1, last: { at: now - 3 * minute, failure: null } })],
    [`2: succeeded 2.1 s · 3 min ago | ${run}`],
  );
  check('fresh by a lock that came from elsewhere', [stage('a', 'fresh')], [`2: fresh | ${run}`]);
  check(
    'failed',
    [stage('a', 'failed', { last: { at: now - 50 * 60 * minute, failure: 'exit code 1' } })],
    [`2: failed: exit code 1 · 2 days ago | Open Log | ${run}`],
  );
  check(
    'stale, in words',
    [
      stage('a', 'stale', {
        lastSeconds: 61,
        last: { at: now - 5000, failure: null },
        reasons: [{ kind: 'param', path: 'params.yaml', key: 'lr', change: 'modified' }, { kind: 'cmd' }],
      }),
    ],
    [`2: stale: lr changed and 1 more · succeeded 1 min 1 s · just now | ${run}`],
  );
  check('blocked', [stage('a', 'blocked', { needs: ['b'] }), stage('b', 'stale')], [`2: waits for b | ${run}`]);
  check('running', [stage('a', 'running')], ['2: running | Stop | Open Log']);
  check('running in a folder that nobody trusts', [stage('a', 'running')], ['2: running | Open Log'], {
    trusted: false,
  });
  check('nothing is run in Restricted Mode', [stage('a', 'stale')], ['2: stale'], { trusted: false });
  check('what only DVC can do', [stage('a', 'needs-dvc')], ['2: needs DVC']);
  check('a debugger that is there', [stage('a', 'never-run')], [`2: never run | ${run} | Debug`], {
    commands: ['mlops.debugStage'],
  });
  check('a stage that the pipeline does not know', [], []);
  check('in a folder', [stage('sub/dvc.yaml:a', 'never-run')], [`2: never run | ${run}`], { file: 'sub/dvc.yaml' });
  check(
    'groups as a whole, and a text that is not finished',
    [
      stage('a@x', 'fresh', { last: { at: now, failure: null } }),
      stage('a@y', 'failed', { last: { at: now - 9 * minute, failure: 'exit code 2' } }),
      stage('b@1-2', 'fresh'),
    ],
    [
      '2: 1 of 2 failed · exit code 2 · 9 min ago | Run All 2 | Run One … | Run with Downstream',
      '6: all 1 fresh | Run All 1 | Run One … | Run with Downstream',
    ],
    {
      text: 'stages:\n  a:\n    foreach: [x, y]\n    do:\n      cmd: x\n  b:\n    matrix: {p: [1], q: [2]}\n    cmd: y\n    deps: [\n',
    },
  );
});

it('words about a time are renewed at the next minute, of recent times only', () => {
  const lenses = (ages: readonly number[]) =>
    toLenses(
      readEditedText(`stages:\n${ages.map((_, index) => `  s${index}: {cmd: x}\n`).join('')}`, 'dvc.yaml')!,
      ages.map((age, index) => stage(`s${index}`, 'fresh', { last: { at: now - age, failure: null } })),
    );
  expect(wordsLast(lenses([90_000, 10_000]), now)).toBe(30_000);
  expect(wordsLast(lenses([5 * 60 * minute]), now)).toBeUndefined();
  expect(wordsLast([], now)).toBeUndefined();
});
