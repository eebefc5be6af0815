import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createInstallation } from '../../../src/node/installation/installation.ts';
import { newProject, planNewProject } from '../../../src/node/scaffold/scaffold.ts';

/** A project as `mlops new` writes it, in a temporary folder that `remove` takes away. */
export async function renderProject(
  template: string,
  answers: Record<string, string> = {},
): Promise<{ root: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), `mlops-${template}-`));
  const root = path.join(folder, 'project');
  const installation = createInstallation(path.resolve('dist'), '1.2.3');
  const plan = await planNewProject(installation, { target: root, template, answers, cwd: folder, env: process.env });
  await newProject(root, plan);
  return { root, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** The folder with the packaged digits, made once for all test files. */
export async function readySamples(): Promise<string> {
  const { buildSamples } = (await import(pathToFileURL(path.resolve('scripts/samples.mjs')).href)) as {
    buildSamples: (dir: string) => Promise<void>;
  };
  const samples = path.resolve('node_modules/.cache/mlops-samples');
  await buildSamples(samples);
  return samples;
}
