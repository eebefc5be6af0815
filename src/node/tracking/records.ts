import { lstatSync, readFileSync, readdirSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { parseMetricLines, parseRunMeta, summarize, type RunMeta } from '../../core/tracking/tracking.ts';
import type { MetricSummary } from '../../protocol/tracking.ts';
import { isMissing } from '../files/files.ts';
import { readRegularFile } from './entries.ts';

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

export interface Flaw {
  readonly file: string;
  readonly message: string;
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
  const text = readRegularFile(file);
  if (text === undefined && lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const { value: meta, problems } = parseRunMeta(text ?? '', file);
  return meta === undefined ? { trouble: describeMeta(text, problems) } : { meta };
}

/** Undefined when there is no such folder (any more). Of a deleted run only the meta is read. */
export function readRecord(folder: string): RecordReading | undefined {
  const reading = readMeta(folder);
  if (reading?.meta === undefined) return reading;
  const { meta } = reading;
  const flaws: Flaw[] = [];
  const read = (name: string): readonly NamedText[] => (meta.isDeleted ? [] : readFolder(folder, name, flaws));
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
  return {
    record: {
      meta,
      params: toTexts(read('params')),
      tags: toTexts(read('tags')),
      metrics: Object.fromEntries(metrics),
      torn,
      blank,
      flaws,
      artifacts: lookAtArtifacts(folder),
    },
  };
}

export function describeMeta(text: string | undefined, problems: readonly { readonly message: string }[]): string {
  if (text === undefined) return 'meta.yaml is missing.';
  if (text === '') return 'meta.yaml is empty.';
  return problems.map(({ message }) => message).join(' ');
}

export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Names (with `/` for nested folders) and texts of the files below a folder of a record, by name. */
export function readFolder(run: string, part: string, flaws: Flaw[]): readonly NamedText[] {
  const folder = path.join(run, part);
  return entriesBelow(folder)
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.mlops-tmp-'))
    .flatMap((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(folder, file).split(path.sep).join('/');
      try {
        return [{ name, text: readFileSync(file, 'utf8') }];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        flaws.push({ file: `${part}/${name}`, message: `It can't be read: ${reason}` });
        return [];
      }
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function toTexts(files: readonly NamedText[]): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ name, text }) => [name, text]));
}

function entriesBelow(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function lookAtArtifacts(run: string): RunRecord['artifacts'] {
  try {
    return readdirSync(path.join(run, 'artifacts')).length > 0 ? 'filled' : 'empty';
  } catch {
    // None, or nothing that can be looked into: the place that the meta names is asked.
    return 'missing';
  }
}
