import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { compilerArguments, findInTar } from '../../core/backends/backends.ts';
import { ExpectedError, describeError } from '../../protocol/errors.ts';
import type { Connection } from './connection.ts';
import type { Packages } from '../tensorflow/tensorflow.ts';
import { readPrebuiltAddress } from './packages.ts';
import { runTool } from './tools.ts';

/** An addon is some hundred kilobytes. */
const MAX_ADDON_BYTES = 64 << 20;
const MAX_LINES = 3;

interface AddonOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

function addonIn({ tfjs }: Packages): string {
  return path.join(tfjs, 'lib', 'napi-v8', 'tfjs_binding.node');
}

/** The package's C++ files against the libraries and headers that are already in its folder: some ten seconds. */
export async function compileAddon(compiler: string, packages: Packages, { env, signal }: AddonOptions): Promise<void> {
  const { tfjs, nodeHeaders } = packages;
  const output = addonIn(packages);
  await mkdir(path.dirname(output), { recursive: true });
  const args = compilerArguments({
    package: tfjs,
    tensorflowHeaders: path.join(tfjs, 'deps', 'include'),
    nodeHeaders,
    output,
  });
  const { code, stderr } = await runTool(compiler, args, { cwd: tfjs, env, signal });
  if (code === 0) return;
  const errors = stderr.split('\n').filter((line) => /\berror\b|cannot find|undefined reference/i.test(line));
  const told = (errors.length === 0 ? stderr.trim().split('\n') : errors).slice(0, MAX_LINES).join('\n');
  throw new ExpectedError(
    'missing-program',
    `${compiler} could not compile the addon (exit code ${String(code)}); are the headers of C and C++ installed?\n${told}`,
  );
}

/** The addon that the package's authors have built, from the address that their package names, for who has no compiler. */
export async function fetchAddon(
  packages: Packages,
  { arch, connection, signal }: { arch: string; connection: Connection; signal: AbortSignal },
): Promise<void> {
  const address = await readPrebuiltAddress(packages.tfjs, arch);
  const addon = address === undefined ? 'there is none for this machine' : await tryFetch(address, connection, signal);
  if (typeof addon === 'string')
    throw new ExpectedError(
      'missing-program',
      'The addon must be compiled here and there is no C++ compiler: install g++ or clang++ (on Debian and Ubuntu ' +
        `"apt install g++", on Fedora "dnf install gcc-c++"). A prebuilt addon can't be had either: ${addon}`,
    );
  const output = addonIn(packages);
  await mkdir(path.dirname(output), { recursive: true });
  await writeFile(output, addon);
  // It asks for the library by the name that TensorFlow's C library has.
  await symlink('libtensorflow_cc.so.2', path.join(packages.tfjs, 'deps', 'lib', 'libtensorflow.so.2'));
}

/** The addon, or why not. */
async function tryFetch(address: string, connection: Connection, signal: AbortSignal): Promise<Uint8Array | string> {
  try {
    const { status, body } = await connection.get(address, {}, signal);
    if (status !== 200) {
      body.resume();
      return `${address} answers with status ${status}.`;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk);
    const archive = await promisify(gunzip)(Buffer.concat(chunks), { maxOutputLength: MAX_ADDON_BYTES });
    return findInTar(archive, 'tfjs_binding.node') ?? `${address} has no addon in it.`;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof ExpectedError ? describeError(error) : `${address}: ${String(error)}`;
  }
}
