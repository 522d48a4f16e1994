import { hashVersion } from '../core/placement.ts';
import { tickMs } from '../core/time.ts';
import type { HeartbeatValue } from '../log/telemetry.ts';
import type { Appender } from './appender.ts';
import { jsonRecord } from './records.ts';

export interface HeartbeatParts {
  readonly appender: Appender;
  readonly now: () => number;
  /** Told after each beat; the count of records, or why it failed. */
  readonly onBeat: (written: number) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * At the start of each tick a record into every partition that got none in the tick before, so
 * that log time goes on. It carries what readers check: the number of partitions and the version
 * of the placement rule.
 */
export class Heartbeats {
  readonly #parts: HeartbeatParts;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Writes into all partitions, then beats until `stop`. */
  async start(): Promise<void> {
    const { appender } = this.#parts;
    appender.takeIdle();
    await this.#write(Array.from({ length: appender.partitions }, (_, partition) => partition));
    this.#schedule();
  }

  /** Writes into the partitions that are idle. Never rejects. */
  beat(): Promise<void> {
    // A slow log must not pile up beats.
    this.#beating ??= this.#write(this.#parts.appender.takeIdle())
      .then(this.#parts.onBeat, this.#parts.onError)
      .finally(() => {
        this.#beating = undefined;
      });
    return this.#beating;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #write(partitions: readonly number[]): Promise<number> {
    const { appender } = this.#parts;
    const value: HeartbeatValue = { partitions: appender.partitions, hashVersion };
    const record = jsonRecord('heartbeat', value);
    await Promise.all(partitions.map((partition) => appender.append(partition, record)));
    return partitions.length;
  }

  #schedule(): void {
    const delay = tickMs - (this.#parts.now() % tickMs);
    this.#timer = setTimeout(() => {
      void this.beat();
      this.#schedule();
    }, delay);
    this.#timer.unref();
  }
}
