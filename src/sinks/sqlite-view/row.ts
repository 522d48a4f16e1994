import type { SQLInputValue } from 'node:sqlite';
import { text } from '../../core/bytes.ts';
import type { LogRecord } from '../../log/log.ts';
import type { Column, ViewTopic } from './schema.ts';

export type Row = Readonly<Record<Column, SQLInputValue>>;

type Json = Readonly<Record<string, unknown>>;

/**
 * The row of an output: a CloudEvent in structured mode, read generously: what is missing or of
 * another type is null. Null when the value is no JSON object at all.
 */
export function rowOf(topic: ViewTopic, record: LogRecord): Row | null {
  const event = parse(record.value);
  if (event === null) return null;
  const data = isObject(event['data']) ? event['data'] : {};
  const { headers } = record;
  const labels = isObject(data['labels']) ? data['labels'] : {};
  return {
    tenant: headers['tenant'] ?? textOf(data['tenant']) ?? '',
    subject: textOf(event['subject']) ?? `${topic}/${record.offset}`,
    revision: revisionOf(event, data),
    type: textOf(event['type']),
    state: textOf(data['state']) ?? textOf(data['change']),
    cluster: headers['cluster'] ?? textOf(data['cluster']),
    start_ms: timeOf(data['start']) ?? timeOf(event['time']),
    end_ms: timeOf(data['end']),
    data: JSON.stringify(data),
    origin: headers['from'] ?? null,
    number: numberOf(Number(headers['number'] ?? Number.NaN)),
    log_time: record.timestamp,
    alertstate: textOf(data['alertstate']),
    alertname: textOf(data['alertname']) ?? textOf(labels['alertname']),
    severity: textOf(data['severity']) ?? textOf(labels['severity']),
    labels: JSON.stringify(labels),
    value: numberOf(data['value']),
  };
}

function parse(value: Uint8Array | null): Json | null {
  if (value === null) return null;
  try {
    const parsed: unknown = JSON.parse(text(value));
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** RFC 3339 or ms. */
function timeOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  return typeof ms === 'number' && Number.isFinite(ms) ? Math.round(ms) : null;
}

/** `id` is `subject/revision`. */
function revisionOf(event: Json, data: Json): number {
  const given = numberOf(data['revision']);
  if (given !== null) return Math.round(given);
  const match = /\/(\d{1,15})$/.exec(textOf(event['id']) ?? '');
  return match === null ? 0 : Number(match[1]);
}
