import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { TestProject, bundleCommands, startCommand } from './bench.ts';

const MEBIBYTE = 1 << 20;

let folder: string;
let cli: string;
let project: TestProject;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-memory-'));
  cli = await bundleCommands(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => project.remove());

/** The most memory that a run needed while its stage printed so, in bytes; the system keeps that figure until the end. */
async function measurePeak(cmd: string): Promise<{ code: number | null; peak: number; shown: number }> {
  project = await TestProject.create({ 'dvc.yaml': `stages: {s: {cmd: ${JSON.stringify(cmd)}}}` });
  const { child, ended } = startCommand(cli, ['run', '--no-color'], project);
  let peak = 0;
  const timer = setInterval(() => {
    void readFile(`/proc/${child.pid ?? 0}/status`, 'utf8').then(
      (text) => (peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? 0) * 1024)),
      () => undefined,
    );
  }, 20);
  const { code, stderr } = await ended.finally(() => clearInterval(timer));
  return { code, peak, shown: stderr.length };
}

// More than twice the memory that is allowed goes through.
it.runIf(process.platform === 'linux').each([
  ['lines', 'yes 0123456789012345678901234567890123456789 | head -c 200M'],
  ['a line without an end', 'head -c 200M /dev/zero | tr "\\0" x'],
  ['a progress bar', 'yes "$(printf "50%%\\rof a long bar")" | tr -d "\\n" | head -c 200M'],
  ['colours and titles', 'yes "$(printf "\\033[31mred\\033]0;title\\007\\033[2J")" | head -c 200M'],
])(
  'a log of %s keeps memory flat, and the file within its limit',
  async (_, cmd) => {
    const quiet = await measurePeak('true');
    await project.remove();
    const { code, peak, shown } = await measurePeak(cmd);
    expect(code).toBe(0);
    expect(quiet.peak).toBeGreaterThan(20 * MEBIBYTE);
    expect(peak - quiet.peak).toBeLessThan(80 * MEBIBYTE);
    expect((await stat(project.path('.mlops/tmp/logs/s.log'))).size).toBeLessThan(66 * MEBIBYTE);
    expect(shown).toBeLessThan(40 * MEBIBYTE);
  },
  120_000,
);
