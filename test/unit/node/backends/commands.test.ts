import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { commands } from '../../../../src/node/backends/commands.ts';
import { runCommandLine } from '../../../../src/node/commandline/commandline.ts';
import { chooseBackend } from '../../../../src/node/training/training.ts';
import { createGround, type Ground } from './ground.ts';

let ground: Ground;
beforeEach(async () => {
  ground = await createGround();
});
afterEach(() => ground.close());

async function mlops(...argv: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const told = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof told): NodeJS.WriteStream =>
    new Writable({
      write(chunk: Buffer, _, done) {
        told[name] += chunk.toString();
        done();
      },
    }) as unknown as NodeJS.WriteStream;
  const code = await runCommandLine(argv, [{ firstWords: ['backends'], load: () => Promise.resolve(commands) }], {
    cwd: ground.project,
    env: ground.env,
    streams: { stdout: stream('stdout'), stderr: stream('stderr') },
    signal: new AbortController().signal,
    installation: {
      node: process.execPath,
      version: '0.1.0',
      cli: '',
      worker: '',
      bin: '',
      samples: '',
      templates: '',
    },
  });
  return { code, ...told };
}

describe('mlops backends', () => {
  test.skipIf(process.platform !== 'linux')('install --dry-run prints the steps and does none', async () => {
    const { code, stdout } = await mlops('backends', 'install', 'tensorflow', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /Would install TensorFlow 2\.99\.0; it takes \d+ MB[^]*npm install @tensorflow[^]*download tensorflow[^]*compile the addon with .*g\+\+\n.*train one step/,
    );
    expect(ground.ranges).toEqual([]);
    const { kind, steps } = JSON.parse(
      (await mlops('backends', 'install', 'tensorflow', '--dry-run', '--json')).stdout,
    ) as {
      kind: string;
      steps: readonly { kind: string }[];
    };
    expect([kind, ...steps.map((step) => step.kind)]).toEqual([
      ...['install', 'packages', 'download', 'unpack', 'compile', 'verify'],
    ]);
  });

  test('another name is wrong use', async () => {
    for (const verb of ['install', 'remove']) {
      const { code, stderr } = await mlops('backends', verb, 'pytorch');
      expect(code).toBe(2);
      expect(stderr).toContain('Only "tensorflow" can be installed and removed, not "pytorch".');
    }
  });

  test('remove says how much it was, or that there is nothing', async () => {
    expect((await mlops('backends', 'remove', 'tensorflow')).stdout).toContain('There is nothing to remove');
    const folder = path.join(ground.cache, 'tensorflow-2.0.0-linux-x64-napi8');
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, 'library'), Buffer.alloc(2_500_000));
    // Somebody else's, which only has the word in its name.
    await mkdir(path.join(ground.cache, 'keras-tensorflow-2.0.0'));
    const dry = await mlops('backends', 'remove', 'tensorflow', '--dry-run');
    expect(dry.stdout).toContain('Would remove tensorflow-2.0.0-linux-x64-napi8 (3 MB).');
    const { stdout } = await mlops('backends', 'remove', 'tensorflow', '--json');
    expect(JSON.parse(stdout)).toEqual({ removed: ['tensorflow-2.0.0-linux-x64-napi8'], bytes: 2_500_000 });
    expect(await readdir(ground.cache)).toContain('keras-tensorflow-2.0.0');
  });
});

describe('choosing the backend of a config', () => {
  const choose = async (text: string): Promise<string> => {
    await mkdir(path.join(ground.project, 'configs'), { recursive: true });
    await writeFile(path.join(ground.project, 'configs/m.yaml'), text);
    await chooseBackend({ root: ground.project }, 'configs/m.yaml', 'wasm');
    return readFile(path.join(ground.project, 'configs/m.yaml'), 'utf8');
  };

  test('writes it, and everything else stays', async () => {
    expect(await choose('# mine\ntraining:\n  seed: 1 # one\n')).toBe(
      '# mine\ntraining:\n  seed: 1 # one\n  backend: wasm\n',
    );
  });

  test('a broken config is told with its place and left as it is', async () => {
    await expect(choose('training: [')).rejects.toMatchObject({
      code: 'bad-input',
      problems: [{ file: 'configs/m.yaml' }],
    });
    await expect(chooseBackend({ root: ground.project }, 'configs/no.yaml', 'cpu')).rejects.toThrow(/no config/);
  });
});
