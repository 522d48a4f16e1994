import { join } from 'node:path';
import type { SeastateError } from '../../core/errors.ts';
import type { Bounds, Log, LogRecord, NewRecord, TopicSpec } from '../log.ts';
import { telemetryTopic } from '../topics.ts';
import { makeFolder } from './files.ts';
import { Journal } from './journal.ts';
import { type FolderLock, lockFolder } from './lock.ts';
import {
  checkLimits,
  type JournalSettings,
  type JournalsOptions,
  journalDefaults,
} from './options.ts';
import type { JournalStats } from './stats.ts';

export type JournalName = 'input' | 'outputs';

/** A place in the log: the record to come next there. */
export interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** The log of one machine (FORMAT.md): two journals in a folder. */
export interface JournalLog extends Log {
  /** Why nothing can be appended any more, once that is so: then stop the process. */
  readonly failure: SeastateError | null;

  /**
   * Hands over all records from the given positions to the head as it is now, batch by batch in
   * the order of their appends, in one pass over the files. All positions must be of topics of
   * that journal. Returns where it ended: `follow` goes on from there.
   */
  scan(
    journal: JournalName,
    from: readonly Position[],
    onBatch: (
      topic: string,
      partition: number,
      records: readonly LogRecord[],
    ) => void | Promise<void>,
  ): Promise<Position[]>;

  journalStats(): Record<JournalName, JournalStats>;
}

const readBytes = 1024 * 1024;
const journalOf = (topic: string): JournalName => (topic === telemetryTopic ? 'input' : 'outputs');

/**
 * Opens the journals in `options.dir`, which is made when it is missing. Rejects with
 * `log_locked` (another process writes there), `log_corrupt`, `log_version`,
 * `partitions_changed`, `usage`; read-only also with `log_missing`.
 */
export async function openJournals(options: JournalsOptions): Promise<JournalLog> {
  const input = settingsOf(options, 'input');
  const outputs = settingsOf(options, 'outputs');
  if (options.readOnly) {
    return new Journals(null, await Journal.open(input), await Journal.open(outputs));
  }
  await makeFolder(options.dir);
  const lock = lockFolder(options.dir);
  const opened: Journal[] = [];
  try {
    for (const settings of [input, outputs]) opened.push(await Journal.open(settings));
  } catch (error) {
    for (const journal of opened) await journal.close();
    lock.release();
    throw error;
  }
  return new Journals(lock, opened[0]!, opened[1]!);
}

function settingsOf(options: JournalsOptions, name: JournalName): JournalSettings {
  const limits = { ...journalDefaults[name], ...options[name] };
  checkLimits(name, limits);
  return {
    ...limits,
    dir: join(options.dir, name),
    topics: options.topics.filter((topic) => journalOf(topic.name) === name),
    begin: options.begin ?? (() => 0),
    now: options.now,
    elapsed: options.elapsed ?? (() => performance.now()),
    readOnly: options.readOnly ?? false,
    cacheBytes: options.cacheBytes ?? journalDefaults.cacheBytes,
    pendingBytesMax: options.pendingBytesMax ?? journalDefaults.pendingBytesMax,
    recordBytesMax: options.recordBytesMax ?? journalDefaults.recordBytesMax,
    skipCorrupt: options.skipCorrupt ?? false,
    pollMs: options.pollMs ?? journalDefaults.pollMs,
    holdUntilTold: name === 'input',
  };
}

class Journals implements JournalLog {
  readonly #lock: FolderLock | null;
  readonly #input: Journal;
  readonly #outputs: Journal;
  #closed: Promise<void> | null = null;

  constructor(lock: FolderLock | null, input: Journal, outputs: Journal) {
    this.#lock = lock;
    this.#input = input;
    this.#outputs = outputs;
  }

  get topics(): ReadonlyMap<string, TopicSpec> {
    const specs = [this.#input, this.#outputs].flatMap(({ store }) => store.catalog.topics);
    return new Map(specs.map((spec) => [spec.name, spec]));
  }

  get failure(): SeastateError | null {
    return this.#input.failure ?? this.#outputs.failure;
  }

  #find(topic: string, partition: number): { journal: Journal; slot: number } {
    const journal = journalOf(topic) === 'input' ? this.#input : this.#outputs;
    return { journal, slot: journal.store.catalog.slot(topic, partition) };
  }

  async append(topic: string, partition: number, records: readonly NewRecord[]): Promise<number> {
    const { journal, slot } = this.#find(topic, partition);
    return journal.append(slot, records);
  }

  async read(
    topic: string,
    partition: number,
    offset: number,
    bytesMax: number = readBytes,
  ): Promise<readonly LogRecord[]> {
    const { journal, slot } = this.#find(topic, partition);
    return journal.reader.read(slot, offset, bytesMax);
  }

  follow(
    topic: string,
    partition: number,
    offset: number,
    signal: AbortSignal,
  ): AsyncIterable<readonly LogRecord[]> {
    const { journal, slot } = this.#find(topic, partition);
    return journal.reader.follow(slot, offset, readBytes, signal);
  }

  async bounds(topic: string, partition: number): Promise<Bounds> {
    const { journal, slot } = this.#find(topic, partition);
    return journal.reader.bounds(slot);
  }

  async offsetAt(topic: string, partition: number, timeMs: number): Promise<number> {
    const { journal, slot } = this.#find(topic, partition);
    return journal.reader.offsetAt(slot, timeMs);
  }

  keepFrom(topic: string, partition: number, offset: number): void {
    const { journal, slot } = this.#find(topic, partition);
    journal.keepFrom(slot, offset);
  }

  async scan(
    name: JournalName,
    from: readonly Position[],
    onBatch: (
      topic: string,
      partition: number,
      records: readonly LogRecord[],
    ) => void | Promise<void>,
  ): Promise<Position[]> {
    const journal = name === 'input' ? this.#input : this.#outputs;
    const { catalog } = journal.store;
    const offsets = new Map(
      from.map(({ topic, partition, offset }) => [catalog.slot(topic, partition), offset]),
    );
    const reached = await journal.reader.scan(offsets, (slot, records) => {
      const { topic, partition } = catalog.place(slot);
      return onBatch(topic, partition, records);
    });
    return [...reached].map(([slot, offset]) => {
      const { topic, partition } = catalog.place(slot);
      return { topic, partition, offset };
    });
  }

  journalStats(): Record<JournalName, JournalStats> {
    return { input: this.#input.stats(), outputs: this.#outputs.stats() };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#input.close(), this.#outputs.close()]);
    this.#lock?.release();
  }
}
