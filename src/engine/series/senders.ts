import type { ByteReader, ByteWriter } from '../../core/bytes.ts';
import { Columns } from '../columns.ts';
import { type Row, sameKey, Table } from '../tables.ts';

interface GroupRow extends Row {
  prometheus: string;
}
interface ReplicaRow extends Row {
  group: number;
  replica: string;
}

/** What `status` tells of one sender. */
export interface SenderStatus {
  readonly cluster: number;
  readonly prometheus: string;
  readonly replica: string;
  readonly followed: boolean;
  /** ms of its newest accepted sample, 0 when none. */
  readonly clock: number;
  /** Log time (ms) of its last sample. */
  readonly seen: number;
  readonly repeats: number;
  readonly late: number;
}

/**
 * Senders (DESIGN 3): a group is one (cluster, `prometheus` label), a replica one of its HA pair.
 * One replica of a group is followed; the group's clock is that replica's clock.
 */
export class Senders {
  readonly #groupRows = new Table<GroupRow>(sameKey);
  readonly #replicaRows = new Table<ReplicaRow>(sameKey);
  readonly groups = new Columns({
    followed: { type: 'i32', initial: -1 },
    clock: 'f64',
    interval: 'f64',
    resumed: 'f64',
    seen: 'f64',
  });
  readonly replicas = new Columns({
    group: 'i32',
    clock: 'f64',
    seen: 'f64',
    repeats: 'f64',
    late: 'f64',
  });

  get groupCount(): number {
    return this.#groupRows.size;
  }

  /** Index of a replica, made on first sight; -1 when there are `max` already. */
  replica(cluster: number, prometheus: string, replica: string, max: number): number {
    const groupKey = `${cluster}\0${prometheus}`;
    const replicaKey = `${groupKey}\0${replica}`;
    const known = this.#replicaIndex.get(replicaKey);
    if (known !== undefined) return known;
    if (this.#replicaRows.size >= max) return -1;
    let group = this.#groupIndex.get(groupKey);
    if (group === undefined) {
      group = this.#groupRows.size;
      this.#groupRows.set(groupKey, { cluster, prometheus });
      this.#groupIndex.set(groupKey, group);
      this.groups.reserve(group + 1);
    }
    const index = this.#replicaRows.size;
    this.#replicaRows.set(replicaKey, { cluster, group, replica });
    this.#replicaIndex.set(replicaKey, index);
    this.replicas.reserve(index + 1);
    this.replicas.arrays.group[index] = group;
    return index;
  }

  /** Derived: row order gives the index. */
  readonly #groupIndex = new Map<string, number>();
  readonly #replicaIndex = new Map<string, number>();

  /**
   * Takes a sample's time (ms) into the replica's clock and says whether its samples are followed.
   * `leadMs` as in the settings (`replica_lead_ms`).
   */
  observe(replica: number, time: number, logTime: number, leadMs: number): boolean {
    const { group, clock, seen } = this.replicas.arrays;
    const g = group[replica]!;
    const groups = this.groups.arrays;
    if (time > clock[replica]!) clock[replica] = time;
    seen[replica] = logTime;
    const jump = Math.max(leadMs, 3 * groups.interval[g]!);
    if (groups.followed[g] !== replica) {
      if (groups.followed[g]! >= 0 && time - groups.clock[g]! <= jump) return false;
      groups.followed[g] = replica;
    }
    groups.seen[g] = logTime;
    const before = groups.clock[g]!;
    if (time > before) {
      // After a gap nothing is past its time before its own next sample could come.
      if (time - before > jump) groups.resumed[g] = time;
      groups.clock[g] = time;
    }
    return true;
  }

  /** ms by which a group's clock is past `time`; 0 while that clock has not come to `from`. */
  silence(group: number, time: number, from: number): number {
    const { clock, resumed } = this.groups.arrays;
    if (clock[group]! < from) return 0;
    return Math.max(0, clock[group]! - Math.max(time, resumed[group]!));
  }

  /** Whether any replica was last seen before that log time, ms. */
  hasSeenBefore(time: number): boolean {
    const { seen } = this.replicas.arrays;
    for (let i = 0; i < this.#replicaRows.size; i++) if (seen[i]! < time) return true;
    return false;
  }

  /**
   * Without the replicas that were last seen before that log time (ms), and the new groups by the
   * old ones; undefined when there are none. The followed one of a group that is still used stays.
   */
  without(
    before: number,
    isUsed: (group: number) => boolean,
  ): { senders: Senders; groups: Int32Array } | undefined {
    const { group, seen } = this.replicas.arrays;
    const { followed } = this.groups.arrays;
    const isOver = (i: number): boolean =>
      seen[i]! < before && !(followed[group[i]!] === i && isUsed(group[i]!));
    const senders = new Senders();
    const groups = senders.#take(
      this,
      (cluster) => cluster,
      (replica) => !isOver(replica),
    );
    return senders.#replicaRows.size < this.#replicaRows.size ? { senders, groups } : undefined;
  }

  /** Takes over the senders of clusters that moved; returns the new groups by the old ones. */
  absorb(from: Senders, clusters: Int32Array): Int32Array {
    return this.#take(
      from,
      (cluster) => clusters[cluster]!,
      () => true,
    );
  }

  #take(
    from: Senders,
    clusterOf: (cluster: number) => number,
    takes: (replica: number) => boolean,
  ): Int32Array {
    const groups = new Int32Array(from.#groupRows.size).fill(-1);
    const prometheus = [...from.#groupRows.values()].map((row) => row.prometheus);
    const followed = from.groups.arrays.followed;
    for (const [old, row] of [...from.#replicaRows.values()].entries()) {
      const cluster = clusterOf(row.cluster);
      if (cluster < 0 || !takes(old)) continue;
      const max = Number.POSITIVE_INFINITY;
      const index = this.replica(cluster, prometheus[row.group]!, row.replica, max);
      const group = this.replicas.arrays.group[index]!;
      this.replicas.copySlot(from.replicas, old, index);
      this.replicas.arrays.group[index] = group;
      if (groups[row.group]! < 0) {
        this.groups.copySlot(from.groups, row.group, group);
        this.groups.arrays.followed[group] = -1;
      }
      groups[row.group] = group;
      if (followed[row.group] === old) this.groups.arrays.followed[group] = index;
    }
    return groups;
  }

  status(): SenderStatus[] {
    const { group, clock, seen, repeats, late } = this.replicas.arrays;
    const groupRows = [...this.#groupRows.values()];
    return [...this.#replicaRows.values()].map((row, index) => ({
      cluster: row.cluster,
      prometheus: groupRows[row.group]!.prometheus,
      replica: row.replica,
      followed: this.groups.arrays.followed[group[index]!] === index,
      clock: clock[index]!,
      seen: seen[index]!,
      repeats: repeats[index]!,
      late: late[index]!,
    }));
  }

  save(out: ByteWriter): void {
    this.#groupRows.save(out);
    this.#replicaRows.save(out);
    this.groups.save(out, this.#groupRows.size);
    this.replicas.save(out, this.#replicaRows.size);
  }

  load(input: ByteReader): void {
    this.#groupRows.load(input);
    this.#replicaRows.load(input);
    this.groups.load(input);
    this.replicas.load(input);
    [...this.#groupRows.entries()].forEach(([key], i) => {
      this.#groupIndex.set(key, i);
    });
    [...this.#replicaRows.entries()].forEach(([key], i) => {
      this.#replicaIndex.set(key, i);
    });
  }
}
