import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { readStartTime, stopTree } from '../../src/node/processes/processes.ts';
import { readProgram } from '../programs.ts';
import { quietSettings } from './settings.ts';

export interface ServerOptions {
  /** Folder of the code-server package. */
  readonly codeServer: string;
  /** Everything of this server lies in here: user data, extensions, sockets. One folder per server at a time. */
  readonly home: string;
  /** Default true: folders are trusted without a question. False: Restricted Mode until the person trusts the folder. */
  readonly trustEverything?: boolean;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** More environment for the server and so for the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** Gets everything that the server prints. */
  readonly log?: string;
}

export interface Server {
  /** `http://127.0.0.1:PORT`. */
  readonly origin: string;
  /** `127.0.0.1:PORT`, as `vscode-remote` URIs name it. */
  readonly authority: string;
  readonly pid: number;
  readonly ended: Promise<number | null>;
  /** What it printed last. */
  tail(): string;
  stop(): Promise<void>;
}

const START_LIMIT_MS = 60_000;

/** Starts VS Code as a web server on a free port of this machine; resolves when it listens. */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { home, codeServer } = options;
  await writeSettings(home, options.settings);
  await writeConfig(home);
  const port = await findFreePort();
  const authority = `127.0.0.1:${port}`;
  const args = [
    ...entry(codeServer, home),
    ...['--bind-addr', authority, '--auth', 'none', '--disable-telemetry', '--disable-update-check', '--disable-proxy'],
    ...(options.trustEverything === false ? [] : ['--disable-workspace-trust']),
    ...['--ignore-last-opened', '--vscode-option', 'force-disable-user-env'],
  ];
  const env = { ...environment(home), ...options.env };
  // A group of its own, so that stopping it takes the extension host and the terminals along.
  const child = spawn(process.execPath, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const tail = keepTail(child, options.log);
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const pid = child.pid ?? 0;
  const identity = { pid, startTime: await readStartTime(pid) };
  const server = { origin: `http://${authority}`, authority, pid, ended, tail, stop: () => stopTree(identity, 3000) };
  await waitUntilListening(child, server);
  return server;
}

/** Installs a .vsix file (or more) into a folder of extensions, as `code --install-extension` does. */
export async function installExtensions(
  options: Pick<ServerOptions, 'codeServer' | 'home'>,
  files: readonly string[],
): Promise<string> {
  const { codeServer, home } = options;
  await writeConfig(home);
  const args = [...entry(codeServer, home), ...files.flatMap((file) => ['--install-extension', file])];
  return readProgram(process.execPath, args, { env: environment(home) });
}

function entry(codeServer: string, home: string): string[] {
  return [
    path.join(codeServer, 'out/node/entry.js'),
    ...['--config', path.join(home, 'config.yaml')],
    ...['--user-data-dir', path.join(home, 'user'), '--extensions-dir', path.join(home, 'extensions')],
  ];
}

/** The person's own environment, less what would tie this VS Code to another one, with its own places and no marketplace. */
function environment(home: string): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_(?!TEST_)|ELECTRON_|NODE_OPTIONS$|DBUS_SESSION_BUS_ADDRESS$)/;
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(inherited),
    XDG_CONFIG_HOME: path.join(home, 'config'),
    XDG_DATA_HOME: path.join(home, 'data'),
    XDG_RUNTIME_DIR: home,
    EXTENSIONS_GALLERY: '{}',
  };
}

/** Without a configuration of its own it would write one into the person's home. */
async function writeConfig(home: string): Promise<void> {
  await mkdir(home, { recursive: true });
  await writeFile(path.join(home, 'config.yaml'), 'auth: none\n');
}

async function writeSettings(home: string, settings: ServerOptions['settings']): Promise<void> {
  const file = path.join(home, 'user/User/settings.json');
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify({ ...quietSettings, ...settings }, null, 2));
}

function keepTail(child: ChildProcess, log: string | undefined): () => string {
  let text = '';
  const file = log === undefined ? undefined : createWriteStream(log);
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-20_000);
      file?.write(part);
    });
  }
  child.once('close', () => file?.end());
  return () => text;
}

async function waitUntilListening(child: ChildProcess, server: Server): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const listening = new Promise<string>((resolve) => {
    child.stdout?.on('data', () => {
      if (server.tail().includes('HTTP server listening')) resolve('listening');
    });
  });
  const failed = new Promise<string>((resolve) => {
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(`it ended (${signal ?? `exit code ${code}`})`);
    });
    timer = setTimeout(() => {
      resolve(`not within ${START_LIMIT_MS / 1000} s`);
    }, START_LIMIT_MS);
  });
  const result = await Promise.race([listening, failed]);
  clearTimeout(timer);
  if (result === 'listening') return;
  await server.stop();
  throw new Error(`VS Code's server did not start: ${result}.\n${server.tail()}`);
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
