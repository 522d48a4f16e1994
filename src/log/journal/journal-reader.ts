import { SeastateError } from '../../core/errors.ts';
import type { Bounds, LogRecord } from '../log.ts';
import { DiskReader } from './disk-reader.ts';
import type { HeadCache } from './head-cache.ts';
import { SegmentGone, type Store } from './store.ts';

/**
 * What moves the head of a journal: the writer of this process, or the tailer of a read-only one.
 */
export interface Head {
  /** Looks for new records now. */
  refresh(): Promise<void>;
  /** Resolves when the slot's head may have moved, at the end of the log, or at `signal`. */
  wait(slot: number, signal: AbortSignal): Promise<void>;
  /** No records will come any more. */
  readonly ended: boolean;
  /** Why not, when that is a failure. */
  readonly failure: SeastateError | null;
}

/** The reading half of one journal, by slot. */
export class JournalReader {
  readonly #store: Store;
  readonly #head: Head;
  readonly #cache: HeadCache;
  readonly #disk: DiskReader;

  constructor(store: Store, head: Head, cache: HeadCache) {
    this.#store = store;
    this.#head = head;
    this.#cache = cache;
    this.#disk = new DiskReader(store);
  }

  get diskReads(): number {
    return this.#disk.reads;
  }

  async bounds(slot: number): Promise<Bounds> {
    await this.#head.refresh();
    return this.#store.bounds(slot);
  }

  async read(slot: number, offset: number, bytesMax: number): Promise<LogRecord[]> {
    if (!Number.isInteger(offset)) {
      throw new SeastateError('usage', `an offset is an integer, not ${offset}`);
    }
    if (offset >= this.#store.next[slot]!) await this.#head.refresh();
    const { first, next } = this.#store.bounds(slot);
    if (offset >= next) return [];
    if (offset < first) throw this.#store.gone(slot, offset);
    const cached = this.#cache.read(slot, offset, bytesMax);
    if (cached !== null) return cached;
    return this.#untilGone(slot, offset, () => this.#disk.read(slot, offset, bytesMax));
  }

  async *follow(
    slot: number,
    offset: number,
    bytesMax: number,
    signal: AbortSignal,
  ): AsyncGenerator<readonly LogRecord[]> {
    let at = offset;
    while (!signal.aborted) {
      const before = this.#store.next[slot];
      const records = await this.read(slot, at, bytesMax);
      if (records.length > 0) {
        at = records.at(-1)!.offset + 1;
        yield records;
        continue;
      }
      if (this.#head.failure !== null) throw this.#head.failure;
      if (this.#head.ended) return;
      if (this.#store.next[slot] === before) await this.#head.wait(slot, signal);
    }
  }

  async offsetAt(slot: number, timeMs: number): Promise<number> {
    for (let left = 10; ; left--) {
      await this.#head.refresh();
      try {
        return await this.#disk.offsetAt(slot, timeMs);
      } catch (error) {
        // What was unlinked meanwhile is in the bounds now: there is always an answer.
        if (!(error instanceof SegmentGone) || left === 0) throw error;
      }
    }
  }

  async scan(
    from: ReadonlyMap<number, number>,
    onBatch: (slot: number, records: LogRecord[]) => void | Promise<void>,
  ): Promise<Map<number, number>> {
    await this.#head.refresh();
    for (const [slot, offset] of from) {
      if (offset < this.#store.bounds(slot).first) throw this.#store.gone(slot, offset);
    }
    const [[slot, offset] = [0, 0]] = from;
    return this.#untilGone(slot, offset, () => this.#disk.scan(from, onBatch));
  }

  async #untilGone<T>(slot: number, offset: number, body: () => Promise<T>): Promise<T> {
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof SegmentGone)) throw error;
      await this.#head.refresh();
      throw this.#store.gone(slot, offset);
    }
  }
}
