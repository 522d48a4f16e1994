import { totalmem } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { messageOf, SeastateError } from '../../../core/errors.ts';
import type { Log } from '../../../log/log.ts';
import { Feed, type FeedStatus } from './feed.ts';
import type { KeptSnapshots } from './kept.ts';
import { RunnerGone, RunnerThread } from './runner-thread.ts';
import { SnapshotSchedule } from './schedule.ts';
import { SnapshotStore } from './snapshots.ts';

export interface EmbeddedOptions {
  readonly log: Log;
  readonly stage: string;
  /** Input topic of the stage. */
  readonly topic: string;
  /** Snapshots, bundles and skips: `<folder>/<stage>/<partition>/`, `<folder>/bundles/`. */
  readonly folder: string;
  /** The runner program. */
  readonly entry: URL;
  /** Worker threads; a partition stays with one for life. */
  readonly threads: number;
  /** Heap of each thread. */
  readonly heapMiB: number;
  /** What its typed arrays and other buffers may take; default: four fifths of the memory. */
  readonly buffersBytes?: number | undefined;
  readonly snapshotEveryMs: number;
  readonly kept: KeptSnapshots;
  readonly deadlineMs: number;
  warn(message: string, details: object): void;
}

/** Runs one stage in worker threads of this process (DESIGN 4, embedded runtime). */
export class EmbeddedRuntime {
  readonly #options: EmbeddedOptions;
  readonly #feeds: readonly Feed[];
  /** By bundle and thread. */
  readonly #threads = new Map<string, RunnerThread>();
  /** By partition: the thread that holds its state. */
  readonly #held = new Map<number, string>();
  readonly #stopping = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: EmbeddedOptions) {
    this.#options = options;
    const { log, stage, topic, warn } = options;
    const partitions = log.topics.get(topic)!.partitions;
    this.#feeds = Array.from(
      { length: partitions },
      (_, partition) =>
        new Feed({
          log,
          topic,
          stage,
          partition,
          store: snapshotStore(options.folder, stage, partition),
          schedule: new SnapshotSchedule(options.snapshotEveryMs, partition, partitions),
          kept: options.kept,
          runner: (bundle) => this.#thread(bundle, partition),
          warn,
        }),
    );
  }

  start(): void {
    this.#running = Promise.all(this.#feeds.map((feed) => feed.run(this.#stopping.signal)));
  }

  status(): FeedStatus[] {
    return this.#feeds.map((feed) => feed.status());
  }

  async #thread(bundle: string, partition: number): Promise<RunnerThread> {
    const key = `${bundle}/${partition % this.#options.threads}`;
    const before = this.#held.get(partition);
    this.#held.set(partition, key);
    if (before !== undefined && before !== key) await this.#endIdle(before);
    const held = this.#threads.get(key);
    const isHeld = held !== undefined && !held.isGone;
    if (!isHeld && this.#stopping.signal.aborted) {
      throw new RunnerGone('the runtime was stopped', undefined, false);
    }
    const thread = isHeld ? held : this.#spawn(bundle);
    this.#threads.set(key, thread);
    await this.#loaded(thread, bundle);
    return thread;
  }

  /** Code that does not load is no fault of the record that comes next. */
  async #loaded(thread: RunnerThread, bundle: string): Promise<void> {
    try {
      await thread.ready;
    } catch (error) {
      if (bundle === '' || !(error instanceof RunnerGone)) throw error;
      const path = fileURLToPath(bundleUrl(this.#options.folder, bundle));
      throw new SeastateError(
        'bundle_failed',
        `the users' processors that the log names cannot be loaded from ${path}: put the file back ` +
          `(a start with the same processors writes it); it is tried again. ${messageOf(error)}`,
        { retry: 'later' },
      );
    }
  }

  /** Ends a thread whose code no partition of it runs any more. */
  async #endIdle(key: string): Promise<void> {
    if ([...this.#held.values()].includes(key)) return;
    const thread = this.#threads.get(key);
    this.#threads.delete(key);
    await thread?.stop();
  }

  #spawn(bundle: string): RunnerThread {
    const { entry, log, topic, stage, folder, heapMiB, deadlineMs } = this.#options;
    const { buffersBytes = 0.8 * memoryBytes() } = this.#options;
    const topics = [...log.topics.values()];
    const outputs = topics.filter(({ name }) => name !== topic);
    return new RunnerThread({
      entry,
      heapMiB,
      buffersMiB: Math.floor(buffersBytes / 2 ** 20),
      deadlineMs,
      setup: {
        stage,
        partitions: log.topics.get(topic)!.partitions,
        targets: Object.fromEntries(outputs.map(({ name, partitions }) => [name, partitions])),
        ...(bundle === '' ? {} : { bundle: { path: bundleUrl(folder, bundle), sha256: bundle } }),
      },
    });
  }

  /**
   * Processes what the log holds, for at most `drainMs`, ends the feeding, makes a last snapshot of
   * every partition, ends the threads. Rejects, once all has ended, where the log did not tell how
   * far it goes.
   */
  async stop(drainMs = 0): Promise<void> {
    try {
      await this.#drain(drainMs);
    } finally {
      await this.#end();
    }
  }

  async #end(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    // A last snapshot that fails costs a tail to run again, and nothing else.
    const warn = (error: unknown): void =>
      this.#options.warn('no last snapshot', { error: messageOf(error) });
    await Promise.all(this.#feeds.map((feed) => feed.finish().catch(warn)));
    await this.kill();
  }

  async #drain(drainMs: number): Promise<void> {
    const { log, topic } = this.#options;
    for (const end = performance.now() + drainMs; performance.now() < end; ) {
      const heads = await Promise.all(this.#feeds.map((_, p) => log.bounds(topic, p)));
      const behind = this.status().filter(
        ({ state, next, partition }) => state !== 'halted' && next < heads[partition]!.next,
      );
      if (behind.length === 0) return;
      await sleep(20);
    }
  }

  /** Ends every runner, as a crash of each would; they are started again. For tests. */
  async endRunners(): Promise<void> {
    await Promise.all([...this.#threads.values()].map((thread) => thread.stop()));
  }

  /** Ends at once, as a crash would. */
  async kill(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#threads.values()].map((thread) => thread.stop()));
    await this.#running.catch(() => {});
  }
}

export function snapshotStore(folder: string, stage: string, partition: number): SnapshotStore {
  return new SnapshotStore(join(folder, stage, String(partition)));
}

/** Where the bundle of users' processors with that sha-256 stands. */
export function bundleUrl(folder: string, sha256: string): string {
  return pathToFileURL(join(folder, 'bundles', `${sha256}.mjs`)).href;
}

/** What this process may take: of the machine, or of its container. */
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}
