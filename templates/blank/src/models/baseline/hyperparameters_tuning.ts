// What a search may try. The lists stand in configs/baseline.yaml under `hyperparameter_tuning`; here is the place to make them
// depend on one another.

export function space(config: mlops.Config): Record<string, unknown[]> {
  return config.hyperparameter_tuning as Record<string, unknown[]>;
}
