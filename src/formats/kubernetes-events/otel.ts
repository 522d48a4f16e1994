import { readBareEvent } from './bare.ts';
import type { Draft } from './draft.ts';
import { arrayOf, isObject, type Json, objectOf, stringOf } from './json.ts';
import { readNanos, readTime } from './times.ts';
import { readWatch } from './watch.ts';

/** One log record of OpenTelemetry with plain attribute maps. */
export interface OtelRecord {
  readonly body: unknown;
  readonly attributes: Json;
  readonly resource: Json;
  readonly severity: string;
  readonly timeMs: number | null;
}

/** The log records of an OTLP/HTTP JSON body (`resourceLogs`), or of one flattened record. */
export function otelRecords(value: Json): OtelRecord[] {
  if (!Array.isArray(value['resourceLogs'])) {
    return isObject(value['attributes']) || 'body' in value ? [recordOf(value, value)] : [];
  }
  return arrayOf(value['resourceLogs']).flatMap((logs) =>
    arrayOf(objectOf(logs)['scopeLogs']).flatMap((scope) =>
      arrayOf(objectOf(scope)['logRecords']).map((r) => recordOf(objectOf(r), objectOf(logs))),
    ),
  );
}

function recordOf(record: Json, logs: Json): OtelRecord {
  const resource = logs['resource'];
  return {
    body: plain(record['body'], 0),
    attributes: attributesOf(record['attributes']),
    resource: attributesOf(objectOf(resource)['attributes'] ?? resource),
    severity: stringOf(record['severityText']) || stringOf(record['severity_text']),
    timeMs: readNanos(record['timeUnixNano']) ?? readTime(record['timestamp']),
  };
}

function attributesOf(value: unknown): Json {
  if (!Array.isArray(value)) return objectOf(value);
  const entries = value.map((pair) => [stringOf(pair?.key), plain(pair?.value, 0)] as const);
  return Object.fromEntries(entries);
}

/** An OTLP AnyValue as plain JSON; anything else as it stands. Depth was limited before. */
function plain(value: unknown, depth: number): unknown {
  if (!isObject(value) || depth > 100) return value;
  if ('stringValue' in value) return value['stringValue'];
  if ('intValue' in value) return Number(value['intValue']);
  if ('doubleValue' in value) return value['doubleValue'];
  if ('boolValue' in value) return value['boolValue'];
  if (isObject(value['arrayValue'])) {
    return arrayOf(value['arrayValue']['values']).map((item) => plain(item, depth + 1));
  }
  if (!isObject(value['kvlistValue'])) return value;
  const pairs = arrayOf(value['kvlistValue']['values']).map(objectOf);
  return Object.fromEntries(
    pairs.map((pair) => [stringOf(pair['key']), plain(pair['value'], depth + 1)]),
  );
}

/** The k8sobjects receiver: body is `{type, object}`, or the object (type: `event.type`). */
export function readK8sObjects(record: OtelRecord): Draft | null {
  if (!isObject(record.body)) return null;
  const draft = readWatch(record.body) ?? readBareEvent(record.body);
  if (draft === null) return null;
  const verb = draft.verb || stringOf(record.attributes['event.type']);
  return { ...draft, verb, cluster: clusterOf(record) };
}

/** The k8s_events receiver: body is the message, everything else stands in attributes. */
export function readK8sEvents(record: OtelRecord): Draft | null {
  const { attributes, resource } = record;
  if (typeof attributes['k8s.event.reason'] !== 'string') return null;
  const of = (name: string): string => stringOf(attributes[name]) || stringOf(resource[name]);
  const kind = of('k8s.object.kind');
  return {
    cluster: clusterOf(record),
    verb: '',
    name: of('k8s.event.name'),
    uid: of('k8s.event.uid'),
    kind,
    // Events of cluster-scoped objects live in `default`: that is not the object's namespace.
    namespace: clusterScoped.has(kind) ? '' : of('k8s.namespace.name'),
    object: of('k8s.object.name'),
    fieldPath: of('k8s.object.fieldpath'),
    reason: of('k8s.event.reason'),
    type: /^(warn|error)/i.test(record.severity) ? 'Warning' : 'Normal',
    message: stringOf(record.body),
    component: '',
    host: of('k8s.node.name'),
    first: readTime(of('k8s.event.start_time')),
    last: record.timeMs,
    eventTime: null,
    created: null,
    count: attributes['k8s.event.count'],
    series: null,
  };
}

const clusterScoped: ReadonlySet<string> = new Set([
  'Node',
  'ClusterVersion',
  'ClusterOperator',
  'MachineConfigPool',
  'Namespace',
  'PersistentVolume',
  'NodeClaim',
  'NodePool',
]);

const clusterOf = ({ resource }: OtelRecord): string =>
  stringOf(resource['openshift.cluster.uid']) ||
  stringOf(resource['k8s.cluster.uid']) ||
  stringOf(resource['k8s.cluster.name']);
