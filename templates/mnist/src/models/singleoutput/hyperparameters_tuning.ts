// What a search may try. The lists stand in configs/singleoutput.yaml under `hyperparameter_tuning`; here is the place to make
// them depend on one another, or to refuse combinations that are not worth the time.

export function space(config: mlops.Config): Record<string, unknown[]> {
  return config.hyperparameter_tuning as Record<string, unknown[]>;
}

/** Many narrow layers lose the digit on the way: each can hand on no more than it has units. */
export function accept({ num_layers, num_units }: Record<string, number>): boolean {
  return !(num_layers >= 5 && num_units <= 16);
}
