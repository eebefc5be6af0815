import { toLockMapping, type LockedStage } from './lockfile.ts';
import { isAlwaysChanged, isOutside, type Stage } from './stage.ts';
import { formatPythonJson, getKey, isList, isPyMap, isPythonJson, type PyMap, type PyValue } from './values.ts';

/** Texts whose sha256 are the names of a run-cache record: `.dvc/cache/runs/<2 of key>/<key>/<value>`. */
export interface RunCacheTexts {
  readonly key: string;
  readonly value: string;
}

/**
 * What DVC hashes for a record: the stage's lock mapping without sizes; for the key, outs by path only. The vector in the tests
 * is DVC's own.
 */
export function toRunCacheTexts(stage: LockedStage): RunCacheTexts {
  const mapping = toLockMapping(stage);
  return { key: formatPythonJson(dropSizes(withOutPathsOnly(mapping))), value: formatPythonJson(dropSizes(mapping)) };
}

function withOutPathsOnly(mapping: PyMap): PyMap {
  const outs = getKey(mapping, 'outs');
  const paths = isList(outs) ? outs.map((out) => (isPyMap(out) ? (getKey(out, 'path') ?? null) : out)) : [];
  return { kind: 'map', entries: [...mapping.entries.filter(([key]) => key !== 'outs'), ['outs', paths]] };
}

/** DVC leaves `size` and `nfiles` out wherever they stand, in params too. */
function dropSizes(value: PyValue): PyValue {
  if (isList(value)) return value.map(dropSizes);
  if (!isPyMap(value)) return value;
  return {
    kind: 'map',
    entries: value.entries
      .filter(([key]) => key !== 'size' && key !== 'nfiles')
      .map(([key, item]) => [key, dropSizes(item)] as const),
  };
}

/** Whether DVC looks for earlier runs of this stage: it has inputs and outputs, all inside the project, none kept between runs. */
export function canRestore(stage: Stage): boolean {
  return (
    !isAlwaysChanged(stage) &&
    stage.deps.length + stage.params.length > 0 &&
    stage.outs.length > 0 &&
    stage.outs.every((out) => !out.persist && !isOutside(out.file))
  );
}

/** Whether a run of this stage is recorded: outs other than metrics and plots must all be in the cache. */
export function canRecord(stage: Stage, entry: LockedStage): boolean {
  return (
    canRestore(stage) &&
    stage.outs.every((out) => out.cache || out.kind !== 'out') &&
    isPythonJson(toLockMapping(entry))
  );
}
