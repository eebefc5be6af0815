import { readFileSync, readdirSync, type Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import {
  parseExperimentMeta,
  parseMetricLines,
  parseRunMeta,
  summarize,
  type ExperimentMeta,
  type ObjectiveOf,
  type RunMeta,
} from '../../core/tracking/tracking.ts';
import type { Objective } from '../../core/config/config.ts';
import type { MetricSummary, RunSummary, UnreadableRun } from '../../protocol/tracking.ts';
import { isDirectory, isMissing } from '../files/files.ts';
import { listDirectories, readRegularFile } from './entries.ts';
import { isWriterGone, readWriter } from './identity.ts';
import { folderOfUri } from './uri.ts';

// Reads MLflow's file layout. A run has dozens of tiny files, so each run is read in one go, synchronously (five times as
// quick), and the loop over the runs gives way between them.

const reservedNames = new Set(['tags', 'datasets', 'traces', 'models']);
const ID = /^[A-Za-z0-9][\w-]{0,255}$/;

export interface ExperimentFolder {
  readonly folder: string;
  readonly name: string;
  readonly meta: ExperimentMeta | undefined;
  readonly trouble: UnreadableRun | undefined;
}

export interface RunReading {
  readonly run?: RunSummary;
  readonly unreadable?: UnreadableRun;
  readonly warnings: readonly UnreadableRun[];
}

/** The experiments of a store that are not deleted; one whose meta can't be read keeps its runs, under its folder's name. */
export function readExperiments(root: string): readonly ExperimentFolder[] {
  return listDirectories(root)
    .filter((name) => name !== 'models' && ID.test(name))
    .flatMap((name) => {
      const folder = path.join(root, name);
      const file = path.join(folder, 'meta.yaml');
      const text = readRegularFile(file);
      // A folder of another kind lies here; experiments are numbered.
      if (text === undefined && !/^\d+$/.test(name)) return [];
      const { value, problems } = parseExperimentMeta(text ?? '', file);
      if (value?.isDeleted === true) return [];
      const trouble = value === undefined ? { runId: '', file, message: messageOf(text, problems) } : undefined;
      return [{ folder, name: value?.name ?? name, meta: value, trouble }];
    });
}

/** Absolute paths of the run folders of an experiment. */
export function listRunFolders(experiment: string): readonly string[] {
  return listDirectories(experiment)
    .filter((name) => !reservedNames.has(name) && ID.test(name))
    .map((name) => path.join(experiment, name));
}

/** One run; nothing for a deleted one or one that vanishes while it is read. */
export async function readRun(folder: string, experiment: string, objectiveOf: ObjectiveOf): Promise<RunReading> {
  const runId = path.basename(folder);
  const file = path.join(folder, 'meta.yaml');
  const text = readRegularFile(file);
  if (text === undefined && !(await isDirectory(folder))) return { warnings: [] };
  const { value: meta, problems } = parseRunMeta(text ?? '', file);
  if (meta === undefined) return { unreadable: { runId, file, message: messageOf(text, problems) }, warnings: [] };
  if (meta.isDeleted) return { warnings: [] };
  const warnings: UnreadableRun[] = [];
  const warn = (name: string, message: string): void => void warnings.push({ runId, file: name, message });
  const isOpen = meta.status === 'RUNNING';
  const lost = isOpen && (await isWriterGone(readWriter(folder)));
  // Its last act before it went may have been to end the run, behind our back.
  if (lost && readRegularFile(file) !== text) return readRun(folder, experiment, objectiveOf);
  const tags = readTexts(path.join(folder, 'tags'), warn);
  const metrics = readMetrics(path.join(folder, 'metrics'), objectiveOf({ tags }), !isOpen || lost, warn);
  const run: RunSummary = {
    runId,
    name: meta.name === '' ? (tags['mlflow.runName'] ?? '') : meta.name,
    experiment,
    status: meta.status,
    startTime: meta.startTime,
    endTime: meta.endTime,
    parentRunId: tags['mlflow.parentRunId'] ?? null,
    params: readTexts(path.join(folder, 'params'), warn),
    tags,
    metrics,
    lost,
    artifacts: await findArtifacts(folder, meta),
  };
  return { run, warnings };
}

type Warn = (file: string, message: string) => void;

/** `isEnded`: nobody writes any more. While somebody does, a tail without line end is a line on its way. */
function readMetrics(
  folder: string,
  objective: Objective | null,
  isEnded: boolean,
  warn: Warn,
): Readonly<Record<string, MetricSummary>> {
  const metrics: [string, MetricSummary][] = [];
  for (const { name, text } of readFolder(folder, warn)) {
    const { points, partial, badLines } = parseMetricLines(text);
    const file = path.join(folder, name);
    if (partial !== '' && isEnded) warn(file, '1 partial line at its end is left out.');
    if (badLines > 0) warn(file, `${badLines} lines that are no points are left out.`);
    const summary = summarize(points, objective?.metric === name ? objective.direction : undefined);
    if (summary !== undefined) metrics.push([name, summary]);
  }
  return Object.fromEntries(metrics);
}

/** Names (with `/` for nested folders) and texts of the files below a folder, by name. */
function readFolder(folder: string, warn: Warn): { name: string; text: string }[] {
  return entriesBelow(folder)
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.mlops-tmp-'))
    .flatMap((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      try {
        const name = path.relative(folder, file).split(path.sep).join('/');
        return [{ name, text: readFileSync(file, 'utf8') }];
      } catch (error) {
        warn(file, `It can't be read: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function readTexts(folder: string, warn: Warn): Record<string, string> {
  return Object.fromEntries(readFolder(folder, warn).map(({ name, text }) => [name, text]));
}

function entriesBelow(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** `artifact_uri` is absolute and breaks when the store is moved or copied; what lies in the run's own folder is right. */
async function findArtifacts(folder: string, meta: RunMeta): Promise<string | null> {
  const own = path.join(folder, 'artifacts');
  const ownNames = await readdir(own).catch(() => undefined);
  if (ownNames !== undefined && ownNames.length > 0) return own;
  const named = folderOfUri(meta.artifactUri);
  if (named !== undefined && (await isDirectory(named))) return named;
  return ownNames === undefined ? null : own;
}

function messageOf(text: string | undefined, problems: readonly { readonly message: string }[]): string {
  if (text === undefined) return 'meta.yaml is missing.';
  if (text === '') return 'meta.yaml is empty.';
  return problems.map(({ message }) => message).join(' ');
}
