/** How a run process, training or stage command ended: exactly one of these. */
export type Outcome =
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'killed'; readonly signal: string }
  | { readonly kind: 'stopped' };

/** How a stage of a pipeline run ended. */
export type StageOutcome = 'succeeded' | 'skipped' | 'restored' | 'failed' | 'stopped' | 'blocked';

export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'succeeded':
      return 'succeeded';
    case 'failed':
      return `failed: ${outcome.reason}`;
    case 'killed':
      return `died of ${outcome.signal}`;
    case 'stopped':
      return 'stopped';
  }
}
