import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, readStartTime } from '../../../src/node/processes/processes.ts';
import { trainingProtocolVersion, type FromWorker } from '../../../src/protocol/training.ts';
import { createProject, type Project } from './project.ts';
import { buildWorker, startWorker } from './workerProcess.ts';

let bundle: Awaited<ReturnType<typeof buildWorker>>;
let project: Project;

beforeAll(async () => {
  bundle = await buildWorker();
  project = await createProject({
    'train.ts': `
      import { createModel } from './model.ts';
      export async function train({ tf, config, run, fit }: any) {
        if (config.model.name !== 'busy') return fit(createModel(tf, config));
        run.setTag('busy', 'yes');
        await new Promise((resolve) => setTimeout(resolve, 50));
        for (;;) { /* never gives the event loop a turn */ }
      }`,
  });
}, 60_000);
afterAll(async () => {
  await bundle.remove();
  await project.remove();
});

test('a probe tells every rung of the ladder, with a reason for each that is not available', async () => {
  const worker = startWorker(bundle.file, { kind: 'probe' }, project.root);
  const { backends } = await worker.first('probed');
  expect(backends.map(({ name }) => name)).toEqual(['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu']);
  for (const { available, reason, version, device } of backends) {
    expect(available).toBe(reason === null);
    expect(reason ?? device).toMatch(/\w/);
    expect(version === null).toBe(!available);
  }
  expect(backends.filter(({ available }) => available).map(({ name }) => name)).toEqual(['wasm', 'cpu']);
  expect(await worker.ended).toEqual({ code: 0, signal: null });
});

describe('a message that does not belong here fails the worker', () => {
  const task = { kind: 'probe' };
  const cases: Record<string, [text: string, message: RegExp]> = {
    'garbage': ['garbage\n', /does not understand.*garbage/],
    'not a message': ['[1]\n', /Not a message: \[1\]/],
    'an unknown type': ['{"type":"launch"}\n', /"launch" came where "start" was due/],
    'a second hello': [
      `{"type":"hello","protocol":${trainingProtocolVersion}}\n`,
      /"hello" came where "start" was due/,
    ],
    'steering before there is a task': [
      '{"type":"steer","id":1,"steering":{"type":"pause"}}\n',
      /"steer" came where "start" was due/,
    ],
    'a line without end': ['x'.repeat(1 << 21), /longer than 1048576 characters/],
    'a second start': [`${JSON.stringify({ type: 'start', task })}\n`.repeat(2), /"start" came where "stop" was due/],
  };
  test.each(Object.entries(cases))('%s', async (_, [text, message]) => {
    const worker = startWorker(bundle.file);
    worker.sendText(text);
    expect((await worker.first('failed')).error.message).toMatch(message);
    expect((await worker.ended).code).toBe(1);
  });

  test('another version of the protocol, told with both', async () => {
    const child = spawn(process.execPath, [bundle.file], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
    const channel = child.stdio[3]!;
    let text = '';
    channel.on('data', (chunk: Buffer) => (text += chunk.toString()));
    (channel as unknown as NodeJS.WritableStream).write('{"type":"hello","protocol":99}\n');
    await once(child, 'close');
    const last = JSON.parse(text.trimEnd().split('\n').at(-1)!) as FromWorker;
    expect(last).toMatchObject({
      type: 'failed',
      error: { message: expect.stringMatching(new RegExp(`version 99.*version ${trainingProtocolVersion}`)) },
    });
  });
});

test('started by hand it says what it is for', async () => {
  const child = spawn(process.execPath, [bundle.file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  expect([code, text]).toEqual([2, expect.stringContaining('started by "mlops train"')]);
});

describe('when the process that started it is killed, the worker ends', () => {
  /** A parent in between, which starts the worker, hands on its messages, and can be killed. */
  const parentSource = (busy: boolean) => `
    const { spawn } = require('node:child_process');
    const worker = spawn(process.execPath, [${JSON.stringify(bundle.file)}], { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    worker.stdio[3].pipe(process.stdout);
    worker.stdio[3].write(JSON.stringify({ type: 'hello', protocol: ${trainingProtocolVersion} }) + '\\n');
    const task = ${JSON.stringify(project.trainTask({}, { num_epochs: 1_000_000 }))};
    if (${busy}) task.config.model.name = 'busy';
    worker.stdio[3].write(JSON.stringify({ type: 'start', task }) + '\\n');
  `;
  const cases = { 'during a training': ['epoch', false], 'during a loop that never yields': ['tag', true] } as const;
  test.each(Object.entries(cases))('%s', async (name, [awaited, busy]) => {
    const file = path.join(project.root, `parent ${name}.cjs`);
    await rm(project.checkpoints, { recursive: true, force: true });
    await writeFile(file, parentSource(busy));
    const parent = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    await new Promise<void>((resolve) =>
      parent.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes(`"type":"${awaited}"`)) resolve();
      }),
    );
    const { pid } = JSON.parse(text.split('\n')[0]!) as { pid: number };
    const identity = { pid, startTime: await readStartTime(pid) };
    expect(await isAlive(identity)).toBe(true);
    parent.kill('SIGKILL');
    while (await isAlive(identity)) await new Promise((resolve) => setTimeout(resolve, 50));
    // What it had trained can be gone on with; the folder of the model belongs to whoever does.
    const checkpoints = await readdir(project.checkpoints).catch(() => []);
    expect(checkpoints).toHaveLength(busy ? 0 : 1);
    expect(await readdir(project.output)).toEqual([]);
  });
});
