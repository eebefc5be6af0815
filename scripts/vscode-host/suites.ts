import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { listFiles } from '../../src/node/files/files.ts';
import { root } from '../places.ts';
import { readProgram } from '../programs.ts';

export interface HostSuites {
  /** The bundled suites in the order of their names: one CommonJS file per test/host/**\/*.test.ts. */
  readonly files: string[];
  /** A folder with an empty repository, new for each run, that is opened in the window. */
  readonly workspace: string;
}

/** Bundles the suites that run inside VS Code (its extension host loads CommonJS, and only it can resolve `vscode`). */
export async function bundleSuites(): Promise<HostSuites> {
  const folder = path.join(root, '.vscode-test');
  const outdir = path.join(folder, 'suites');
  const workspace = path.join(folder, 'workspace');
  await Promise.all([outdir, workspace].map((each) => rm(each, { recursive: true, force: true })));
  await mkdir(workspace, { recursive: true });
  // This repository ignores it, and a pipeline that Git ignores is refused: it is a repository of its own, as a project is.
  await readProgram('git', ['init', '--quiet'], { cwd: workspace });
  const source = path.join(root, 'test/host');
  const names = (await listFiles(source)).filter((name) => name.endsWith('.test.ts'));
  await esbuild.build({
    entryPoints: names.map((name) => path.join(source, name)),
    outdir,
    outbase: source,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node22',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  });
  return { files: names.map((name) => path.join(outdir, name.replace(/\.ts$/, '.cjs'))), workspace };
}
