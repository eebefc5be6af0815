import type { StageRequest } from '../../protocol/addstage.ts';

/**
 * As `dvc stage add --params` has them: `lr,epochs` are keys of params.yaml, `FILE:a,b` keys of another file, `FILE:` all of it. Those
 * of one file are put together.
 */
export function parseParamsList(texts: readonly string[]): StageRequest['params'] {
  const byFile = new Map<string, Set<string> | 'all'>();
  for (const text of texts) {
    const colon = text.lastIndexOf(':');
    const file = colon === -1 ? 'params.yaml' : text.slice(0, colon);
    const keys = text
      .slice(colon + 1)
      .split(',')
      .map((key) => key.trim())
      .filter((key) => key !== '');
    const known = byFile.get(file) ?? new Set<string>();
    if (known === 'all') continue;
    byFile.set(file, keys.length === 0 ? 'all' : new Set([...known, ...keys]));
  }
  return [...byFile].map(([file, keys]) => ({ file, keys: keys === 'all' ? [] : [...keys] }));
}
