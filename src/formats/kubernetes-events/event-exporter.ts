import { readBareEvent } from './bare.ts';
import type { Draft } from './draft.ts';
import { type Json, stringOf } from './json.ts';

/** kubernetes-event-exporter: a core/v1 Event with `clusterName` beside its members. */
export function readEventExporter(value: Json): Draft | null {
  const draft = readBareEvent(value);
  return draft && { ...draft, cluster: stringOf(value['clusterName']) };
}
