import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

// The `python` that is first in PATH while a stage is debugged, before a real one, with a debugger that only says that it was asked.

const python = process.env['MLOPS_INTEROP_PYTHON'] ?? '';
const shims = path.resolve(import.meta.dirname, '../../scripts/launchers/python-debug');
const debugpy = `def listen(address): return (address[0], 4242)
def wait_for_client(): print('waiting', flush=True)
`;
const program = `import sys, helper
print(__name__, sys.argv[1:], helper.value, sys.flags.optimize, sys.path[0] == __import__('os').getcwd())
if sys.argv[1:] == ['fail']: sys.exit(7)
`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-python-'));
  for (const name of ['libs/debugpy', 'told', 'bin', 'work']) await mkdir(path.join(folder, name), { recursive: true });
  await writeFile(path.join(folder, 'libs/debugpy/__init__.py'), debugpy);
  await writeFile(path.join(folder, 'work/program.py'), program);
  await writeFile(path.join(folder, 'work/helper.py'), 'value = 5\n');
  for (const name of ['python', 'python3']) await symlink(python, path.join(folder, 'bin', name));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly lines: readonly string[];
  /** What the editor is told: ports, or that there is no debugger. */
  readonly told: readonly string[];
}

function run(command: string, libs: string): Promise<Ended> {
  const env = {
    PATH: [shims, path.join(folder, 'bin'), '/usr/bin', '/bin'].join(path.delimiter),
    MLOPS_DEBUG_FOLDER: path.join(folder, 'told'),
    MLOPS_DEBUGPY: libs,
  };
  return new Promise((resolve, reject) => {
    execFile('/bin/sh', ['-c', command], { cwd: path.join(folder, 'work'), env }, (error, stdout) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      readdir(path.join(folder, 'told')).then(
        (told) =>
          resolve({ code, lines: stdout.trim().split('\n'), told: told.map((name) => name.replace(/^\d+-/, '')) }),
        reject,
      );
    });
  });
}

it.each([
  ['python program.py a "b c"', 0, ["__main__ ['a', 'b c'] 5 0 True"]],
  ['python3 -O -W ignore ./program.py', 0, ['__main__ [] 5 1 True']],
  ['python -m program x', 0, ["__main__ ['x'] 5 0 True"]],
  ['python -mprogram x', 0, ["__main__ ['x'] 5 0 True"]],
  ['python -c "import sys; print(sys.argv, __name__)" y', 0, ["['-c', 'y'] __main__"]],
  ['python program.py fail', 7, ["__main__ ['fail'] 5 0 True"]],
])('%s waits for the debugger, and is the same otherwise', async (command, code, lines) => {
  const told = ['4242'];
  expect(await run(command, path.join(folder, 'libs'))).toEqual({ code, lines: ['waiting', ...lines], told });
  await rm(path.join(folder, 'told'), { recursive: true });
  await mkdir(path.join(folder, 'told'));
  expect(await run(command, '')).toEqual({ code, lines, told: ['python'] });
});

it.each([
  ['echo "print(6)" | python -', ['6']],
  ['echo "print(7)" | python3', ['7']],
  ['python --version > /dev/null; echo done', ['done']],
])('%s names no program, so nothing waits', async (command, lines) => {
  expect(await run(command, path.join(folder, 'libs'))).toEqual({ code: 0, lines, told: [] });
});

it('what a program starts is the real Python again: the debugger follows it by itself', async () => {
  const command = `python -c "import subprocess; print(subprocess.check_output(['python3', '-c', 'print(8)']))"`;
  const { lines, told } = await run(command, path.join(folder, 'libs'));
  expect([lines, told]).toEqual([['waiting', "b'8\\n'"], ['4242']]);
});
