/** Pictures that are kept though they are not seen any more: whoever moves the slider back has them at once. */
const mostKept = 200;
/** Questions under way at a time. */
const mostAsked = 4;

interface Wanted {
  readonly runId: string;
  readonly path: string;
}

interface ShownPictures {
  /** Its address once it is there; null for one that can't be shown, undefined while nobody knows. */
  addressOf(wanted: Wanted): string | null | undefined;
  /** Asks for what is not there yet, in this order, a few at a time. */
  want(wanted: readonly Wanted[]): void;
  receive(wanted: Wanted, picture: { readonly bytes: Uint8Array; readonly mediaType: string } | null): void;
  /** The bytes of all pictures are given back. */
  clear(): void;
}

/** Pictures by run and path: asked for when they are seen, kept as addresses of bytes, and given back, the longest unseen first. */
export function createShownPictures(ask: (wanted: Wanted) => void): ShownPictures {
  /** In the order in which they were seen last. */
  const known = new Map<string, string | null>();
  const asked = new Set<string>();
  let queue: readonly Wanted[] = [];
  const keyOf = ({ runId, path }: Wanted): string => JSON.stringify([runId, path]);
  const askMore = (): void => {
    for (const wanted of queue) {
      const key = keyOf(wanted);
      if (asked.size >= mostAsked) return;
      if (known.has(key) || asked.has(key)) continue;
      asked.add(key);
      ask(wanted);
    }
  };
  const giveBack = (): void => {
    const seen = new Set(queue.map(keyOf));
    for (const [key, address] of known) {
      if (known.size <= mostKept) return;
      if (seen.has(key)) continue;
      if (address !== null) URL.revokeObjectURL(address);
      known.delete(key);
    }
  };
  return {
    addressOf: (wanted) => known.get(keyOf(wanted)),
    want(wanted) {
      queue = wanted;
      for (const key of wanted.map(keyOf)) {
        const address = known.get(key);
        if (address === undefined) continue;
        known.delete(key);
        known.set(key, address);
      }
      askMore();
    },
    receive(wanted, picture) {
      const key = keyOf(wanted);
      // What nobody has asked for, or has given up meanwhile, is not kept.
      if (!asked.delete(key)) return;
      const { bytes, mediaType } = picture ?? {};
      const isThere = bytes !== undefined && mediaType !== undefined;
      known.set(key, isThere ? URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: mediaType })) : null);
      giveBack();
      askMore();
    },
    clear() {
      for (const address of known.values()) if (address !== null) URL.revokeObjectURL(address);
      known.clear();
      asked.clear();
      queue = [];
    },
  };
}
