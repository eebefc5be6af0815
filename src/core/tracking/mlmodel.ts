import type { ModelSignature } from '../../protocol/training.ts';
import { formatMlflowYaml } from './yaml.ts';

interface MlmodelFacts {
  readonly runId: string;
  /** 32 hex digits, unique to this model. */
  readonly modelId: string;
  /** Milliseconds since 1970. */
  readonly createdTime: number;
  readonly sizeBytes: number;
  readonly signature: ModelSignature | null;
  /** Version of TensorFlow.js that wrote the files; null when they don't say. */
  readonly tfjsVersion: string | null;
  /** Of this program. */
  readonly engineVersion: string;
}

/**
 * The text of an `MLmodel` file for a TensorFlow.js layers model. `tfjs` is a flavour of our own: MLflow keeps and lists unknown
 * flavours; without a `python_function` it does not offer to serve the model, which is true.
 */
export function formatMlmodel(facts: MlmodelFacts): string {
  const { signature } = facts;
  return formatMlflowYaml({
    artifact_path: 'model',
    flavors: {
      tfjs: {
        data: 'model.json',
        format: 'layers-model',
        ...(facts.tfjsVersion === null ? {} : { tfjs_version: facts.tfjsVersion }),
      },
    },
    metadata: { mlops_workflow_version: facts.engineVersion },
    model_size_bytes: facts.sizeBytes,
    model_uuid: facts.modelId,
    run_id: facts.runId,
    ...(signature === null
      ? {}
      : {
          signature: {
            inputs: formatTensorSpec(signature.inputShape),
            outputs: formatTensorSpec(signature.outputShape),
            params: null,
          },
        }),
    utc_time_created: formatUtcTime(facts.createdTime),
  });
}

/** MLflow keeps schemas as JSON in a string, spaced as Python's json.dumps does; -1 is the examples' axis. */
function formatTensorSpec(shape: readonly number[]): string {
  return `[{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [${[-1, ...shape].join(', ')}]}}]`;
}

/** 'YYYY-MM-DD HH:MM:SS.ffffff' in UTC. */
function formatUtcTime(time: number): string {
  return `${new Date(time).toISOString().replace('T', ' ').replace('Z', '')}000`;
}
