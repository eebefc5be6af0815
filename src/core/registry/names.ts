import { badInput } from '../../protocol/errors.ts';
import { findAliasMistake, findModelNameMistake } from '../names/names.ts';
import { findNameMistake } from '../tracking/tracking.ts';

/** MLflow's limit, in characters. */
export const maxRegistryTagLength = 100_000;

/** Throws `bad-input` for a tag that MLflow would refuse. */
export function checkRegistryTag(name: string, value: string): void {
  const mistake = findNameMistake('tag', name);
  if (mistake !== undefined) throw badInput(mistake);
  if (value.length > maxRegistryTagLength)
    throw badInput(`The tag "${name}" has ${value.length} characters; at most ${maxRegistryTagLength} are kept.`);
}

export function checkModelName(name: string): void {
  const mistake = findModelNameMistake(name);
  if (mistake !== undefined) throw badInput(mistake);
}

export function checkAlias(alias: string): void {
  const mistake = findAliasMistake(alias);
  if (mistake !== undefined) throw badInput(mistake);
}
