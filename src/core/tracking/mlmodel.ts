import type { TensorSpec } from '../../protocol/training.ts';
import { formatMlflowYaml, type YamlValue } from './yaml.ts';

export interface MlmodelFacts {
  /** The run that has trained it; null when nothing tells. */
  readonly runId: string | null;
  /** 32 hex digits, unique to this model. */
  readonly modelId: string;
  /** Milliseconds since 1970. */
  readonly createdTime: number;
  readonly sizeBytes: number;
  /** By flavour, what its loader needs. */
  readonly flavors: Flavors;
  /** Names are left out where they are empty. */
  readonly signature: { readonly inputs: readonly TensorSpec[]; readonly outputs: readonly TensorSpec[] } | null;
  /** Of this program. */
  readonly engineVersion: string;
}

type Flavors = Readonly<Record<string, YamlValue>>;

/** The text of an `MLmodel` file. */
export function formatMlmodel({ signature, runId, ...facts }: MlmodelFacts): string {
  return formatMlflowYaml({
    artifact_path: 'model',
    flavors: facts.flavors,
    metadata: { mlops_workflow_version: facts.engineVersion },
    model_size_bytes: facts.sizeBytes,
    model_uuid: facts.modelId,
    ...(runId === null ? {} : { run_id: runId }),
    ...(signature === null
      ? {}
      : {
          signature: {
            inputs: formatTensorSpecs(signature.inputs),
            outputs: formatTensorSpecs(signature.outputs),
            params: null,
          },
        }),
    utc_time_created: formatUtcTime(facts.createdTime),
  });
}

/**
 * A layers model of TensorFlow.js: a flavour of our own. MLflow keeps and lists unknown flavours; without a `python_function` it does not
 * offer to serve the model, which is true.
 */
export function tfjsFlavors(version: string | null): Flavors {
  return {
    tfjs: { data: 'model.json', format: 'layers-model', ...(version === null ? {} : { tfjs_version: version }) },
  };
}

/**
 * A SavedModel beside the `MLmodel`. `tf1-estimator` is what MLflow calls a model that is used by its signature: its Python function
 * takes arrays by the names of the inputs, and gives them by those of the outputs.
 */
export function savedModelFlavors(signatureKey: string): Flavors {
  return {
    python_function: { loader_module: 'mlflow.tensorflow' },
    tensorflow: {
      code: null,
      meta_graph_tags: ['serve'],
      model_type: 'tf1-estimator',
      saved_model_dir: '.',
      signature_def_key: signatureKey,
    },
  };
}

/** MLflow keeps schemas as JSON in a string, spaced as Python's json.dumps does; -1 is an axis of any size. */
function formatTensorSpecs(specs: readonly TensorSpec[]): string {
  const formatted = specs.map(({ name, dtype, shape }) => {
    const label = name === '' ? '' : `"name": ${JSON.stringify(name)}, `;
    return `{${label}"type": "tensor", "tensor-spec": {"dtype": "${dtype}", "shape": [${shape.join(', ')}]}}`;
  });
  return `[${formatted.join(', ')}]`;
}

/** 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC. */
function formatUtcTime(time: number): string {
  return `${new Date(time).toISOString().replace('T', ' ').replace('Z', '')}000`;
}
