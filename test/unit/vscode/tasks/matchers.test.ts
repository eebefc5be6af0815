import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toLine } from '../../../../src/node/pipeline/shell.ts';
import { problemMatchers } from '../../../../src/vscode/tasks/matchers.ts';

const root = path.resolve(import.meta.dirname, '../../../..');
const fixtures = path.join(root, 'test/fixtures/outputs');

/** Matches as VS Code does: within a window of lines the longest matchers first, from the first line on; a match empties it. */
function match(output: string): string[] {
  const matchers = problemMatchers.map(({ source, severity, pattern }) => {
    const patterns = 'regexp' in pattern ? [pattern] : pattern;
    return { source, severity, patterns: patterns.map((each) => ({ ...each, expression: new RegExp(each.regexp) })) };
  });
  const longest = Math.max(...matchers.map(({ patterns }) => patterns.length));
  const found: string[] = [];
  let window: string[] = [];
  for (const line of output.split('\n')) {
    window = [...window, line].slice(-longest);
    const problem = window.map((_, start) => matchLines(window.slice(start))).find((each) => each !== undefined);
    if (problem === undefined) continue;
    found.push(problem);
    window = [];
  }
  return found;

  function matchLines(lines: readonly string[]): string | undefined {
    for (const { source, severity, patterns } of matchers) {
      if (patterns.length !== lines.length) continue;
      const parts: Record<string, string> = {};
      const isMatch = patterns.every(({ expression, ...pattern }, index) => {
        const groups = expression.exec(lines[index] ?? '');
        for (const key of ['file', 'line', 'column', 'severity', 'message'] as const)
          if (pattern[key] !== undefined) parts[key] = groups?.[pattern[key]] ?? '';
        return groups !== null;
      });
      if (!isMatch) continue;
      const place = [parts['file'], parts['line'], parts['column']].filter((part) => part !== undefined).join(':');
      return `${source} ${parts['severity'] ?? severity ?? 'error'} ${place} ${parts['message'] ?? ''}`;
    }
    return undefined;
  }
}

/** As `mlops run` passes it on: colours aside (VS Code takes them off), each line set in or behind the name of its stage. */
function toTerminal(output: string, lead: string): string {
  const lines = output.split('\n').map((line) => toLine(line).replaceAll(/\u001b\[[\d;]*m/g, ''));
  return lines.map((line) => lead + line).join('\n');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-matchers-'));
  await writeFile(path.join(folder, 'package.json'), '{"type": "module"}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Everything that a program prints when it gets this file. */
async function runOn(name: string, text: string, args: readonly string[] = []): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, text);
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', ...args, file],
      { cwd: folder },
      (_, out, err) => {
        resolve((out + err).replaceAll(folder, '/project'));
      },
    );
  });
}

const leads: [string, string][] = [
  ['alone', '  '],
  ['beside others', '  train@a b | '],
  ['without us', ''],
];

describe.each(leads)('a problem is found where a tool says that it is, %s:', (_, lead) => {
  const check = (output: string, problems: readonly string[]): void => {
    expect(match(toTerminal(output, lead))).toEqual(problems);
  };

  const node: [string, string, string, string[]][] = [
    [
      'an error with its stack',
      'a.ts',
      "interface R {\n  a: number;\n}\nfunction inner(r: R) {\n  throw new TypeError('no row');\n}\ninner({ a: 1 });\n",
      ['node error /project/a.ts:5:9 TypeError: no row'],
    ],
    [
      'an error of an async function, by a file with an odd name',
      'a [1] (2).mjs',
      "async function f() {\n  throw new Error('later');\n}\nawait f();\n",
      ['node error /project/a%20%5B1%5D%20(2).mjs:2:9 Error: later'],
    ],
    [
      'an error with a cause',
      'b.mjs',
      "throw new Error('outer', {\n  cause: new RangeError('inner'),\n});\n",
      ['node error /project/b.mjs:1:7 Error: outer', 'node error /project/b.mjs:2:10 RangeError: inner'],
    ],
    [
      'a mistake in JavaScript',
      'c.mjs',
      'const a = 1;\nconst = 5;\n',
      ["node error /project/c.mjs:2 SyntaxError: Unexpected token '='"],
    ],
    [
      'a name that is not exported',
      'd.mjs',
      "import { nope } from 'node:fs';\n",
      [
        "node error /project/d.mjs:1 SyntaxError: The requested module 'node:fs' does not provide an export named 'nope'",
      ],
    ],
    [
      'a mistake in TypeScript',
      'e.ts',
      '// a\nconst x = 1;\nconst = 5;\nconsole.log(1);\n',
      [
        'node error /project/e.ts:3 SyntaxError [ERR_INVALID_TYPESCRIPT_SYNTAX]: Unexpected token `=`. Expected yield, an identifier, [ or {',
      ],
    ],
    [
      'TypeScript that is more than types',
      'f.ts',
      '// a\nenum A {\n  X,\n}\n',
      [
        'node error /project/f.ts:2 SyntaxError [ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX]: TypeScript enum is not supported in strip-only mode',
      ],
    ],
    ['nothing wrong', 'g.mjs', "console.log('Error: none\\nat all (a.ts:1:2)');\n", []],
  ];
  it.each(node)('Node: %s', async (__, name, text, problems) => check(await runOn(name, text), problems));

  it.each(['false', 'true'])('tsc, --pretty %s', async (pretty) => {
    const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
    const args = [tsc, '--noEmit', '--ignoreConfig', '--pretty', pretty];
    check(await runOn('t.ts', "const a: number = 'x';\n\nb();\n", args), [
      "tsc error t.ts:1:7 Type 'string' is not assignable to type 'number'.",
      "tsc error t.ts:3:1 Cannot find name 'b'.",
    ]);
  });

  const stored: [string, string[]][] = [
    [
      'python.txt',
      [
        "python error /project/boom.py:3 KeyError: 'missing'",
        'python error /project/boom.py:8 ValueError: bad row',
        "python error /project/syntax.py:2 SyntaxError: expected ':'",
        "python error /project/imp.py:1 ModuleNotFoundError: No module named 'nothere'",
        'python warning /project/warn.py:2 DeprecationWarning: old thing',
        'python warning /project/warn.py:3 UserWarning: careful',
      ],
    ],
    [
      'pytest-long.txt',
      [
        'pytest error test_x.py:13 OSError: no disk',
        'pytest error test_x.py:7 AssertionError',
        'pytest error test_x.py:3 assert 1 == 2',
        'pytest error test_x.py:11 RuntimeError: boom',
      ],
    ],
    [
      'pytest-short.txt',
      [
        'pytest error test_x.py:13 OSError: no disk',
        'pytest error test_x.py:7 assert [1, 2] == [1, 3]',
        'pytest error test_x.py:3 AssertionError: not two',
        'pytest error test_x.py:11 RuntimeError: boom',
      ],
    ],
    [
      'pytest-line.txt',
      [
        'pytest error /project/test_x.py:7 assert [1, 2] == [1, 3]',
        'pytest error /project/test_x.py:3 AssertionError: not two',
        'pytest error /project/test_x.py:11 RuntimeError: boom',
      ],
    ],
    ['pytest-native.txt', ['python error /project/test_x.py:11 RuntimeError: boom']],
    ['pytest-collect.txt', ["pytest error test_imp.py:1 ModuleNotFoundError: No module named 'nothere'"]],
  ];
  it.each(stored)('%s', async (name, problems) => check(await readFile(path.join(fixtures, name), 'utf8'), problems));

  it('mlops itself', () => {
    check('configs/cnn.yaml:6:15: error: training.num_epochs must be a number.\nC:\\p\\dvc.yaml:1:2: warning: x', [
      'mlops error configs/cnn.yaml:6:15 training.num_epochs must be a number.',
      'mlops warning C:\\p\\dvc.yaml:1:2 x',
    ]);
  });
});

it('an endless line costs no time', () => {
  expect(match(`${'x | '.repeat(16_000)}\n${' '.repeat(64_000)}\n${'a'.repeat(64_000)}:1\n`)).toEqual([]);
});

it('package.json has these matchers (UPDATE_MATCHERS=1 writes them)', async () => {
  const file = path.join(root, 'package.json');
  const manifest = JSON.parse(await readFile(file, 'utf8')) as { contributes: { problemMatchers: unknown } };
  if (process.env['UPDATE_MATCHERS'] === '1') {
    manifest.contributes.problemMatchers = problemMatchers;
    await writeFile(file, `${JSON.stringify(manifest, null, 2)}\n`);
  }
  expect(manifest.contributes.problemMatchers).toEqual(problemMatchers);
});
