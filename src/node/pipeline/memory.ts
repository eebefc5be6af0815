import { readTextIfExists, writeFileAtomic } from '../files/files.ts';
import { isAlive, type ProcessIdentity } from '../processes/processes.ts';
import { projectPaths, type Project } from '../project/project.ts';

/** What we remember about a stage beside dvc.lock. May be deleted at any time. */
export interface StageMemory {
  /** Seconds that its command took when it last succeeded. */
  readonly seconds?: number;
  /** Its last run failed; the signature tells of which inputs. */
  readonly failure?: { readonly signature: string; readonly reason: string };
  /** When its command last ended, well or not: milliseconds since 1970. */
  readonly endedAt?: number;
}

/** A stage that a run process executes right now. */
export interface RunningStage {
  readonly stage: string;
  /** Environment variable MLOPS_STAGE_TOKEN of everything that the stage started. */
  readonly token: string;
  readonly child: ProcessIdentity | null;
}

export interface RunningStages {
  readonly runner: ProcessIdentity;
  readonly stages: readonly RunningStage[];
}

/** The environment variable that tells whose stage a process belongs to, as `/proc` shows it. */
export function toMark(token: string): string {
  return `MLOPS_STAGE_TOKEN=${token}`;
}

type Memory = Readonly<Record<string, StageMemory>>;

function memoryFile(project: Project): string {
  return projectPaths.tmp(project, 'stages.json');
}

function runningFile(project: Project): string {
  return projectPaths.tmp(project, 'running-stages.json');
}

export async function readMemory(project: Project): Promise<Memory> {
  const entries = Object.entries((await readJson(memoryFile(project))) ?? {});
  return Object.fromEntries(entries.map(([stage, value]) => [stage, toStageMemory(value)]));
}

function toStageMemory(value: unknown): StageMemory {
  const { seconds, failure, endedAt } = toRecord(value) ?? {};
  const { signature, reason } = toRecord(failure) ?? {};
  return {
    ...(typeof seconds === 'number' ? { seconds } : {}),
    ...(typeof signature === 'string' && typeof reason === 'string' ? { failure: { signature, reason } } : {}),
    ...(typeof endedAt === 'number' ? { endedAt } : {}),
  };
}

export async function remember(project: Project, stage: string, memory: StageMemory): Promise<void> {
  await writeFileAtomic(memoryFile(project), JSON.stringify({ ...(await readMemory(project)), [stage]: memory }));
}

export async function writeRunning(project: Project, running: RunningStages | null): Promise<void> {
  await writeFileAtomic(runningFile(project), JSON.stringify(running));
}

/** The record as it stands; its runner may be dead. */
export async function readRunning(project: Project): Promise<RunningStages | undefined> {
  const { runner, stages } = (await readJson(runningFile(project))) ?? {};
  const identity = toIdentity(runner);
  if (identity === undefined || !Array.isArray(stages)) return undefined;
  return { runner: identity, stages: stages.flatMap(toRunningStage) };
}

function toRunningStage(value: unknown): RunningStage[] {
  const { stage, token, child } = toRecord(value) ?? {};
  return typeof stage === 'string' && typeof token === 'string'
    ? [{ stage, token, child: toIdentity(child) ?? null }]
    : [];
}

function toIdentity(value: unknown): ProcessIdentity | undefined {
  const { pid, startTime } = toRecord(value) ?? {};
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return { pid, startTime: typeof startTime === 'string' ? startTime : null };
}

/** Names of the stages that a live run process executes. */
export async function findRunningStages(project: Project): Promise<ReadonlySet<string>> {
  const running = await readRunning(project);
  const isLive = running !== undefined && (await isAlive(running.runner));
  return new Set(isLive ? running.stages.map(({ stage }) => stage) : []);
}

async function readJson(file: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  try {
    return toRecord(JSON.parse((await readTextIfExists(file)) ?? 'null'));
  } catch {
    // Damaged, and rebuildable: as if it were not there.
    return undefined;
  }
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}
