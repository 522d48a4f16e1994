import type { LogRecord } from '../log.ts';
import { readRecords } from './batch.ts';
import type { Segment } from './segment.ts';
import type { Store } from './store.ts';

/** Where the last reads ended, so that the next ones go on there. */
const cursorsMax = 256;

interface Cursor {
  readonly sequence: number;
  readonly position: number;
}

/** Reads a journal's segments from the disk. Throws SegmentGone when retention was faster. */
export class DiskReader {
  readonly #store: Store;
  readonly #cursors = new Map<string, Cursor>();
  /** Reads that went to the disk. */
  reads = 0;

  constructor(store: Store) {
    this.#store = store;
  }

  /** As `Log.read`; `offset` must be within the slot's bounds. */
  async read(slot: number, offset: number, bytesMax: number): Promise<LogRecord[]> {
    const { segments } = this.#store;
    const limit = this.#store.next[slot]!;
    this.reads++;
    for (let i = this.#store.locate(slot, offset); i < segments.length; i++) {
      const records = await this.#readSegment(segments[i]!, slot, offset, limit, bytesMax);
      if (records.length > 0) return records;
    }
    if (this.#store.skipCorrupt) return [];
    const last = segments.at(-1)!;
    throw this.#missing(last, last.length, slot, offset);
  }

  async #readSegment(
    segment: Segment,
    slot: number,
    offset: number,
    limit: number,
    bytesMax: number,
  ): Promise<LogRecord[]> {
    const index = await this.#store.indexOf(segment);
    const from = this.#cursor(segment, slot, offset) ?? index.positionOf(slot, offset);
    if (from < 0) return [];
    const records: LogRecord[] = [];
    let expected = offset;
    let bytes = 0;
    const skipTo = (): number => index.positionOf(slot, expected);
    await this.#store.scan(segment, { from, skipTo }, async (scan) => {
      while (bytes < bytesMax && expected < limit) {
        const batch = await scan.next((b) => b.slot === slot && b.offset + b.count > expected);
        if (batch === null) return;
        if (batch.offset > expected && !this.#store.skipCorrupt) {
          throw this.#missing(segment, batch.position, slot, expected);
        }
        readRecords(batch.bytes.slice(), batch, offset, records);
        expected = batch.offset + batch.count;
        bytes += batch.length;
      }
      this.#setCursor(slot, expected, { sequence: segment.sequence, position: scan.position });
    });
    return records;
  }

  #missing(segment: Segment, position: number, slot: number, offset: number): Error {
    const { topic, partition } = this.#store.catalog.place(slot);
    return this.#store.corrupt(
      segment.path,
      position,
      `offset ${offset} of ${topic}/${partition} is missing before it`,
    );
  }

  #cursor(segment: Segment, slot: number, offset: number): number | undefined {
    const key = `${slot}:${offset}`;
    const cursor = this.#cursors.get(key);
    if (cursor === undefined) return undefined;
    this.#cursors.delete(key);
    return cursor.sequence === segment.sequence ? cursor.position : undefined;
  }

  #setCursor(slot: number, offset: number, cursor: Cursor): void {
    this.#cursors.set(`${slot}:${offset}`, cursor);
    if (this.#cursors.size <= cursorsMax) return;
    this.#cursors.delete(this.#cursors.keys().next().value!);
  }

  /** As `Log.offsetAt`. */
  async offsetAt(slot: number, timeMs: number): Promise<number> {
    const { segments } = this.#store;
    const { first, next } = this.#store.bounds(slot);
    // A segment's time is not after its records': all from the last older one on may matter.
    let at = segments.length - 1;
    while (at > 0 && segments[at]!.time >= timeMs) at--;
    for (; at < segments.length; at++) {
      const segment = segments[at]!;
      const index = await this.#store.indexOf(segment);
      const from = index.positionOfTime(slot, timeMs);
      if (from < 0) continue;
      const found = await this.#store.scan(segment, { from }, (scan) =>
        scan.next((b) => b.slot === slot && b.timestamp >= timeMs),
      );
      if (found !== null) return Math.min(Math.max(first, found.offset), next);
    }
    return next;
  }

  /**
   * Hands over every batch of the slots in `from` (slot -> offset) in one pass, in the order in
   * which they were appended, up to what is durable now. Returns how far it came for each slot.
   */
  async scan(
    from: ReadonlyMap<number, number>,
    onBatch: (slot: number, records: LogRecord[]) => void | Promise<void>,
  ): Promise<Map<number, number>> {
    const reached = new Map(from);
    const { segments } = this.#store;
    const limits = [...this.#store.next];
    const open = [...from].filter(([slot, offset]) => offset < limits[slot]!);
    if (open.length === 0) return reached;
    const start = Math.min(...open.map(([slot, offset]) => this.#store.locate(slot, offset)));
    for (let i = start; i < segments.length; i++) {
      const segment = segments[i]!;
      const position = i === start ? await this.#startOf(segment, open) : segment.start;
      await this.#scanSegment(segment, position, limits, reached, onBatch);
    }
    return reached;
  }

  async #startOf(segment: Segment, open: readonly [number, number][]): Promise<number> {
    const index = await this.#store.indexOf(segment);
    const positions = open
      .map(([slot, offset]) => index.positionOf(slot, offset))
      .filter((position) => position >= 0);
    return Math.min(segment.length, ...positions);
  }

  async #scanSegment(
    segment: Segment,
    from: number,
    limits: readonly number[],
    reached: Map<number, number>,
    onBatch: (slot: number, records: LogRecord[]) => void | Promise<void>,
  ): Promise<void> {
    await this.#store.scan(segment, { from, fresh: true }, async (scan) => {
      for (;;) {
        const batch = await scan.next((b) => {
          const offset = reached.get(b.slot);
          return offset !== undefined && b.offset + b.count > offset && b.offset < limits[b.slot]!;
        });
        if (batch === null) return;
        const offset = reached.get(batch.slot)!;
        if (batch.offset > offset && !this.#store.skipCorrupt) {
          throw this.#missing(segment, batch.position, batch.slot, offset);
        }
        const records: LogRecord[] = [];
        readRecords(batch.bytes, batch, offset, records);
        reached.set(batch.slot, batch.offset + batch.count);
        const handled = onBatch(batch.slot, records);
        if (handled !== undefined) await handled;
      }
    });
  }
}
