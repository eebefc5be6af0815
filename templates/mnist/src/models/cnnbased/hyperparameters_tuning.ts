// What a search may try. The lists stand in configs/cnnbased.yaml under `hyperparameter_tuning`; here is the place to make
// them depend on one another, or to refuse combinations that are not worth the time.

export function space(config: mlops.Config): Record<string, unknown[]> {
  return config.hyperparameter_tuning as Record<string, unknown[]>;
}

/** A network with few filters has nothing to spare: hiding half of what it found only slows it down. */
export function accept({ filters, dropout_rate }: { filters?: number[]; dropout_rate?: number }): boolean {
  if (filters === undefined || dropout_rate === undefined) return true; // what is not searched is as the config says
  return !(filters[0] < 32 && dropout_rate >= 0.5);
}
