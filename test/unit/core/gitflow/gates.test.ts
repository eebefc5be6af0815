import { describe, expect, it } from 'vitest';
import {
  findProgram,
  judgeData,
  judgeFiles,
  judgePerformance,
  judgePipeline,
  judgeProgram,
  judgeSecrets,
  parseAddedLines,
  parseChangedObjects,
  requireGates,
  settleGates,
} from '../../../../src/core/gitflow/gitflow.ts';
import { parseTeamGates, parseThresholds } from '../../../../src/core/gatefiles/gatefiles.ts';
import { toOverrideTrailer } from '../../../../src/core/gitflow/gates.ts';
import type { ConfigEntry } from '../../../../src/core/git/git.ts';
import { ExpectedError } from '../../../../src/protocol/errors.ts';
import type { FlowGate } from '../../../../src/protocol/gates.ts';
import type { StageStatus, StatusDocument } from '../../../../src/protocol/pipeline.ts';

const stage = (name: string, state: StageStatus['state'], more: Partial<StageStatus> = {}): StageStatus => ({
  ...{ name, file: 'dvc.yaml', line: 3, state, reasons: [], needs: [], lastSeconds: null },
  ...more,
});
const status = (stages: readonly StageStatus[], more: Partial<StatusDocument> = {}): StatusDocument => ({
  ...{ project: '/p', stages, data: [], problems: [] },
  ...more,
});
const summary = ({ outcome, places }: FlowGate): readonly string[] => [
  outcome,
  ...places.map(({ file, line, message }) => `${file}:${line} ${message}`),
];

function refusal(work: () => unknown): ExpectedError {
  try {
    work();
  } catch (error) {
    if (error instanceof ExpectedError) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('the gate of the pipeline', () => {
  const always = { reasons: [{ kind: 'always' }] } as const;
  const rows: Readonly<Record<string, readonly [StatusDocument, ...string[]]>> = {
    'no stages': [status([]), 'absent'],
    'all fresh, one frozen': [status([stage('a', 'fresh'), stage('b', 'frozen')]), 'passed'],
    'a stage that is stale': [
      status([stage('train', 'stale', { reasons: [{ kind: 'dep', path: 'data', change: 'modified' }] })]),
      'failed',
      'dvc.yaml:3 train: data changed',
    ],
    'never run, and what waits for it': [
      status([stage('a', 'never-run'), stage('b', 'blocked')]),
      'failed',
      'dvc.yaml:3 a: never run',
      'dvc.yaml:3 b: blocked',
    ],
    'a stage that always runs does not count, nor what waits for it': [
      status([stage('a', 'stale', always), stage('b', 'blocked')]),
      'passed',
    ],
    'mistakes of dvc.yaml': [
      status([], { problems: [{ file: 'dvc.yaml', line: 2, column: 1, severity: 'error', message: 'wrong' }] }),
      'failed',
      'dvc.yaml:2 wrong',
    ],
  };
  it.each(Object.entries(rows))('%s', (_name, [document, ...expected]) => {
    expect(summary(judgePipeline(document))).toEqual(expected);
  });

  it('data that is not as its .dvc file says', () => {
    const data = [{ path: 'data.dvc', state: 'stale' as const, reasons: [{ kind: 'out' as const, path: 'data' }] }];
    expect(summary(judgeData(status([], { data })))).toEqual(['failed', 'data.dvc:1 data changed']);
    expect(judgeData(status([], { data: data.map((one) => ({ ...one, state: 'fresh' as const })) })).outcome).toBe(
      'passed',
    );
    expect(judgeData(status([])).outcome).toBe('absent');
  });
});

describe('the gate of performance', () => {
  const text = 'metrics:\n  accuracy: {min: 0.9}\n  loss: {max: 0.5}\n';
  const judge = (yaml: string, metrics: Readonly<Record<string, number>>): readonly string[] => {
    const { thresholds, problems } = parseThresholds(yaml, 'tests/cnn.checks.yaml');
    return summary(judgePerformance(thresholds, problems, new Map(Object.entries(metrics))));
  };
  it.each([
    ['reached, by model or alone', text, { 'cnn.accuracy': 0.9, 'loss': 0.5 }, ['passed']],
    [
      'missed, below and above',
      text,
      { accuracy: 0.8, loss: 0.6 },
      [
        'failed',
        'tests/cnn.checks.yaml:2 cnn: accuracy is 0.8, at least 0.9 is wanted',
        'tests/cnn.checks.yaml:3 cnn: loss is 0.6, at most 0.5 is wanted',
      ],
    ],
    [
      'nothing known, or no number',
      text,
      { accuracy: NaN },
      [
        'failed',
        'tests/cnn.checks.yaml:2 cnn: accuracy is NaN',
        'tests/cnn.checks.yaml:3 cnn: no metrics file has loss',
      ],
    ],
    ['no thresholds', 'other: 1\n', {}, ['absent']],
    [
      'a bound that is none',
      'metrics:\n  accuracy: high\n',
      {},
      ['failed', 'tests/cnn.checks.yaml:2 accuracy needs a number as min, max or both.'],
    ],
  ])('%s', (_name, yaml, metrics, expected) => {
    expect(judge(yaml, metrics as Record<string, number>)).toEqual(expected);
  });
});

describe('programs of a project', () => {
  const of = (packageJson?: unknown, makefile?: string, hasPytest = false) => ({
    ...{ makefile, hasPytest },
    packageJson: packageJson === undefined ? undefined : JSON.stringify(packageJson),
  });
  it.each([
    ['npm script', 'lint', of({ scripts: { lint: 'eslint .' } }), 'npm run --silent lint'],
    ['make target', 'lint', of({ scripts: {} }, 'all:\nlint: x\n\teslint\n'), 'make lint'],
    ['a variable is no target', 'lint', of(undefined, 'lint := eslint\n'), undefined],
    [
      'npm’s own line for no tests',
      'tests',
      of({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }),
      undefined,
    ],
    ['pytest', 'tests', of(undefined, undefined, true), 'pytest -q'],
    ['pytest is no linter', 'lint', of(undefined, undefined, true), undefined],
    ['a package.json that is broken', 'tests', { ...of(), packageJson: '{' }, undefined],
  ] as const)('%s', (_name, gate, files, expected) => {
    expect(findProgram(gate, files)?.join(' ')).toBe(expected);
  });

  it.each([
    ['succeeded', 'passed', 'passed.'],
    ['failed', 'failed', 'failed (exit code 2).'],
    ['timed-out', 'failed', 'longer than 5 s'],
    ['not-started', 'failed', 'could not be started'],
  ] as const)('%s', (how, outcome, words) => {
    const gate = judgeProgram('tests', { command: 'make test', how, reason: 'exit code 2', timeout: 5, log: '/l' });
    expect(gate).toMatchObject({ outcome, look: 'make test', log: '/l', message: expect.stringContaining(words) });
  });
});

describe('what a branch adds', () => {
  it('reads lines with their places from a patch, also those that look like headers', () => {
    const patch = [
      'diff --git a/x b/x',
      '--- a/x',
      '+++ b/x',
      '@@ -1 +1,2 @@ def f',
      '-old',
      '+new',
      '++++ b/evil',
      '@@ -9,0 +11 @@',
      '+last',
      'diff --git "a/q\\"" "b/q\\""',
      '--- /dev/null',
      '+++ "b/q\\""',
      '@@ -0,0 +1 @@',
      '+only',
      '\\ No newline at end of file',
      'diff --git a/e b/e',
      'Binary files /dev/null and b/e differ',
    ].join('\n');
    expect(parseAddedLines(patch).map(({ path, line, text }) => `${path}:${line} ${text}`)).toEqual([
      'x:1 new',
      'x:2 +++ b/evil',
      'x:11 last',
      'q":1 only',
    ]);
  });

  it('reads objects, leaving out what is deleted and submodules', () => {
    const raw = [
      ':000000 100644 00 aa A',
      'a b',
      ':100644 000000 bb 00 D',
      'gone',
      ':000000 160000 00 cc A',
      'sub',
      '',
    ];
    expect(parseChangedObjects(raw.join('\0'))).toEqual([{ path: 'a b', object: 'aa' }]);
  });

  it('tells a large file', () => {
    const files = [
      { path: 'small', size: 10 },
      { path: 'big.bin', size: 3 * 1024 * 1024 },
    ];
    expect(summary(judgeFiles(files, 2 * 1024 * 1024))).toEqual(['failed', 'big.bin:1 has 3 MiB']);
    expect(judgeFiles(files, 3 * 1024 * 1024).outcome).toBe('passed');
  });

  const secret = (text: string, path = 'a.py'): string =>
    summary(judgeSecrets([], [{ path, line: 7, text }]))
      .slice(1)
      .join();
  // Put together of pieces, so that no tool takes this file for a leak.
  const of = (...pieces: readonly string[]): string => pieces.join('');
  it.each([
    [of('key = "AKIA', 'IOSFODNN7EXAMPLE"'), 'a key of AWS'],
    [`x = 'ghp_${'a1B2'.repeat(9)}'`, 'a token of GitHub'],
    [`HF = "hf_${'Ab1'.repeat(11)}x"`, 'a token of Hugging Face'],
    [of('-----BEGIN RSA ', 'PRIVATE KEY-----'), 'a private key'],
    [of('uri: postgres://me:', 's3cr3tpw@host/db'), 'a password in an address'],
    [of('API_KEY = "', 'q9Zx7Lm2Vb4Tn8Rk"'), 'a secret'],
    [of('password="', 'hunter2hunter2"'), 'a password'],
    [of('DB_PASSWORD = "', 'S3cr3t!Passw0rd"'), 'a password'],
    [of('password: str = "', 'hunter2hunter2"'), 'a password'],
    [of("connect(user='me', passwd='", "correct-horse-battery')"), 'a password'],
    [of('{"secret_key": "', 'k3-blue-moon"}'), 'a secret'],
    [of("headers['api-key'] = '", "a1b2c3d4'"), 'a secret'],
    [of('password = os.environ.get("PW", password="', 'hunter2hunter2")'), 'a password'],
  ])('%s', (text, kind) => {
    expect(secret(text)).toBe(`a.py:7 looks like ${kind}`);
  });
  it.each([
    [of('passwd: ', 'correct-horse-battery'), 'a password'],
    [of('  - DB_PASSWORD=', 'hunter2hunter2  # of the demo'), 'a password'],
    [of('api_key: ', 'a1b2c3d4e5'), 'a secret'],
  ])('%s in a file of settings', (text, kind) => {
    expect(secret(text, 'conf.yaml')).toBe(`conf.yaml:7 looks like ${kind}`);
  });
  it.each([
    ['password = os.environ["PASSWORD"]'],
    ['token: ${{ secrets.NPM_TOKEN_FOR_PUBLISHING }}'],
    ['const apiKey = process.env.OPENAI_API_KEY_2'],
    ['password: your-password-goes-here-123'],
    ['uri: postgres://user:password@localhost/db'],
    ['max_token_length = 4096'],
    [of('API_KEY = "', 'q9Zx7Lm2Vb4Tn8Rk"  # mlops:no-secret')],
    ['password = getpass()'],
    ['token: string'],
    ['token: AbortSignal2024;'],
    ['password: ${{ secrets.X }}'],
    ['password = "${DB_PASSWORD_1}"'],
    ["password: 'changeme123'"],
    ['password: <your password 1>'],
    ['password = "********"'],
    ['password = "xxxxxxxx1"'],
    ['"password": "Passwort"'],
    ['"password": "Contraseña"'],
    ['password: "Password is required"'],
    ['autocompletePassword = "new-password"'],
    ['tokenizer = "bert-base-uncased-2"'],
    ['eos_token = "<|endoftext2|>"'],
    ['pad_token = "[PAD12345]"'],
    ['token_type: "authorization2"'],
    ['token = settings.github_token_1'],
    ['token: /run/secrets/token-1'],
    ['secret: db-credentials'],
    ['password=$(cat /run/pw1)'],
    ['PWD=/home/me/project1'],
    ['const token = parser.next(1)'],
    ['if (password === "hunter2hunter2") {'],
    ['password = ENV["DB_PASSWORD_2"]'],
    ['password = "testpass123"'],
    ['token = "12345678"'],
  ])('not %s', (text) => {
    expect([secret(text), secret(text, 'conf.yaml')]).toEqual(['', '']);
  });
  it('hashes of generated files are none, names of files may be', () => {
    expect(secret(of('token: ', 'q9Zx7Lm2Vb4Tn8Rk'), 'dvc.lock')).toBe('');
    const files = ['.env', '.env.example', 'k/id_rsa', 'id_rsa.pub'].map((path) => ({ path, size: 1 }));
    expect(summary(judgeSecrets(files, []))).toEqual([
      'failed',
      '.env:1 is a file of secrets',
      'k/id_rsa:1 is a private key',
    ]);
  });
});

describe('settings', () => {
  const entries = (values: Readonly<Record<string, string>>): ConfigEntry[] =>
    Object.entries(values).map(([key, value]) => ({ scope: 'local', key, value }));
  const off = (config: Readonly<Record<string, string>>, team = {}): string[] =>
    Object.entries(settleGates(entries(config), team).isOn).flatMap(([name, isOn]) => (isOn ? [] : [name]));

  it('all are on; a person comes before the team, one gate before all of them', () => {
    expect(off({})).toEqual([]);
    expect(off({}, { tests: false, lint: false })).toEqual(['lint', 'tests']);
    expect(off({ 'mlops.gate.tests': 'yes' }, { tests: false, lint: false })).toEqual(['lint']);
    expect(off({ 'mlops.gates': 'false', 'mlops.gate.files': 'true' })).toEqual([
      'pipeline',
      'data',
      'performance',
      'lint',
      'tests',
      'secrets',
    ]);
    expect(refusal(() => off({ 'mlops.gate.tests': 'maybe' })).code).toBe('bad-input');
    expect(settleGates(entries({ 'mlops.gate.maxfilesize': '10m' }), { timeout: 9 })).toMatchObject({
      maxFileSize: 10 * 1024 * 1024,
      timeout: 9,
    });
  });

  it.each([
    ['gates: {tests: false, max_file_size: 10m}\n', undefined],
    ['stores: []\n', undefined],
    ['gates: none\n', 'gates must be a mapping'],
    ['gates:\n  test: false\n', 'There is no such gate'],
    ['gates:\n  tests: off\n', 'tests must be true or false'],
  ])('%j', (text, mistake) => {
    if (mistake === undefined) expect(() => parseTeamGates(text, 'p.yaml')).not.toThrow();
    else expect(refusal(() => parseTeamGates(text, 'p.yaml')).problems[0]?.message).toContain(mistake);
  });
});

describe('a gate that does not hold', () => {
  const place = { file: 'a', line: 2, column: 1, severity: 'error', message: 'x' } as const;
  const gates: readonly FlowGate[] = [
    { name: 'lint', outcome: 'passed', message: 'Good.', places: [], look: null, log: null },
    { name: 'tests', outcome: 'failed', message: 'Bad.', places: [place], look: 'make test', log: '/log' },
  ];
  it('refuses with the places and the ways to look and on', () => {
    const { code, exitCode, message, problems } = refusal(() =>
      requireGates(gates, 'flow feature finish x', undefined),
    );
    expect({ code, exitCode, problems }).toEqual({ code: 'gate-failed', exitCode: 1, problems: [place] });
    expect(message).toContain('tests: Bad. Look: make test, /log');
    expect(message).toContain('--override "REASON"');
  });
  it('lets a reason through, and none that is empty', () => {
    expect(() => requireGates(gates, 'c', 'known')).not.toThrow();
    expect(refusal(() => requireGates([], 'c', ' ')).code).toBe('bad-arguments');
    expect(toOverrideTrailer(['tests', 'files'], ' known,\n\nsee 4 ')).toBe(
      'Gate-Override: tests, files: known, see 4',
    );
    expect(toOverrideTrailer([], 'known')).toBeUndefined();
  });
});
