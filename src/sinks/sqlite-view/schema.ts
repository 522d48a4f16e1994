import type { DatabaseSync } from 'node:sqlite';

/** Topics that the view shows. Each is a table of its own name: the newest revision per subject. */
export const viewTopics = [
  'alerts',
  'anomalies',
  'events',
  'incidents',
  'status',
  'rejected',
] as const;
export type ViewTopic = (typeof viewTopics)[number];

/** Topics that keep all revisions too, in the table `TOPIC_history`. */
export const historyTopics: ReadonlySet<string> = new Set([
  'alerts',
  'anomalies',
  'events',
  'incidents',
]);

/** Raised when tables or the meaning of columns change: an older view is made anew. */
export const schemaVersion = 1;

/** Columns of every table. Times are ms since the epoch; `data` is the record's data as JSON. */
const commonColumns = {
  tenant: 'TEXT NOT NULL',
  subject: 'TEXT NOT NULL',
  revision: 'INTEGER NOT NULL',
  type: 'TEXT',
  state: 'TEXT',
  cluster: 'TEXT',
  start_ms: 'INTEGER',
  end_ms: 'INTEGER',
  data: 'TEXT NOT NULL',
  /** Headers `from` and `number`. */
  origin: 'TEXT',
  number: 'INTEGER',
  log_time: 'INTEGER NOT NULL',
} as const;

const alertColumns = {
  alertstate: 'TEXT',
  alertname: 'TEXT',
  severity: 'TEXT',
  labels: 'TEXT NOT NULL',
  value: 'REAL',
} as const;

export type Column = keyof typeof commonColumns | keyof typeof alertColumns;

function columnsWithTypes(topic: ViewTopic): Record<string, string> {
  return topic === 'alerts' ? { ...commonColumns, ...alertColumns } : commonColumns;
}

export const columnsOf = (topic: ViewTopic): Column[] =>
  Object.keys(columnsWithTypes(topic)) as Column[];

function tablesOf(topic: ViewTopic): string {
  const columns = Object.entries(columnsWithTypes(topic)).map(([name, type]) => `${name} ${type}`);
  const latest = `
    CREATE TABLE ${topic} (${columns.join(', ')}, PRIMARY KEY (tenant, subject)) WITHOUT ROWID;
    CREATE INDEX ${topic}_by_start ON ${topic} (start_ms);
    CREATE INDEX ${topic}_by_log_time ON ${topic} (log_time);`;
  if (!historyTopics.has(topic)) return latest;
  return `${latest}
    CREATE TABLE ${topic}_history (${columns.join(', ')});
    CREATE INDEX ${topic}_history_by_subject ON ${topic}_history (subject);`;
}

/** Empties the database, whatever is in it, and makes the tables. */
export function createTables(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  const names = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all();
  for (const { name } of names) database.exec(`DROP TABLE "${String(name).replaceAll('"', '""')}"`);
  for (const topic of viewTopics) database.exec(tablesOf(topic));
  // What was taken of each partition: the next offset, and the numbers seen (numbering.ts).
  database.exec(`
    CREATE TABLE positions (
      topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, readers TEXT NOT NULL,
      PRIMARY KEY (topic, partition)
    ) WITHOUT ROWID;
    PRAGMA user_version = ${schemaVersion};
    COMMIT`);
}

export function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
}
