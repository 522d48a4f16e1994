import type { Draft } from './draft.ts';
import { isObject, type Json, objectOf, stringOf } from './json.ts';
import { readTime } from './times.ts';

/** A bare core/v1 Event (`involvedObject`). */
export const isCoreEvent = (value: Json): boolean => isObject(value['involvedObject']);

export function readCoreEvent(event: Json): Draft {
  const metadata = objectOf(event['metadata']);
  const object = objectOf(event['involvedObject']);
  const source = objectOf(event['source']);
  const series = isObject(event['series']) ? event['series'] : null;
  return {
    cluster: '',
    verb: '',
    name: stringOf(metadata['name']),
    uid: stringOf(metadata['uid']),
    kind: stringOf(object['kind']),
    namespace: stringOf(object['namespace']),
    object: stringOf(object['name']),
    fieldPath: stringOf(object['fieldPath']),
    reason: stringOf(event['reason']),
    type: stringOf(event['type']),
    message: stringOf(event['message']),
    // Aggregated events leave the reporting fields empty: the source comes first.
    component: stringOf(source['component']) || stringOf(event['reportingComponent']),
    host: stringOf(source['host']),
    first: readTime(event['firstTimestamp']),
    last: readTime(event['lastTimestamp']),
    eventTime: readTime(event['eventTime']),
    created: readTime(metadata['creationTimestamp']),
    count: event['count'],
    series: series && { count: series['count'], last: readTime(series['lastObservedTime']) },
  };
}
