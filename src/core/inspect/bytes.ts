// Bytes of files that nobody trusts. Every reader here goes through a Cursor: it can't be led outside its bounds, and fails with the place.

/** A file, read where it is asked. `read` is never asked for what lies outside. */
export interface ByteSource {
  readonly length: number;
  readonly read: (offset: number, length: number) => Uint8Array;
}

export function toSource(bytes: Uint8Array): ByteSource {
  return { length: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** The file is not what it should be, seen at this byte. */
export class FormatFailure extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'FormatFailure';
    this.offset = offset;
  }
}

/** Read at once, so that single bytes cost no call of the system. */
const WINDOW = 1 << 16;
const decoder = new TextDecoder();

/** A place in a source, up to an end. Numbers are little-endian unless they say otherwise. */
export class Cursor {
  readonly end: number;
  readonly #source: ByteSource;
  #at: number;
  #window: Uint8Array = new Uint8Array(0);
  #windowAt = 0;

  constructor(source: ByteSource, start = 0, end = source.length) {
    this.#source = source;
    this.#at = start;
    this.end = Math.min(end, source.length);
  }

  get offset(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.end;
  }

  /** `what` ends the sentence "cut within …". */
  byte(what: string): number {
    this.#require(1, what);
    const at = this.#at - this.#windowAt;
    if (at < 0 || at >= this.#window.length) {
      this.#window = this.#source.read(this.#at, Math.min(WINDOW, this.end - this.#at));
      this.#windowAt = this.#at;
    }
    const value = this.#window[this.#at - this.#windowAt];
    if (value === undefined) throw new FormatFailure(`The file ends within ${what}`, this.#at);
    this.#at += 1;
    return value;
  }

  bytes(length: number, what: string): Uint8Array {
    this.#require(length, what);
    const bytes = this.#source.read(this.#at, length);
    if (bytes.length < length) throw new FormatFailure(`The file ends within ${what}`, this.#at);
    this.#at += length;
    return bytes;
  }

  skip(length: number, what: string): void {
    this.#require(length, what);
    this.#at += length;
  }

  /** The next bytes, which stay where they are; fewer at the end. */
  peek(length: number): Uint8Array {
    return this.#source.read(this.#at, Math.min(length, this.end - this.#at));
  }

  /** At most `limit` bytes of the text are kept; the rest is passed over. */
  text(length: number, what: string, limit = 4096): string {
    this.#require(length, what);
    const text = decoder.decode(this.bytes(Math.min(length, limit), what));
    this.skip(length - Math.min(length, limit), what);
    return text;
  }

  /** An unsigned number of up to 8 bytes; beyond 2^53 it is as near as a number comes. */
  unsigned(size: number, what: string): number {
    let value = 0;
    for (let index = 0; index < size; index += 1) value += this.byte(what) * 2 ** (8 * index);
    return value;
  }

  /** A line without its end, which is "\n". */
  line(what: string, limit = 4096): string {
    const kept: number[] = [];
    for (;;) {
      const value = this.byte(what);
      if (value === 0x0a) return decoder.decode(Uint8Array.from(kept));
      if (kept.length < limit) kept.push(value);
    }
  }

  fail(message: string, offset = this.#at): never {
    throw new FormatFailure(message, offset);
  }

  #require(length: number, what: string): void {
    if (length > this.end - this.#at)
      throw new FormatFailure(
        `Cut within ${what}: ${length} bytes are needed, ${this.end - this.#at} are left`,
        this.#at,
      );
  }
}
