import { readFile, readdir, writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

// A CPU profile of the extension host, taken from outside: nothing in the product knows of it.

interface HostTask {
  readonly ms: number;
  /** The function of ours that took most of it. */
  readonly functionName: string;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[];
}

interface Profile {
  readonly nodes: readonly ProfileNode[];
  readonly samples: readonly number[];
  /** Microseconds between a sample and the one before. */
  readonly timeDeltas: readonly number[];
}

export interface HostProfiler {
  /** Whether the host's thread went before all others, so that time is CPU time. Else what other processes took is in it. */
  readonly undisturbed: boolean;
  /** The longest stretch without a pause in which code of a file that ends like this was on the stack. The whole profile is kept as `keptAs`, for VS Code to open. */
  stop(file: string, keptAs: string): Promise<HostTask>;
}

const INSPECTOR = 'http://127.0.0.1:9229/json';
const PATIENCE_MS = 30_000;
const stackless: ReadonlySet<string> = new Set(['(garbage collector)', '(program)']);

/** Node opens its inspector on this signal. Linux only: the process is found in /proc. */
export async function profileHost(ancestor: number): Promise<HostProfiler> {
  const pid = await waitFor(() => findHost(ancestor), 'The server has no extension host.');
  const undisturbed = putFirst(pid);
  process.kill(pid, 'SIGUSR1');
  const address = await waitFor(findInspector, `The inspector of process ${pid} does not answer.`);
  const socket = new WebSocket(address);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', () => reject(new Error(`The inspector of process ${pid} does not answer.`)));
  });
  const call = createCaller(socket);
  await call('Profiler.enable');
  await call('Profiler.setSamplingInterval', { interval: 500 });
  await call('Profiler.start');
  return {
    undisturbed,
    async stop(file, keptAs) {
      const { profile } = (await call('Profiler.stop')) as { profile: Profile };
      socket.close();
      await writeFile(keptAs, JSON.stringify(profile));
      return findLongestTask(profile, file);
    },
  };
}

/** On Linux this is the priority of the main thread alone: the engine's thread and the browser wait for it, not it for them. */
function putFirst(pid: number): boolean {
  try {
    setPriority(pid, constants.priority.PRIORITY_HIGHEST);
    return true;
  } catch {
    // Only a privileged user may.
    return false;
  }
}

type Call = (method: string, params?: Readonly<Record<string, unknown>>) => Promise<unknown>;

function createCaller(socket: WebSocket): Call {
  let last = 0;
  const pending = new Map<number, (result: unknown) => void>();
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) pending.get(id)?.(result);
  });
  return (method, params = {}) => {
    const id = (last += 1);
    return new Promise((resolve) => {
      pending.set(id, resolve);
      socket.send(JSON.stringify({ id, method, params }));
    });
  };
}

async function waitFor<T>(find: () => Promise<T | undefined>, otherwise: string): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  while (performance.now() < deadline) {
    const found = await find();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(otherwise);
}

async function findInspector(): Promise<string | undefined> {
  // Until it listens the connection is refused.
  const answer = await fetch(INSPECTOR).catch(() => undefined);
  const targets = (await answer?.json()) as readonly { webSocketDebuggerUrl: string }[] | undefined;
  return targets?.[0]?.webSocketDebuggerUrl;
}

async function findHost(ancestor: number): Promise<number | undefined> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = new Map<number, number>();
  const hosts: number[] = [];
  for (const pid of pids) {
    try {
      const status = await readFile(`/proc/${pid}/stat`, 'utf8');
      parents.set(pid, Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]));
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      if (words.includes('--type=extensionHost')) hosts.push(pid);
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (pid: number): boolean => pid === ancestor || (parents.has(pid) && isBelow(parents.get(pid) ?? 0));
  return hosts.find(isBelow);
}

function findLongestTask({ nodes, samples, timeDeltas }: Profile, file: string): HostTask {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)));
  const ownOf = new Map<number, string | undefined>();
  /** The innermost function of the file on the stack of a node. */
  const findOwn = (id: number): string | undefined => {
    if (ownOf.has(id)) return ownOf.get(id);
    const frame = byId.get(id)?.callFrame;
    const parent = parents.get(id);
    const own =
      frame?.url.endsWith(file) === true ? frame.functionName : parent === undefined ? undefined : findOwn(parent);
    ownOf.set(id, own);
    return own;
  };
  let longest: HostTask = { ms: 0, functionName: '' };
  let micros = 0;
  /** Time without a stack, which belongs to a stretch only if this goes on after it. */
  let unnamed = 0;
  let shares = new Map<string, number>();
  const end = (): void => {
    const [name = ''] = [...shares].sort((a, b) => b[1] - a[1])[0] ?? [];
    if (micros / 1000 > longest.ms) longest = { ms: micros / 1000, functionName: name };
    micros = 0;
    unnamed = 0;
    shares = new Map();
  };
  samples.forEach((id, index) => {
    const own = findOwn(id);
    // The time up to the next sample belongs to this one.
    const delta = timeDeltas[index + 1] ?? 0;
    if (own !== undefined) {
      micros += unnamed + delta;
      unnamed = 0;
      shares.set(own, (shares.get(own) ?? 0) + delta);
    } else if (stackless.has(byId.get(id)?.callFrame.functionName ?? '')) unnamed += delta;
    else end();
  });
  end();
  return longest;
}
