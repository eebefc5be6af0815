import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { listLiveHolders } from '../../src/node/locks/locks.ts';
import { stopTree } from '../../src/node/processes/processes.ts';
import { ensurePackage } from '../../scripts/packaging/packaging.ts';
import { dist, results } from '../../scripts/places.ts';
import { readProgram } from '../../scripts/programs.ts';
import { openWorkbench, type Workbench, type WorkbenchOptions } from '../../scripts/vscode-host/workbench.ts';

/** A person on a machine of their own: an empty home but for their name, and a place for projects. */
export interface Person {
  readonly home: string;
  /** Opens VS Code with the packaged extension installed. */
  open(options: Pick<WorkbenchOptions, 'opened' | 'trustEverything' | 'settings' | 'size'>): Promise<Workbench>;
  /** Makes an MNIST project in the home whose models train for `epochs` only. */
  makeProject(name: string, epochs: number): Promise<string>;
  /** Closes the windows, ends what still runs in the projects, removes the home. */
  leave(): Promise<void>;
}

export async function createPerson(): Promise<Person> {
  const home = await mkdtemp(path.join(tmpdir(), 'mlops-ui-'));
  await writeFile(path.join(home, '.gitconfig'), '[user]\n\tname = Ada\n\temail = ada@localhost\n');
  const environment = { HOME: home, GIT_CONFIG_GLOBAL: path.join(home, '.gitconfig') };
  const windows: Workbench[] = [];
  const projects = new Set<string>();
  return {
    home,
    async open(options) {
      const { vsix } = await ensurePackage();
      const window = await openWorkbench({
        ...options,
        vsix: [vsix],
        env: environment,
        pictures: path.join(results, 'ui'),
      });
      windows.push(window);
      return window;
    },
    async makeProject(name, epochs) {
      const project = path.join(home, name);
      const args = [path.join(dist, 'cli.js'), 'new', project, '--template', 'mnist', '--yes'];
      await readProgram(process.execPath, args, { cwd: home, env: { ...process.env, ...environment } });
      for (const model of ['singleoutput', 'cnnbased']) await setEpochs(project, model, epochs);
      projects.add(project);
      return project;
    },
    async leave() {
      await Promise.all(windows.map((window) => window.close()));
      for (const project of [...projects, path.join(home, 'digits')]) await endRuns(project);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Leaves a picture of the window beside the others for each test that fails. */
export function pictureFailures(window: () => Workbench): void {
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await window().picture(`failed-${task.name.replace(/\W+/g, '-')}`);
  });
}

/** Seconds since it was made, for the log: what is measured here is told, never asserted. */
export function createStopwatch(): (what: string) => void {
  const start = performance.now();
  return (what) => {
    console.log(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  };
}

/** How long a model of a project trains: where a test stops it, longer than a machine could take, however fast it is. */
export async function setEpochs(project: string, model: string, epochs: number): Promise<void> {
  const file = path.join(project, 'configs', `${model}.yaml`);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/^(\s*num_epochs:) \d+/m, `$1 ${epochs}`));
}

/** Runs outlive the window by design, and must not outlive the test. */
async function endRuns(project: string): Promise<void> {
  for (const holder of await listLiveHolders(path.join(project, '.mlops/tmp/locks'))) await stopTree(holder);
}
