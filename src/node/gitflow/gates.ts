import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import {
  findProgram,
  findTopic,
  judgeData,
  judgeFiles,
  judgePerformance,
  judgePipeline,
  judgeProgram,
  judgeSecrets,
  parseAddedLines,
  parseChangedObjects,
  quoteWord,
  settleGates,
  toGate,
  type FlowFacts,
  type GateSettings,
} from '../../core/gitflow/gitflow.ts';
import { ExpectedError } from '../../protocol/errors.ts';
import { gateNames, type FlowGate, type GateName } from '../../protocol/gates.ts';
import type { FinishedType } from '../../protocol/gitflow.ts';
import { exists, isInside, readTextIfExists } from '../files/files.ts';
import { openObjects, readAdded, type Git } from '../git/git.ts';
import { findProject, projectPaths, type Project } from '../project/project.ts';
import { recallPassed, rememberPassed, runProgram } from './gateprograms.ts';

/** A reader of YAML is as much as all the rest that a finish needs. */
const loadReaders = async () => import('../../core/gatefiles/gatefiles.ts');

export interface GatePlace {
  readonly git: Git;
  readonly facts: FlowFacts;
  /** Where the user is: the project around it is the one whose gates count. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Told before a gate that may take long. */
  readonly note?: (text: string) => void;
}

/** `run`: lint and tests are started; `recall`: not where they have passed at this very commit; `wait`: not at all. */
export type Programs = 'run' | 'recall' | 'wait';

interface Look extends GatePlace {
  readonly settings: GateSettings;
  readonly project: Project | undefined;
  readonly branch: string;
  readonly base: string;
  /** Last commit of the branch. */
  readonly commit: string;
  /** True when the work tree is the branch's. */
  readonly isHere: boolean;
  readonly programs: Programs;
}

/** The gates of a branch, in their order. What can't be looked at is told as a gate that does not hold, never passed over. */
export async function readGates(
  place: GatePlace,
  target: { readonly type: FinishedType; readonly name?: string },
  programs: Programs,
): Promise<readonly FlowGate[]> {
  const look = await openLook(place, target, programs);
  const { isOn } = look.settings;
  const wants = (...names: readonly GateName[]): boolean => names.some((name) => isOn[name]);
  // Programs come last and one by one: what is quick is known first, and what runs has the machine for itself.
  const quick = await Promise.all([
    wants('pipeline', 'data') ? caught(['pipeline', 'data'], () => readPipelineGates(look)) : [],
    wants('performance') ? caught(['performance'], () => readPerformance(look)) : [],
    wants('files', 'secrets') ? caught(['files', 'secrets'], () => readAddedGates(look)) : [],
  ]);
  const found = quick.flat();
  for (const name of ['lint', 'tests'] as const)
    if (wants(name)) found.push(...(await caught([name], () => readProgram(look, name))));
  return gateNames.map((name) =>
    isOn[name]
      ? (found.find((gate) => gate.name === name) ?? toGate(name, 'absent', 'There is nothing of the kind here.'))
      : toGate(name, 'off', `Off by mlops.gate.${name} or the settings of the project.`),
  );
}

async function openLook(
  place: GatePlace,
  target: { readonly type: FinishedType; readonly name?: string },
  programs: Programs,
): Promise<Look> {
  const { git, facts, folder } = place;
  const { branch, base } = findTopic(facts, target);
  const commit = facts.branches.find(({ remote, name }) => !remote && name === branch)?.commit ?? '';
  const project = await findOwnProject(git, folder);
  const file = project === undefined ? undefined : projectPaths.settings(project);
  const text = file === undefined ? undefined : await readTextIfExists(file);
  const team =
    text === undefined ? {} : (await loadReaders()).parseTeamGates(text, path.relative(git.folder, file ?? ''));
  const settings = settleGates(facts.config, team);
  return { ...place, settings, project, branch, base, commit, isHere: facts.head === commit, programs };
}

/** The project around the folder, where it belongs to this repository. */
export async function findOwnProject(git: Git, folder: string): Promise<Project | undefined> {
  // git's root has no links in it, so that the project must be looked for without them too.
  const project = await findProject(await realpath(folder));
  return project !== undefined && isInside(await realpath(git.folder), project.root) ? project : undefined;
}

/** A failure of the user's kind is what its gates have to say. */
async function caught(
  names: readonly GateName[],
  read: () => Promise<readonly FlowGate[]>,
): Promise<readonly FlowGate[]> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ExpectedError) || error.code === 'stopped') throw error;
    return names.map((name) =>
      toGate(name, 'failed', `It could not be looked at: ${error.message}`, { places: error.problems }),
    );
  }
}

async function readPipelineGates(look: Look): Promise<readonly FlowGate[]> {
  const { project, env, signal } = look;
  if (project === undefined) return [];
  const { readStatus } = await import('../pipeline/pipeline.ts');
  const status = await readStatus(project, { env, ...(signal === undefined ? {} : { signal }) });
  return [judgePipeline(status), judgeData(status)]
    .map((gate) => ofTree(look, gate))
    .map((gate) => ({ ...gate, places: gate.places.map((at) => ({ ...at, file: fromRoot(look, project, at.file) })) }));
}

/** What the work tree says of another branch is worth nothing, good or bad. */
function ofTree({ isHere, branch }: Look, gate: FlowGate): FlowGate {
  if (isHere || gate.outcome === 'absent') return gate;
  const message = `${branch} is not checked out, so that it can't be looked at. Check it out first: git checkout ${quoteWord(branch)}.`;
  return toGate(gate.name, 'failed', message, { look: `git checkout ${quoteWord(branch)}` });
}

function fromRoot({ git }: Look, project: Project, file: string): string {
  return path.relative(git.folder, path.resolve(project.root, file)).split(path.sep).join('/');
}

const checksFile = /^tests\/[^/]+\.checks\.ya?ml$/;

async function readPerformance(look: Look): Promise<readonly FlowGate[]> {
  const { project, commit, env } = look;
  if (project === undefined) return [];
  const objects = openObjects(project.root, { env });
  const files = (await objects.listFiles(commit)).filter((file) => checksFile.test(file));
  if (files.length === 0) return [judgePerformance([], [], new Map())];
  const texts = await objects.readFiles(commit, files);
  const { parseThresholds } = await loadReaders();
  const read = [...texts].map(([file, text]) => parseThresholds(text, file));
  const { findRevision } = await import('../revisions/revisions.ts');
  const { run, points } = await findRevision(project.root, commit, { env });
  const metrics = new Map(
    [...points].map(([name, own]) => [name, own.at(-1)?.value ?? run.metrics[name]?.last.value ?? NaN]),
  );
  const gate = judgePerformance(
    read.flatMap(({ thresholds }) => thresholds),
    read.flatMap(({ problems }) => problems),
    metrics,
  );
  return [{ ...gate, places: gate.places.map((at) => ({ ...at, file: fromRoot(look, project, at.file) })) }];
}

async function readAddedGates({ git, facts, base, commit, settings, env }: Look): Promise<readonly FlowGate[]> {
  const from = facts.branches.find(({ remote, name }) => !remote && name === base)?.commit ?? base;
  const toObjects = (raw: string): readonly string[] => parseChangedObjects(raw).map(({ object }) => object);
  const { raw, patch, sizes } = await readAdded(git.folder, [from, commit], toObjects, { env, config: facts.config });
  const files = parseChangedObjects(raw).map(({ path: file, object }) => ({
    path: file,
    size: sizes.get(object) ?? 0,
  }));
  return [judgeFiles(files, settings.maxFileSize), judgeSecrets(files, parseAddedLines(patch))];
}

async function readProgram(look: Look, name: 'lint' | 'tests'): Promise<readonly FlowGate[]> {
  const { git, project, programs, commit, facts, settings, env, signal, note } = look;
  const root = project?.root ?? git.folder;
  const program = findProgram(name, await readProjectFiles(root));
  if (program === undefined) return [];
  const command = program.join(' ');
  if (!look.isHere) return [ofTree(look, toGate(name, 'waiting', ''))];
  if (programs === 'wait')
    return [toGate(name, 'waiting', `"${command}" will be run first; a plan does not start it.`, { look: command })];
  const memory = { gitDirectory: await git.gitDirectory(), root, commit, name, command };
  if (programs === 'recall' && facts.changed.length === 0 && (await recallPassed(memory)))
    return [toGate(name, 'passed', `"${command}" has passed at this commit.`, { look: command })];
  note?.(`${command} …`);
  const end = await runProgram(program, { root, gitDirectory: memory.gitDirectory, name, settings, env, signal });
  if (end.how === 'succeeded' && facts.changed.length === 0) await rememberPassed(memory);
  return [judgeProgram(name, end)];
}

async function readProjectFiles(root: string): Promise<Parameters<typeof findProgram>[1]> {
  const [packageJson, makefile, pyproject, setup] = await Promise.all(
    ['package.json', 'Makefile', 'pyproject.toml', 'setup.cfg'].map((file) => readTextIfExists(path.join(root, file))),
  );
  const isNamed = pyproject?.includes('[tool.pytest') === true || setup?.includes('[tool:pytest]') === true;
  const tests = await readdir(path.join(root, 'tests')).catch(() => [] as string[]);
  const hasPytest =
    isNamed ||
    (await exists(path.join(root, 'pytest.ini'))) ||
    tests.some((file) => /^(?:test_.*|.*_test)\.py$/.test(file));
  return { packageJson, makefile, hasPytest };
}
