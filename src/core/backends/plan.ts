import { describeMachine, type Machine } from './wheels.ts';
import type { IndexFile } from './simpleindex.ts';

/** The last TensorFlow.js that there is; its addon uses nothing but TensorFlow's C API, which every 2.x has. */
export const tfjsVersion = '4.22.0';
/** N-API's version that the addon is built for: one build serves Node and the editor's Electron alike. */
const abi = 'napi8';
const MEGABYTE = 1e6;

/** TensorFlow in a Python of the project's. */
export interface PythonTensorFlow {
  /** The interpreter. */
  readonly python: string;
  readonly version: string;
  /** The package's folder, absolute. */
  readonly folder: string;
  /** Folder of the `nvidia-*` packages beside it; null where there are none. */
  readonly nvidia: string | null;
}

/** Where the libraries come from. */
export type LibrarySource =
  | ({ readonly kind: 'python' } & PythonTensorFlow)
  /** A wheel that is on the disk; `bytes`: its size. */
  | { readonly kind: 'wheel'; readonly version: string; readonly file: string; readonly bytes: number }
  | { readonly kind: 'index'; readonly version: string; readonly file: IndexFile };

/** What is known before anything is fetched. */
export interface InstallationFacts {
  readonly machine: Machine;
  readonly gpu: boolean;
  /** Programs by their paths; null: not found. */
  readonly npm: string | null;
  readonly compiler: string | null;
  readonly hasNvidiaDriver: boolean;
}

export type InstallationStep =
  | { readonly kind: 'packages' }
  | { readonly kind: 'download'; readonly name: string; readonly bytes: number | null }
  | { readonly kind: 'link'; readonly from: string }
  | { readonly kind: 'unpack'; readonly name: string }
  | { readonly kind: 'nvidia' }
  | { readonly kind: 'compile'; readonly compiler: string }
  | { readonly kind: 'prebuilt' }
  | { readonly kind: 'verify' };

export interface InstallationPlan {
  readonly kind: 'install';
  /** TensorFlow's. */
  readonly version: string;
  readonly gpu: boolean;
  /** Name of the folder in the person's cache. */
  readonly folder: string;
  readonly source: LibrarySource;
  readonly steps: readonly InstallationStep[];
  /** Free bytes that it takes while it works: the download and what is unpacked lie side by side. */
  readonly diskBytes: number;
}

/** What is in the way whatever the libraries come from; each sentence says what to do. */
export function findObstacles({ machine, gpu, npm, hasNvidiaDriver }: InstallationFacts): readonly string[] {
  const { platform, arch, glibc } = machine;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64') || glibc === null)
    return [
      `TensorFlow's libraries can be installed on Linux with glibc (x64, arm64) only; this is ${describeMachine(machine)}. ` +
        'Install @tensorflow/tfjs-node into the project instead ("npm install @tensorflow/tfjs-node"), or train with wasm.',
    ];
  return [
    ...(npm === null ? ['npm is not installed; it brings TensorFlow.js. Install Node.js, which has it.'] : []),
    ...(gpu && arch !== 'x64' ? ['TensorFlow with CUDA is made for x64 only; leave out --gpu.'] : []),
    ...(gpu && !hasNvidiaDriver
      ? ['There is no NVIDIA driver (no libcuda.so.1). Install the driver of your GPU first, or leave out --gpu.']
      : []),
  ];
}

/** For a machine on which nothing is in the way. */
export function planInstallation(facts: InstallationFacts, source: LibrarySource): InstallationPlan {
  const { gpu, compiler } = facts;
  const needsNvidia = gpu && (source.kind !== 'python' || source.nvidia === null);
  return {
    kind: 'install',
    version: source.version,
    gpu,
    folder: toFolderName(source.version, facts),
    source,
    steps: [
      { kind: 'packages' },
      ...librarySteps(source),
      ...(needsNvidia ? [{ kind: 'nvidia' } as const] : []),
      compiler === null ? { kind: 'prebuilt' } : { kind: 'compile', compiler },
      { kind: 'verify' },
    ],
    diskBytes: bytesOf(source) + (needsNvidia ? 9000 : 0) * MEGABYTE + 400 * MEGABYTE,
  };
}

function librarySteps(source: LibrarySource): readonly InstallationStep[] {
  switch (source.kind) {
    case 'python':
      return [{ kind: 'link', from: source.folder }];
    case 'wheel':
      return [{ kind: 'unpack', name: source.file }];
    case 'index': {
      const { name, size } = source.file;
      return [
        { kind: 'download', name, bytes: size },
        { kind: 'unpack', name },
      ];
    }
  }
}

/** Libraries unpack to three and a half times their wheel; an index that tells no sizes has a wheel of the usual one. */
function bytesOf(source: LibrarySource): number {
  switch (source.kind) {
    case 'python':
      return 0;
    case 'wheel':
      return 3.5 * source.bytes;
    case 'index':
      return 4.5 * (source.file.size ?? 300 * MEGABYTE);
  }
}

/** What the names of all our folders in the cache begin with. */
export const folderPrefix = 'tensorflow-';

function toFolderName(version: string, { machine: { platform, arch }, gpu }: InstallationFacts): string {
  return `${folderPrefix}${version}-${platform}-${arch}-${abi}${gpu ? '-gpu' : ''}`;
}

/** Of an installation that this program can use on the machine; undefined for anything else. */
export function parseFolderName(
  name: string,
  { platform, arch }: Pick<Machine, 'platform' | 'arch'>,
): { readonly version: string; readonly gpu: boolean } | undefined {
  const match = /^tensorflow-(\d[\w.+]*)-(\w+)-(\w+)-(\w+?)(-gpu)?$/.exec(name);
  const [, version, ownPlatform, ownArch, ownAbi, gpu] = match ?? [];
  const isOurs = version !== undefined && ownPlatform === platform && ownArch === arch && ownAbi === abi;
  return isOurs ? { version, gpu: gpu !== undefined } : undefined;
}

/** Where the addon looks for TensorFlow, below the package's folder; the wheel's libraries look for CUDA in `../nvidia`. */
const libraryFolder = 'deps/lib';
const headerFolders = [
  'tensorflow/c/',
  'tensorflow/core/platform/',
  'tensorflow/core/public/',
  'tsl/platform/',
  'xla/tsl/c/',
];

/**
 * Where an entry of a wheel (or a file of site-packages) belongs below the package's folder, relative and with forward slashes;
 * undefined for what is not needed.
 */
export function selectLibraries(entry: string): string | undefined {
  if (entry.split('/').some((part) => part === '..' || part === '')) return undefined;
  const library = /^tensorflow\/(libtensorflow_(?:cc|framework)\.so\.2)$/.exec(entry)?.[1];
  if (library !== undefined) return `${libraryFolder}/${library}`;
  const header = /^tensorflow\/include\/(.+\.h)$/.exec(entry)?.[1];
  if (header !== undefined && headerFolders.some((folder) => header.startsWith(folder)))
    return `deps/include/${header}`;
  return /^nvidia\/\w+\/lib\/[^/]+\.so[.\d]*$/.test(entry) ? `deps/${entry}` : undefined;
}

/** For the addon's two files; paths are absolute. It finds the libraries by their place beside it, whatever the environment. */
export function compilerArguments({
  package: folder,
  tensorflowHeaders,
  nodeHeaders,
  output,
}: {
  readonly package: string;
  readonly tensorflowHeaders: string;
  readonly nodeHeaders: string;
  readonly output: string;
}): readonly string[] {
  return [
    ...['-std=c++17', '-O2', '-fPIC', '-shared', '-DNAPI_VERSION=8'],
    ...['-I', tensorflowHeaders, '-I', nodeHeaders, '-I', folder],
    ...[`${folder}/binding/tfjs_backend.cc`, `${folder}/binding/tfjs_binding.cc`],
    ...['-o', output, '-Wl,-rpath,$ORIGIN/../../deps/lib', '-L', `${folder}/${libraryFolder}`],
    ...['-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
  ];
}
