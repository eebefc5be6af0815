import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCommands, toLine } from '../../../../src/node/pipeline/shell.ts';

describe('lines for people', () => {
  it.each([
    ['plain é😀', 'plain é😀'],
    ['10 %\r50 %\r100 %\r', '100 %'],
    ['\u001b[31mred\u001b[0m', '\u001b[31mred\u001b[0m'],
    ['\u001b[2J\u001b[1;1Hmoved', 'moved'],
    ['\u001b]0;title\u0007x\u001b]52;c;Zm9v\u001b\\y', 'xy'],
    ['\u001b]8;;http://x\u0007link\u001b]8;;\u0007', 'link'],
    ['\u001bPq#0\u001b\\z\u001b[6n', 'z'],
    ['tab\tbell\u0007 nul\u0000', 'tab\tbell nul'],
    ['\u009b31mx', '31mx'],
    ['unfinished \u001b', 'unfinished '],
    ['unfinished \u001b\r\r', 'unfinished '],
    ['cut in a pair \u001b😀x', 'cut in a pair x'],
    [`${'\r'.repeat(1_000_000)}x`, 'x'],
  ])('%.40j → %j', (text, line) => expect(toLine(text)).toBe(line));

  it('whatever is printed, of all control sequences only colours are left', () => {
    const piece = fc.constantFrom(...'\u001b\u001b[]PX^_\\m;0123?J \u0007\u009b\u009d\r\tab'.split(''), '\u001b[31m');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const line = toLine(pieces.join(''));
        expect(line.replaceAll(/\u001b\[[0-9;:]*m/g, '')).not.toMatch(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('commands', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-shell-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function run(commands: string[], env: NodeJS.ProcessEnv = {}, signal = new AbortController().signal) {
    const lines: string[] = [];
    const log = path.join(folder, 'logs', 'x.log');
    const outcome = await runCommands({
      commands,
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env },
      token: 'abc',
      log,
      signal,
      onCommand: () => undefined,
      onStart: () => Promise.resolve(),
      onLine: (line) => lines.push(line),
    });
    return { outcome, lines, log };
  }

  it.skipIf(process.platform === 'win32').each([
    ['the shell itself', 'kill -TERM $$'],
    ['what it ran', 'sh -c "kill -INT \\$\\$"; exit $?'],
  ])('a command that is stopped a moment before the run was stopped, not failed: %s', async (_, command) => {
    const stop = new AbortController();
    const running = run([command], {}, stop.signal);
    const timer = setTimeout(() => stop.abort(), 300);
    expect((await running).outcome).toEqual({ kind: 'stopped' });
    clearTimeout(timer);
    expect((await run([command])).outcome.kind).not.toBe('stopped');
  });

  it('very long lines and very much output stay bounded', async () => {
    const { outcome, lines, log } = await run(['head -c 3000000 /dev/zero | tr "\\0" x', 'yes | head -c 70000000']);
    expect(outcome).toEqual({ kind: 'succeeded' });
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(100_000);
    const { size } = await stat(log);
    expect(size).toBeGreaterThan(60 << 20);
    expect(size).toBeLessThan(66 << 20);
    expect((await readFile(log, 'utf8')).endsWith('[output truncated]\n')).toBe(true);
  });

  it('a line without an end is shown once, a progress bar by its last state', async () => {
    const bar = "i=0; while [ $i -lt 3000 ]; do printf '\\r%s %d' $(printf %040d) $i; i=$((i+1)); done; echo";
    const { lines } = await run(['head -c 30000000 /dev/zero | tr "\\0" x; echo; echo end', bar]);
    expect(lines.map((line) => line.slice(-4))).toEqual(['xxx…', 'end', '2999']);
    expect(lines[0]).toHaveLength((64 << 10) + 1);
  });

  it('long lines are as bounded as many ones', async () => {
    const { lines } = await run(['yes $(head -c 60000 /dev/zero | tr "\\0" x) | head -n 1000']);
    const told = lines.filter((line) => /^… \d+ lines more, see the log$/.test(line));
    expect(told.length).toBeGreaterThan(0);
    expect(lines.length - told.length).toBeLessThan(1000);
  });

  it('something left in the background does not hold the stage', async () => {
    const { outcome, lines } = await run(['echo started; sleep 30 & exit 0']);
    expect([outcome.kind, lines]).toEqual(['succeeded', ['started']]);
  });

  it("start-up files of the user's shell are not read", async () => {
    const { lines } = await run(['echo ${MARK:-none}'], { SHELL: '/bin/bash', BASH_ENV: '', HOME: folder });
    expect(lines).toEqual(['none']);
  });

  it('a shell that is not there fails', async () => {
    const { outcome } = await run(['true'], { SHELL: '/no/such/shell' });
    expect(outcome).toEqual({ kind: 'failed', reason: expect.stringContaining('ENOENT') as string });
  });
});
