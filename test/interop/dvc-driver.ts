import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Python with DVC; without it these tests fail: nothing here may be skipped. */
function findPython(): string {
  const python = process.env['MLOPS_INTEROP_PYTHON'] ?? '';
  if (python === '')
    throw new Error('Set MLOPS_INTEROP_PYTHON to a Python with dvc 3.67.1 ("npm run test:interop" makes one).');
  return python;
}

export interface DvcAnswer {
  readonly value?: unknown;
  /** What DVC threw, as text. */
  readonly error?: string;
}

/** Real DVC in one process for many questions (dvc-driver.py); `end` stops it. */
export class DvcDriver {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;

  /** `siteCache`: where DVC keeps its hash state and the like, in place of a folder of the machine. */
  constructor(siteCache: string) {
    this.#child = spawn(findPython(), ['-W', 'ignore', path.join(import.meta.dirname, 'dvc-driver.py')], {
      env: { ...process.env, SHELL: '/bin/sh', DVC_NO_ANALYTICS: '1', DVC_SITE_CACHE_DIR: siteCache },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#answers = createInterface(this.#child.stdout!)[Symbol.asyncIterator]();
  }

  async try(action: string, root: string, options: Readonly<Record<string, unknown>> = {}): Promise<DvcAnswer> {
    this.#child.stdin!.write(`${JSON.stringify({ do: action, root, ...options })}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('DVC ended without an answer.');
    return JSON.parse(value) as DvcAnswer;
  }

  /** As {@link try} where DVC must not refuse. */
  async ask(action: string, root: string, options: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const { value, error } = await this.try(action, root, options);
    if (error !== undefined) throw new Error(`dvc ${action}: ${error}`);
    return value;
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    await once(this.#child, 'close');
  }
}
