/**
 * The one interface of the log (DESIGN 1 and 3): topics of partitions of numbered records.
 * Implementations: journal/ (embedded) and kafka/. Everything else sees only this file.
 */

/** Record headers, in order. Kafka's headers restricted to text. */
export type Headers = Readonly<Record<string, string>>;

/** What a writer gives. A record without value is a mark (`kind: tick`). */
export interface NewRecord {
  readonly headers: Headers;
  readonly value: Uint8Array | null;
}

/**
 * What a reader gets. `timestamp` (ms) was set by the log when it took the record; within a
 * partition it never goes back. The bytes of `value` are shared by all readers: never change them.
 */
export interface LogRecord extends NewRecord {
  readonly offset: number;
  readonly timestamp: number;
}

/** Offsets that a partition holds: `first` is the oldest kept, `next` the one to come. */
export interface Bounds {
  readonly first: number;
  readonly next: number;
}

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
}

export interface Log {
  readonly topics: ReadonlyMap<string, TopicSpec>;

  /**
   * Appends records in order and returns the offset of the first. Resolves when they are durable
   * (journal: after fdatasync; Kafka: on all in-sync replicas). Rejects with `log_full` or
   * `log_unavailable` (`retry: later`), `record_too_large` (`never`): then none of them counts;
   * or with `log_failed` (`never`): what had not resolved may be there or not, stop the process.
   * The log keeps headers and values and gives them to readers: never change them afterwards.
   */
  append(topic: string, partition: number, records: readonly NewRecord[]): Promise<number>;

  /**
   * Durable records from `offset` on, at least one if there is one, at most about `bytesMax`.
   * Empty at the head. Rejects with `offset_gone` when retention has passed `offset`.
   */
  read(
    topic: string,
    partition: number,
    offset: number,
    bytesMax?: number,
  ): Promise<readonly LogRecord[]>;

  /**
   * `read` again and again, waiting at the head; ends when `signal` aborts or the log is closed.
   * Throws what `read` rejects with, and at the head `log_failed` once the log takes no more.
   */
  follow(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly LogRecord[]>;

  bounds(topic: string, partition: number): Promise<Bounds>;

  /** The first offset whose record's timestamp is at or after `timeMs`; `next` if there is none. */
  offsetAt(topic: string, partition: number, timeMs: number): Promise<number>;

  /**
   * Nothing from `offset` on may be deleted by retention: the newest snapshot needs it. Journal:
   * not kept over a restart, and nothing of a `telemetry` partition is deleted before the first
   * call for it (who needs nothing says so with Infinity).
   */
  keepFrom(topic: string, partition: number, offset: number): void;

  close(): Promise<void>;
}
