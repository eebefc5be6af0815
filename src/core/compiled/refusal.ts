/** Why a model is not compiled. */
export interface Refusal {
  /** null where it is not one layer's doing. */
  readonly layer: string | null;
  /** The end of a sentence: "… is not compiled: the activation "swish" is not known". */
  readonly reason: string;
}

/** Thrown while a step is built, and caught where the building began. */
class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

export function refuse(layer: string | null, reason: string): Error {
  return new Refused({ layer, reason });
}

/** The value, or why there is none. */
export function orRefusal<T>(build: () => T): { readonly value: T } | { readonly refusal: Refusal } {
  try {
    return { value: build() };
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal };
    throw error;
  }
}

export function formatRefusal({ layer, reason }: Refusal): string {
  return layer === null ? reason : `layer "${layer}": ${reason}`;
}
