import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isMapping } from '../../core/yaml/yaml.ts';
import {
  checkWheel,
  chooseWheel,
  indexTypes,
  nvidiaDriverSigns,
  parsePipSettings,
  parseSimpleIndex,
  parseWheelName,
  type IndexFile,
  type InstallationFacts,
  type LibrarySource,
  type Machine,
  type PipSettings,
  type PythonTensorFlow,
} from '../../core/backends/backends.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { exists } from '../files/files.ts';
import { readPage, type Connection } from './connection.ts';
import { findProgram, runTool } from './tools.ts';

export interface Surroundings {
  /** Folder of the project, or the working folder where there is none. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

function readMachine(): Machine {
  const { platform, arch } = process;
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return { platform, arch, glibc: report.header?.glibcVersionRuntime ?? null };
}

export async function readFacts(gpu: boolean, env: NodeJS.ProcessEnv): Promise<InstallationFacts> {
  const own = env['CXX'];
  return {
    machine: readMachine(),
    gpu,
    npm: await findProgram(['npm'], env),
    compiler: await findProgram([...(own === undefined || own === '' ? [] : [own]), 'g++', 'clang++', 'c++'], env),
    hasNvidiaDriver: await hasNvidiaDriver(),
  };
}

async function hasNvidiaDriver(): Promise<boolean> {
  for (const sign of nvidiaDriverSigns) if (await exists(sign)) return true;
  return false;
}

/** The project's Python first, since its libraries are here already; then the index of the person's pip. */
export async function findSource(
  facts: InstallationFacts,
  surroundings: Surroundings & { readonly connect: (settings: PipSettings) => Promise<Connection> },
): Promise<LibrarySource> {
  const found = await findPythonTensorFlow(facts, surroundings);
  if (found !== undefined) return { kind: 'python', ...found };
  const settings = await readPipSettings(surroundings);
  const connection = await surroundings.connect(settings);
  const names = facts.gpu || facts.machine.arch !== 'x64' ? ['tensorflow'] : ['tensorflow-cpu', 'tensorflow'];
  for (const name of names) {
    const files = await listIndex(name, { index: settings.index, connection, signal: surroundings.signal });
    const file = chooseWheel(files, facts.machine, (version) => version.startsWith('2.'));
    if (file !== undefined) return { kind: 'index', version: parseWheelName(file.name)?.version ?? '', file };
  }
  throw new ExpectedError(
    'download-failed',
    `The package index has no wheel of ${names.join(' or ')} for this machine (linux ${facts.machine.arch}, glibc ${facts.machine.glibc ?? 'none'}). ` +
      'Give one with --from WHEEL.',
  );
}

/** A wheel that the person has. Throws `bad-input` for one that is made for another machine. */
export async function readWheelSource(file: string, machine: Machine): Promise<LibrarySource> {
  const found = await stat(file).catch(() => undefined);
  if (found?.isFile() !== true) throw new ExpectedError('missing-file', `There is no file ${file}.`);
  const name = path.basename(file);
  const wheel = parseWheelName(name);
  if (wheel === undefined || !/^tensorflow(-cpu|-gpu|-intel|-aarch64)?$/.test(wheel.project))
    throw badInput(
      `${name} is no wheel of TensorFlow, as "tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl".`,
    );
  const problem = checkWheel(name, machine);
  if (problem !== undefined) throw badInput(problem);
  return { kind: 'wheel', version: wheel.version, file, bytes: found.size };
}

/** Files that an index offers of a project; none when it does not know the project. */
export async function listIndex(
  project: string,
  { index, connection, signal }: { index: string; connection: Connection; signal: AbortSignal },
): Promise<readonly IndexFile[]> {
  const page = await readPage(connection, `${index}/${project}/`, indexTypes, signal).catch((error: unknown) => {
    if (error instanceof ExpectedError && error.message.includes('status 404')) return undefined;
    throw error;
  });
  if (page === undefined) return [];
  const files = parseSimpleIndex(page.text, page.contentType, page.url);
  if (files === undefined)
    throw new ExpectedError('download-failed', `What the package index answers for ${project} is no list of files.`);
  return files;
}

/** As pip itself tells them; without pip the environment's word, else the public index. */
export async function readPipSettings({ folder, env, signal }: Surroundings): Promise<PipSettings> {
  for (const python of await listPythons(folder, env)) {
    const listing = await runTool(python, ['-m', 'pip', 'config', 'list'], { cwd: folder, env, signal });
    if (listing.code === 0) return parsePipSettings(listing.stdout, env);
  }
  return parsePipSettings('', env);
}

/** Asks a Python for its TensorFlow without loading it; nothing of the working folder is looked at. */
const question = `
import sys, json, os
sys.path = [entry for entry in sys.path if entry not in ("", os.getcwd())]
import importlib.util, importlib.metadata
spec = importlib.util.find_spec("tensorflow")
version = None
for name in ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tf-nightly"):
    try:
        version = version or importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
if spec and spec.submodule_search_locations and version:
    print(json.dumps({"folder": list(spec.submodule_search_locations)[0], "version": version}))
`;

async function findPythonTensorFlow(
  { gpu, machine }: InstallationFacts,
  { folder, env, signal }: Surroundings,
): Promise<PythonTensorFlow | undefined> {
  for (const python of await listPythons(folder, env)) {
    const { code, stdout } = await runTool(python, ['-c', question], { cwd: folder, env, signal });
    const found = code === 0 ? parseAnswer(stdout) : undefined;
    if (found === undefined || !found.version.startsWith('2.') || machine.platform !== 'linux') continue;
    if (!(await exists(path.join(found.folder, 'libtensorflow_cc.so.2')))) continue;
    const nvidia = path.join(path.dirname(found.folder), 'nvidia');
    const hasNvidia = await exists(path.join(nvidia, 'cuda_runtime', 'lib'));
    // A TensorFlow without CUDA beside it was not set up for a GPU.
    if (gpu && !hasNvidia) continue;
    return { python, ...found, nvidia: hasNvidia ? nvidia : null };
  }
  return undefined;
}

function parseAnswer(text: string): { readonly folder: string; readonly version: string } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isMapping(value)) return undefined;
    const { folder, version } = value;
    return typeof folder === 'string' && typeof version === 'string' ? { folder, version } : undefined;
  } catch {
    // That Python has no TensorFlow and printed nothing.
    return undefined;
  }
}

/** Pythons of the project, then the person's. */
async function listPythons(folder: string, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const environments = [path.join(folder, '.venv'), path.join(folder, 'venv'), env['VIRTUAL_ENV'], env['CONDA_PREFIX']];
  const own = environments.flatMap((base) =>
    base === undefined || base === '' ? [] : [path.join(base, 'bin', 'python3')],
  );
  const found = await Promise.all([...own, 'python3'].map((name) => findProgram([name], env)));
  return [...new Set(found.filter((python) => python !== null))];
}
