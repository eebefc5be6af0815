import type { RunPoints } from '../../protocol/chartfeed.ts';
import type { ChartAnswer, ChartAsk, ChartNumbers, ChartReading, CursorMove, Spark } from './asking.ts';
import type { ChartBook } from './book.ts';

/** What a book is asked and told, with what it answers. */
export interface BookDeeds {
  /** False: points are missing between. */
  readonly take: { readonly ask: readonly RunPoints[]; readonly answer: boolean };
  readonly keep: {
    readonly ask: { readonly runIds: readonly string[]; readonly metrics: readonly string[] };
    readonly answer: null;
  };
  readonly clear: { readonly ask: null; readonly answer: null };
  readonly draw: { readonly ask: ChartAsk; readonly answer: ChartAnswer };
  /** The first card moves, the others follow to where it is then. */
  readonly read: {
    readonly ask: { readonly ids: readonly string[]; readonly move: CursorMove };
    readonly answer: readonly ChartReading[];
  };
  readonly numbers: {
    readonly ask: { readonly id: string; readonly lines: readonly number[]; readonly most: number };
    readonly answer: ChartNumbers;
  };
  readonly sparks: {
    readonly ask: { readonly runIds: readonly string[]; readonly metric: string };
    readonly answer: readonly Spark[];
  };
}

export type BookDeed = keyof BookDeeds;
/** One question; its answer bears the same number. */
export interface BookQuestion<K extends BookDeed = BookDeed> {
  readonly id: number;
  readonly deed: K;
  readonly ask: BookDeeds[K]['ask'];
}

const deeds: { readonly [K in BookDeed]: (book: ChartBook, ask: BookDeeds[K]['ask']) => BookDeeds[K]['answer'] } = {
  take: (book, series) => book.take(series),
  keep(book, { runIds, metrics }) {
    book.keep(runIds, metrics);
    return null;
  },
  clear(book) {
    book.clear();
    return null;
  },
  draw: (book, ask) => book.draw(ask),
  read(book, { ids: [first = '', ...others], move }) {
    const own = book.read(first, move);
    if (own === undefined) return [];
    return [own, ...others.flatMap((id) => book.read(id, { near: own.x }) ?? [])];
  },
  numbers: (book, { id, lines, most }) => book.numbers(id, lines, most),
  sparks: (book, { runIds, metric }) => book.sparks(runIds, metric),
};

export function answerBook<K extends BookDeed>(
  book: ChartBook,
  deed: K,
  ask: BookDeeds[K]['ask'],
): BookDeeds[K]['answer'] {
  return deeds[deed](book, ask);
}

/** Memory of typed arrays anywhere in a message, to be handed over instead of copied. */
export function buffersOf(message: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const look = (value: unknown): void => {
    if (ArrayBuffer.isView(value)) {
      if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
    } else if (typeof value === 'object' && value !== null) Object.values(value).forEach(look);
  };
  look(message);
  return [...found];
}
