/** Where a registered model is kept: in a tracking store of MLflow's, or in the annotated tags of the git repository. */
type RegistryOrigin = 'mlflow' | 'git';

/** One version of a registered model. Times in milliseconds since 1970. */
export interface ModelVersion {
  readonly version: string;
  /** The run whose model it is. */
  readonly runId: string | null;
  /** URI of its files, as the registry keeps it. */
  readonly source: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly description: string | null;
  readonly createdTime: number | null;
  readonly updatedTime: number | null;
  /** MLflow's old stages (Staging, Production, Archived): shown, never written. Null for none. */
  readonly stage: string | null;
  /** READY, PENDING_REGISTRATION or FAILED_REGISTRATION. */
  readonly status: string;
}

/** A registered model as `mlops models list --json` gives it; versions newest first. */
export interface RegisteredModel {
  readonly name: string;
  readonly origin: RegistryOrigin;
  /** Version by alias. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly description: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdTime: number | null;
  readonly updatedTime: number | null;
  readonly versions: readonly ModelVersion[];
}

/** A file of a registry that can't be read. It hides nothing else. */
export interface RegistryProblem {
  readonly file: string;
  readonly message: string;
}

export interface RegistryList {
  readonly models: readonly RegisteredModel[];
  readonly problems: readonly RegistryProblem[];
}

/** One move of an alias, as the history of its model keeps it. */
export interface AliasMove {
  readonly alias: string;
  /** Version before and after; null: none. */
  readonly from: string | null;
  readonly to: string | null;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly user: string;
  readonly reason: string | null;
  /** True for the move that takes another one back. */
  readonly isUndo: boolean;
}

/** A move of an alias that is about to be made, or was made: `mlops models promote --json`. */
export interface AliasChange extends AliasMove {
  readonly name: string;
}

/** MLflow's tag of a registered model under which the moves of its aliases are kept. */
export const historyTag = 'mlops.alias_history';

/** False for what is kept in tags and shown in another way. */
export function isShownTag(name: string): boolean {
  return name !== historyTag;
}
