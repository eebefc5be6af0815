import { badInput } from '../../protocol/errors.ts';

type Named = 'metric' | 'param' | 'tag';

const MAX_LENGTH = 250;

/**
 * MLflow's rule for names of metrics, params and tags: letters, digits, `_ - . / :` and space, and a normal relative path, since a
 * name with `/` is a folder. Throws `bad-input`.
 */
export function checkName(kind: Named, name: string): void {
  const parts = name.split('/');
  const isNormal = parts.every((part) => part !== '' && part !== '.' && part !== '..');
  if (isNormal && name.length <= MAX_LENGTH && /^[\p{L}\p{N}_\-. /:]+$/u.test(name)) return;
  throw badInput(
    `"${name.slice(0, 100)}" is no name for a ${kind}: letters, digits, _ - . / : and spaces, at most ${MAX_LENGTH} characters, no empty part between slashes.`,
  );
}
