import { SeastateError } from '../../core/errors.ts';
import type { NewRecord } from '../log.ts';
import { GroupWriter } from './group-writer.ts';
import { HeadCache } from './head-cache.ts';
import { JournalReader } from './journal-reader.ts';
import type { JournalSettings } from './options.ts';
import { openBeside, recover, type Torn } from './recovery.ts';
import { type JournalStats, newWriterStats } from './stats.ts';
import type { Store } from './store.ts';
import { Tailer } from './tailer.ts';

/** One journal: a folder of segments, read by slot, and written unless it is read-only. */
export class Journal {
  readonly store: Store;
  readonly reader: JournalReader;
  readonly #writer: GroupWriter | null;
  readonly #tailer: Tailer | null;
  readonly #cache: HeadCache;
  readonly #torn: Torn | null;

  private constructor(
    store: Store,
    head: GroupWriter | Tailer,
    cache: HeadCache,
    torn: Torn | null,
  ) {
    this.store = store;
    this.reader = new JournalReader(store, head, cache);
    this.#writer = head instanceof GroupWriter ? head : null;
    this.#tailer = head instanceof Tailer ? head : null;
    this.#cache = cache;
    this.#torn = torn;
  }

  static async open(settings: JournalSettings): Promise<Journal> {
    if (settings.readOnly) {
      const store = await openBeside(settings.dir, settings.skipCorrupt);
      return new Journal(store, new Tailer(store, settings.pollMs), new HeadCache(0), null);
    }
    const { store, torn } = await recover(settings.dir, settings.skipCorrupt);
    const cache = new HeadCache(settings.cacheBytes);
    return new Journal(store, await GroupWriter.open(store, cache, settings), cache, torn);
  }

  get failure(): SeastateError | null {
    return this.#writer?.failure ?? null;
  }

  append(slot: number, records: readonly NewRecord[]): Promise<number> {
    if (this.#writer !== null) return this.#writer.append(slot, records);
    return Promise.reject(new SeastateError('usage', 'the log is open for reading only'));
  }

  keepFrom(slot: number, offset: number): void {
    this.#writer?.retention.keepFrom(slot, offset);
  }

  stats(): JournalStats {
    const { store } = this;
    return {
      ...(this.#writer?.stats ?? newWriterStats()),
      bytes: store.bytes,
      segments: store.segments.length,
      truncatedTails: this.#torn === null ? 0 : 1,
      truncatedBytes: this.#torn?.bytes ?? 0,
      corruptBytes: store.corruptBytes,
      unlinkedSegments: this.#writer?.retention.unlinked ?? 0,
      cacheBytes: this.#cache.bytes,
      diskReads: this.reader.diskReads,
    };
  }

  async close(): Promise<void> {
    await this.#writer?.close();
    await this.#tailer?.close();
  }
}
