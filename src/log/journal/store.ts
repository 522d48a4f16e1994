import { SeastateError } from '../../core/errors.ts';
import type { Bounds } from '../log.ts';
import type { Catalog } from './catalog.ts';
import { files, systemCode } from './files.ts';
import { BadBatch, BatchScanner, type Candidate, type FoundBatch, findBatch } from './scanner.ts';
import { indexPath, type Segment } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';

export interface ScanOptions {
  readonly from: number;
  /** Batches are views of buffers of their own. */
  readonly fresh?: boolean;
  /** Asked before each read: a position further on to go to. */
  readonly skipTo?: () => number;
}

/** The batches of one segment, with the policy for damage applied. */
export interface SegmentScan {
  readonly position: number;
  next(wanted: (batch: Candidate) => boolean): Promise<FoundBatch | null>;
}

/**
 * What is known of a journal's files: its segments and the next offset of every slot. A writer
 * or, in a read-only process, the tailer keeps it up to date; both only ever add durable batches.
 */
export class Store {
  readonly dir: string;
  readonly catalog: Catalog;
  readonly #skipCorrupt: boolean;
  /** Oldest first. The list is replaced, never changed; the last one grows. */
  segments: readonly Segment[] = [];
  /** Next offset of every slot. */
  readonly next: number[] = [];
  /** Newest timestamp in the journal, ms. */
  lastTime = 0;
  /** Bytes left out as damaged. */
  corruptBytes = 0;

  constructor(dir: string, catalog: Catalog, skipCorrupt: boolean) {
    this.dir = dir;
    this.catalog = catalog;
    this.#skipCorrupt = skipCorrupt;
  }

  get skipCorrupt(): boolean {
    return this.#skipCorrupt;
  }

  get tail(): Segment {
    return this.segments.at(-1)!;
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.length, 0);
  }

  bounds(slot: number): Bounds {
    return { first: this.segments[0]?.firsts[slot] ?? 0, next: this.next[slot] ?? 0 };
  }

  /** Index of the segment that holds `offset`, or would hold it. */
  locate(slot: number, offset: number): number {
    let at = this.segments.length - 1;
    while (at > 0 && (this.segments[at]!.firsts[slot] ?? 0) > offset) at--;
    return at;
  }

  /** The error for an offset that retention has passed. */
  gone(slot: number, offset: number): SeastateError {
    const { topic, partition } = this.catalog.place(slot);
    const { first } = this.bounds(slot);
    return new SeastateError(
      'offset_gone',
      `offset ${offset} of ${topic}/${partition} is deleted: the oldest kept is ${first};` +
        ` raise the retention or read more often`,
    );
  }

  corrupt(path: string, position: number, reason: string): SeastateError {
    return new SeastateError(
      'log_corrupt',
      `${path} is damaged at position ${position}: ${reason}. Restore the file from a copy, or` +
        ` open the log with skipCorrupt to go on behind the damage without what was in it`,
    );
  }

  /** Walks batches of a segment, from a position to its durable end. */
  async scan<T>(
    segment: Segment,
    options: ScanOptions,
    body: (scan: SegmentScan) => Promise<T>,
  ): Promise<T> {
    const fd = await files.open(segment.path, 'r').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') throw new SegmentGone(segment.path);
      throw error;
    });
    try {
      const range = { fd, seed: segment.seed, from: options.from, end: segment.length };
      const scanner = new BatchScanner(range, this.catalog, options);
      return await body({
        get position() {
          return scanner.position;
        },
        next: async (wanted) => {
          for (;;) {
            try {
              return await scanner.next(wanted);
            } catch (error) {
              if (!(error instanceof BadBatch)) throw error;
              if (!this.#skipCorrupt)
                throw this.corrupt(segment.path, error.position, error.message);
              const found = await findBatch({ ...range, from: error.position + 1 }, this.catalog);
              const goOn = found === null ? segment.length : found.position;
              this.corruptBytes += goOn - error.position;
              scanner.seek(goOn);
            }
          }
        },
      });
    } finally {
      await files.close(fd);
    }
  }

  /** The index of a segment: from memory, from its file, or made anew from the batches' headers. */
  async indexOf(segment: Segment): Promise<SegmentIndex> {
    if (segment.index !== null) return segment.index;
    const loaded = await SegmentIndex.load(indexPath(segment.path), segment.seed, segment.length);
    segment.index ??= loaded ?? (await this.#rebuild(segment));
    return segment.index;
  }

  async #rebuild(segment: Segment): Promise<SegmentIndex> {
    const index = new SegmentIndex();
    await this.scan(segment, { from: segment.start }, (scan) =>
      scan.next((batch) => {
        index.add(batch.slot, batch.offset, batch.timestamp, batch.position);
        return false;
      }),
    );
    return index;
  }
}

/** The file was unlinked: retention has passed. */
export class SegmentGone extends Error {}
