import type { FinishedType } from '../../protocol/gitflow.ts';
import type { ReadySettings } from './settings.ts';

/** Where a finish goes: a release from development goes to production, a hotfix returns there; both come into development then. */
export function findTargets(
  { production, develop, edition }: Pick<ReadySettings, 'production' | 'develop' | 'edition'>,
  type: FinishedType,
  base: string,
): { readonly target: string; readonly back: string | undefined } {
  const isRelease = type === 'release' && (base === develop || (edition === 'next' && base === production));
  const isHotfix = type === 'hotfix' && base === production;
  return { target: isRelease ? production : base, back: isRelease || isHotfix ? develop : undefined };
}
