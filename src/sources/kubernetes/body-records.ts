import { SeastateError } from '../../core/errors.ts';

export interface BodyLimits {
  /** A record of which more bytes come is cut off after one byte more. */
  readonly recordBytesMax: number;
  /** A body that is one document. */
  readonly documentBytesMax: number;
  /** A body of lines. */
  readonly bodyBytesMax: number;
}

export interface BodyRecord {
  readonly bytes: Uint8Array;
  /** How many bytes it may have: a document more than a line. */
  readonly bytesMax: number;
}

const lineFeed = 0x0a;
const openBrace = 0x7b;
const openBracket = 0x5b;

/**
 * The records of a body as it arrives: its lines where the second begins with a brace, else the
 * whole of it as one document. Holds one record, or the document. Throws `body_too_large`.
 */
export async function* bodyRecords(
  chunks: AsyncIterable<Uint8Array>,
  limits: BodyLimits,
): AsyncGenerator<BodyRecord> {
  const head: Uint8Array[] = [];
  const shape = new Shape();
  let lines: Lines | undefined;
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > (lines ? limits.bodyBytesMax : limits.documentBytesMax)) throw tooLarge(size);
    if (lines) yield* lines.take(chunk);
    else {
      head.push(chunk);
      if (!shape.isLines(chunk)) continue;
      lines = new Lines(limits.recordBytesMax);
      yield* lines.take(Buffer.concat(head));
    }
  }
  const bytes = lines ? lines.rest() : Buffer.concat(head);
  const bytesMax = lines ? limits.recordBytesMax : limits.documentBytesMax;
  if (bytes.length > 0) yield { bytes, bytesMax };
}

const tooLarge = (bytes: number): SeastateError =>
  new SeastateError('body_too_large', `a body of ${bytes} bytes or more is over the limit`);

/** Tells lines from a document by the first byte, and the first one after the first line end. */
class Shape {
  #first: number | undefined;
  #second: number | undefined;
  #inSecond = false;

  isLines(chunk: Uint8Array): boolean {
    for (const byte of chunk) {
      if (this.#second !== undefined) break;
      if (byte === lineFeed) this.#inSecond = this.#first !== undefined;
      else if (byte > 0x20) {
        this.#first ??= byte;
        if (this.#inSecond) this.#second = byte;
      }
    }
    return this.#first !== openBracket && this.#second === openBrace;
  }
}

/** Cuts chunks into lines. */
class Lines {
  readonly #bytesMax: number;
  #parts: Uint8Array[] = [];
  #size = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  *take(chunk: Uint8Array): Generator<BodyRecord> {
    let start = 0;
    for (;;) {
      const feed = chunk.indexOf(lineFeed, start);
      if (feed < 0) break;
      this.#keep(chunk.subarray(start, feed));
      const bytes = this.rest();
      if (bytes.length > 0) yield { bytes, bytesMax: this.#bytesMax };
      start = feed + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  rest(): Uint8Array {
    const line = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    return line;
  }

  /** Bytes over the limit are not kept; one of them is, so that the reader can tell. */
  #keep(part: Uint8Array): void {
    const room = this.#bytesMax + 1 - this.#size;
    if (part.length === 0 || room <= 0) return;
    const kept = part.subarray(0, room);
    this.#parts.push(kept);
    this.#size += kept.length;
  }
}
