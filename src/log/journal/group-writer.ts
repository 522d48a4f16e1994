import { messageOf, SeastateError } from '../../core/errors.ts';
import type { NewRecord } from '../log.ts';
import { MarkWriter } from './durable-mark.ts';
import { files, isNoRoom, writeAll } from './files.ts';
import {
  type AppendSize,
  appendSize,
  type EncodedBatch,
  GroupEncoder,
  splitAppend,
} from './group-encoder.ts';
import type { HeadCache } from './head-cache.ts';
import type { Head } from './journal-reader.ts';
import type { JournalSettings } from './options.ts';
import { addBatch } from './recovery.ts';
import { Retention } from './retention.ts';
import { createSegment, indexPath } from './segment.ts';
import { newWriterStats, type WriterStats } from './stats.ts';
import type { Store } from './store.ts';
import { Waiters } from './waiters.ts';

/** A group is at most this, or one append. */
const groupBytesMax = 16 * 1024 * 1024;
/** Room for a new segment's header and for letters that take more than a byte. */
const slackBytes = 4096;
/** A segment is closed after a part of the retention time, so that retention can take effect. */
const segmentsPerRetention = 10;

interface Pending extends AppendSize {
  readonly slot: number;
  readonly records: readonly NewRecord[];
  readonly resolve: (offset: number) => void;
  readonly reject: (error: SeastateError) => void;
}

/**
 * The one writer of a journal. Appends that come while a group is being made durable wait and go
 * together in the next: one write, one fdatasync, then all their promises resolve.
 */
export class GroupWriter implements Head {
  readonly #store: Store;
  readonly #cache: HeadCache;
  readonly #settings: JournalSettings;
  readonly #mark: MarkWriter;
  readonly #waiters = new Waiters();
  readonly retention: Retention;
  readonly stats: WriterStats = newWriterStats();
  #fd: number;
  #queue: Pending[] = [];
  /** The group being written. */
  #inHand: readonly Pending[] = [];
  #running: Promise<void> | null = null;
  #failure: SeastateError | null = null;
  #ended = false;

  private constructor(
    store: Store,
    cache: HeadCache,
    settings: JournalSettings,
    mark: MarkWriter,
    fd: number,
  ) {
    this.#store = store;
    this.#cache = cache;
    this.#settings = settings;
    this.#mark = mark;
    this.#fd = fd;
    this.retention = new Retention(store, settings.holdUntilTold);
  }

  /** Goes on in the last segment of a recovered store; in a new one where topics were added. */
  static async open(
    store: Store,
    cache: HeadCache,
    settings: JournalSettings,
  ): Promise<GroupWriter> {
    const known = store.catalog.topics.length;
    for (const topic of settings.topics) store.catalog.add(topic);
    while (store.next.length < store.catalog.slots) {
      const { topic, partition } = store.catalog.place(store.next.length);
      store.next.push(settings.begin(topic, partition));
    }
    const goesOn = store.segments.length > 0 && known === store.catalog.topics.length;
    const fd = goesOn ? await files.open(store.tail.path, 'r+') : -1;
    const mark = await MarkWriter.open(store.dir);
    const writer = new GroupWriter(store, cache, settings, mark, fd);
    if (!goesOn) await writer.#roll();
    writer.#publishMark();
    return writer;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get failure(): SeastateError | null {
    return this.#failure;
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  wait(slot: number, signal: AbortSignal): Promise<void> {
    return this.#ended ? Promise.resolve() : this.#waiters.wait(slot, signal);
  }

  append(slot: number, records: readonly NewRecord[]): Promise<number> {
    const { recordBytesMax } = this.#settings;
    const size = appendSize(records, recordBytesMax);
    if ('tooLarge' in size) return Promise.reject(recordTooLarge(size.tooLarge, recordBytesMax));
    if (records.length === 0) {
      return Promise.reject(new SeastateError('usage', 'an append needs a record'));
    }
    const refusal = this.#refusal(size.bytes);
    if (refusal !== null) return Promise.reject(refusal);
    this.stats.pendingBytes += size.bytes;
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...size, slot, records, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  #refusal(bytes: number): SeastateError | null {
    if (this.#failure !== null) return this.#failure;
    if (this.#ended) {
      return new SeastateError('log_unavailable', 'the log is closed', { retry: 'later' });
    }
    const { pendingBytes } = this.stats;
    if (pendingBytes === 0 || pendingBytes + bytes <= this.#settings.pendingBytesMax) return null;
    this.stats.unavailableRejections++;
    return new SeastateError(
      'log_unavailable',
      `${pendingBytes} bytes wait for the disk, the limit is ${this.#settings.pendingBytesMax}`,
      { retry: 'later' },
    );
  }

  async #run(): Promise<void> {
    await null; // appends of the same turn share the first group
    while (this.#queue.length > 0 && this.#failure === null) {
      try {
        await this.#writeGroup();
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#running = null;
  }

  async #writeGroup(): Promise<void> {
    const now = this.#settings.now();
    await this.retention.expire(now - this.#settings.retentionMs);
    await this.#takeGroup();
    const group = this.#inHand;
    if (group.length === 0) return;
    try {
      const bytes = group.reduce((sum, pending) => sum + pending.bytes, 0);
      if (this.#isTailDone(now, bytes)) await this.#roll();
      const { encoder, firsts } = this.#encode(group);
      const { chunks, batches, length } = encoder.finish();
      await this.#write(chunks);
      await this.#sync();
      this.stats.appendedBytes += length;
      this.#publish(batches);
      this.#inHand = [];
      this.stats.appends += group.length;
      this.#settle(group, (pending, i) => pending.resolve(firsts[i]!));
    } catch (error) {
      if (!isNoRoom(error)) throw error;
      this.#inHand = [];
      this.#refuse(group, `no room on the disk (${messageOf(error)})`);
    }
  }

  /** Takes in hand the appends that go next, as far as there is room for them. */
  async #takeGroup(): Promise<void> {
    const bytesMax = Math.min(groupBytesMax, this.#settings.segmentBytes);
    let count = 0;
    let bytes = 0;
    for (const pending of this.#queue) {
      if (count > 0 && bytes + pending.bytes > bytesMax) break;
      bytes += pending.bytes;
      count++;
    }
    const group = this.#queue.splice(0, count);
    this.#inHand = group;
    const room = this.#settings.bytesMax - slackBytes;
    if (await this.retention.shrink(room - bytes)) return;
    // Not room for all: those that come first and fit.
    let left = room - this.#store.bytes;
    const fitting: Pending[] = [];
    const refused: Pending[] = [];
    for (const pending of group) {
      const fits = pending.bytes <= left;
      if (fits) left -= pending.bytes;
      (fits ? fitting : refused).push(pending);
    }
    this.#inHand = fitting;
    const why = this.retention.explain(this.#store.catalog);
    this.#refuse(
      refused,
      `the journal is at its limit of ${this.#settings.bytesMax} bytes: ${why}`,
    );
  }

  /** Whether a group of so many bytes goes into a new segment. */
  #isTailDone(now: number, bytes: number): boolean {
    const { length, start, created } = this.#store.tail;
    if (length === start) return false;
    const ageMax = this.#settings.retentionMs / segmentsPerRetention;
    return length + bytes > this.#settings.segmentBytes || now - created > ageMax;
  }

  /** Offsets and the timestamp are given here, where the order is final. */
  #encode(group: readonly Pending[]): { encoder: GroupEncoder; firsts: number[] } {
    const store = this.#store;
    const timestamp = Math.max(Math.floor(this.#settings.now()), store.lastTime);
    const { length: position, seed } = store.tail;
    const copied = group.reduce((sum, pending) => sum + pending.copied, 0);
    const encoder = new GroupEncoder({ position, seed }, timestamp, copied);
    const next = new Map<number, number>();
    const firsts: number[] = [];
    for (const { slot, records } of group) {
      const { id: topic, partition } = store.catalog.place(slot);
      let offset = next.get(slot) ?? store.next[slot]!;
      firsts.push(offset);
      for (const part of splitAppend(records)) {
        encoder.add({ slot, topic, partition, offset }, part);
        offset += part.length;
      }
      next.set(slot, offset);
    }
    return { encoder, firsts };
  }

  async #write(chunks: readonly Uint8Array[]): Promise<void> {
    const { length } = this.#store.tail;
    try {
      await writeAll(this.#fd, chunks, length);
    } catch (error) {
      if (isNoRoom(error)) {
        await files.ftruncate(this.#fd, length);
        await files.fdatasync(this.#fd);
      }
      throw error;
    }
  }

  async #sync(): Promise<void> {
    const before = this.#settings.elapsed();
    try {
      await files.fdatasync(this.#fd);
    } catch (error) {
      // The system may have dropped the pages: nothing written since the last one can be trusted.
      throw new Error(`fdatasync: ${messageOf(error)}`, { cause: error });
    }
    const ms = this.#settings.elapsed() - before;
    this.stats.syncMs += ms;
    this.stats.syncMsMax = Math.max(this.stats.syncMsMax, ms);
  }

  /** The group is durable: readers may see it. */
  #publish(batches: readonly EncodedBatch[]): void {
    const { tail } = this.#store;
    for (const batch of batches) {
      addBatch(this.#store, tail, batch);
      this.#cache.add(batch);
      this.stats.records += batch.count;
    }
    this.stats.groups++;
    this.#publishMark();
    for (const { slot } of batches) this.#waiters.wake(slot);
  }

  #publishMark(): void {
    this.#mark.publish({ sequence: this.#store.tail.sequence, length: this.#store.tail.length });
  }

  /** Begins a new segment; what is in the old one is durable already. */
  async #roll(): Promise<void> {
    const store = this.#store;
    const header = {
      sequence: store.segments.length === 0 ? 1 : store.tail.sequence + 1,
      created: Math.floor(this.#settings.now()),
      time: store.lastTime,
      firsts: [...store.next],
    };
    const { fd, segment } = await createSegment(store.dir, header, store.catalog.topics);
    const old = this.#fd;
    const before = store.segments.at(-1);
    this.#fd = fd;
    store.segments = [...store.segments, segment];
    this.#publishMark();
    if (old >= 0) await files.close(old);
    // Only saves time at the next start: it is made anew when it is missing.
    await before?.index
      ?.save(indexPath(before.path), before.seed, before.length)
      .catch(() => undefined);
  }

  #refuse(group: readonly Pending[], why: string): void {
    this.stats.fullRejections += group.length;
    const message = `${this.#store.dir} takes no more: ${why}. Make room or raise the limit`;
    const error = new SeastateError('log_full', message, { retry: 'later' });
    this.#settle(group, (pending) => pending.reject(error));
  }

  #settle(group: readonly Pending[], tell: (pending: Pending, index: number) => void): void {
    group.forEach((pending, i) => {
      this.stats.pendingBytes -= pending.bytes;
      tell(pending, i);
    });
  }

  /** Nothing more can be promised: every append from now on is refused. */
  #fail(error: unknown): void {
    this.#failure = new SeastateError(
      'log_failed',
      `writing to ${this.#store.dir} failed: ${messageOf(error)}. Nothing more is taken; stop the` +
        ` process, check the disk, and start again: what was acknowledged is read back then`,
      { cause: error },
    );
    const failure = this.#failure;
    this.#settle([...this.#inHand, ...this.#queue.splice(0)], (pending) => pending.reject(failure));
    this.#waiters.wakeAll();
  }

  /** Writes what waits, then ends. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#running;
    this.#waiters.wakeAll();
    await this.#mark.close();
    await files.close(this.#fd);
  }
}

function recordTooLarge(bytes: number, limit: number): SeastateError {
  const what =
    bytes === Infinity
      ? 'a header of a record is over the limit of 65535 bytes, or it has too many'
      : `a record of ${bytes} bytes is over the limit of ${limit}`;
  return new SeastateError('record_too_large', what);
}
