/** Keys of the config that are logged as params and are not what a search is about. */
const noHyperparameters: ReadonlySet<string> = new Set([
  'model.name',
  ...['seed', 'threads', 'backend', 'metric', 'metrics'].map((key) => `training.${key}`),
]);

/** The sections whose keys `hyperparameter_tuning` can vary, in the order in which a name is looked for in them. */
export const tunedSections = ['model', 'training'] as const;

/** True for a key of a config of which a sweep could try other values. */
export function isHyperparameter(section: string, key: string): boolean {
  return !noHyperparameters.has(`${section}.${key}`);
}
