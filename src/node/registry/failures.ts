import { ExpectedError } from '../../protocol/errors.ts';
import type { AliasChange } from '../../protocol/registry.ts';

/** The alias is not where whoever wants to move it has seen it. */
export function changedMeanwhile({ name, alias, from }: AliasChange, now: string | null): ExpectedError {
  const describe = (version: string | null): string => (version === null ? 'on no version' : `version ${version}`);
  return new ExpectedError(
    'changed-meanwhile',
    `"${alias}" of ${name} was moved meanwhile: it was ${describe(from)} and is ${describe(now)}. Look at it again, then decide.`,
  );
}
