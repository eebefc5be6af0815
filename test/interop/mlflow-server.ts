import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { promisify } from 'node:util';

const UP_MS = 120_000;

/** A real `mlflow server` on loopback with its database in a folder; it may be ended and started again on the same port. */
export class RealServer {
  readonly uri: string;
  readonly #folder: string;
  readonly #port: number;
  #process: ChildProcess | undefined;

  private constructor(folder: string, port: number) {
    this.uri = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#port = port;
  }

  static async start(folder: string): Promise<RealServer> {
    await mkdir(folder, { recursive: true });
    const server = new RealServer(folder, await findFreePort());
    await server.restart();
    return server;
  }

  async restart(): Promise<void> {
    const args = [
      '-m',
      'mlflow',
      'server',
      '--backend-store-uri',
      'sqlite:///srv.db',
      '--artifacts-destination',
      './arts',
    ];
    const child = spawn(
      interopPython(),
      [...args, '--host', '127.0.0.1', '--port', String(this.#port), '--workers', '1'],
      {
        cwd: this.#folder,
        detached: true,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    this.#process = child;
    const deadline = performance.now() + UP_MS;
    for (;;) {
      const isUp = await fetch(`${this.uri}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) return;
      if (child.exitCode !== null || performance.now() > deadline)
        throw new Error(`mlflow server did not start: ${said.slice(-2000)}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** As a power cut: with its workers, at once. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    process.kill(-child.pid, 'SIGKILL');
    await gone;
  }
}

/** A missing Python fails, loudly: interop is no optional layer. */
function interopPython(): string {
  const program = process.env['MLOPS_INTEROP_PYTHON'];
  if (program === undefined)
    throw new Error('MLOPS_INTEROP_PYTHON must name a Python with MLflow (npm run test:interop sets it).');
  return program;
}

/** Runs a script of Python with MLflow against a store; its last line is JSON. */
export async function askPython(uri: string, script: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(interopPython(), ['-W', 'ignore', '-c', script, ...args], {
    env: { ...process.env, MLFLOW_ALLOW_FILE_STORE: 'true', MLFLOW_TRACKING_URI: uri, GIT_PYTHON_REFRESH: 'quiet' },
    maxBuffer: 64 << 20,
  });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
}

async function findFreePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
