/** MLflow's limits, in characters. */
const MAX_ALIAS_LENGTH = 255;
const MAX_NAME_LENGTH = 256;

/** MLflow's rule for names of registered models, in the file layout too: a name is a folder there. Gives a sentence for one that breaks it. */
export function findModelNameMistake(name: string): string | undefined {
  const isPath = name === '.' || name.startsWith('..');
  const isFine = name.trim() !== '' && !isPath && !/[/\\:%\u0000-\u001f\u007f]/.test(name) && name.isWellFormed();
  if (isFine && name.length <= MAX_NAME_LENGTH) return undefined;
  return `"${name.slice(0, 100)}" is no name for a registered model: at least one character, at most ${MAX_NAME_LENGTH}, none of / \\ : %.`;
}

/** As {@link findModelNameMistake}, for a new alias. */
export function findAliasMistake(alias: string): string | undefined {
  const isReserved = alias.toLowerCase() === 'latest' || /^v\d+$/i.test(alias);
  if (isReserved) return `"${alias}" is a name that MLflow keeps for itself; choose another alias.`;
  if (/^[\p{L}\p{N}_-]+$/u.test(alias) && alias.length <= MAX_ALIAS_LENGTH) return undefined;
  return `"${alias.slice(0, 100)}" is no alias: letters, digits, _ and -, at most ${MAX_ALIAS_LENGTH} characters.`;
}
