import { formatMlflowYaml, parseFlat, quoteText, updateFlat } from '../tracking/tracking.ts';
import type { Parsed } from '../../protocol/problem.ts';
import type { ModelVersion, RegisteredModel } from '../../protocol/registry.ts';

// `meta.yaml` of registered models and of their versions in MLflow's file layout.

type ModelMeta = Pick<RegisteredModel, 'description' | 'createdTime' | 'updatedTime'>;
interface VersionMeta extends Omit<ModelVersion, 'version' | 'tags'> {
  /** MLflow keeps the files of a deleted version. */
  readonly isDeleted: boolean;
}

/** MLflow's word for a version that was deleted. */
const DELETED = 'Deleted_Internal';

export function formatModelMeta(name: string, description: string | null, time: number): string {
  return formatMlflowYaml({
    ...{ aliases: {}, creation_timestamp: time, deployment_job_id: null, deployment_job_state: null },
    ...{ description, last_updated_timestamp: time, name, workspace: 'default' },
  });
}

export interface NewVersionMeta {
  readonly name: string;
  readonly version: number;
  readonly source: string;
  readonly runId: string | null;
  readonly description: string | null;
  /** Milliseconds since 1970. */
  readonly time: number;
}

export function formatVersionMeta({ name, version, source, runId, description, time }: NewVersionMeta): string {
  return formatMlflowYaml({
    ...{ creation_timestamp: time, current_stage: 'None', deployment_job_state: null, description },
    ...{ last_updated_timestamp: time, model_id: null, name, run_id: runId, run_link: null, source },
    ...{
      status: 'READY',
      status_message: null,
      storage_location: source,
      user_id: null,
      version,
      workspace: 'default',
    },
  });
}

export function parseModelMeta(text: string, file: string): Parsed<ModelMeta> {
  return parseFlat(text, file, (fields) => {
    // Not used, since the folder's name counts; MLflow reads no meta without it.
    fields.required('name');
    return {
      description: fields.optional('description'),
      createdTime: fields.time('creation_timestamp'),
      updatedTime: fields.time('last_updated_timestamp'),
    };
  });
}

export function parseVersionMeta(text: string, file: string): Parsed<VersionMeta> {
  return parseFlat(text, file, (fields) => {
    fields.required('name');
    const stage = fields.optional('current_stage');
    return {
      runId: fields.optional('run_id'),
      source: fields.optional('source') ?? fields.optional('storage_location') ?? '',
      description: fields.optional('description'),
      createdTime: fields.time('creation_timestamp'),
      updatedTime: fields.time('last_updated_timestamp'),
      stage: stage === 'None' ? null : stage,
      status: toStatus(fields.optional('status')),
      isDeleted: stage === DELETED,
    };
  });
}

/** The first version of the layout wrote a number. */
function toStatus(text: string | null): string {
  const numbered: Readonly<Record<string, string>> = {
    1: 'PENDING_REGISTRATION',
    2: 'FAILED_REGISTRATION',
    3: 'READY',
  };
  return text === null ? 'READY' : (numbered[text] ?? text);
}

export interface RegistryMetaChange {
  readonly time: number;
  readonly description?: string | null;
  /** All of a model's aliases: MLflow keeps a copy of them there. */
  readonly aliases?: Readonly<Record<string, string>>;
}

/** The text with a change, all else as it was, keys that are not known here too. */
export function updateRegistryMeta(text: string, { time, description, aliases }: RegistryMetaChange): string {
  return updateFlat(text, {
    ...(description === undefined
      ? {}
      : { description: `description: ${description === null ? 'null' : quoteText(description)}` }),
    ...(aliases === undefined ? {} : { aliases: formatMlflowYaml({ aliases }).trimEnd() }),
    last_updated_timestamp: `last_updated_timestamp: ${time}`,
  });
}
