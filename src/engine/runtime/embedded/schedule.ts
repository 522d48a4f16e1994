/** When a partition's snapshot is due: every `everyMs` of log time, each partition at its own. */
export class SnapshotSchedule {
  readonly #everyMs: number;
  readonly #shiftMs: number;
  #slot = Number.NaN;

  constructor(everyMs: number, partition: number, partitions: number) {
    this.#everyMs = everyMs;
    this.#shiftMs = Math.floor((everyMs * partition) / partitions);
  }

  /** Takes a record's timestamp (ms); true when a slot has ended. */
  observe(timestamp: number): boolean {
    const slot = Math.floor((timestamp + this.#shiftMs) / this.#everyMs);
    const due = slot > this.#slot;
    if (!(slot <= this.#slot)) this.#slot = slot;
    return due;
  }

  restart(): void {
    this.#slot = Number.NaN;
  }
}
