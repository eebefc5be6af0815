import { chmod, lstat, mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { planProject, resolveAnswers, type Surroundings, type WritePlan } from '../../core/scaffold/scaffold.ts';
import { ExpectedError, badInput } from '../../protocol/errors.ts';
import { diskError, isInside, isMissing, makeFolder, temporaryBeside } from '../files/files.ts';
import { openGit } from '../git/git.ts';
import type { Installation } from '../installation/installation.ts';
import { readTemplate } from './templates.ts';

export { listTemplates, readTemplate } from './templates.ts';

export interface ProjectRequest {
  /** Folder that is to become the project's root; a relative one starts at `cwd`. */
  readonly target: string;
  /** Name of a template, or the path of its folder. */
  readonly template: string;
  /** By question; a missing one takes its default. */
  readonly answers: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What {@link newProject} would write; writes nothing. Throws `bad-input` with a sentence for each wrong answer. */
export async function planNewProject(installation: Installation, request: ProjectRequest): Promise<WritePlan> {
  const template = await readTemplate(installation, request.template, request.cwd);
  const { answers, problems } = resolveAnswers(request.answers, await readSurroundings(request));
  if (answers === undefined) throw badInput(problems.map(({ name, message }) => `${name}: ${message}`).join('\n'));
  return planProject(answers, template, installation.version);
}

/** What answers are suggested from: the folder's name, the author that git knows, and the year, the only look at a clock. */
export async function readSurroundings({
  target,
  cwd,
  env,
}: Pick<ProjectRequest, 'target' | 'cwd' | 'env'>): Promise<Surroundings> {
  const author = await readAuthor(cwd, env);
  return {
    folderName: path.basename(path.resolve(cwd, target)),
    year: new Date().getFullYear(),
    ...(author === undefined ? {} : { author }),
  };
}

async function readAuthor(cwd: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    const entries = await openGit(cwd, { env }).readConfig();
    return entries.findLast(({ key }) => key === 'user.name')?.value ?? undefined;
  } catch (error) {
    // No git, or a configuration that it can't read: then there is no suggestion, and nothing else depends on it.
    if (error instanceof ExpectedError) return undefined;
    throw error;
  }
}

export interface NewProject {
  /** Absolute path. */
  readonly root: string;
  /** Hash of the first commit; undefined when there is none, and a note says why. */
  readonly commit: string | undefined;
  /** Sentences that the user should read. */
  readonly notes: readonly string[];
}

export interface NewProjectOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly message?: string;
}

/**
 * Writes a new project at `target`, an absolute path where nothing stands but perhaps an empty folder, and makes it a git
 * repository with a first commit. The files are written into a folder beside it, which takes its name when all are there: a
 * failure leaves nothing behind. Throws `target-exists`, `disk` or `stopped`; what git can't do is only a note.
 */
export async function newProject(
  target: string,
  plan: WritePlan,
  options: NewProjectOptions = {},
): Promise<NewProject> {
  const root = path.resolve(target);
  const state = await inspectTarget(root);
  const made = await makeFolder(path.dirname(root));
  const staging = temporaryBeside(root);
  try {
    await writePlan(staging, plan, options.signal);
    await (state === 'free' ? takeName(staging, root) : moveInto(staging, root));
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    if (made !== undefined) await removeEmpty(path.dirname(root), made);
    throw diskError(error, root);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return { root, ...(await commitFirst(root, options)) };
}

/** Takes the parents away that were made for this project only, from `folder` up to `top`, unless something is in them. */
async function removeEmpty(folder: string, top: string): Promise<void> {
  for (let current = folder; isInside(top, current); current = path.dirname(current)) {
    const isEmpty = await rmdir(current).then(
      () => true,
      () => false,
    );
    if (!isEmpty) return;
  }
}

/** Throws `target-exists` for whatever is in the way; a missing or an empty folder is fine. */
export async function inspectTarget(root: string): Promise<'free' | 'empty'> {
  const stat = await lstat(root).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw diskError(error, root);
  });
  if (stat === undefined) return 'free';
  if (stat.isDirectory() && (await readdir(root)).length === 0) return 'empty';
  throw targetExists(root);
}

function targetExists(root: string): ExpectedError {
  return new ExpectedError(
    'target-exists',
    `${root} exists already and is not an empty folder; nothing was written. Name a folder that does not exist yet.`,
  );
}

/** Modes are set, not left to the umask: the same project comes out for everybody. */
async function writePlan(staging: string, plan: WritePlan, signal: AbortSignal | undefined): Promise<void> {
  const folders = new Set<string>();
  for (const { path: relative, content } of plan.files) {
    if (signal?.aborted === true) throw new ExpectedError('stopped', 'Stopped; nothing was written.');
    const file = path.join(staging, ...relative.split('/'));
    // The plan's paths are checked already; this is the last fence before the disk.
    if (!isInside(staging, file)) throw new Error(`${relative} leads out of the project.`);
    await mkdir(path.dirname(file), { recursive: true });
    for (let folder = path.dirname(file); isInside(staging, folder); folder = path.dirname(folder)) folders.add(folder);
    await writeFile(file, content, { flag: 'wx' });
    await chmod(file, 0o644);
  }
  for (const folder of folders) await chmod(folder, 0o755);
}

async function takeName(staging: string, root: string): Promise<void> {
  try {
    await rename(staging, root);
  } catch (error) {
    // Somebody was quicker, and what they made is theirs.
    if (await isThere(root)) throw targetExists(root);
    throw error;
  }
}

/** Into an empty folder that stands (and may be somebody's working folder): entry by entry, all of them or none. */
async function moveInto(staging: string, root: string): Promise<void> {
  const moved: string[] = [];
  try {
    for (const name of await readdir(staging)) {
      if (await isThere(path.join(root, name))) throw targetExists(root);
      await rename(path.join(staging, name), path.join(root, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) await rm(path.join(root, name), { recursive: true, force: true });
    throw error;
  }
}

async function isThere(file: string): Promise<boolean> {
  return lstat(file).then(
    () => true,
    () => false,
  );
}

async function commitFirst(root: string, { env, message }: NewProjectOptions): Promise<Omit<NewProject, 'root'>> {
  const git = openGit(root, env === undefined ? {} : { env });
  try {
    await git.initialise('main');
    if (!(await git.hasIdentity()))
      return {
        commit: undefined,
        notes: [
          'There is no first commit yet, because git does not know who you are: set user.name and user.email with "git config", then commit.',
        ],
      };
    return { commit: await git.commitAll(message ?? 'New project'), notes: [] };
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return { commit: undefined, notes: [`The project stands, but has no first commit: ${error.message}`] };
  }
}
