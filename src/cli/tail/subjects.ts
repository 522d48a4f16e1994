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
  /** The row that a table shows; other forms have it whole. */
  tableRow(row: Row): Row;
}

export async function subjectOf(what: string, matchers: readonly Matcher[]): Promise<Subject> {
  if (what === 'metrics' || what === 'scores') {
    const { metricRows } = await import('./metrics.ts');
    return {
      topic: what === 'metrics' ? telemetryTopic : what,
      columns: ['time', 'cluster', 'metric', 'value', 'labels'],
      rows: metricRows(matchers),
      tableRow: (row) => ({ ...row, labels: labelText(row['labels']) }),
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
    tableRow: what === 'alerts' ? alertRow : eventRow,
  };
}

const columnsOf: Readonly<Record<string, readonly string[]>> = {
  alerts: ['time', 'state', 'alertname', 'severity', 'cluster', 'value', 'labels'],
  anomalies: [
    'time',
    'state',
    'metric',
    'direction',
    'score',
    'observed',
    'expected',
    'cluster',
    'labels',
  ],
  events: ['time', 'change', 'fact', 'object', 'severity', 'cluster'],
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

/** The name of a cluster that people know stands in its title, where it has one. */
const clusterOf = (data: Fields): unknown => data['cluster_title'] || data['cluster'];

function alertRow(row: Row): Row {
  const data = row['data'] as Fields;
  const { alertname: _, severity: __, ...labels } = data['labels'] as Fields;
  return {
    ...data,
    time: data['state'] === 'resolved' ? data['end'] : data['start'],
    cluster: clusterOf(data),
    labels: labelText(labels),
  };
}

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

function labelText(labels: unknown): string {
  return Object.entries(labels as Record<string, string>)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(' ');
}
