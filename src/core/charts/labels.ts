/** From the left, in pixels. */
interface Extent {
  readonly from: number;
  readonly to: number;
}

/** More rows of words would hide the lines. */
const MOST_ROWS = 3;

/** Rows of words, none over another. */
export class LabelRows {
  readonly #rows: Extent[][] = Array.from({ length: MOST_ROWS }, () => []);

  /** The first row, from 0, with room for words there, which is then taken; undefined where all are full. */
  take(words: Extent): number | undefined {
    const index = this.#rows.findIndex((row) => row.every(({ from, to }) => words.to < from || words.from > to));
    this.#rows[index]?.push(words);
    return index < 0 ? undefined : index;
  }
}
