import type { SeastateError } from '../../core/errors.ts';
import { type Mark, readMark } from './durable-mark.ts';
import { files, systemCode } from './files.ts';
import type { Head } from './journal-reader.ts';
import { addBatch } from './recovery.ts';
import { BadBatch, BatchScanner } from './scanner.ts';
import { listSegments, readSegment, type Segment, segmentPath } from './segment.ts';
import { SegmentIndex } from './segment-index.ts';
import type { Store } from './store.ts';
import { Waiters } from './waiters.ts';

/**
 * Follows a journal that another process writes: looks at the writer's mark while somebody waits,
 * and takes what became durable into the store. Changes nothing on the disk.
 */
export class Tailer implements Head {
  readonly #store: Store;
  readonly #pollMs: number;
  readonly #waiters = new Waiters();
  readonly failure: SeastateError | null = null;
  #refreshing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(store: Store, pollMs: number) {
    this.#store = store;
    this.#pollMs = pollMs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  wait(slot: number, signal: AbortSignal): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const woken = this.#waiters.wait(slot, signal);
    this.#timer ??= setTimeout(() => void this.#poll(), this.#pollMs);
    return woken;
  }

  async #poll(): Promise<void> {
    // Whatever went wrong, the reader that is woken sees it at its next read.
    await this.refresh().catch(() => this.#waiters.wakeAll());
    this.#timer = null;
    if (this.#ended || this.#waiters.count === 0) return;
    this.#timer = setTimeout(() => void this.#poll(), this.#pollMs);
  }

  refresh(): Promise<void> {
    this.#refreshing ??= this.#look().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #look(): Promise<void> {
    const before = [...this.#store.next];
    const [mark, isFirstThere] = await Promise.all([
      readMark(this.#store.dir),
      isThere(this.#store.segments[0]!.path),
    ]);
    const last = Math.max(mark?.sequence ?? 0, this.#store.tail.sequence);
    if (last > this.#store.tail.sequence || !isFirstThere) await this.#list(last);
    if (mark !== null) await this.#advance(mark);
    this.#store.next.forEach((next, slot) => {
      if (next !== before[slot]) this.#waiters.wake(slot);
    });
  }

  /** Takes up new segments, up to number `last`, and drops unlinked ones. */
  async #list(last: number): Promise<void> {
    const { segments, tail, catalog, next, dir } = this.#store;
    const sequences = (await listSegments(dir)).filter((sequence) => sequence <= last);
    const known = new Map(segments.map((segment) => [segment.sequence, segment]));
    const listed: Segment[] = [];
    try {
      for (const sequence of sequences) {
        const isSame = known.has(sequence) && (sequence !== tail.sequence || sequence === last);
        // The last one that we knew may have grown before it was closed: it is looked at anew.
        listed.push(
          isSame ? known.get(sequence)! : await readSegment(segmentPath(dir, sequence), catalog),
        );
      }
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return; // unlinked meanwhile: the next look will do
      throw error;
    }
    const newest = listed.at(-1);
    if (newest === undefined) return;
    this.#store.segments = listed;
    if (newest.sequence === tail.sequence) return;
    newest.length = newest.start;
    newest.index = new SegmentIndex();
    for (let slot = 0; slot < catalog.slots; slot++) next[slot] = newest.firsts[slot] ?? 0;
  }

  /** Takes up batches of the last segment, up to the mark. */
  async #advance(mark: Mark): Promise<void> {
    const { tail, catalog } = this.#store;
    if (mark.sequence !== tail.sequence || mark.length <= tail.length) return;
    const fd = await files.open(tail.path, 'r');
    try {
      const range = { fd, seed: tail.seed, from: tail.length, end: mark.length };
      await new BatchScanner(range, catalog).next((batch) => {
        addBatch(this.#store, tail, batch);
        return false;
      });
    } catch (error) {
      if (!(error instanceof BadBatch)) throw error;
      throw this.#store.corrupt(tail.path, error.position, error.message);
    } finally {
      await files.close(fd);
    }
  }

  async close(): Promise<void> {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiters.wakeAll();
    await this.#refreshing?.catch(() => undefined);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
}
