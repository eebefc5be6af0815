import { randomBytes } from 'node:crypto';
import { lstat, mkdtemp, rm, rmdir } from 'node:fs/promises';
import net, { type Server, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ExpectedError } from '../../protocol/errors.ts';
import {
  decodeToRunProcess,
  encodeSteering,
  maxSteeringLine,
  steeringProtocolVersion,
  type FromRunProcess,
  type Steering,
  type SteeringAnswer,
  type ToRunProcess,
} from '../../protocol/steering.ts';
import { readLines } from './lines.ts';

// Where a run process can be steered: a socket in a folder that only its user may enter (a named pipe on Windows), named by the run's lock.

const FOLDER = 'mlops-run-';
/** The shortest limit of the systems we know, its end included. */
const MOST_PATH_BYTES = 103;

/** What the lock tells whoever wants to steer. */
export interface ControlPlace {
  readonly address: string;
  /** Said in the hello: whoever may read the lock may steer. */
  readonly key: string;
  readonly protocol: number;
}

export interface Control {
  readonly place: ControlPlace;
  close(): Promise<void>;
}

/** Throws what the system says when there can be no socket here. `steer` rejects with an `ExpectedError` that refuses. */
export async function openControl(
  runId: string,
  steer: (steering: Steering) => Promise<SteeringAnswer>,
): Promise<Control> {
  const key = randomBytes(16).toString('hex');
  const address = await makeAddress();
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    // Whoever asked is gone: nothing is to be answered.
    socket.on('error', () => undefined);
    serve(socket, { runId, key, steer });
  });
  try {
    await listen(server, address);
  } catch (error) {
    await removeSocket(address);
    throw error;
  }
  return {
    place: { address, key, protocol: steeringProtocolVersion },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      // What was answered last is still on its way.
      for (const socket of sockets) socket.destroySoon();
      await closed;
      await removeSocket(address);
    },
  };
}

/** Removes the socket of a run process that was killed, with its folder; silent for anything that is no socket of ours. */
export async function removeSocket(address: string): Promise<void> {
  const folder = path.dirname(address);
  if (!path.isAbsolute(address) || !/^mlops-run-\w{6}$/.test(path.basename(folder))) return;
  const found = await lstat(address).catch(() => undefined);
  if (found !== undefined && !found.isSocket()) return;
  await rm(address, { force: true });
  // Not ours, or gone already: an empty folder in a folder for temporary things does no harm.
  await rmdir(folder).catch(() => undefined);
}

async function makeAddress(): Promise<string> {
  if (process.platform === 'win32') return `\\\\.\\pipe\\${FOLDER}${randomBytes(16).toString('hex')}`;
  // A path for a socket is short; a folder for temporary files may be deep.
  const ending = `/${FOLDER}XXXXXX/s`;
  const fits = Buffer.byteLength(os.tmpdir() + ending) <= MOST_PATH_BYTES;
  return path.join(await mkdtemp(path.join(fits ? os.tmpdir() : '/tmp', FOLDER)), 's');
}

function listen(server: Server, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

interface Serving {
  readonly runId: string;
  readonly key: string;
  readonly steer: (steering: Steering) => Promise<SteeringAnswer>;
}

/** One request and its answer. */
function serve(socket: Socket, { runId, key, steer }: Serving): void {
  const say = (message: FromRunProcess): void => void socket.write(encodeSteering(message));
  const finish = (message: FromRunProcess): void => {
    say(message);
    socket.end();
  };
  const refuse = (text: string, isOver = false): void => finish({ type: 'refused', isOver, text });
  let expected: 'hello' | 'steer' | 'nothing' = 'hello';
  const receive = (message: ToRunProcess | undefined): void => {
    if (expected === 'nothing') return;
    const isDue = message?.type === expected;
    expected = message?.type === 'hello' ? 'steer' : 'nothing';
    if (message === undefined || !isDue) refuse('That is no message of this version, or not the one that was due.');
    else if (message.type === 'steer')
      steer(message.steering).then(
        (answer) => finish({ type: 'answer', ...answer }),
        (error: unknown) => refuse(toMessage(error), error instanceof ExpectedError && error.code === 'not-live'),
      );
    else if (message.key !== key || message.protocol !== steeringProtocolVersion) {
      expected = 'nothing';
      refuse('Another version, or another key than that of the run’s lock.');
    }
  };
  say({ type: 'hello', protocol: steeringProtocolVersion, runId });
  readLines(socket, maxSteeringLine, (line) => receive(decodeToRunProcess(line)));
}

function toMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
