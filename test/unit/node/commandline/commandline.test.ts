import { expect, test } from 'vitest';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import { runCommandLine, type Command, type Invocation } from '../../../../src/node/commandline/commandline.ts';
import { createInstallation } from '../../../../src/node/installation/installation.ts';

const command = (words: string[], run: (invocation: Invocation) => number, more: Partial<Command> = {}): Command => ({
  words,
  summary: `does ${words.join(' ')}`,
  positionals: '[NAME]',
  example: `mlops ${words.join(' ')}`,
  options: { epochs: { type: 'string', value: 'N', summary: 'how many' } },
  run: (invocation) => Promise.resolve(run(invocation)),
  ...more,
});

/** Runs a command line against a few made-up commands and gives all that a caller can see of it. */
async function check(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const seen = { code: 0, stdout: '', stderr: '' };
  const abort = new AbortController();
  const commands = [
    command(['train'], ({ output, options, positionals }) => {
      output.result({ epochs: options.integer('epochs', 1), loss: Number.NaN, positionals }, () => 'trained');
      return 0;
    }),
    command(['flow', 'feature', 'start'], () => {
      throw new ExpectedError('dirty-tree', 'Commit first.', [
        { file: 'a.yaml', line: 1, column: 2, severity: 'error', message: 'x' },
      ]);
    }),
    command(
      ['exec'],
      ({ output, positionals, options }) => {
        output.result({ positionals, dry: options.flag('dry-run') }, () => '');
        return 7;
      },
      { passThrough: true },
    ),
    command(['crash'], () => {
      throw new TypeError('undefined is not a function');
    }),
    command(['give', 'up'], ({ signal }) => {
      abort.abort('SIGINT');
      signal.throwIfAborted();
      return 0;
    }),
    command(['give', 'in'], () => {
      abort.abort('SIGINT');
      throw new DOMException('The operation was aborted', 'AbortError');
    }),
  ];
  const stream = (name: 'stdout' | 'stderr') =>
    ({
      isTTY: false,
      columns: 80,
      write: (text: string) => ((seen[name] += text), true),
    }) as unknown as NodeJS.WriteStream;
  seen.code = await runCommandLine(
    argv,
    [{ firstWords: ['train', 'flow', 'exec', 'crash', 'give'], load: () => Promise.resolve(commands) }],
    {
      cwd: '/',
      env: {},
      streams: { stdout: stream('stdout'), stderr: stream('stderr') },
      signal: abort.signal,
      installation: createInstallation('/opt/dist', '1.2.3'),
    },
  );
  return seen;
}

const cases: [argv: string[], expected: { code: number; stdout?: string | RegExp; stderr?: string | RegExp }][] = [
  [['--version'], { code: 0, stdout: '1.2.3\n', stderr: '' }],
  [['train'], { code: 0, stdout: 'trained\n', stderr: '' }],
  [
    ['train', '--epochs', '5', '--json', 'a'],
    { code: 0, stdout: '{\n  "epochs": 5,\n  "loss": "NaN",\n  "positionals": [\n    "a"\n  ]\n}\n' },
  ],
  [
    ['train', '--epochs', 'many'],
    { code: 2, stdout: '', stderr: /--epochs takes a whole number of at least 1, not "many"/ },
  ],
  [['train', '--epohcs', '5'], { code: 2, stderr: /--epohcs.*Usage: mlops train \[NAME\]/s }],
  [['trian'], { code: 2, stdout: '', stderr: /There is no command "trian". Did you mean "train"\?/ }],
  [['--json', 'train'], { code: 2, stderr: /Options stand behind the command.*"--json" stands before it/ }],
  [['flow', 'feature', 'strat'], { code: 2, stderr: /Did you mean "flow feature start"/ }],
  [['flow'], { code: 0, stdout: /mlops flow feature start/ }],
  [['flow', 'feature', 'start', 'x'], { code: 1, stdout: '', stderr: 'Commit first.\na.yaml:1:2: error: x\n' }],
  [['flow', 'feature', 'start', 'x', '--json'], { code: 1, stdout: /^\{\n {2}"error": \{\n {4}"code": "dirty-tree"/ }],
  [['exec', '--dry-run', 'a.ts', '--json', '--port', '1'], { code: 7 }],
  [['crash'], { code: 70, stderr: /bug in mlops.*TypeError.*commandline\.test\.ts/s }],
  [['give', 'up'], { code: 130, stdout: '', stderr: 'Stopped.\n' }],
  [['give', 'in', '--json'], { code: 130, stdout: /"code": "stopped"/, stderr: 'Stopped.\n' }],
  [['train', '--\u001b[2J'], { code: 2, stderr: /^[^\u001b]*--\\u001b\[2J[^\u001b]*$/ }],
  [['train', '--help'], { code: 0, stdout: /--epochs N +how many/ }],
];
test.each(cases)('mlops %j', async (argv, { code, stdout, stderr }) => {
  const seen = await check(...argv);
  expect(seen.code).toBe(code);
  if (stdout !== undefined)
    expect(seen.stdout).toEqual(typeof stdout === 'string' ? stdout : expect.stringMatching(stdout));
  if (stderr !== undefined)
    expect(seen.stderr).toEqual(typeof stderr === 'string' ? stderr : expect.stringMatching(stderr));
});

test('what follows the file of exec belongs to the file', async () => {
  expect(JSON.parse((await check('exec', '--json', 'a.ts', '--json', '--port', '1')).stdout)).toEqual({
    positionals: ['a.ts', '--json', '--port', '1'],
    dry: false,
  });
});
