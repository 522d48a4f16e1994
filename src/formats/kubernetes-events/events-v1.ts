import { readCoreEvent } from './core-v1.ts';
import type { Draft } from './draft.ts';
import { isObject, type Json } from './json.ts';

/** A bare events.k8s.io/v1 Event (`regarding`): the same stored object, other member names. */
export const isEventsEvent = (value: Json): boolean => isObject(value['regarding']);

export function readEventsEvent(event: Json): Draft {
  return readCoreEvent({
    metadata: event['metadata'],
    involvedObject: event['regarding'],
    reason: event['reason'],
    type: event['type'],
    message: event['note'],
    source: event['deprecatedSource'],
    reportingComponent: event['reportingController'],
    firstTimestamp: event['deprecatedFirstTimestamp'],
    lastTimestamp: event['deprecatedLastTimestamp'],
    eventTime: event['eventTime'],
    count: event['deprecatedCount'],
    series: event['series'],
  });
}
