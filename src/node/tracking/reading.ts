import path from 'node:path';
import {
  chooseBest,
  parseExperimentMeta,
  type ExperimentMeta,
  type ObjectiveOf,
} from '../../core/tracking/tracking.ts';
import type { RunSummary, UnreadableRun } from '../../protocol/tracking.ts';
import { isDirectory } from '../files/files.ts';
import { describeFailure, isOwnDirectory, listDirectories, tryReadFile } from './entries.ts';
import { isWriterGone, readWriter } from './identity.ts';
import {
  describeMeta,
  lookAtArtifacts,
  metaFile,
  readMeta,
  readRecord,
  type RecordReading,
  type RunRecord,
} from './records.ts';
import { folderOfUri, refuseDistant } from './uri.ts';

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
      const file = metaFile(folder);
      const reading = tryReadFile(file);
      // A folder of another kind lies here; experiments are numbered.
      if (reading.text === undefined && !/^\d+$/.test(name)) return [];
      const { value, problems } = parseExperimentMeta(reading.text ?? '', file);
      if (value?.isDeleted === true) return [];
      const message = value === undefined ? describeMeta(reading, problems) : findCut(reading.text ?? '');
      const trouble = message === undefined ? undefined : { runId: '', file, message };
      return [{ folder, name: value?.name ?? name, meta: value, trouble }];
    });
}

/** The name is what stands last in MLflow's files: cut short, it is another name. */
function findCut(text: string): string | undefined {
  const isCut = !text.endsWith('\n') && /^name:.*$/.test(text.split('\n').at(-1) ?? '');
  return isCut ? 'It ends within the line of the name, which may be cut.' : undefined;
}

/** Absolute paths of the run folders of an experiment, or why it can't be looked into. */
export function listRunFolders(experiment: string): { readonly folders: readonly string[]; readonly trouble?: string } {
  try {
    const names = listDirectories(experiment).filter((name) => !reservedNames.has(name) && ID.test(name));
    return { folders: names.map((name) => path.join(experiment, name)) };
  } catch (error) {
    return { folders: [], trouble: describeFailure(error) };
  }
}

/** The folder of one run of an experiment, whose others are not looked at; undefined: it has none of that id. */
export function findRunFolderIn(experiment: string, runId: string): string | undefined {
  if (reservedNames.has(runId) || !ID.test(runId)) return undefined;
  const folder = path.join(experiment, runId);
  return isOwnDirectory(folder) ? folder : undefined;
}

/** Who asks for a run. */
export interface RunAsking {
  /** Name of the run's experiment. */
  readonly experiment: string;
  readonly objectiveOf: ObjectiveOf;
}

/** One run; nothing for a deleted one or one that vanishes while it is read. `reading`: what is known of its files already. */
export async function readRun(
  folder: string,
  asking: RunAsking,
  reading: RecordReading | undefined = readRecord(folder),
): Promise<RunReading> {
  const runId = path.basename(folder);
  if (reading === undefined) return { warnings: [] };
  if (reading.record === undefined)
    return { unreadable: { runId, file: metaFile(folder), message: reading.trouble }, warnings: [] };
  const { record } = reading;
  if (record.meta.isDeleted) return { warnings: [] };
  const isOpen = record.meta.status === 'RUNNING';
  const lost = isOpen && (await isWriterGone(readWriter(folder)));
  if (lost) {
    // Its last act before it went may have been to end the run, behind our back.
    const again = readRecord(folder);
    if (again?.record?.meta.status !== 'RUNNING') return readRun(folder, asking, again);
  }
  return {
    run: await toSummary(folder, record, { ...asking, lost }),
    // While somebody writes, a tail without line end is a line on its way.
    warnings: listWarnings(folder, record, !isOpen || lost),
  };
}

async function toSummary(
  folder: string,
  record: RunRecord,
  { experiment, objectiveOf, lost }: RunAsking & { readonly lost: boolean },
): Promise<RunSummary> {
  const { meta, params, tags, metrics } = record;
  return {
    runId: path.basename(folder),
    name: meta.name === '' ? (tags['mlflow.runName'] ?? '') : meta.name,
    experiment,
    status: meta.status,
    startTime: meta.startTime,
    endTime: meta.endTime,
    parentRunId: tags['mlflow.parentRunId'] ?? null,
    params,
    tags,
    metrics: chooseBest(metrics, objectiveOf({ tags })),
    lost,
    artifacts: await chooseArtifacts(folder, record),
  };
}

function listWarnings(folder: string, { torn, blank, flaws }: RunRecord, isEnded: boolean): readonly UnreadableRun[] {
  const tell = (names: readonly string[], message: string): readonly { file: string; message: string }[] =>
    isEnded ? names.map((name) => ({ file: `metrics/${name}`, message })) : [];
  const known = new Set([...torn.map((name) => `metrics/${name}`), ...flaws.map(({ file }) => file)]);
  const empty = blank.filter((name) => !known.has(`metrics/${name}`));
  const told = [
    ...tell(torn, '1 partial line at its end is left out.'),
    ...tell(empty, 'It holds no point.'),
    ...flaws,
  ];
  return told.map(({ file, message }) => ({
    runId: path.basename(folder),
    file: path.join(folder, ...file.split('/')),
    message,
  }));
}

/** The folder of artifacts of one run; null where it has none on this machine. Throws `not-supported` for artifacts that lie elsewhere. */
export async function findArtifacts(folder: string): Promise<string | null> {
  const { meta } = readMeta(folder) ?? {};
  if (meta === undefined) return null;
  // Nothing else of the run is read: this is asked for each of many.
  const artifacts = lookAtArtifacts(folder);
  const found = await chooseArtifacts(folder, { meta, artifacts });
  if (artifacts !== 'filled') refuseDistant(meta.artifactUri);
  return found;
}

/** `artifact_uri` is absolute and breaks when the store is moved or copied; what lies in the run's own folder is right. */
async function chooseArtifacts(
  folder: string,
  { meta, artifacts }: Pick<RunRecord, 'meta' | 'artifacts'>,
): Promise<string | null> {
  const own = path.join(folder, 'artifacts');
  if (artifacts === 'filled') return own;
  const named = folderOfUri(meta.artifactUri);
  if (named !== undefined && named !== own && (await isDirectory(named))) return named;
  return artifacts === 'missing' ? null : own;
}
