import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test, vi } from 'vitest';
import {
  isAlive,
  isCertainlyAlive,
  readStartTime,
  stopMarkedTree,
  stopTree,
  toOutcome,
  waitForExit,
} from '../../../../src/node/processes/processes.ts';

const outcomes: [code: number | null, signal: string | null, stopped: boolean, expected: object][] = [
  [0, null, false, { kind: 'succeeded' }],
  [1, null, false, { kind: 'failed', reason: 'exit code 1' }],
  [null, 'SIGKILL', false, { kind: 'killed', signal: 'SIGKILL' }],
  [137, null, false, { kind: 'killed', signal: 'SIGKILL' }],
  [null, 'SIGTERM', true, { kind: 'stopped' }],
  [0, null, true, { kind: 'stopped' }],
];
test.each(outcomes)('exit code %s, signal %s, stopped %s', (code, signal, stopped, expected) => {
  expect(toOutcome(code, signal, stopped)).toEqual(expected);
});

test('a program that does not exist is a failure with its name', async () => {
  expect(await waitForExit(spawn('mlops-no-such-program'))).toMatchObject({
    kind: 'failed',
    reason: expect.stringContaining('mlops-no-such-program') as string,
  });
});

test.skipIf(process.platform === 'win32')('a process lives for certain only under its own start time', async () => {
  const { pid } = process;
  const check = async (startTime: string | null): Promise<boolean[]> => [
    await isAlive({ pid, startTime }),
    await isCertainlyAlive({ pid, startTime }),
  ];
  expect(await check(await readStartTime(pid))).toEqual([true, true]);
  expect(await check('another')).toEqual([false, false]);
  expect(await check(null)).toEqual([true, false]);
});

test.skipIf(process.platform === 'win32')('a start time is the same text in every time zone and language', async () => {
  const { platform } = process;
  const { LC_ALL, TZ } = process.env;
  try {
    // The way of macOS; `ps` knows it everywhere.
    Object.defineProperty(process, 'platform', { value: 'darwin' });
    Object.assign(process.env, { TZ: 'Asia/Tokyo', LC_ALL: 'de_DE.UTF-8' });
    const inTokyo = await readStartTime(process.pid);
    Object.assign(process.env, { TZ: 'America/Lima', LC_ALL: 'C' });
    expect(await readStartTime(process.pid)).toBe(inTokyo);
    expect(inTokyo).toMatch(/\d{2}:\d{2}:\d{2}/);
  } finally {
    Object.defineProperty(process, 'platform', { value: platform });
    for (const [name, value] of Object.entries({ LC_ALL, TZ })) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  }
});

test.skipIf(process.platform === 'win32')(
  'stopping ends the whole tree, also a child that ignores SIGTERM',
  async () => {
    const child = spawn('/bin/sh', ['-c', `trap '' TERM; sleep 600 & echo $!; wait`], {
      detached: true,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const grandchild = Number(line.toString());
    const identity = { pid: child.pid!, startTime: await readStartTime(child.pid!) };
    const grandchildIdentity = { pid: grandchild, startTime: await readStartTime(grandchild) };
    expect(await isAlive(identity)).toBe(true);
    const ended = waitForExit(child, () => true);
    await stopTree(identity, 300);
    expect(await ended).toEqual({ kind: 'stopped' });
    await expect.poll(() => isAlive(grandchildIdentity)).toBe(false);
  },
);

/** A process that has said its first line, which is the pid of the process to ask about, and that process. */
async function startShell(script: string, env: NodeJS.ProcessEnv = process.env) {
  const child = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'], env });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await expect.poll(() => output).toContain('\n');
  const pid = Number(output.split('\n')[0]);
  return {
    leader: { pid: child.pid!, startTime: await readStartTime(child.pid!) },
    other: { pid, startTime: await readStartTime(pid) },
    closed: once(child, 'close').then(() => output.split('\n').slice(1).join('')),
  };
}

test.skipIf(process.platform === 'win32')('what a shell started has its time also when the shell is gone', async () => {
  // The inner process holds its leader's end as the sign to go on.
  const inner = `trap 'while kill -0 $PPID; do sleep 0.01; done; sleep 0.3; echo finished; exit' TERM; echo $$; while :; do sleep 0.01; done`;
  const { leader, closed } = await startShell(`sh -c "${inner.replaceAll('$', '\\$')}" 2>/dev/null; true`);
  await stopTree(leader);
  expect(await closed).toBe('finished');
});

test.skipIf(process.platform !== 'linux')('what left the group for a session of its own is ended as well', async () => {
  const mark = `MLOPS_TEST_MARK=${process.pid}-${performance.now()}`;
  const [name = '', value] = mark.split('=');
  const { leader, other, closed } = await startShell('setsid sh -c "echo \\$\\$; exec sleep 600" & wait', {
    ...process.env,
    [name]: value,
  });
  expect(await isAlive(other)).toBe(true);
  await stopMarkedTree(leader, mark);
  await closed;
  expect(await isAlive(other)).toBe(false);
});

test("the system's first process is never signalled, for that would mean everybody", async () => {
  const kill = vi.spyOn(process, 'kill').mockReturnValue(true);
  try {
    await stopTree({ pid: 1, startTime: null }, 0);
    expect(kill).not.toHaveBeenCalled();
  } finally {
    kill.mockRestore();
  }
});
