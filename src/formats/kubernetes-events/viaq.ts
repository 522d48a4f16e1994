import { readBareEvent } from './bare.ts';
import type { Draft } from './draft.ts';
import { isObject, type Json, objectOf, stringOf } from './json.ts';
import { readTime } from './times.ts';

/**
 * Records of the OpenShift log forwarder with the event unpacked into `kubernetes.event`
 * (fluentd; vector 5.7 to 6.6). Members with empty values are missing, the creation time moved to
 * `@timestamp` in some releases (its meaning differs, so it is only the last resort), `verb` may
 * stand inside the event, and `message` beside it.
 */
export function readViaq(value: Json): Draft | null {
  const event = objectOf(value['kubernetes'])['event'];
  if (!isObject(event)) return null;
  const draft = readBareEvent(event);
  if (draft === null) return null;
  return {
    ...draft,
    cluster: viaqCluster(value),
    verb: stringOf(event['verb']) || stringOf(value['verb']),
    message: draft.message || stringOf(value['message']),
    created: draft.created ?? readTime(value['@timestamp']),
  };
}

/** `openshift.cluster_id`; '' for fluentd, which never stamps it. */
export function viaqCluster(value: Json): string {
  return stringOf(objectOf(value['openshift'])['cluster_id']);
}
