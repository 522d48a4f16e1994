import type { Catalog } from './catalog.ts';
import { files, systemCode } from './files.ts';
import { indexPath, type Segment } from './segment.ts';
import type { Store } from './store.ts';

/** Not told yet: everything may be needed. */
const unknown = -1;

/**
 * Deletes the oldest segments: when they are older than the retention, or when the journal needs
 * the room. Never one that holds a record at or after the offset that somebody still needs.
 */
export class Retention {
  readonly #store: Store;
  readonly #keep: number[] = [];
  readonly #holdUntilTold: boolean;
  /** Segments unlinked. */
  unlinked = 0;

  constructor(store: Store, holdUntilTold: boolean) {
    this.#store = store;
    this.#holdUntilTold = holdUntilTold;
  }

  /** Nothing of the slot from `offset` on may go. */
  keepFrom(slot: number, offset: number): void {
    this.#keep[slot] = offset;
  }

  #kept(slot: number): number {
    return this.#keep[slot] ?? (this.#holdUntilTold ? unknown : Infinity);
  }

  /** The first slot that still needs something of the oldest segment; -1 when it may go. */
  heldBy(): number {
    const [oldest, after] = this.#store.segments;
    if (oldest === undefined || after === undefined) return -1;
    for (let slot = 0; slot < this.#store.catalog.slots; slot++) {
      const end = after.firsts[slot] ?? 0;
      if ((oldest.firsts[slot] ?? 0) < end && this.#kept(slot) < end) return slot;
    }
    return -1;
  }

  /** Why the oldest segment cannot go, for an error message. */
  explain(catalog: Catalog): string {
    const slot = this.heldBy();
    if (slot < 0) return 'only the newest segment is left';
    const { topic, partition } = catalog.place(slot);
    const kept = this.#kept(slot);
    return kept === unknown
      ? `${topic}/${partition} is kept whole until its readers say what they need`
      : `${topic}/${partition} is needed from offset ${kept} on (newest snapshot)`;
  }

  /** Unlinks segments whose records are all older than `beforeMs`. */
  async expire(beforeMs: number): Promise<void> {
    for (;;) {
      const after = this.#store.segments[1];
      if (after === undefined || after.time >= beforeMs || this.heldBy() >= 0) return;
      await this.#unlinkOldest();
    }
  }

  /** Unlinks what it may until the journal has at most `bytes`; false when it still has more. */
  async shrink(bytes: number): Promise<boolean> {
    while (this.#store.bytes > bytes) {
      if (this.#store.segments.length < 2 || this.heldBy() >= 0) return false;
      await this.#unlinkOldest();
    }
    return true;
  }

  async #unlinkOldest(): Promise<void> {
    const [oldest, ...left] = this.#store.segments as [Segment, ...Segment[]];
    this.#store.segments = left;
    this.unlinked++;
    await files.unlink(oldest.path).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
    await files.unlink(indexPath(oldest.path)).catch(() => undefined);
  }
}
