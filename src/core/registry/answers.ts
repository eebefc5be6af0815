import type { ModelVersion, RegisteredModel } from '../../protocol/registry.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { isPrompt } from './prompts.ts';

// What an MLflow server says of registered models (specs: REST 2.0), taken for text from elsewhere. Whole numbers may be texts; what is not set is absent.

/** A version with the model that it belongs to. */
export interface ServerVersion {
  /** Of the model. */
  readonly name: string;
  readonly version: ModelVersion;
}

interface Page<T> {
  readonly items: readonly T[];
  readonly unreadable: number;
  readonly nextToken: string | null;
}

export function parseVersionPage(answer: unknown): Page<ServerVersion> | undefined {
  return parsePage(answer, 'model_versions', parseServerVersion);
}

/** Models without their versions: a server tells these apart. Prompts are left out. */
export function parseModelPage(answer: unknown): Page<RegisteredModel> | undefined {
  return parsePage(answer, 'registered_models', parseServerModel);
}

export function parseServerVersion(value: unknown): ServerVersion | undefined {
  if (!isRecord(value)) return undefined;
  const [name, version] = [textOf(value['name']), textOf(value['version'])];
  if (name === undefined || version === undefined || !/^\d+$/.test(version)) return undefined;
  const stage = textOf(value['current_stage']);
  const facts: ModelVersion = {
    version,
    runId: textOf(value['run_id']) ?? null,
    source: textOf(value['source']) ?? '',
    tags: toPairs(value['tags'], 'key', 'value'),
    description: textOf(value['description']) ?? null,
    createdTime: timeOf(value['creation_timestamp']),
    updatedTime: timeOf(value['last_updated_timestamp']),
    stage: stage === undefined || stage === 'None' ? null : stage,
    status: textOf(value['status']) ?? 'READY',
  };
  return { name, version: facts };
}

export function parseServerModel(value: unknown): RegisteredModel | undefined {
  const name = isRecord(value) ? textOf(value['name']) : undefined;
  if (!isRecord(value) || name === undefined) return undefined;
  return {
    ...{ name, origin: 'mlflow' },
    aliases: toPairs(value['aliases'], 'alias', 'version'),
    description: textOf(value['description']) ?? null,
    tags: toPairs(value['tags'], 'key', 'value'),
    createdTime: timeOf(value['creation_timestamp']),
    updatedTime: timeOf(value['last_updated_timestamp']),
    versions: [],
  };
}

/** Models with the versions that belong to them, newest first. */
export function joinVersions(
  models: readonly RegisteredModel[],
  versions: readonly ServerVersion[],
): readonly RegisteredModel[] {
  return models
    .filter(({ tags }) => !isPrompt(tags))
    .map((model) => ({
      ...model,
      versions: versions
        .filter(({ name }) => name === model.name)
        .map(({ version }) => version)
        .sort((a, b) => Number(b.version) - Number(a.version)),
    }));
}

function parsePage<T>(answer: unknown, key: string, parse: (item: unknown) => T | undefined): Page<T> | undefined {
  if (!isRecord(answer)) return undefined;
  const list = answer[key] ?? [];
  if (!Array.isArray(list)) return undefined;
  const items = list.map(parse).filter((item) => item !== undefined);
  return { items, unreadable: list.length - items.length, nextToken: textOf(answer['next_page_token']) ?? null };
}

function toPairs(list: unknown, key: string, value: string): Readonly<Record<string, string>> {
  const pairs = (Array.isArray(list) ? list : []).flatMap((one: unknown): [string, string][] => {
    const name = isRecord(one) ? textOf(one[key]) : undefined;
    const text = isRecord(one) && name !== undefined ? (textOf(one[value]) ?? '') : '';
    return name === undefined ? [] : [[name, text]];
  });
  return Object.fromEntries(pairs);
}

/** An empty text is one that is not set. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function timeOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}
