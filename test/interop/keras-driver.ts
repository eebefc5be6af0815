import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** Class and arguments of a layer, and whose answers it takes: 0 is the input; the one before it where none is told. */
export type KerasLayer = readonly [
  name: string,
  args: Readonly<Record<string, unknown>>,
  inputs?: readonly number[] | undefined,
];

/** A net in Keras' words, and how it is trained. */
export interface KerasNet {
  readonly input: readonly number[];
  readonly layers: readonly KerasLayer[];
  readonly optimizer: readonly [name: string, args: Readonly<Record<string, unknown>>];
  readonly loss: string;
  readonly batch: number;
}

export interface KerasData {
  readonly xs: Float32Array;
  readonly ys: Float32Array;
  /** Numbers per target. */
  readonly width: number;
}

/** Real Keras in one process for many trainings (keras-driver.py); `end` stops it. */
export class KerasDriver {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#answers = createInterface(child.stdout!)[Symbol.asyncIterator]();
    this.#folder = folder;
  }

  static async start(python: string, env: NodeJS.ProcessEnv = {}): Promise<KerasDriver> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-keras-'));
    const child = spawn(python, [path.join(import.meta.dirname, 'keras-driver.py')], {
      env: { ...withoutOldBlas(process.env), TF_CPP_MIN_LOG_LEVEL: '3', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    return new KerasDriver(child, folder);
  }

  /** The loss of each batch, in the order of the data, and the weights afterwards, layer by layer. */
  async train(
    net: KerasNet,
    data: KerasData,
    start: Float32Array,
  ): Promise<{ readonly losses: readonly number[]; readonly weights: Float32Array }> {
    const end = path.join(this.#folder, 'end');
    const files = { ...(await this.#write('', data)), start: await this.#writeNumbers('start', start), end };
    const losses = (await this.#ask('train', { ...net, ...files })) as number[];
    return { losses, weights: toFloats(await readFile(end)) };
  }

  /** Training examples a second, epoch by epoch. The first call for a net also builds it. */
  async pace(net: KerasNet, data: KerasData, epochs: number): Promise<readonly number[]> {
    return (await this.#ask('pace', { ...net, ...(await this.#write('', data)), epochs })) as number[];
  }

  /** Accuracy on `test` of a net of its own start, by the seed. */
  async accuracy(
    net: KerasNet,
    { train, test }: { readonly train: KerasData; readonly test: KerasData },
    { epochs, seed }: { readonly epochs: number; readonly seed: number },
  ): Promise<number> {
    const files = { ...(await this.#write('', train)), ...(await this.#write('test_', test)) };
    return (await this.#ask('accuracy', { ...net, ...files, epochs, seed })) as number;
  }

  async end(): Promise<void> {
    this.#child.stdin!.end();
    if (this.#child.exitCode === null) await once(this.#child, 'close');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #write(prefix: string, { xs, ys, width }: KerasData): Promise<Record<string, unknown>> {
    return {
      [`${prefix}xs`]: await this.#writeNumbers(`${prefix}xs`, xs),
      [`${prefix}ys`]: await this.#writeNumbers(`${prefix}ys`, ys),
      width,
    };
  }

  async #writeNumbers(name: string, numbers: Float32Array): Promise<string> {
    const file = path.join(this.#folder, name);
    await writeFile(file, Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength));
    return file;
  }

  async #ask(action: string, request: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.#child.stdin!.write(`${JSON.stringify({ do: action, ...request })}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('Keras ended without an answer.');
    const answer = JSON.parse(value) as { readonly value?: unknown; readonly error?: string };
    if (answer.error !== undefined) throw new Error(`keras ${action}: ${answer.error}`);
    return answer.value;
  }
}

function toFloats(bytes: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}

/** Settings for old builds of OpenBLAS would slow a current one. */
function withoutOldBlas(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('OPENBLAS_')));
}
