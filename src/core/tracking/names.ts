import { badInput } from '../../protocol/errors.ts';

type Named = 'metric' | 'param' | 'tag';

const MAX_LENGTH = 250;

/** MLflow's limit of a tag's value, in characters. */
export const maxTagLength = 8000;

/** Throws `bad-input` for what {@link findNameMistake} finds. */
export function checkName(kind: Named, name: string): void {
  const mistake = findNameMistake(kind, name);
  if (mistake !== undefined) throw badInput(mistake);
}

/**
 * MLflow's rule for names of metrics, params and tags: letters, digits, `_ - . / :` and space, and a normal relative path, since a
 * name with `/` is a folder. Gives a sentence for a name that breaks it.
 */
export function findNameMistake(kind: Named, name: string): string | undefined {
  const parts = name.split('/');
  const isNormal = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isNormal && name.length <= MAX_LENGTH && /^[\p{L}\p{N}_\-. /:]+$/u.test(name)) return undefined;
  return `"${name.slice(0, 100)}" is no name for a ${kind}: letters, digits, _ - . / : and spaces, at most ${MAX_LENGTH} characters, no empty part between slashes.`;
}
