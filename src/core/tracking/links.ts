import { isMap, isScalar } from 'yaml';
import type { RunDataset } from '../../protocol/tracking.ts';
import { parseYaml } from '../yaml/yaml.ts';

// The small files by which MLflow's file layout ties a run to data sets and to models that it logged (specs: inputs/, outputs/, datasets/,
// models/). One that can't be read says nothing: the run is shown without it.

/** Schemas and profiles of wide tables stand in them as one line of JSON. */
const limits = { maxLength: 16 << 20, maxDepth: 16 };

export interface RunLink {
  readonly sourceId: string;
  readonly destinationId: string;
  /** MLflow's tag `mlflow.data.context`; '' without. */
  readonly context: string;
}

/** One of a run's `inputs/<id>/meta.yaml` or `outputs/<id>/meta.yaml`. */
export function parseRunLink(text: string): RunLink | undefined {
  const read = readScalars(text);
  const sourceId = read('source_id');
  if (sourceId === '') return undefined;
  return {
    sourceId,
    destinationId: read('destination_id'),
    context: read('tags', 'mlflow.data.context'),
  };
}

/** `datasets/<id>/meta.yaml`. */
export function parseDataset(text: string): Omit<RunDataset, 'context'> | undefined {
  const read = readScalars(text);
  const name = read('name');
  if (name === '') return undefined;
  return { name, digest: read('digest'), sourceType: read('source_type'), source: read('source') };
}

/** `models/m-…/meta.yaml`. */
export function parseLoggedModel(text: string): { readonly name: string; readonly artifactLocation: string } {
  const read = readScalars(text);
  return { name: read('name'), artifactLocation: read('artifact_location') };
}

/** Scalars as they are written: an id may look like a number. '' for what is not there. */
function readScalars(text: string): (...path: readonly string[]) => string {
  const { value } = parseYaml(text, 'meta.yaml', limits);
  return (...path) => {
    const contents = value?.document.contents;
    const node = isMap(contents) ? contents.getIn(path, true) : undefined;
    if (!isScalar(node) || node.value === null) return '';
    return typeof node.value === 'string' ? node.value : (node.source ?? '');
  };
}
