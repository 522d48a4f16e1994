import {
  type BatchHeader,
  batchHeaderBytes,
  batchMagic,
  isIntact,
  readBatchHeader,
} from './batch.ts';
import type { Catalog } from './catalog.ts';
import { readFully } from './files.ts';

const firstChunkBytes = 64 * 1024;
const chunkBytesMax = 1024 * 1024;

/** No good batch stands at this position of the file. */
export class BadBatch extends Error {
  readonly position: number;

  constructor(position: number, reason: string) {
    super(reason);
    this.position = position;
  }
}

export interface FoundBatch extends BatchHeader {
  readonly slot: number;
  readonly position: number;
  /** The whole batch. Views of a buffer that is used again, unless the scanner is `fresh`. */
  readonly bytes: Uint8Array;
}

export interface Candidate extends BatchHeader {
  readonly slot: number;
  readonly position: number;
}

export interface Range {
  readonly fd: number;
  /** CRC of the segment's header. */
  readonly seed: number;
  readonly from: number;
  readonly end: number;
}

/**
 * Walks the batches of a stretch of a segment in one pass with growing read-ahead. Bytes of
 * batches that nobody wants are jumped over, and are not checked against their CRC.
 */
export class BatchScanner {
  readonly #fd: number;
  readonly #seed: number;
  readonly #catalog: Catalog;
  readonly #end: number;
  readonly #fresh: boolean;
  readonly #skipTo: (() => number) | undefined;
  #chunkBytes = firstChunkBytes;
  #buffer = new Uint8Array(0);
  #view = new DataView(this.#buffer.buffer);
  /** Position in the file of the buffer's first byte, bytes in it, and where we stand in it. */
  #base: number;
  #have = 0;
  #at = 0;

  constructor(
    range: Range,
    catalog: Catalog,
    options: { fresh?: boolean; skipTo?: () => number } = {},
  ) {
    this.#fd = range.fd;
    this.#seed = range.seed;
    this.#catalog = catalog;
    this.#base = range.from;
    this.#end = range.end;
    this.#fresh = options.fresh ?? false;
    this.#skipTo = options.skipTo;
  }

  /** Where the next batch begins. */
  get position(): number {
    return this.#base + this.#at;
  }

  /** Bytes at hand without another read; below 0 when a batch was jumped over. */
  get #buffered(): number {
    return this.#have - this.#at;
  }

  seek(position: number): void {
    this.#at = position - this.#base;
    if (this.#at >= 0) return;
    this.#base = position;
    this.#at = 0;
    this.#have = 0;
  }

  /** The next batch that is wanted, checked; null at the end. Throws BadBatch. */
  async next(wanted: (batch: Candidate) => boolean): Promise<FoundBatch | null> {
    for (;;) {
      if (this.#skipTo !== undefined && this.#buffered <= 0) {
        this.seek(Math.max(this.position, this.#skipTo()));
      }
      const position = this.position;
      if (position >= this.#end) return null;
      if (this.#buffered < batchHeaderBytes) await this.#fill(batchHeaderBytes);
      if (this.#buffered < batchHeaderBytes) throw new BadBatch(position, 'cut short');
      const header = readBatchHeader(this.#view, this.#at);
      if (header === null) throw new BadBatch(position, 'no batch begins here');
      const slot = this.#catalog.slotOfBatch(header.topic, header.partition);
      if (slot < 0 || position + header.length > this.#end) {
        throw new BadBatch(position, 'the header of the batch is damaged or the batch cut short');
      }
      const candidate = { ...header, slot, position };
      if (!wanted(candidate)) {
        this.#at += header.length;
        continue;
      }
      if (this.#buffered < header.length) await this.#fill(header.length);
      if (this.#buffered < header.length) throw new BadBatch(position, 'cut short');
      const bytes = this.#buffer.subarray(this.#at, this.#at + header.length);
      if (!isIntact(bytes, this.#seed))
        throw new BadBatch(position, 'the checksum of the batch is wrong');
      this.#at += header.length;
      return { ...candidate, bytes };
    }
  }

  /** Reads on until `count` bytes are at hand, or the end is reached. */
  async #fill(count: number): Promise<void> {
    const left = Math.max(0, this.#buffered);
    const position = this.position;
    const capacity = Math.min(Math.max(count, this.#chunkBytes), this.#end - position);
    this.#chunkBytes = Math.min(chunkBytesMax, this.#chunkBytes * 2);
    let buffer = this.#buffer;
    if (this.#fresh || buffer.length < capacity) buffer = new Uint8Array(capacity);
    if (left > 0) buffer.set(this.#buffer.subarray(this.#at, this.#have));
    const read = await readFully(this.#fd, buffer.subarray(left, capacity), position + left);
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer.buffer);
    }
    this.#base = position;
    this.#at = 0;
    this.#have = left + read;
  }
}

const magicBytes = Buffer.alloc(4);
magicBytes.writeUInt32LE(batchMagic);

/** The first good batch that begins in a stretch of a damaged segment; null when there is none. */
export async function findBatch(
  range: Range,
  catalog: Catalog,
  accept: (batch: Candidate) => boolean = () => true,
): Promise<FoundBatch | null> {
  const buffer = Buffer.alloc(Math.min(chunkBytesMax, Math.max(0, range.end - range.from)));
  let from = range.from;
  while (from + batchHeaderBytes <= range.end) {
    const have = await readFully(range.fd, buffer, from);
    if (have < batchHeaderBytes) return null;
    const chunk = buffer.subarray(0, have);
    for (let at = chunk.indexOf(magicBytes); at >= 0; at = chunk.indexOf(magicBytes, at + 1)) {
      if (!isPlausible(chunk, at, range.end - from, catalog)) continue;
      const scanner = new BatchScanner({ ...range, from: from + at }, catalog, { fresh: true });
      const found = await scanner.next(() => true).catch(nullIfBad);
      if (found !== null && accept(found)) return found;
    }
    from += have - (magicBytes.length - 1);
  }
  return null;
}

/** Whether the header at `at`, if it is whole in the chunk, can be one; `end` is of the file. */
function isPlausible(chunk: Buffer, at: number, end: number, catalog: Catalog): boolean {
  if (at + batchHeaderBytes > chunk.length) return true;
  const header = readBatchHeader(new DataView(chunk.buffer, chunk.byteOffset + at), 0);
  if (header === null || at + header.length > end) return false;
  return catalog.slotOfBatch(header.topic, header.partition) >= 0;
}

function nullIfBad(error: unknown): null {
  if (error instanceof BadBatch) return null;
  throw error;
}
