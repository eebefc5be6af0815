import { lstatSync, readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { parseMetricLines, parseRunMeta, summarize, type RunMeta } from '../../core/tracking/tracking.ts';
import type { MetricSummary } from '../../protocol/tracking.ts';
import { isMissing } from '../files/files.ts';
import { tryReadFile, type FileReading } from './entries.ts';
import { readPart, toTexts, type Flaw, type NamedText } from './parts.ts';

// What the files of one run say, in MLflow's layout. A run has dozens of tiny files, so they are read in one go, synchronously
// (five times as quick); whoever reads many runs gives way between them.

/** The same files give the same record, whoever asks and when. */
export interface RunRecord {
  readonly meta: RunMeta;
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Without their best points: these depend on who asks. */
  readonly metrics: Readonly<Record<string, MetricSummary>>;
  /** Metrics whose file ends within a line. */
  readonly torn: readonly string[];
  /** Metrics without a point. */
  readonly blank: readonly string[];
  /** What had to be left out; `file` is relative to the run's folder. */
  readonly flaws: readonly Flaw[];
  /** The run's own folder of artifacts. */
  readonly artifacts: 'missing' | 'empty' | 'filled';
}

/** A record, or what is wrong with the run's `meta.yaml`. */
export type RecordReading =
  | { readonly record: RunRecord; readonly trouble?: undefined }
  | { readonly trouble: string; readonly record?: undefined };

export function metaFile(folder: string): string {
  return path.join(folder, 'meta.yaml');
}

/** A run's meta, or what is wrong with it. */
type MetaReading =
  { readonly meta: RunMeta; readonly trouble?: undefined } | { readonly trouble: string; readonly meta?: undefined };

/** Undefined when there is no such folder (any more). */
export function readMeta(folder: string): MetaReading | undefined {
  const file = metaFile(folder);
  const reading = tryReadFile(file);
  if (reading.trouble === undefined && reading.text === undefined && !isFolder(folder)) return undefined;
  const { value: meta, problems } = parseRunMeta(reading.text ?? '', file);
  return meta === undefined ? { trouble: describeMeta(reading, problems) } : { meta };
}

/** Of a folder that can't be looked at it is not known that it is gone. */
function isFolder(folder: string): boolean {
  try {
    return lstatSync(folder).isDirectory();
  } catch (error) {
    return !isMissing(error);
  }
}

/** Undefined when there is no such folder (any more). Of a deleted run only the meta is read. */
export function readRecord(folder: string): RecordReading | undefined {
  const reading = readMeta(folder);
  if (reading?.meta === undefined) return reading;
  const { meta } = reading;
  const flaws: Flaw[] = [];
  const parts = meta.isDeleted ? new Map<string, Dirent>() : listParts(folder);
  const read = (part: string): readonly NamedText[] => {
    const entry = parts.get(part);
    return entry === undefined ? [] : readPart(folder, part, entry, flaws);
  };
  const torn: string[] = [];
  const blank: string[] = [];
  const metrics = read('metrics').flatMap(({ name, text: lines }): [string, MetricSummary][] => {
    const { points, partial, badLines } = parseMetricLines(lines);
    if (partial !== '') torn.push(name);
    if (badLines > 0)
      flaws.push({ file: `metrics/${name}`, message: `${badLines} lines that are no points are left out.` });
    const summary = summarize(points);
    if (summary !== undefined) return [[name, summary]];
    blank.push(name);
    return [];
  });
  const [params, tags] = [toTexts(read('params')), toTexts(read('tags'))];
  // What is missing may be missing because the run was taken away meanwhile.
  if ((flaws.length > 0 || parts.size < partNames.length) && readMeta(folder) === undefined) return undefined;
  return {
    record: {
      meta,
      params,
      tags,
      metrics: Object.fromEntries(metrics),
      torn,
      blank,
      flaws,
      artifacts: lookAtArtifacts(folder),
    },
  };
}

export function describeMeta(
  { text, trouble }: FileReading,
  problems: readonly { readonly message: string }[],
): string {
  if (trouble !== undefined) return trouble;
  if (text === undefined) return 'meta.yaml is missing.';
  if (text === '') return 'meta.yaml is empty.';
  return problems.map(({ message }) => message).join(' ');
}

const partNames: readonly string[] = ['metrics', 'params', 'tags'];

/** Looked at before they are entered: a link in their place may lead anywhere. */
function listParts(run: string): ReadonlyMap<string, Dirent> {
  try {
    const entries = readdirSync(run, { withFileTypes: true }).filter(({ name }) => partNames.includes(name));
    return new Map(entries.map((entry) => [entry.name, entry]));
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw error;
  }
}

export function lookAtArtifacts(run: string): RunRecord['artifacts'] {
  try {
    return readdirSync(path.join(run, 'artifacts')).length > 0 ? 'filled' : 'empty';
  } catch {
    // None, or nothing that can be looked into: the place that the meta names is asked.
    return 'missing';
  }
}
