import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { messageOf, SeastateError } from '../../core/errors.ts';
import type { Log, LogRecord } from '../../log/log.ts';
import { type AlertOfView, type AlertsQuery, selectAlerts } from './alerts.ts';
import { type IntervalsQuery, selectIntervals } from './intervals.ts';
import { openForQueries, type QueryParams, type QueryResult, runQuery } from './query.ts';
import { createTables, schemaVersion, type ViewTopic, versionOf, viewTopics } from './schema.ts';
import { type Place, type ViewStats, ViewWriter } from './writer.ts';

/** Records in one transaction, at most: a few ms of the thread that feeds the view. */
const recordsAtOnce = 200;
/** After an error of SQLite (disk full, locked). */
const retryMs = 1000;
const rowsDefault = 10_000;

export interface ViewOptions {
  /** Only answers queries, beside a process that feeds the view. */
  readonly readOnly?: boolean;
  /** Closed intervals whose newest revision is older (log time) are deleted. */
  readonly retentionMs?: number;
  readonly warn?: (fields: object, message: string) => void;
}

/**
 * What the output topics say, as SQL tables (schema.ts): a view of the log, nothing more. Each
 * table carries its own position in the log in the same database, so that a crash loses nothing
 * and counts nothing twice, and the file can be deleted at any time: it is made again.
 */
export class View {
  readonly #path: string;
  readonly #options: ViewOptions;
  readonly #database: DatabaseSync | null;
  readonly #writer: ViewWriter | null;
  #queries: DatabaseSync | null = null;
  #restart = new AbortController();

  constructor(path: string, options: ViewOptions) {
    this.#path = path;
    this.#options = options;
    this.#database = options.readOnly ? null : openToWrite(path);
    const retentionMs = options.retentionMs ?? 28 * 86_400_000;
    this.#writer =
      this.#database &&
      new ViewWriter(this.#database, retentionMs, (topic, loss) =>
        this.#warn({ topic, ...loss }, 'outputs are lost: their numbers are missing in the log'),
      );
  }

  /** What was taken since the view was opened. */
  get stats(): Readonly<ViewStats> {
    return this.#writerOrRefuse().stats;
  }

  /**
   * Feeds the view from the log until `signal` aborts or the log is closed. Rejects with
   * `view_conflict` when another process feeds it too, and with what the log rejects with.
   */
  async follow(log: Log, signal: AbortSignal): Promise<void> {
    const writer = this.#writerOrRefuse();
    const follows = viewTopics.flatMap((topic) => {
      const partitions = log.topics.get(topic)?.partitions ?? 0;
      return Array.from({ length: partitions }, (_, partition) =>
        this.#followPartition(writer, log, topic, partition, signal),
      );
    });
    await Promise.all(follows);
  }

  async #followPartition(
    writer: ViewWriter,
    log: Log,
    topic: ViewTopic,
    partition: number,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      const restart = this.#restart.signal;
      try {
        const place = await this.#start(writer, log, topic, partition);
        if (await feed(writer, place, log, AbortSignal.any([signal, restart]))) continue;
        if (!restart.aborted) return;
      } catch (error) {
        if (!isOfSqlite(error)) throw error;
        this.#warn({ topic, error: messageOf(error) }, 'the view cannot be written; it will be');
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  /** Where to read on; where the log does not reach back to that, from what it still has. */
  async #start(writer: ViewWriter, log: Log, topic: ViewTopic, partition: number): Promise<Place> {
    const { first, next } = await log.bounds(topic, partition);
    const place = writer.place(topic, partition) ?? writer.newPlace(topic, partition, first);
    if (place.next > next) {
      this.#warn({ topic }, 'the view is of another log, or of a longer one: it is made anew');
      this.rebuild();
      return writer.newPlace(topic, partition, first);
    }
    if (place.next < first) {
      const lost = first - place.next;
      this.#warn({ topic, lost }, 'records are lost to the view: retention deleted them before');
      writer.skipTo(place, first);
    }
    return place;
  }

  /** Empties the view; a running `follow` fills it again from the log. */
  rebuild(): void {
    this.#writerOrRefuse();
    createTables(this.#database!);
    this.#restart.abort();
    this.#restart = new AbortController();
  }

  /** The newest revision of the alerts that are asked for, the latest start first. */
  alerts(query: AlertsQuery): AlertOfView[] {
    return selectAlerts(this.#reader(), query);
  }

  /** The newest revision of anomalies or events, the latest start first. */
  intervals(topic: 'anomalies' | 'events', query: IntervalsQuery): object[] {
    return selectIntervals(this.#reader(), topic, query);
  }

  /** Runs a SELECT and gives at most `limit` rows. Errors: `bad_query`. */
  query(sql: string, params: QueryParams = [], limit: number = rowsDefault): QueryResult {
    return runQuery(this.#reader(), sql, params, limit);
  }

  #reader(): DatabaseSync {
    this.#queries ??= openForQueries(this.#path);
    return this.#queries;
  }

  #writerOrRefuse(): ViewWriter {
    if (this.#writer !== null) return this.#writer;
    throw new SeastateError('usage', 'the view is open for reading only');
  }

  #warn(fields: object, message: string): void {
    this.#options.warn?.(fields, message);
  }

  close(): void {
    this.#restart.abort();
    for (const database of [this.#queries, this.#database]) if (database?.isOpen) database.close();
  }
}

/** True when it has to start again from the place that was saved. */
async function feed(
  writer: ViewWriter,
  place: Place,
  log: Log,
  signal: AbortSignal,
): Promise<boolean> {
  const { topic, partition } = place;
  try {
    for await (const records of log.follow(topic, partition, place.next, signal)) {
      for (let at = 0; at < records.length; at += recordsAtOnce) {
        if (signal.aborted) return false;
        const some: readonly LogRecord[] = records.slice(at, at + recordsAtOnce);
        writer.take(place, some);
        if (place.next !== some.at(-1)!.offset + 1) return true;
        await nextTurn();
      }
    }
    return false;
  } catch (error) {
    if (error instanceof SeastateError && error.code === 'offset_gone') return true;
    throw error;
  }
}

const isOfSqlite = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const brokenCodes = [11, 26];

function openToWrite(path: string): DatabaseSync {
  try {
    return prepareToWrite(path);
  } catch (error) {
    const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0;
    if (!brokenCodes.includes(code)) throw error;
    // A view can always be made again.
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return prepareToWrite(path);
  }
}

function prepareToWrite(path: string): DatabaseSync {
  // With the log on Kafka it is the first thing in its folder.
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: 5000 });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
    if (versionOf(database) !== schemaVersion) createTables(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/**
 * Opens the view at `path`, which is made when it is missing. Read-only rejects with
 * `view_missing`, and with `view_version` when another version of the program made it.
 */
export async function openView(path: string, options: ViewOptions = {}): Promise<View> {
  if (options.readOnly) checkReadable(path);
  return new View(path, options);
}

function checkReadable(path: string): void {
  if (!existsSync(path)) {
    throw new SeastateError(
      'view_missing',
      `there is no view at ${path}: name by --data the folder that a \`seastate run\` or demo writes`,
    );
  }
  const database = new DatabaseSync(path, { readOnly: true });
  const version = versionOf(database);
  database.close();
  if (version !== schemaVersion) {
    throw new SeastateError(
      'view_version',
      `the view at ${path} has version ${version}, this program reads ${schemaVersion}: start` +
        ` \`seastate run\` of this version once, it makes the view anew`,
    );
  }
}
