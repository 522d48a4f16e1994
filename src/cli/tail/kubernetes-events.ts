import { text } from '../../core/bytes.ts';
import { type Matcher, matchLabels } from '../../core/matchers.ts';
import type { KubernetesEvent } from '../../formats/kubernetes-events/event.ts';
import type { LogRecord } from '../../log/log.ts';
import type { Row } from '../output/rows.ts';

export const kubernetesEventColumns = ['time', 'cluster', 'type', 'reason', 'object', 'message'];

/** Rows of the Kubernetes events of `telemetry` whose fields match, such as reason or namespace. */
export function kubernetesEventRows(
  matchers: readonly Matcher[],
): (partition: number, record: LogRecord) => Iterable<Row> {
  return (_partition, { headers, value }) => {
    if (headers['kind'] !== 'kubernetes-event' || value === null) return [];
    const event = JSON.parse(text(value)) as KubernetesEvent;
    const cluster = headers['cluster'] ?? event.cluster ?? '';
    const fields: Row = { ...event, cluster };
    const get = (name: string): string => String(fields[name] ?? '');
    if (!matchLabels(matchers, get)) return [];
    const { tenant = '' } = headers;
    return [{ time: new Date(event.end).toISOString(), tenant, ...fields }];
  };
}

/** The object as people write it. */
export function kubernetesEventTableRow(row: Row): Row {
  const { kind, namespace, object } = row;
  return { ...row, object: [kind, namespace, object].filter((part) => part !== '').join('/') };
}
