import path from 'node:path';
import { flattenParams } from '../../core/config/config.ts';
import { isSweepRun, sweepTags } from '../../core/sweep/sweep.ts';
import { badInput } from '../../protocol/errors.ts';
import type { RunSummary } from '../../protocol/tracking.ts';
import { exists, isInside } from '../files/files.ts';
import type { Installation } from '../installation/installation.ts';
import type { Project } from '../project/project.ts';
import { canGoOn } from '../sweep/sweep.ts';
import { hasCheckpoint, listOverrides, planTraining, readConfig } from '../training/training.ts';
import { findRun } from './runs.ts';

/** Ids of the runs that did not end well and have what it takes to go on: only those are offered to be resumed. */
export async function listResumable(project: Project, runs: readonly RunSummary[]): Promise<readonly string[]> {
  const known = new Map<string, Promise<boolean>>();
  const hasConfig = (config: string): Promise<boolean> => {
    const file = path.resolve(project.root, config);
    const found = known.get(config) ?? (isInside(project.root, file) ? exists(file) : Promise.resolve(false));
    known.set(config, found);
    return found;
  };
  const found: string[] = [];
  for (const run of runs) {
    const config = run.tags['mlops.config'];
    if (config === undefined || !hasEndedBadly(run) || !(await hasConfig(config))) continue;
    if (await canResume(project, run)) found.push(run.runId);
  }
  return found;
}

function hasEndedBadly({ status, lost }: RunSummary): boolean {
  return lost || status === 'KILLED' || status === 'FAILED';
}

/** A trial goes on with its sweep. */
async function canResume(project: Project, run: RunSummary): Promise<boolean> {
  const sweep = run.tags[sweepTags.sweep];
  if (isSweepRun(run)) return canGoOn(project, sweep ?? '', run.runId);
  return sweep === undefined && run.artifacts !== null && (await hasCheckpoint(run.artifacts));
}

/**
 * Arguments of `mlops` with which a run goes on, checked as the command itself will: what would be refused in a terminal is told
 * before there is one.
 */
export async function planResumption(
  project: Project,
  runId: string,
  { env, installation }: { readonly env: NodeJS.ProcessEnv; readonly installation: Installation },
): Promise<readonly string[]> {
  const { run } = await findRun(project, runId, env);
  const { [sweepTags.sweep]: sweep, 'mlops.config': config } = run.tags;
  if (isSweepRun(run)) {
    if (!(await canGoOn(project, sweep ?? '', runId)))
      throw badInput(`The sweep ${run.name} has no trial left, or what is needed to go on is not there any more.`);
    return ['sweep', '--resume', sweep ?? ''];
  }
  if (sweep !== undefined) throw badInput(`The run ${run.name} is a trial of a sweep: resume the sweep.`);
  if (config === undefined) throw badInput(`The run ${run.name} was trained by another program and can't go on here.`);
  // A run goes on by its own config, whatever has become of the file since, or was given on a command line.
  const { config: now } = await readConfig(project, config, { cwd: project.root });
  const overrides = listOverrides(run.params, flattenParams(now));
  await planTraining(project, { config, cwd: project.root, env, installation, overrides, resume: runId });
  return ['train', config, '--resume', runId, ...overrides.flatMap((each) => ['--set', each])];
}
