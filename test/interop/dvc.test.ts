import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { emitMapping } from '../../src/core/pipeline/emit.ts';
import { integer, toPyMap, type PyValue } from '../../src/core/pipeline/values.ts';
import { addData } from '../../src/node/data/add.ts';
import { loadPipeline } from '../../src/node/pipeline/load.ts';
import { toSourceStage } from '../../src/core/data/data.ts';
import { toDvcStatus } from '../../src/core/pipeline/pipeline.ts';
import { readStatus } from '../../src/node/pipeline/pipeline.ts';
import { TestProject } from '../unit/node/pipeline/bench.ts';

const call = promisify(execFile);

/** DVC lies beside the Python that MLOPS_INTEROP_PYTHON names. Without it these tests fail: nothing here may be skipped. */
const python = process.env['MLOPS_INTEROP_PYTHON'] ?? '';
beforeAll(() => {
  if (python === '')
    throw new Error('Set MLOPS_INTEROP_PYTHON to a Python with dvc 3.67.1 ("npm run test:interop" makes one).');
});

const dvcEnvironment = { ...process.env, SHELL: '/bin/sh', DVC_NO_ANALYTICS: '1', DVC_TEST: 'true' };

let project: TestProject;
afterEach(() => project.remove());

async function dvc(...args: string[]): Promise<string> {
  const options = { cwd: project.root, env: dvcEnvironment };
  const { stdout } = await call(path.join(path.dirname(python), 'dvc'), args, options).catch((error: unknown) => {
    const { stdout: out = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`dvc ${args.join(' ')} failed:\n${out}${stderr}`);
  });
  return stdout;
}

async function create(files: Record<string, string>): Promise<void> {
  project = await TestProject.create(files);
  await rm(project.path('.dvc'), { recursive: true });
  await project.git('init', '-q', '-b', 'main');
  await dvc('init', '-q');
}

/** What `mlops status --format dvc` prints. */
async function ourStatus(): Promise<unknown> {
  const { stages, data, problems } = await readStatus({ root: project.root }, { env: project.env });
  expect(problems).toEqual([]);
  const { graph, data: files } = await loadPipeline({ root: project.root });
  const sources = data.map(({ path: name, reasons }) => ({
    stage: toSourceStage(files.find((file) => file.name === name)!),
    reasons,
  }));
  return toDvcStatus(
    [...stages.map(({ name, reasons }) => ({ stage: graph.byName.get(name)!, reasons })), ...sources],
    (file) => file,
  );
}

const listRecords = async (): Promise<string[]> =>
  (await readdir(project.path('.dvc/cache/runs'), { recursive: true }))
    .filter((name) => name.split('/').length === 3)
    .sort();

const long = 'word '.repeat(30);
const pipeline = `vars:
  - models: [m1, m2]
  - conf/extra.yaml
stages:
  prepare:
    cmd:
      - mkdir -p 'data/dir é'
      - cp in.txt 'data/dir é/😀 "q" \\x.txt'
      - cp in.txt data/plain
    deps: [in.txt, src]
    outs: [data]
  train:
    foreach: \${models}
    do:
      cmd: |
        echo "training \${item} with \${depth} and \${rate}" ${long}
        (cat data/plain; cat conf/\${item}.yaml) > \${item}.bin; echo '{"acc": 1}' > \${item}.json
      deps: [data, "src/\${item}"]
      params:
        - lr
        - train.layers
        - conf/\${item}.yaml: [model, training.opt]
        - conf/whole.json:
      outs: ["\${item}.bin"]
      metrics: ["\${item}.json": {cache: false}]
  tables:
    matrix: {size: [1, 2.5], kind: [a, {x: 1}]}
    cmd: 'echo \${item.size} > t-\${key}: && mv t-\${key}: t-\${key}'
    deps: [data/plain]
    outs: ["t-\${key}"]
  report:
    wdir: sub
    cmd: cat ../m1.bin ../m2.bin > out.txt; chmod +x out.txt
    deps: [../m1.bin, ../m2.bin, in dir/]
    params: [p.yaml: [a]]
    outs: [out.txt]
  plain:
    cmd: echo x > plain.txt
    outs: [plain.txt]
`;
const files = {
  'dvc.yaml': pipeline,
  'in.txt': 'hello\n',
  'src/common.py': 'x = 1\r\n',
  'src/m1/a': '1',
  'src/m2/a': '2',
  'src/skip.pyc': 'ignored',
  '.dvcignore': '*.pyc\n',
  'sub/in dir/x': '',
  'sub/p.yaml': 'a: [1, 2.0, {b: null}, {30: yes, 4: 0x1F}]\n',
  'conf/extra.yaml': 'depth: 0o17\nrate: 1e-5\n',
  'conf/m1.yaml': 'model: {units: 224, act: sigmoid, kernel: [3, 3]}\ntraining: {opt: adam, lr: 1.0}\n',
  'conf/m2.yaml': `model: {name: "it's", note: "a: b", big: 123456789012345678901234567890, text: "${long}"}\ntraining: {opt: "0123", lr: 1}\n`,
  'conf/whole.json': '{"b": [1, 1.0, 1e5], "a": {"z": true, "y": null}}',
  'params.yaml': 'lr: 1e-5\ntrain: {layers: [64, 64.0, "64"], epochs: 3}\nunused: 1\n',
};

/** `dvc status --json` again and again in one Python, which takes most of its time to start. */
function startStatusServer(): { ask: () => Promise<unknown>; end: () => Promise<void> } {
  const script = `
import json, os, sys
from dvc.repo import Repo
root = os.getcwd()
for _ in sys.stdin:
    os.chdir(root)
    with Repo(root) as repo:
        print(json.dumps(repo.status()), flush=True)
`;
  const child = spawn(python, ['-W', 'ignore', '-c', script], {
    cwd: project.root,
    env: dvcEnvironment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    async ask() {
      child.stdin.write('status\n');
      const { value, done } = await lines.next();
      if (done === true) throw new Error('DVC ended without an answer.');
      return JSON.parse(value) as unknown;
    },
    async end() {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

describe('one pipeline, two engines', () => {
  it('what we ran is up to date for DVC, and what DVC ran is the same, byte for byte', async () => {
    await create(files);
    const { outcome } = await project.run();
    expect(outcome).toBe('succeeded');
    expect(JSON.parse(await dvc('status', '--json'))).toEqual({});
    expect(await dvc('status')).toContain('Data and pipelines are up to date.');
    const repro = await dvc('repro');
    expect(repro).not.toContain('Running stage');
    expect(repro.match(/didn't change, skipping/g)).toHaveLength(9);
    const [ours, ourRecords, ourIgnore] = [
      await project.read('dvc.lock'),
      await listRecords(),
      await project.read('.gitignore'),
    ];
    await rm(project.path('dvc.lock'));
    await rm(project.path('.dvc/cache'), { recursive: true });
    await rm(project.path('.gitignore'));
    await dvc('repro', '-f');
    expect(await project.read('dvc.lock')).toBe(ours);
    expect(await listRecords()).toEqual(ourRecords);
    expect((await project.read('.gitignore')).split('\n').sort()).toEqual(ourIgnore.split('\n').sort());
    expect(new Set((await project.states()).match(/(?<=:)[a-z-]+/g))).toEqual(new Set(['fresh']));
    expect(new Set((await project.run()).stages.map((stage) => stage.outcome))).toEqual(new Set(['skipped']));
  });

  it('each restores what the other has run', async () => {
    await create(files);
    await dvc('repro');
    for (const name of ['data', 'm1.bin', 'm1.json', 'sub/out.txt']) await rm(project.path(name), { recursive: true });
    const restored = (await project.run()).stages.filter((stage) => stage.outcome === 'restored');
    expect(restored.map(({ name }) => name)).toEqual(['prepare', 'train@m1', 'report']);
    expect(JSON.parse(await dvc('status', '--json'))).toEqual({});
    await project.write('in.txt', 'other\n');
    await project.run();
    await project.write('in.txt', 'hello\n');
    await rm(project.path('dvc.lock'));
    // A stage without dependencies is in no run-cache.
    expect((await dvc('repro')).match(/Running stage '.*'/g)).toEqual(["Running stage 'plain'"]);
    expect(await ourStatus()).toEqual({});
  });

  it('entries of others in the lock stay where they are', async () => {
    await create(files);
    await dvc('repro', 'plain');
    const foreign = "  # a comment\n  gone:\n    cmd: echo   'x'\n";
    await project.write('dvc.lock', (await project.read('dvc.lock')) + foreign);
    await project.run();
    expect(await project.read('dvc.lock')).toContain(foreign);
    expect(JSON.parse(await dvc('status', '--json'))).toEqual({});
  });
});

describe('the same changes give the same reasons', () => {
  const objectFolder = async (): Promise<string> => {
    const folder = project.path('.dvc/cache/files/md5');
    const md5 = /path: m1\.bin\n\s+hash: md5\n\s+md5: (\w+)/.exec(await project.read('dvc.lock'))![1]!;
    return path.join(folder, md5.slice(0, 2), md5.slice(2));
  };
  const edit = async (name: string, from: string, to: string): Promise<void> => {
    const text = await project.read(name);
    expect(text).toContain(from);
    await project.write(name, text.replace(from, to));
  };
  const changes: [string, () => Promise<unknown>][] = [
    ['a dependency edited', () => project.write('in.txt', 'changed\n')],
    ['a file in a folder edited', () => project.write('src/m1/a', 'x')],
    ['a file added to a folder', () => project.write('src/new', '')],
    ['an ignored file added', () => project.write('src/other.pyc', 'x')],
    ['a dependency deleted', () => rm(project.path('in.txt'))],
    ['a folder deleted', () => rm(project.path('src'), { recursive: true })],
    ['a param changed', () => edit('params.yaml', 'lr: 1e-5', 'lr: 1e-4')],
    ['a param written otherwise', () => edit('params.yaml', 'lr: 1e-5', 'lr: 0.00001')],
    ['an int for a float', () => edit('conf/m1.yaml', 'kernel: [3, 3]', 'kernel: [3.0, 3]')],
    ['true for 1', () => edit('params.yaml', '[64, 64.0', '[64, 64')],
    ['text for a number', () => edit('params.yaml', '"64"', '64')],
    ['order of keys', () => edit('conf/m1.yaml', 'units: 224, act: sigmoid', 'act: sigmoid, units: 224')],
    ['a param removed', () => edit('params.yaml', 'lr: 1e-5', 'rl: 1e-5')],
    ['a param that nobody tracks', () => edit('params.yaml', 'unused: 1', 'unused: 2')],
    ['a key added to a whole file', () => edit('conf/whole.json', '{"b"', '{"new": 1, "b"')],
    ['a key removed from a whole file', () => project.write('conf/whole.json', '{"a": {"z": true, "y": null}}')],
    ['a params file deleted', () => rm(project.path('sub/p.yaml'))],
    [
      'a params file more',
      () => edit('dvc.yaml', 'params: [p.yaml: [a]]', 'params: [p.yaml: [a], ../params.yaml: [unused]]'),
    ],
    ['a param more', () => edit('dvc.yaml', '        - lr\n', '        - lr\n        - unused\n')],
    ['an output deleted', () => rm(project.path('m1.bin'))],
    ['an output folder deleted', () => rm(project.path('data'), { recursive: true })],
    ['an output edited', () => project.write('m2.json', '{}')],
    ['an exec bit taken', () => chmod(project.path('sub/out.txt'), 0o644)],
    ['the command changed', () => edit('dvc.yaml', 'echo x > plain.txt', 'echo  x > plain.txt')],
    ['the command as a list', () => edit('dvc.yaml', 'cmd: echo x > plain.txt', 'cmd: [echo x > plain.txt]')],
    ['a variable changed', () => edit('conf/extra.yaml', '1e-5', '1e-6')],
    ['a dependency more', () => edit('dvc.yaml', 'deps: [data/plain]', 'deps: [data/plain, in.txt]')],
    ['an output more', () => edit('dvc.yaml', 'outs: [plain.txt]', 'outs: [plain.txt, more.txt]')],
    ['a stage more', () => edit('dvc.yaml', '  plain:', '  fresh: {cmd: echo, deps: [in.txt]}\n  plain:')],
    ['a stage without anything', () => edit('dvc.yaml', '  plain:', '  callback: {cmd: echo}\n  plain:')],
    [
      'always changed',
      () => edit('dvc.yaml', '    outs: [plain.txt]', '    outs: [plain.txt]\n    always_changed: true'),
    ],
    [
      'frozen',
      async () => {
        await edit('dvc.yaml', '    wdir: sub', '    wdir: sub\n    frozen: true');
        await project.write('m1.bin', 'x');
      },
    ],
    [
      'descriptions',
      () =>
        edit(
          'dvc.yaml',
          '    outs: [plain.txt]',
          '    desc: d\n    meta: {x: 1}\n    outs: [plain.txt: {desc: e, labels: [l], push: false}]',
        ),
    ],
    ['an object of the cache deleted', async () => rm(await objectFolder())],
    [
      'an object of the cache damaged',
      async () => {
        await chmod(await objectFolder(), 0o644);
        await project.write(path.relative(project.root, await objectFolder()), 'damaged');
      },
    ],
    ['the whole cache deleted', () => rm(project.path('.dvc/cache'), { recursive: true })],
    ['the lock deleted', () => rm(project.path('dvc.lock'))],
  ];
  it('one by one', async () => {
    await create(files);
    await project.run();
    await project.git('add', '-A');
    await project.git('commit', '-qm', 'all');
    await call('cp', ['-a', project.root, `${project.root}.kept`]);
    try {
      const dvcStatus = startStatusServer();
      for (const [name, change] of changes) {
        await call('sh', ['-c', 'rm -rf -- * .dvc .dvcignore && cp -a "$0.kept/." "$0"', project.root], {
          cwd: project.root,
        });
        await change();
        // DVC comes second: it deletes a damaged object when it sees one.
        const ours = await ourStatus();
        expect([name, ours]).toEqual([name, await dvcStatus.ask()]);
      }
      await dvcStatus.end();
    } finally {
      await rm(`${project.root}.kept`, { recursive: true });
    }
  });
});

describe('tracked data', () => {
  const files = {
    'data/a': 'a\n',
    'data/sub/b': 'b\n',
    'f.txt': 'f\n',
    'run.sh': '#!/bin/sh\n',
    'dvc.yaml': 'stages:\n  use: {cmd: cat data/a f.txt > out, deps: [data, f.txt], outs: [out]}\n',
  };
  const tools = () => ({ cwd: project.root, env: project.env, signal: new AbortController().signal });
  const add = (...paths: string[]) => addData({ root: project.root }, paths, tools());
  const changes: [string, () => Promise<unknown>][] = [
    ['nothing', () => Promise.resolve()],
    ['a file edited', () => project.write('data/a', 'x')],
    ['a file added', () => project.write('data/new', 'x')],
    ['data deleted', () => rm(project.path('f.txt'))],
    ['an exec bit taken', () => chmod(project.path('run.sh'), 0o644)],
    ['the cache deleted', () => rm(project.path('.dvc/cache'), { recursive: true })],
    ['no hash recorded', () => project.write('f.txt.dvc', 'outs:\n- path: f.txt\n')],
    [
      'an old hash',
      () => project.write('f.txt.dvc', 'outs:\n- md5: 9a8ad92c50cae39aa2c5604fd0ab6d8c\n  path: f.txt\n'),
    ],
    ['kept in Git', () => project.write('f.txt.dvc', 'outs:\n- path: f.txt\n  cache: false\n')],
    [
      'always changed',
      async () => project.write('f.txt.dvc', `always_changed: true\n${await project.read('f.txt.dvc')}`),
    ],
    ['frozen', async () => project.write('f.txt.dvc', `frozen: true\n${await project.read('f.txt.dvc')}`)],
    [
      'a checksum',
      async () => project.write('f.txt.dvc', `md5: ${'0'.repeat(31)}a\n${await project.read('f.txt.dvc')}`),
    ],
    ['wdir', () => project.write('other.dvc', 'wdir: data\nouts:\n- path: ../g.txt\n')],
  ];

  it('is written as DVC writes it, and judged as DVC judges it', async () => {
    await create(files);
    await chmod(project.path('run.sh'), 0o755);
    await add('data', 'f.txt', 'run.sh');
    const names = ['data.dvc', 'f.txt.dvc', 'run.sh.dvc', '.gitignore'];
    const ours = await Promise.all(names.map((name) => project.read(name)));
    expect(JSON.parse(await dvc('status', 'data.dvc', '--json'))).toEqual({});
    for (const name of names) await rm(project.path(name));
    await dvc('add', '-q', 'data', 'f.txt', 'run.sh');
    expect(await Promise.all(names.map((name) => project.read(name)))).toEqual(ours);
    await project.run();
    await call('cp', ['-a', project.root, `${project.root}.kept`]);
    const dvcStatus = startStatusServer();
    try {
      for (const [name, change] of changes) {
        await call('sh', ['-c', 'rm -rf -- * .dvc .dvcignore && cp -a "$0.kept/." "$0"', project.root], {
          cwd: project.root,
        });
        await change();
        const status = await ourStatus();
        expect([name, status]).toEqual([name, await dvcStatus.ask()]);
      }
    } finally {
      await dvcStatus.end();
      await rm(`${project.root}.kept`, { recursive: true });
    }
  });

  it.each(['hardlink', 'symlink', 'copy'])('with %s the workspace is what DVC makes of it', async (type) => {
    await create(files);
    await dvc('config', 'cache.type', type);
    await add('data');
    await project.run();
    expect(JSON.parse(await dvc('status', '--json'))).toEqual({});
    expect(await dvc('checkout')).toBe('');
    await rm(project.path('data'), { recursive: true });
    await dvc('checkout', 'data.dvc');
    expect(await ourStatus()).toEqual({});
  });
});

describe('YAML as DVC writes it', () => {
  const words =
    'python train.py --lr 0.1 "x y" \'q\' && echo a: b #c | cat models/m/model.json é 😀 ${x} 2>&1 1e5 true - ? { key:'.split(
      ' ',
    );
  /** Numbers from 0 up to `below`, the same ones each time. */
  const random = (
    (state: number) =>
    (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    }
  )(7);
  const text = (): string =>
    Array.from({ length: random(25) }, () => (words[random(words.length)] ?? '') + (random(9) === 0 ? '\n' : ' '))
      .join('')
      .trim();
  const odd = [
    '',
    '123',
    '1234e5',
    '0.1',
    'null',
    '2024-01-01',
    '=',
    '012',
    '0x1f',
    '1_000',
    '~',
    '-',
    '.5',
    '<<',
    'yes',
    'a: b',
    ' x',
    "it's",
    'a\n b',
    '!x',
    '%',
  ];
  type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
  const value = (depth: number): Json => {
    const kind = random(depth > 2 ? 5 : 8);
    if (kind < 2) return text();
    if (kind === 2) return random(1000) / 7;
    if (kind === 3) return random(2) === 0 ? null : random(1_000_000);
    if (kind === 4) return odd[random(odd.length)] ?? '';
    if (kind === 5) return Array.from({ length: random(3) }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: random(4) }, (_, i) => [`k${i}`, value(depth + 1)]));
  };
  const toPy = (json: Json): PyValue => {
    if (json === null || typeof json === 'boolean' || typeof json === 'string') return json;
    if (typeof json === 'number') return Number.isInteger(json) ? integer(json) : { kind: 'float', value: json };
    return Array.isArray(json)
      ? json.map(toPy)
      : toPyMap(Object.entries(json).map(([key, item]) => [key, toPy(item)] as const));
  };

  it('a thousand random documents: all are read back as they were, nearly all are the same text', async () => {
    await create({});
    const documents = Array.from({ length: 1000 }, () => ({ a: value(0), cmd: text(), b: { c: value(1) } }));
    const ours = documents.map((document) => emitMapping(toPy(document) as never, 0));
    await project.write('documents.json', JSON.stringify({ documents, ours }));
    const script = `
import json
from dvc.utils.serialize import dumps_yaml, loads_yaml
data = json.load(open('documents.json'))
print(json.dumps([[dumps_yaml(d) == o, loads_yaml(o) == d] for d, o in zip(data['documents'], data['ours'])]))
`;
    const { stdout } = await call(python, ['-c', script], { cwd: project.root, maxBuffer: 1 << 26 });
    const results = JSON.parse(stdout) as [boolean, boolean][];
    expect(results.findIndex(([, readBack]) => !readBack)).toBe(-1);
    expect(results.filter(([same]) => same).length).toBeGreaterThan(980);
  });
});
