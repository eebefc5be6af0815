import path from 'node:path';

/** Where this installation of the engine keeps its own files. Made once by each composition root, handed down as data. */
export interface Installation {
  /** The runtime that executes the engine and user code: Node, or the editor as Node (`ELECTRON_RUN_AS_NODE`). */
  readonly node: string;
  readonly version: string;
  /** Bundles: the command line and the training worker. */
  readonly cli: string;
  readonly worker: string;
  /** Folder with the launchers `mlops` and `mlops.cmd`, put first in the PATH of stages and terminals. */
  readonly bin: string;
  /** Packaged data sets: `samples/mnist/…` (`MLOPS_SAMPLES`). */
  readonly samples: string;
  /** Project templates, as files. */
  readonly templates: string;
}

/** `dist` is the folder of the bundles; templates stand beside it. */
export function createInstallation(dist: string, version: string, node: string = process.execPath): Installation {
  return {
    node,
    version,
    cli: path.join(dist, 'cli.js'),
    worker: path.join(dist, 'worker.js'),
    bin: path.join(dist, 'bin'),
    samples: path.join(dist, 'samples'),
    templates: path.join(path.dirname(dist), 'templates'),
  };
}

/** Environment for a child that runs `mlops` or user code: the editor's binary must act as Node, and `mlops` is found first. */
export function installationEnvironment(
  installation: Installation,
  env: NodeJS.ProcessEnv,
  { first = [] }: { first?: readonly string[] } = {},
): NodeJS.ProcessEnv {
  const pathKey = Object.keys(env).find((key) => key.toLowerCase() === 'path') ?? 'PATH';
  return {
    ...env,
    [pathKey]: [...first, installation.bin, env[pathKey]]
      .filter((part) => part !== undefined && part !== '')
      .join(path.delimiter),
    ELECTRON_RUN_AS_NODE: '1',
    MLOPS_NODE: installation.node,
    MLOPS_SAMPLES: installation.samples,
  };
}
