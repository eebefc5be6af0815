/** What decides about one path of a checkout. */
export interface CheckoutFacts {
  /** Relative to the project's root. */
  readonly path: string;
  /** What is recorded; undefined where nothing is. */
  readonly recorded: string | undefined;
  /** What stands there now, by the same kind of hash; undefined for nothing. */
  readonly present: string | undefined;
  /** Objects that the cache lacks of what is recorded. */
  readonly missing: readonly string[];
  /** Files that would be replaced or removed and of which the cache holds no copy, relative to the root. */
  readonly unsaved: readonly string[];
}

export interface CheckoutStep {
  readonly path: string;
  readonly action: 'keep' | 'restore' | 'refuse';
  /** Why nothing is done, or nothing may be. */
  readonly reason?: string;
}

const SHOWN = 3;

/** What a checkout does with each path. Nothing that is the only copy of somebody's work is replaced unless `force` says so. */
export function planCheckout(facts: readonly CheckoutFacts[], { force }: { force: boolean }): readonly CheckoutStep[] {
  return facts.map(({ path, recorded, present, missing, unsaved }): CheckoutStep => {
    const refuse = (reason: string): CheckoutStep => ({ path, action: 'refuse', reason });
    if (recorded === undefined) return refuse('nothing is recorded of it; "mlops data add" or a run does that');
    if (present === recorded) return { path, action: 'keep' };
    if (missing.length > 0)
      return refuse(`the cache lacks ${describeMissing(missing, recorded)}; "dvc pull" fetches it where it was pushed`);
    if (unsaved.length > 0 && !force)
      return refuse(`${describe(unsaved)} changed and the cache has no copy; keep the change or use --force`);
    return { path, action: 'restore' };
  });
}

function describeMissing(missing: readonly string[], recorded: string): string {
  return missing.length === 1 ? `the object ${missing[0] ?? recorded}` : `${missing.length} objects`;
}

function describe(files: readonly string[]): string {
  const shown = files.slice(0, SHOWN).join(', ');
  return files.length > SHOWN ? `${shown} and ${files.length - SHOWN} more` : shown;
}
