import { findNearest } from '../../core/names/names.ts';
import { unknownName } from '../../protocol/errors.ts';
import type { RegisteredModel } from '../../protocol/registry.ts';

/** Throws `unknown-name` with the nearest. */
export function findModel(models: readonly RegisteredModel[], name: string): RegisteredModel {
  const found = models.find((model) => model.name === name);
  if (found !== undefined) return found;
  const known = models.map((model) => model.name);
  throw unknownName('registered model', name, findNearest(name, known));
}
