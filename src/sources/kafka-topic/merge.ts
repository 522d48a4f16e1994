import type { LogRecord } from '../../log/log.ts';

/** A record with the partition that it stood in. */
export interface Placed {
  readonly partition: number;
  readonly record: LogRecord;
}

interface Lane {
  records: readonly LogRecord[];
  at: number;
  /** When the records came, ms. */
  arrived: number;
}

/**
 * Merges the partitions of a topic by record time. A record goes out when every partition has one
 * waiting, or when it has waited `holdMs`: a partition that is empty or slow holds up nobody for
 * longer. Holds at most one delivery per partition.
 */
export class PartitionMerge {
  readonly #lanes: Lane[];
  readonly #holdMs: number;

  constructor(partitions: number, holdMs: number) {
    this.#lanes = Array.from({ length: partitions }, () => ({ records: [], at: 0, arrived: 0 }));
    this.#holdMs = holdMs;
  }

  /** Whether the partition may deliver again. */
  wants(partition: number): boolean {
    const lane = this.#lanes[partition]!;
    return lane.at >= lane.records.length;
  }

  put(partition: number, records: readonly LogRecord[], nowMs: number): void {
    const lane = this.#lanes[partition]!;
    lane.records = records;
    lane.at = 0;
    lane.arrived = nowMs;
  }

  /** Moves up to `most` records that may go into `out`, in order. */
  drain(nowMs: number, most: number, out: Placed[]): void {
    const start = out.length;
    while (out.length - start < most) {
      const { first, second, empty } = this.#heads();
      if (first < 0) return;
      const lane = this.#lanes[first]!;
      if (empty && nowMs - lane.arrived < this.#holdMs) return;
      // A run of one partition, up to the time at which another one has its turn.
      do {
        out.push({ partition: first, record: lane.records[lane.at++]! });
      } while (
        out.length - start < most &&
        lane.at < lane.records.length &&
        lane.records[lane.at]!.timestamp <= second
      );
    }
  }

  /** The lane with the least time, the least time of the others, and whether a lane is empty. */
  #heads(): { first: number; second: number; empty: boolean } {
    let first = -1;
    let least = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let empty = false;
    for (let i = 0; i < this.#lanes.length; i++) {
      const lane = this.#lanes[i]!;
      const record = lane.records[lane.at];
      if (!record) {
        empty = true;
      } else if (first < 0 || record.timestamp < least) {
        second = least;
        least = record.timestamp;
        first = i;
      } else if (record.timestamp < second) {
        second = record.timestamp;
      }
    }
    return { first, second, empty };
  }
}
