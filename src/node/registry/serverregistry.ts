import {
  checkAlias,
  checkModelName,
  checkRegistryTag,
  joinVersions,
  parseModelPage,
  parseServerModel,
  parseServerVersion,
  parseVersionPage,
  recordMove,
} from '../../core/registry/registry.ts';
import { parseServerRun } from '../../core/mlflowserver/mlflowserver.ts';
import { ExpectedError, unknownName } from '../../protocol/errors.ts';
import {
  historyTag,
  type AliasChange,
  type ModelVersion,
  type RegisteredModel,
  type RegistryList,
} from '../../protocol/registry.ts';
import { isRecord } from '../../protocol/shapes.ts';
import { ServerError, collectPages, isNotThere, type MlflowClient } from '../mlflowserver/mlflowserver.ts';
import { changedMeanwhile } from './failures.ts';
import { findModel } from './selecting.ts';
import type { ModelRegistry, NewVersion, RegistryEdit } from './store.ts';

const PAGE = 1000;
const MODELS_A_PAGE = 100;

/** The registry of an MLflow server, over its REST interface. */
export function createServerRegistry(client: MlflowClient): ModelRegistry {
  return new ServerRegistry(client);
}

class ServerRegistry implements ModelRegistry {
  readonly uri: string;
  readonly #client: MlflowClient;

  constructor(client: MlflowClient) {
    this.uri = client.base;
    this.#client = client;
  }

  async listModels(): Promise<RegistryList> {
    const [models, versions] = await Promise.all([
      collectPages((token) =>
        this.#client.call(
          { endpoint: 'registered-models/search', query: { max_results: MODELS_A_PAGE, page_token: token } },
          parseModelPage,
        ),
      ),
      collectPages((token) =>
        this.#client.call(
          { endpoint: 'model-versions/search', query: { max_results: PAGE, page_token: token } },
          parseVersionPage,
        ),
      ),
    ]);
    const unreadable = models.unreadable + versions.unreadable;
    return {
      models: joinVersions(models.items, versions.items),
      problems:
        unreadable === 0 ? [] : [{ file: this.uri, message: `${unreadable} of its answers could not be read.` }],
    };
  }

  async readModel(name: string): Promise<RegisteredModel> {
    return findModel((await this.listModels()).models, name);
  }

  async createVersion(asked: NewVersion): Promise<ModelVersion> {
    const { name, runId, description, tags } = asked;
    checkModelName(name);
    for (const [tag, value] of Object.entries(tags)) checkRegistryTag(tag, value);
    const source = asked.source ?? (await this.#findSource(runId, asked.artifactPath));
    await this.#createModel(name);
    return this.#client.call(
      {
        ...{ method: 'POST', endpoint: 'model-versions/create' },
        body: {
          ...{ name, source, tags: Object.entries(tags).map(([key, value]) => ({ key, value })) },
          ...(runId === null ? {} : { run_id: runId }),
          ...(description === null ? {} : { description }),
        },
      },
      (answer) => (isRecord(answer) ? parseServerVersion(answer['model_version'])?.version : undefined),
    );
  }

  async edit(name: string, version: string | null, { description, tags = {} }: RegistryEdit): Promise<void> {
    for (const [tag, value] of Object.entries(tags)) checkRegistryTag(tag, value ?? '');
    const of = version === null ? { name } : { name, version };
    const kind = version === null ? 'registered-models' : 'model-versions';
    if (description !== undefined)
      await this.#change('PATCH', `${kind}/update`, { ...of, description: description ?? '' });
    for (const [key, value] of Object.entries(tags)) await this.#writeTag(kind, of, key, value);
  }

  async moveAlias(change: AliasChange): Promise<void> {
    const { name, alias, from, to } = change;
    if (to !== null) checkAlias(alias);
    const model = await this.#readAlone(name);
    // A server has no condition for this: between this look and the move somebody else may move it, which its history then shows.
    const now = Object.hasOwn(model.aliases, alias) ? (model.aliases[alias] ?? null) : null;
    if (now !== from) throw changedMeanwhile(change, now);
    const history = Object.hasOwn(model.tags, historyTag) ? model.tags[historyTag] : undefined;
    await this.#writeTag('registered-models', { name }, historyTag, recordMove(history, change));
    try {
      if (to === null) await this.#change('DELETE', 'registered-models/alias', { name, alias });
      else await this.#change('POST', 'registered-models/alias', { name, alias, version: to });
    } catch (error) {
      await this.#writeTag('registered-models', { name }, historyTag, history ?? null);
      throw error;
    }
  }

  /** Without its versions: one question. */
  async #readAlone(name: string): Promise<RegisteredModel> {
    try {
      return await this.#client.call({ endpoint: 'registered-models/get', query: { name } }, (answer) =>
        isRecord(answer) ? parseServerModel(answer['registered_model']) : undefined,
      );
    } catch (error) {
      if (isNotThere(error)) throw unknownName('registered model', name, []);
      throw error;
    }
  }

  async #createModel(name: string): Promise<void> {
    try {
      await this.#change('POST', 'registered-models/create', { name });
    } catch (error) {
      const isKnown = error instanceof ServerError && error.failure.errorCode === 'RESOURCE_ALREADY_EXISTS';
      if (!isKnown) throw error;
    }
  }

  /** Where the server keeps the artifacts of the run. */
  async #findSource(runId: string | null, artifactPath: string): Promise<string> {
    if (runId === null) throw new ExpectedError('missing-file', 'The files of the model are not on this machine.');
    const { artifactUri } = await this.#client.call({ endpoint: 'runs/get', query: { run_id: runId } }, (answer) =>
      isRecord(answer) ? parseServerRun(answer['run']) : undefined,
    );
    return `${artifactUri.replace(/\/$/, '')}/${artifactPath}`;
  }

  async #writeTag(
    kind: string,
    of: Readonly<Record<string, string>>,
    key: string,
    value: string | null,
  ): Promise<void> {
    if (value !== null) await this.#change('POST', `${kind}/set-tag`, { ...of, key, value });
    else await this.#change('DELETE', `${kind}/delete-tag`, { ...of, key });
  }

  /** All of these may be said twice without harm, but for what creates. */
  async #change(method: 'POST' | 'PATCH' | 'DELETE', endpoint: string, body: unknown): Promise<void> {
    await this.#client.call({ method, endpoint, body, repeats: !endpoint.endsWith('/create') }, () => true);
  }
}
