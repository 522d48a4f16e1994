import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SeastateError } from '../../../core/errors.ts';
import type { Bounds, Log, LogRecord } from '../../../log/log.ts';
import { formatFrom } from '../../../log/numbering.ts';
import { type Position, samePosition, startOf } from '../../position.ts';
import { encodeBatch, encodeMessage, type Reply } from '../../runner/messages.ts';
import { snapshotHeader } from '../../snapshot.ts';
import { codeIn, fedRecord, type NamedCode } from '../fed-record.ts';
import type { KeptSnapshots } from './kept.ts';
import { OutputWriter } from './output-writer.ts';
import { RunnerGone, type RunnerThread } from './runner-thread.ts';
import type { SnapshotSchedule } from './schedule.ts';
import type { Attempts, SnapshotStore } from './snapshots.ts';

/** Bytes of records in one batch message. */
const batchBytes = 1024 * 1024;
/** A record that ended its runner so often halts the partition. */
const attemptsMax = 3;
/** How often a halted partition looks for a skip. */
const skipPollMs = 1_000;
/** How long a partition waits for a log that cannot be read or written now. */
const laterMs = 2_000;

export interface FeedParts {
  readonly log: Log;
  readonly topic: string;
  readonly stage: string;
  readonly partition: number;
  readonly store: SnapshotStore;
  readonly schedule: SnapshotSchedule;
  readonly kept: KeptSnapshots;
  /** The runner that holds this partition's state under a bundle; a living one. */
  runner(bundle: string): Promise<RunnerThread>;
  warn(message: string, details: object): void;
}

export interface FeedStatus {
  readonly partition: number;
  readonly state: 'restoring' | 'running' | 'halted' | 'stopped';
  /** Offset of the next record to be processed. */
  readonly next: number;
  readonly error: string;
  readonly restores: number;
  readonly snapshots: number;
  readonly repeatedOutputs: number;
}

/** A halt that names what to do; nothing of the partition is lost. */
class Halt extends SeastateError {}

/** Feeds the records of one partition to its runner, in order, and keeps what it gives back. */
export class Feed {
  readonly #parts: FeedParts;
  readonly #writer: OutputWriter;
  #position: Position = startOf(0, 0);
  #bundle = '';
  #state: FeedStatus['state'] = 'restoring';
  #error = '';
  /** Cause of the halt that was told last; '' since a batch has passed. */
  #toldHalt = '';
  #restores = 0;
  #snapshots = 0;
  #skips: ReadonlyMap<number, string> = new Map();
  /** Offset at which the runner ended last, until a batch has passed it. */
  #suspect = -1;
  /** Behind the last record that the runner was given. */
  #given = 0;
  /** Up to here each record goes alone: the runner ended among them and did not say at which. */
  #aloneUntil = 0;

  constructor(parts: FeedParts) {
    this.#parts = parts;
    this.#writer = new OutputWriter(parts.log, parts.topic);
  }

  status(): FeedStatus {
    return {
      partition: this.#parts.partition,
      state: this.#state,
      next: this.#position.next,
      error: this.#error,
      restores: this.#restores,
      snapshots: this.#snapshots,
      repeatedOutputs: this.#writer.repeated,
    };
  }

  /** Runs until `signal` aborts, or the partition halts for good; both are told by `status`. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#writer.stop());
    try {
      await this.#grantAttempt();
      await this.#goOn(signal);
    } catch (error) {
      // The place of the snapshots cannot be read.
      this.#tellHalt(error);
    }
  }

  async #goOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#checkAttempts();
        await this.#restore();
        await this.#follow(signal);
        this.#state = 'stopped';
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof RunnerGone) await this.#runnerGone(error);
        else if (!(await this.#halted(error, signal))) return;
      }
    }
  }

  /** A restart of the process is worth one more attempt: the cause may have been mended. */
  async #grantAttempt(): Promise<void> {
    const attempts = await this.#parts.store.attempts();
    if (!attempts || attempts.count < attemptsMax) return;
    await this.#parts.store.setAttempts({ ...attempts, count: attemptsMax - 1 });
  }

  async #checkAttempts(): Promise<void> {
    const { store } = this.#parts;
    this.#skips = await store.skips();
    const attempts = await store.attempts();
    if (!attempts || attempts.count < attemptsMax || this.#skips.has(attempts.offset)) return;
    throw new Halt('halted', this.#haltMessage(attempts));
  }

  /** Tells the halt; when it may pass, by itself or by a skip, waits for that and returns true. */
  async #halted(error: unknown, signal: AbortSignal): Promise<boolean> {
    this.#tellHalt(error);
    const { store } = this.#parts;
    if (error instanceof SeastateError && error.retry === 'later') {
      await sleep(laterMs, undefined, { signal }).catch(() => {});
      return true;
    }
    if (!(error instanceof Halt) || error.code !== 'halted') return false;
    const { offset } = (await store.attempts())!;
    while (!signal.aborted && !(await store.skips()).has(offset)) {
      await sleep(skipPollMs, undefined, { signal }).catch(() => {});
    }
    this.#error = '';
    return true;
  }

  /** Once per cause, however often it is tried again. */
  #tellHalt(error: unknown): void {
    this.#state = 'halted';
    this.#error = messageOf(error);
    const { partition, warn } = this.#parts;
    const cause = error instanceof SeastateError ? error.code : this.#error;
    if (cause !== this.#toldHalt) warn('partition halted', { partition, error: this.#error });
    this.#toldHalt = cause;
  }

  #tellGoingOn(): void {
    const { partition, warn } = this.#parts;
    warn('partition goes on', { partition });
    this.#toldHalt = '';
  }

  /** Last snapshot before a stop, so that a start has no tail to run again. */
  async finish(): Promise<void> {
    if (this.#state === 'stopped') await this.#batch([], true);
  }

  async #restore(): Promise<void> {
    const { store, log, topic, stage, partition, warn } = this.#parts;
    this.#state = 'restoring';
    this.#restores++;
    const stored = await store.newest((name, reason) =>
      warn('snapshot cannot be read', { partition, name, reason }),
    );
    this.#checkBounds(stored?.position.next, await log.bounds(topic, partition));
    const position = stored?.position ?? startOf(0, 0);
    this.#bundle = stored?.bundle ?? '';
    const from = formatFrom({ stage, partition, epoch: position.epoch });
    await this.#writer.recover(from, stored?.outputs ?? {});
    await this.#load(position, stored?.chunks ?? []);
    this.#position = position;
    this.#parts.schedule.restart();
    log.keepFrom(topic, partition, position.next);
    this.#state = 'running';
    this.#error = '';
  }

  /** State and log belong together: neither is of use without the other. */
  #checkBounds(stored: number | undefined, { first, next }: Bounds): void {
    if (stored === undefined && first > 0) {
      throw new Halt(
        'state_lost',
        `${this.#name()}: there is no snapshot, and the log begins at offset ${first}: put the ` +
          'snapshots back, or begin with an empty data folder',
      );
    }
    if (stored !== undefined && stored > next) {
      // Later: the new leader of a Kafka partition may learn of its last records in a moment.
      throw new SeastateError(
        'log_lost',
        `${this.#name()}: the snapshot stands at offset ${stored}, and the log ends at ${next}: put ` +
          'the log back, or begin with an empty data folder',
        { retry: 'later' },
      );
    }
  }

  async #call(request: Uint8Array<ArrayBuffer>): Promise<Reply> {
    const runner = await this.#parts.runner(this.#bundle);
    return await runner.call(request);
  }

  async #load(position: Position, chunks: readonly Uint8Array[]): Promise<void> {
    const { partition } = this.#parts;
    await this.#call(encodeMessage({ type: 'load', partition, position, chunks, tail: [] }));
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, topic, partition } = this.#parts;
    for await (const records of log.follow(topic, partition, this.#position.next, signal)) {
      await this.#take(records);
    }
  }

  /** Cuts where control records stand, so that snapshots are made exactly there. */
  async #take(records: readonly LogRecord[]): Promise<void> {
    let batch: LogRecord[] = [];
    let bytes = 0;
    const flush = async (wantSnapshot = false): Promise<void> => {
      if (batch.length > 0 || wantSnapshot) await this.#batch(batch, wantSnapshot);
      batch = [];
      bytes = 0;
    };
    for (const read of records) {
      const record = fedRecord(read, this.#skips);
      const code = codeIn(record);
      if (code && code.bundle !== this.#bundle) {
        await flush(true);
        if (await this.#changeCode(code)) {
          await this.#batch([record], true);
          continue;
        }
      }
      if (this.#isSuspect(record)) await flush();
      batch.push(record);
      bytes += record.value?.length ?? 0;
      const due = this.#parts.schedule.observe(record.timestamp);
      if (record.headers['kind'] === 'checkpoint' || due) await flush(true);
      else if (bytes >= batchBytes || this.#isSuspect(record)) await flush();
    }
    await flush();
  }

  #isSuspect({ offset }: LogRecord): boolean {
    return this.#suspect >= 0 && offset >= this.#suspect && offset < this.#aloneUntil;
  }

  /**
   * New code takes over at the snapshot just made; old code has seen everything before it. False:
   * the settings that name it are not above the version in force, and it does not.
   */
  async #changeCode({ version, bundle }: NamedCode): Promise<boolean> {
    const stored = await this.#parts.store.newest(() => {});
    if (!stored || !samePosition(stored.position, this.#position)) {
      throw new SeastateError(
        'snapshot_missing',
        `${this.#name()}: code changes at a snapshot, and that of offset ${this.#position.next} is ` +
          'not there: make room for it, it is tried again',
        { retry: 'later' },
      );
    }
    if (!(version > snapshotHeader(stored.chunks).settings)) return false;
    this.#bundle = bundle;
    await this.#load(this.#position, stored.chunks);
    return true;
  }

  async #batch(records: readonly LogRecord[], wantSnapshot: boolean): Promise<void> {
    const { partition } = this.#parts;
    const position = this.#position;
    this.#given = (records.at(-1)?.offset ?? position.next - 1) + 1;
    const reply = await this.#call(encodeBatch({ partition, position, wantSnapshot }, records));
    if (reply.type === 'need')
      throw new RunnerGone('the runner was started anew', undefined, false);
    if (reply.type !== 'done') throw new RunnerGone(`unexpected reply ${reply.type}`);
    const durable = this.#writer.write(reply.outputs);
    this.#position = reply.position;
    if (reply.outputs.length > 0 || wantSnapshot) await durable;
    if (wantSnapshot) await this.#keep(reply.chunks);
    if (this.#toldHalt !== '') this.#tellGoingOn();
    if (this.#suspect >= 0 && this.#position.next > Math.max(this.#suspect, this.#aloneUntil - 1)) {
      this.#suspect = -1;
      await this.#setAttempts(undefined);
    }
  }

  async #keep(chunks: readonly Uint8Array[]): Promise<void> {
    const { log, store, kept, topic, partition, warn } = this.#parts;
    const outputs: Record<string, number> = {};
    for (const { name, partitions } of log.topics.values()) {
      if (name === topic) continue;
      for (let p = 0; p < partitions; p++) {
        outputs[`${name}/${p}`] = (await log.bounds(name, p)).next;
      }
    }
    const { epoch, next } = this.#position;
    // The bytes of the digest belong to the reply's message: keep a copy.
    const position = { epoch, next, digest: this.#position.digest.slice() };
    try {
      await store.write({ position, outputs, bundle: this.#bundle, chunks }, kept);
    } catch (error) {
      // A full disk, mostly. The one before it and its tail are kept: nothing is lost.
      warn('snapshot cannot be written', { partition, error: messageOf(error) });
      return;
    }
    log.keepFrom(topic, partition, next);
    this.#snapshots++;
  }

  /** Counts what ended the runner, unless it was a neighbour's record in the same thread. */
  async #runnerGone(gone: RunnerGone): Promise<void> {
    const { partition, store, warn } = this.#parts;
    this.#state = 'restoring';
    if (!gone.culprit) return;
    warn('runner ended', { partition, error: messageOf(gone) });
    const isTold = gone.failed !== undefined && gone.failed.offset >= 0;
    const offset = isTold ? gone.failed!.offset : this.#position.next;
    if (!isTold) this.#aloneUntil = Math.max(this.#given, this.#aloneUntil);
    this.#suspect = offset;
    const before = await store.attempts();
    const count = before?.offset === offset ? before.count + 1 : 1;
    await this.#setAttempts({ offset, count, error: messageOf(gone) });
  }

  /** Where the attempts cannot be kept, there are more of them. */
  async #setAttempts(attempts: Attempts | undefined): Promise<void> {
    const { partition, store, warn } = this.#parts;
    await store.setAttempts(attempts).catch((error: unknown) => {
      warn('attempts cannot be kept', { partition, error: messageOf(error) });
    });
  }

  #haltMessage({ offset, error }: Attempts): string {
    const { stage, partition } = this.#parts;
    return (
      `${this.#name()} halted: the record at offset ${offset} ended its runner ${attemptsMax} ` +
      'times. Mend the cause and restart, or leave the record out: seastate skip --stage ' +
      `${stage} --partition ${partition} --offset ${offset}. ${error}`
    );
  }

  #name(): string {
    return `stage ${this.#parts.stage}, partition ${this.#parts.partition}`;
  }
}
