import type { AliasChange, ModelVersion, RegisteredModel, RegistryList } from '../../protocol/registry.ts';

// What every registry of models can do, whatever it is kept in. A new kind of registry implements `ModelRegistry`.

export interface NewVersion {
  readonly name: string;
  /** URI of the model's files; null: of the run, at `artifactPath` among its artifacts, which only the registry's own store can tell. */
  readonly source: string | null;
  readonly runId: string | null;
  readonly artifactPath: string;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** What a person changes of a registered model, or of one of its versions. */
export interface RegistryEdit {
  readonly description?: string | null;
  /** Tags by name; null removes one. */
  readonly tags?: Readonly<Record<string, string | null>>;
}

/** A registry. Reading never throws for one bad file: it is told beside what could be read. */
export interface ModelRegistry {
  readonly uri: string;
  /** By name. */
  listModels(): Promise<RegistryList>;
  /** Throws `unknown-name` with the nearest. */
  readModel(name: string): Promise<RegisteredModel>;
  /** The model is made where there is none of that name. Throws `bad-input` for names that MLflow would refuse. */
  createVersion(version: NewVersion): Promise<ModelVersion>;
  /** Of the model itself, or of one version. Throws `bad-input`, `unknown-name`. */
  edit(name: string, version: string | null, edit: RegistryEdit): Promise<void>;
  /**
   * Moves an alias and keeps the move in the model's history. Throws `changed-meanwhile`, and does nothing, when the alias is not (any more)
   * where the change says it comes from.
   */
  moveAlias(change: AliasChange): Promise<void>;
}
