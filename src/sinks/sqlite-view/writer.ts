import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SeastateError } from '../../core/errors.ts';
import type { LogRecord } from '../../log/log.ts';
import { type Loss, NumberedReader, type ReaderState } from '../../log/numbering.ts';
import { rowOf } from './row.ts';
import { columnsOf, historyTopics, type ViewTopic } from './schema.ts';

/** Rows deleted by retention in one transaction, at most, of each table. */
const deletedAtOnce = 1000;

/** Plain numbers, since the view was opened. */
export interface ViewStats {
  /** Outputs taken. */
  rows: number;
  /** Outputs that were there already. */
  repeats: number;
  /** Numbers that never came, and records that retention took before they were read. */
  lost: number;
  /** Values that are no JSON object. */
  unreadable: number;
  transactions: number;
}

/** What is known of one partition of a topic. */
export interface Place {
  readonly topic: ViewTopic;
  readonly partition: number;
  next: number;
  readonly reader: NumberedReader;
}

interface Statements {
  readonly latest: StatementSync;
  readonly history: StatementSync | null;
  readonly expire: readonly StatementSync[];
}

/** Takes records into the tables: rows, position and numbers in one transaction. */
export class ViewWriter {
  readonly #database: DatabaseSync;
  readonly #retentionMs: number;
  readonly #onLoss: (topic: string, loss: Loss) => void;
  readonly #statements = new Map<ViewTopic, Statements>();
  readonly stats: ViewStats = { rows: 0, repeats: 0, lost: 0, unreadable: 0, transactions: 0 };

  constructor(
    database: DatabaseSync,
    retentionMs: number,
    onLoss: (topic: string, loss: Loss) => void,
  ) {
    this.#database = database;
    this.#retentionMs = retentionMs;
    this.#onLoss = onLoss;
  }

  /** Where a partition stands; null when nothing of it was taken yet. */
  place(topic: ViewTopic, partition: number): Place | null {
    const row = this.#database
      .prepare('SELECT next, readers FROM positions WHERE topic = ? AND partition = ?')
      .get(topic, partition);
    if (row === undefined) return null;
    const place = this.newPlace(topic, partition, Number(row['next']));
    place.reader.load(JSON.parse(String(row['readers'])) as ReaderState);
    return place;
  }

  /** A partition of which nothing was taken, to be read from `next` on. */
  newPlace(topic: ViewTopic, partition: number, next: number): Place {
    const onLoss = (loss: Loss): void => {
      this.stats.lost += loss.seen - loss.expected;
      this.#onLoss(topic, loss);
    };
    return { topic, partition, next, reader: new NumberedReader({ onLoss }) };
  }

  /**
   * Takes the records and moves the place on behind them, or, on `rewind`, to where they must be
   * read again. Throws what SQLite throws; then nothing was taken, and the place must be got anew.
   */
  take(place: Place, records: readonly LogRecord[]): void {
    const database = this.#database;
    const before = place.next;
    const stats = { ...this.stats };
    database.exec('BEGIN IMMEDIATE');
    try {
      place.next = this.#takeRows(place, records);
      this.#savePlace(place, before);
      this.#expire(place.topic, records.at(-1)!.timestamp);
      database.exec('COMMIT');
      this.stats.transactions++;
    } catch (error) {
      Object.assign(this.stats, stats);
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }

  /** Goes on at `next`, where what lies before is gone from the log. */
  skipTo(place: Place, next: number): void {
    this.stats.lost += next - place.next;
    place.reader.rebase();
    const before = place.next;
    place.next = next;
    this.#savePlace(place, before);
  }

  #takeRows({ topic, reader }: Place, records: readonly LogRecord[]): number {
    const columns = columnsOf(topic);
    const { latest, history } = this.#statementsOf(topic);
    for (const record of records) {
      const verdict = reader.accept(record);
      if (verdict === 'rewind') return reader.rewindTo;
      if (verdict === 'repeat' || verdict === 'old') this.stats.repeats++;
      if (verdict !== 'take' && verdict !== 'unnumbered') continue;
      if (record.value === null) continue; // the end of a tick
      const row = rowOf(topic, record);
      if (row === null) {
        this.stats.unreadable++;
        continue;
      }
      const values = columns.map((name) => row[name]);
      latest.run(...values);
      history?.run(...values);
      this.stats.rows++;
    }
    return records.at(-1)!.offset + 1;
  }

  #savePlace({ topic, partition, next, reader }: Place, before: number): void {
    const known = this.#database
      .prepare('SELECT next FROM positions WHERE topic = ? AND partition = ?')
      .get(topic, partition);
    if (known !== undefined && known['next'] !== before) {
      throw new SeastateError(
        'view_conflict',
        `another process writes this view: it has read ${topic}/${partition} up to` +
          ` ${known['next']}, this one up to ${before}. Only one process may feed a view`,
      );
    }
    this.#database
      .prepare('INSERT OR REPLACE INTO positions VALUES (?, ?, ?, ?)')
      .run(topic, partition, next, JSON.stringify(reader.save()));
  }

  /** Deletes what is older than the retention; what still goes on stays. */
  #expire(topic: ViewTopic, logTime: number): void {
    for (const statement of this.#statementsOf(topic).expire) {
      statement.run(logTime - this.#retentionMs);
    }
  }

  #statementsOf(topic: ViewTopic): Statements {
    let statements = this.#statements.get(topic);
    if (statements === undefined) {
      statements = this.#prepare(topic);
      this.#statements.set(topic, statements);
    }
    return statements;
  }

  #prepare(topic: ViewTopic): Statements {
    const columns = columnsOf(topic);
    const values = columns.map(() => '?').join(', ');
    const updates = columns
      .filter((name) => name !== 'tenant' && name !== 'subject')
      .map((name) => `${name} = excluded.${name}`);
    const latest = this.#database.prepare(
      `INSERT INTO ${topic} (${columns.join(', ')}) VALUES (${values})
       ON CONFLICT (tenant, subject) DO UPDATE SET ${updates.join(', ')}
       WHERE excluded.revision >= revision`,
    );
    // Intervals that are open stay, however old; other topics have none.
    const isOver = historyTopics.has(topic) ? 'end_ms IS NOT NULL' : 'TRUE';
    const expire = [
      this.#database.prepare(
        `DELETE FROM ${topic} WHERE (tenant, subject) IN (SELECT tenant, subject FROM ${topic}
         WHERE log_time < ? AND ${isOver} ORDER BY log_time LIMIT ${deletedAtOnce})`,
      ),
    ];
    if (!historyTopics.has(topic)) return { latest, history: null, expire };
    const table = `${topic}_history`;
    // Rows stand in the order of the log, so the first ones are the oldest.
    expire.push(
      this.#database.prepare(
        `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM
         (SELECT rowid, log_time FROM ${table} ORDER BY rowid LIMIT ${deletedAtOnce})
         WHERE log_time < ?)`,
      ),
    );
    const history = this.#database.prepare(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${values})`,
    );
    return { latest, history, expire };
  }
}
