import { text } from '../../core/bytes.ts';
import { type Matcher, matchLabels } from '../../core/matchers.ts';
import type { LogRecord } from '../../log/log.ts';
import { telemetryTopic } from '../../log/topics.ts';
import type { Row } from '../output/rows.ts';

/** How one kind of thing is read: where from, as what columns, and which rows a record gives. */
export interface Subject {
  readonly topic: string;
  readonly columns: readonly string[];
  rows(partition: number, record: LogRecord): Iterable<Row>;
  /** The row as columns, for people; JSON has it whole. */
  tableRow(row: Row): Row;
}

export async function subjectOf(what: string, matchers: readonly Matcher[]): Promise<Subject> {
  if (what === 'metrics' || what === 'scores') {
    const { metricRows } = await import('./metrics.ts');
    return {
      topic: what === 'metrics' ? telemetryTopic : what,
      columns: ['time', 'cluster', 'metric', 'value', 'labels'],
      rows: metricRows(matchers),
      tableRow: metricRow,
    };
  }
  if (what === 'kubernetes-events') {
    const events = await import('./kubernetes-events.ts');
    return {
      topic: telemetryTopic,
      columns: events.kubernetesEventColumns,
      rows: events.kubernetesEventRows(matchers),
      tableRow: events.kubernetesEventTableRow,
    };
  }
  return {
    topic: what,
    columns: columnsOf[what] ?? ['time', 'type', 'tenant', 'cluster', 'subject', 'data'],
    rows: (_partition, record) => outputRows(record, matchers),
    tableRow: tableRows[what] ?? eventRow,
  };
}

const columnsOf: Readonly<Record<string, readonly string[]>> = {
  alerts: ['time', 'state', 'alertname', 'severity', 'cluster', 'value', 'labels'],
  anomalies: [
    'time',
    'state',
    'cluster',
    'metric',
    'direction',
    'score',
    'observed',
    'expected',
    'subject',
    'labels',
  ],
  events: ['time', 'state', 'severity', 'cluster', 'object', 'title', 'subject'],
  status: ['time', 'stage', 'partition', 'log_time', 'series', 'counters'],
};

interface Fields {
  readonly [name: string]: unknown;
}

function* outputRows(record: LogRecord, matchers: readonly Matcher[]): Iterable<Row> {
  if (record.value === null) return;
  const event = parsed(record);
  const data = (event['data'] ?? {}) as Fields;
  const labels = (data['labels'] ?? {}) as Fields;
  const get = (name: string): string => {
    const value = labels[name] ?? data[name] ?? record.headers[name];
    return value === undefined || value === null ? '' : String(value);
  };
  if (matchLabels(matchers, get)) yield event;
}

/** The value as JSON; one that is not, as `rejected` may hold, as text beside its headers. */
function parsed(record: LogRecord): Fields {
  const value = text(record.value!);
  const time = new Date(record.timestamp).toISOString();
  try {
    const json: unknown = JSON.parse(value);
    if (typeof json === 'object' && json !== null && 'specversion' in json) return json as Fields;
    return { time, ...record.headers, data: json };
  } catch {
    return { time, ...record.headers, data: value };
  }
}

/** The labels of what a row is about, where it has any. */
export const labelsOf = ({ labels, data }: Row): unknown =>
  labels ?? (data as { labels?: unknown } | null | undefined)?.labels;

/** The name of a cluster that people know stands in its title, where it has one. */
const clusterOf = (data: Fields): unknown => data['cluster_title'] || data['cluster'];

function metricRow(row: Row): Row {
  const labels = row['labels'] as Fields;
  return { ...row, cluster: labels['cluster'] ?? row['cluster'], labels: labelText(labels) };
}

function alertRow(row: Row): Row {
  const data = row['data'] as Fields;
  const { alertname: _, severity: __, ...labels } = data['labels'] as Fields;
  return { ...data, ...intervalRow(row), labels: labelText(labels) };
}

/** What began or ended, at the time at which it did. */
function intervalRow(row: Row): Row {
  const { time, ...rest } = eventRow(row);
  const { start, end } = row['data'] as { start?: string | number; end?: string | number | null };
  const at = end ?? start;
  return { ...rest, time: at === undefined ? time : new Date(at).toISOString() };
}

const tableRows: Readonly<Record<string, Subject['tableRow']>> = {
  alerts: alertRow,
  anomalies: intervalRow,
  events: intervalRow,
};

function eventRow(row: Row): Row {
  const { data } = row;
  if (typeof data !== 'object' || data === null) return row;
  const fields = data as Fields;
  const { labels, log_time: logTime } = fields;
  return {
    ...row,
    ...fields,
    time: row['time'],
    cluster: clusterOf(fields) ?? row['cluster'],
    ...(typeof labels === 'object' && labels !== null ? { labels: labelText(labels) } : {}),
    ...(typeof logTime === 'number' ? { log_time: new Date(logTime).toISOString() } : {}),
    data,
  };
}

/** The column of the cluster shows these. */
const clusterLabels = new Set(['cluster', 'clusterID', 'cluster_id']);

function labelText(labels: unknown): string {
  return Object.entries(labels as Record<string, string>)
    .filter(([name]) => !clusterLabels.has(name))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}
