import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { ExpectedError, describeError } from '../../../../src/protocol/errors.ts';
import type { RunDocument } from '../../../../src/protocol/pipeline.ts';
import type { Installation } from '../../../../src/node/installation/installation.ts';
import {
  readStatus,
  runPipeline,
  type PipelineEvent,
  type PipelineRunOptions,
} from '../../../../src/node/pipeline/pipeline.ts';

/** `mlops run` without any option. */
export const plainRun: PipelineRunOptions = {
  stages: [],
  single: false,
  downstream: false,
  force: false,
  keepGoing: false,
  keepOutputs: false,
  jobs: 1,
};

/** A project of its own in a temporary folder, with what the tests ask of it most. */
export class TestProject {
  readonly root: string;
  readonly events: PipelineEvent[] = [];
  /** Called while the run goes on. */
  onEvent: (event: PipelineEvent) => void = () => undefined;
  env: NodeJS.ProcessEnv = { ...process.env, SHELL: '/bin/sh' };

  private constructor(root: string) {
    this.root = root;
  }

  static async create(files: Record<string, string>): Promise<TestProject> {
    const project = new TestProject(await mkdtemp(path.join(os.tmpdir(), 'mlops-pipeline-')));
    await mkdir(project.path('.dvc'));
    for (const name of ['DVC_STAGE', 'DVC_ROOT', 'MLFLOW_TRACKING_URI']) project.env[name] = undefined;
    for (const [name, text] of Object.entries(files)) await project.write(name, text);
    return project;
  }

  path(...parts: string[]): string {
    return path.join(this.root, ...parts);
  }

  async write(name: string, text: string | Buffer): Promise<void> {
    await mkdir(path.dirname(this.path(name)), { recursive: true });
    await writeFile(this.path(name), text);
  }

  read(name: string): Promise<string> {
    return readFile(this.path(name), 'utf8');
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true });
  }

  /** Makes the files look an hour old, so that their hashes may be remembered. */
  async age(...names: string[]): Promise<void> {
    for (const name of names) await utimes(this.path(name), Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
  }

  async git(...args: string[]): Promise<string> {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];
    return (await promisify(execFile)('git', [...identity, ...args], { cwd: this.root })).stdout;
  }

  run(options: Partial<PipelineRunOptions> = {}, signal = new AbortController().signal): Promise<RunDocument> {
    this.events.length = 0;
    return runPipeline(
      { root: this.root },
      { ...plainRun, ...options },
      {
        installation,
        env: this.env,
        signal,
        reporter: (event) => {
          this.events.push(event);
          this.onEvent(event);
        },
      },
    ).catch((error: unknown) => {
      // A failing test shows the sentence only; the places are what helps.
      if (error instanceof ExpectedError) Object.assign(error, { message: describeError(error) });
      throw error;
    });
  }

  /** How the stages of a run ended, in its order: 'a:succeeded b:skipped'. */
  async outcomes(options: Partial<PipelineRunOptions> = {}): Promise<string> {
    return toOutcomes(await this.run(options));
  }

  /** States of all stages: 'a:fresh b:stale'. */
  async states(): Promise<string> {
    const { stages } = await readStatus({ root: this.root }, { env: this.env });
    return stages.map(({ name, state }) => `${name}:${state}`).join(' ');
  }
}

export function toOutcomes({ stages }: RunDocument): string {
  return stages.map(({ name, outcome }) => `${name}:${outcome}`).join(' ');
}

const installation: Installation = {
  node: process.execPath,
  version: '0.0.0',
  cli: '/nowhere/cli.js',
  worker: '/nowhere/worker.js',
  bin: '/nowhere/bin',
  samples: '/nowhere/samples',
  templates: '/nowhere/templates',
};

/** The pipeline's commands bundled as a program of their own, for tests that kill it or ask for its exit code. */
export async function bundleCommands(folder: string): Promise<string> {
  const outfile = path.join(folder, 'pipeline-cli.cjs');
  const root = path.resolve(import.meta.dirname, '../../../..');
  await build({
    stdin: {
      resolveDir: root,
      loader: 'ts',
      contents: `
        import { outliveReaders, runCommandLine } from './src/node/commandline/commandline.ts';
        import { createInstallation } from './src/node/installation/installation.ts';
        import { commands } from './src/node/pipeline/commands.ts';
        import { commands as data } from './src/node/data/commands.ts';
        outliveReaders(process);
        const abort = new AbortController();
        for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => abort.abort(signal));
        void runCommandLine(process.argv.slice(2), [
          { firstWords: ['status', 'run', 'dag'], load: async () => commands },
          { firstWords: ['data'], load: async () => data },
        ], {
          cwd: process.cwd(), env: process.env, streams: process, signal: abort.signal,
          installation: createInstallation(__dirname, '0.0.0'),
        }).then((code) => { process.exitCode = code; });`,
    },
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    outfile,
    logLevel: 'error',
    define: { 'import.meta.dirname': '__dirname', 'import.meta.filename': '__filename' },
  });
  return outfile;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the bundled commands in a project. */
export function startCommand(
  cli: string,
  args: string[],
  { root, env }: TestProject,
  out: 'pipe' | number = 'pipe',
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [cli, ...args], { cwd: root, env, stdio: ['ignore', out, 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return { child, ended };
}

/** Waits until `condition` gives something, looking again and again; the test's own time limit ends it. */
export async function until<T>(condition: () => Promise<T | undefined | false> | T | undefined | false): Promise<T> {
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
