import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { formatProblem, hasErrors } from '../../src/protocol/problem.ts';
import { toDvcStatus } from '../../src/core/pipeline/pipeline.ts';
import { loadPipeline } from '../../src/node/pipeline/load.ts';
import { readStatus } from '../../src/node/pipeline/pipeline.ts';
import { displayPath } from '../../src/node/pipeline/status.ts';
import { TestProject } from '../unit/node/pipeline/bench.ts';
import { DvcDriver } from './dvc-driver.ts';

/** A change of files: new text, null for none, or the old text made into a new one. */
export type Edit = Readonly<Record<string, string | null | ((text: string) => string)>>;

export interface GroundFiles {
  readonly files: Readonly<Record<string, string>>;
  /** Added to `.dvc/config`. */
  readonly config?: string;
  /** Done in the project's folder after its files are written: links and modes that text can't say. */
  readonly shell?: string;
}

/**
 * One folder in which project after project is laid out, both engines at hand. The folder stays the same because a new one costs
 * DVC a new database. `OUTSIDE` in texts stands for a folder beside it, `ROOT` for its own absolute path.
 */
export class Ground {
  readonly dvc: DvcDriver;
  readonly project: TestProject;
  readonly #base: string;
  readonly #template: string;
  readonly #kept: string;

  private constructor(base: string, project: TestProject, dvc: DvcDriver) {
    this.#base = base;
    this.#template = path.join(base, 'template');
    this.#kept = path.join(base, 'kept');
    this.project = project;
    this.dvc = dvc;
  }

  static async create(): Promise<Ground> {
    const base = await mkdtemp(path.join(os.tmpdir(), 'mlops-dvc-'));
    const dvc = new DvcDriver(path.join(base, 'site'));
    const project = await TestProject.create({});
    const ground = new Ground(base, project, dvc);
    await rm(project.root, { recursive: true });
    await mkdir(project.root);
    await dvc.ask('init', project.root);
    await cp(project.root, ground.#template, { recursive: true });
    return ground;
  }

  get #outside(): string {
    return path.join(this.#base, 'outside');
  }

  get root(): string {
    return this.project.root;
  }

  /** A text with the names of folders filled in. */
  fill(text: string): string {
    return text
      .replaceAll('OUTSIDE', path.relative(this.root, this.#outside))
      .replaceAll('ROOT', this.root)
      .replaceAll('ELSEWHERE', this.#outside);
  }

  async lay({ files, config = '', shell = 'true' }: GroundFiles): Promise<void> {
    await this.#empty(this.root);
    await rm(this.#outside, { recursive: true, force: true });
    await mkdir(this.#outside);
    await cp(this.#template, this.root, { recursive: true });
    await appendFile(this.project.path('.dvc/config'), config);
    for (const [name, text] of Object.entries(files)) await this.project.write(this.fill(name), this.fill(text));
    await promisify(execFile)('sh', ['-ec', shell], { cwd: this.root });
  }

  /** Keeps everything as it stands for {@link restore}. */
  async keep(): Promise<void> {
    await rm(this.#kept, { recursive: true, force: true });
    await promisify(execFile)('cp', ['-a', this.root, this.#kept]);
  }

  async restore(): Promise<void> {
    await this.#empty(this.root);
    await promisify(execFile)('cp', ['-a', `${this.#kept}/.`, this.root]);
  }

  async edit(edit: Edit): Promise<void> {
    for (const [name, change] of Object.entries(edit)) {
      if (change === null) await rm(this.project.path(name), { recursive: true });
      else await this.project.write(name, typeof change === 'string' ? change : change(await this.project.read(name)));
    }
  }

  /** What `mlops status --format dvc` prints, or the problems for which it refuses. */
  async ourStatus(): Promise<unknown> {
    const { env } = this.project;
    const { stages, problems } = await readStatus({ root: this.root }, { env });
    if (hasErrors(problems)) return problems.map(formatProblem);
    const { graph } = await loadPipeline({ root: this.root }, { env });
    const known = stages.map(({ name, reasons }) => ({ stage: graph.byName.get(name)!, reasons }));
    return toDvcStatus(known, displayPath({ root: this.root }, this.root));
  }

  /** Forgets every run: the lock files and the cache. */
  async forgetRuns(): Promise<void> {
    await rm(this.project.path('.dvc/cache'), { recursive: true, force: true });
    for (const name of await this.lockFiles()) await rm(this.project.path(name));
  }

  async lockFiles(): Promise<string[]> {
    const names = await readdir(this.root, { recursive: true });
    return names.filter((name) => path.basename(name) === 'dvc.lock').sort();
  }

  /** Texts of all lock files by name. */
  async locks(): Promise<Record<string, string>> {
    const locks: Record<string, string> = {};
    for (const name of await this.lockFiles()) locks[name] = await this.project.read(name);
    return locks;
  }

  async remove(): Promise<void> {
    await this.dvc.end();
    await this.project.remove();
    await rm(this.#base, { recursive: true, force: true });
  }

  async #empty(folder: string): Promise<void> {
    for (const name of await readdir(folder)) await rm(path.join(folder, name), { recursive: true, force: true });
  }
}

/** Addresses that a status shows as running every time. */
export function alwaysChanged(status: unknown): string[] {
  return Object.entries(status as Record<string, unknown[]>)
    .filter(([, reasons]) => reasons.includes('always changed'))
    .map(([name]) => name);
}
