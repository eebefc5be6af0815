import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** A wheel's bytes: every entry deflated, or stored where its name says so. */
export function zip(entries: Readonly<Record<string, string | Buffer>>, { damage = '' } = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(entries)) {
    const bytes = Buffer.from(content);
    const method = name.endsWith('.so.2') ? 8 : 0;
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const checksum = name === damage ? 1 : crc32(bytes);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(method, 10);
    central.writeUInt32LE(checksum, 16);
    central.writeUInt32LE(packed.length, 20);
    central.writeUInt32LE(bytes.length, 24);
    central.writeUInt16LE(name.length, 28);
    central.writeUInt32LE(offset, 42);
    parts.push(local, Buffer.from(name), packed);
    directory.push(central, Buffer.from(name));
    offset += 30 + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

const cpu = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
export const wheelName = `${process.arch === 'arm64' ? 'tensorflow' : 'tensorflow_cpu'}-2.99.0-cp311-cp311-manylinux_2_17_${cpu}.whl`;
/** Long enough to come in many pieces, and nothing that packs well. */
const library = Buffer.alloc(400_000);
for (let at = 0, state = 1; at < library.length; at++) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  library[at] = state >>> 24;
}

export const wheelEntries = {
  'tensorflow/libtensorflow_cc.so.2': library,
  'tensorflow/libtensorflow_framework.so.2': 'framework',
  'tensorflow/include/tensorflow/c/c_api.h': '// header',
  'tensorflow/python/huge.py': 'not needed',
};

/** What a server does with a request for the wheel; false: it is answered as usual. */
type Trick = (request: http.IncomingMessage, response: http.ServerResponse, wheel: Buffer) => boolean;

export interface Ground {
  readonly cache: string;
  readonly project: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ranges that the wheel was asked for, in order; '' for the whole. */
  readonly ranges: readonly string[];
  /** Names of what is in the person's cache. */
  readonly folder: string;
  readonly bin: string;
  readonly address: string;
  trick: Trick;
  /** Facts of the index that may be wrong. */
  sha256: string;
  size: number;
  write(name: string, source: string): Promise<void>;
  close(): Promise<void>;
}

/** A package index with one wheel, and a PATH with an npm and a compiler that pretend. */
export async function createGround(): Promise<Ground> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'mlops-backends-'));
  const bin = path.join(folder, 'bin');
  const project = path.join(folder, 'project');
  const ranges: string[] = [];
  const wheel = zip(wheelEntries);
  const server = http.createServer((request, response) => answer(ground, { request, response, wheel, ranges }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const cache = path.join(folder, 'cache', 'mlops-workflow');
  const ground: Ground = {
    ...{ folder, bin, project, ranges, cache, address },
    env: {
      PATH: bin,
      HOME: folder,
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      PIP_INDEX_URL: `${address}/simple`,
      HOST: address,
    },
    trick: () => false,
    sha256: createHash('sha256').update(wheel).digest('hex'),
    size: wheel.length,
    async write(name, source) {
      await writeFile(path.join(bin, name), `#!${process.execPath}\n${source}`);
      await chmod(path.join(bin, name), 0o755);
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
  await mkdir(bin);
  await mkdir(project);
  await ground.write('npm', npm);
  await ground.write('g++', compiler);
  return ground;
}

function answer(
  ground: Ground,
  {
    request,
    response,
    wheel,
    ranges,
  }: { request: http.IncomingMessage; response: http.ServerResponse; wheel: Buffer; ranges: string[] },
): void {
  const { url = '' } = request;
  if (/^\/simple\/tensorflow(-cpu)?\/$/.test(url)) {
    const hashes = ground.sha256 === '' ? {} : { sha256: ground.sha256 };
    const file = { filename: wheelName, url: `/files/${wheelName}`, hashes, size: ground.size };
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
    response.end(JSON.stringify({ files: [file] }));
    return;
  }
  if (url === `/files/${wheelName}`) {
    response.writeHead(302, { location: '/moved/wheel' }).end();
    return;
  }
  if (url === '/moved/wheel') {
    ranges.push(request.headers.range ?? '');
    if (!ground.trick(request, response, wheel)) sendWheel(request, response, wheel);
    return;
  }
  if (url.startsWith('/addon/napi-v8/') && ground.address === ground.env['ADDON_HOST']) {
    response.end(gzipSync(tar('napi-v8/tfjs_binding.node', 'prebuilt')));
    return;
  }
  response.writeHead(404).end('no');
}

function sendWheel({ headers: { range } }: http.IncomingMessage, response: http.ServerResponse, wheel: Buffer): void {
  const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
  const rest = wheel.subarray(from);
  response.writeHead(range === undefined ? 200 : 206, {
    'content-length': rest.length,
    ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${wheel.length - 1}/${wheel.length}` }),
  });
  response.end(rest);
}

/** Sends so much of what is asked for, and cuts the connection when some of it is on the disk. */
export function cutAfter(bytes: number, cache: string): Trick {
  return ({ headers: { range } }, response, wheel) => {
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(range === undefined ? 200 : 206, {
      'content-length': wheel.length - from,
      ...(range === undefined ? {} : { 'content-range': `bytes ${from}-${wheel.length - 1}/${wheel.length}` }),
    });
    response.write(wheel.subarray(from, from + bytes));
    const cut = async (): Promise<void> => {
      while ((await partSize(cache)) <= from) await sleep(5);
      response.destroy();
    };
    void cut();
    return true;
  };
}

async function partSize(cache: string): Promise<number> {
  const part = (await readdir(cache)).find((name) => name.endsWith('.part'));
  return part === undefined ? 0 : (await stat(path.join(cache, part))).size;
}

function tar(name: string, text: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write(`${text.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('0', 156);
  return Buffer.concat([header, Buffer.from(text), Buffer.alloc(512 - text.length), Buffer.alloc(1024)]);
}

/** Leaves the folders of the two packages where the real one would. */
const npm = `
const fs = require('node:fs');
if (process.argv[2] !== 'install' || !process.argv.includes('--ignore-scripts')) process.exit(3);
const { dependencies } = JSON.parse(fs.readFileSync('package.json', 'utf8'));
for (const [name, version] of Object.entries(dependencies)) {
  fs.mkdirSync('node_modules/' + name + '/include', { recursive: true });
  fs.writeFileSync('node_modules/' + name + '/index.js.map', '');
  const binary = { host: process.env.HOST + '/addon' };
  fs.writeFileSync('node_modules/' + name + '/package.json', JSON.stringify({ name, version, binary }));
}
`;

/** Needs what a real one would need, and writes its output. */
const compiler = `
const fs = require('node:fs');
const args = process.argv.slice(2);
const library = args[args.indexOf('-L') + 1];
fs.readFileSync(library + '/libtensorflow_cc.so.2');
fs.readFileSync(args[args.indexOf('-I') + 1] + '/tensorflow/c/c_api.h');
fs.writeFileSync(args[args.indexOf('-o') + 1], 'compiled');
`;
