import path from 'node:path';
import type * as vscode from 'vscode';

export interface StageSession {
  /** What people see in the call stack and in the list of sessions. */
  readonly name: string;
  /** Root of the project. */
  readonly project: string;
  /** Address of a stage, or of a group of stages. */
  readonly stage: string;
  readonly runtime: DebugRuntime;
  /** Folder of this extension's bundles. */
  readonly dist: string;
  /** Of the stage, beside what every run has. */
  readonly env: Readonly<Record<string, string>>;
}

/** What executes the engine in a session: an executable, and its major version. */
export interface DebugRuntime {
  readonly node: string;
  readonly major: number;
}

/**
 * The editor's own runtime, as everywhere. Desktop VS Code on macOS forgets NODE_OPTIONS, by which the debugger attaches, when a
 * shell starts it as Node: there a Node of the user's PATH takes its place.
 */
export function chooseRuntime({
  platform,
  execPath,
  versions,
}: Pick<NodeJS.Process, 'platform' | 'execPath' | 'versions'>): DebugRuntime {
  const isDeaf = platform === 'darwin' && versions['electron'] !== undefined;
  return { node: isDeaf ? 'node' : execPath, major: Number(versions.node.split('.')[0]) };
}

/**
 * A session of VS Code's JavaScript debugger for `mlops run STAGE`: the engine itself runs the stage, so that folder, environment,
 * params, lock and outputs are those of every other run, and the debugger attaches to each Node process that comes of it.
 */
export function toNodeConfiguration({
  name,
  project,
  stage,
  runtime,
  dist,
  env,
}: StageSession): vscode.DebugConfiguration {
  return {
    type: 'node',
    request: 'launch',
    name,
    cwd: project,
    // Not the runtime itself: the debugger takes ELECTRON_RUN_AS_NODE out of the environment, and the launcher puts it in again.
    runtimeExecutable: path.join(dist, 'bin', process.platform === 'win32' ? 'mlops.cmd' : 'mlops'),
    runtimeArgs: ['run', stage, '--single', '--force', '--keep-outputs'],
    env: { ...env, MLOPS_NODE: runtime.node },
    // The launcher would be asked for the version of Node, and answers with its own.
    nodeVersionHint: runtime.major,
    console: 'integratedTerminal',
    autoAttachChildProcesses: true,
    // SIGTERM to the engine alone: it ends the stage with all its processes, and puts back what stood at the outputs.
    killBehavior: 'polite',
    skipFiles: ['<node_internals>/**', `${dist.split(path.sep).join('/')}/**`],
    // Code of stages runs as it is written; our own bundles are nothing to step into.
    outFiles: [],
    resolveSourceMapLocations: ['**', `!${dist.split(path.sep).join('/')}/**`],
  };
}
