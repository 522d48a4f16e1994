/** One core/v1 event in every shape that carries it (reference: section 1), for golden tests. */
type Json = Record<string, unknown>;

export interface Shape {
  readonly name: string;
  /** Text of the record. */
  readonly text: string;
  /** The cluster that the shape carries. */
  readonly cluster: string | null;
  /** k8s_events carries no component; ViaQ of some releases no creation time. */
  readonly hasComponent: boolean;
}

const anyValue = (value: unknown): Json => {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { intValue: String(value) };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(anyValue) } };
  if (value === null || value === undefined) return {};
  return { kvlistValue: { values: attributes(value as Json) } };
};
const attributes = (map: Json): Json[] =>
  Object.entries(map).map(([key, value]) => ({ key, value: anyValue(value) }));

const otlp = (resource: Json, record: Json): string =>
  JSON.stringify({
    resourceLogs: [
      { resource: { attributes: attributes(resource) }, scopeLogs: [{ logRecords: [record] }] },
    ],
  });

/** Without empty members, as the log forwarder does. */
function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(compact);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([k, v]) => [k, compact(v)] as const);
  const isEmpty = (v: unknown): boolean =>
    v === null || v === '' || (typeof v === 'object' && Object.keys(v as Json).length === 0);
  return Object.fromEntries(entries.filter(([, v]) => !isEmpty(v)));
}

// biome-ignore lint/suspicious/noExplicitAny: events as served
export function shapesOf(event: any): Shape[] {
  const cluster = '5bb4cf8c-0a2b-4d6e-9a3c-3b1f9f0d1234';
  const line = { verb: 'ADDED', event };
  const raw = JSON.stringify(line);
  const events = eventsView(event);
  const { creationTimestamp, ...metadata } = event.metadata;
  const viaq = (members: Json): string =>
    JSON.stringify({
      log_type: 'infrastructure',
      hostname: 'infra-1',
      openshift: { cluster_id: cluster, sequence: 7 },
      ...members,
    });
  const pod = { namespace_name: 'eventrouter', pod_name: 'eventrouter-6b-x1', labels: {} };
  const inside = (e: Json): Json => ({ ...pod, event: compact({ ...e, verb: 'ADDED' }) });
  const full = (name: string, text: string, of: string | null = cluster): Shape => ({
    name,
    text,
    cluster: of,
    hasComponent: true,
  });
  return [
    full('core/v1', JSON.stringify({ kind: 'Event', apiVersion: 'v1', ...event }), null),
    full('events.k8s.io/v1', JSON.stringify(events), null),
    full('watch', JSON.stringify({ type: 'ADDED', object: event }), null),
    full('eventrouter', raw, null),
    full('eventrouter with klog header', `I1122 13:41:53.123456 1 glogsink.go:42] ${raw}`, null),
    full(
      'ViaQ fluentd',
      JSON.stringify({
        '@timestamp': creationTimestamp,
        message: event.message,
        kubernetes: { ...inside({ ...event, metadata }), flat_labels: [] },
        pipeline_metadata: { collector: { original_raw_message: raw } },
        viaq_msg_id: 'abc',
      }),
      null,
    ),
    full('ViaQ vector 5.6', viaq({ '@timestamp': later, message: raw, kubernetes: pod })),
    full(
      'ViaQ vector 5.7',
      viaq({
        '@timestamp': later,
        message: event.message,
        kubernetes: inside({ ...event, metadata }),
      }),
    ),
    full(
      'ViaQ vector 6.0',
      viaq({
        '@timestamp': creationTimestamp,
        message: event.message.replaceAll('\n', '\\n'),
        kubernetes: inside({ ...event, metadata }),
        old_event: null,
      }),
    ),
    full(
      'ViaQ vector 6.3',
      viaq({ '@timestamp': later, message: event.message, kubernetes: inside(event) }),
    ),
    full(
      'ViaQ vector 6.5',
      viaq({
        '@timestamp': event.lastTimestamp ?? event.eventTime,
        message: event.message,
        level: 'error',
        kubernetes: inside(event),
      }),
    ),
    full(
      'kubernetes-event-exporter',
      JSON.stringify({
        ...event,
        clusterName: cluster,
        involvedObject: { ...event.involvedObject, labels: { a: 'b' } },
      }),
    ),
    full(
      'OTel k8sobjects, watch',
      otlp(
        { 'k8s.namespace.name': event.metadata.namespace, 'k8s.cluster.name': cluster },
        {
          observedTimeUnixNano: '1795354920000000000',
          body: anyValue({ type: 'ADDED', object: events }),
          attributes: attributes({ 'event.domain': 'k8s', 'event.name': event.metadata.name }),
        },
      ),
    ),
    full(
      'OTel k8sobjects, pull',
      otlp(
        { 'k8s.cluster.uid': cluster },
        { body: anyValue(event), attributes: attributes({ 'event.type': 'ADDED' }) },
      ),
    ),
    {
      ...full('OTel k8s_events', k8sEvents(event, cluster)),
      hasComponent: false,
    },
    full('OTel k8sobjects, body only', JSON.stringify({ type: 'ADDED', object: events }), null),
  ];
}

const later = '2026-11-22T14:30:00.000Z';

// biome-ignore lint/suspicious/noExplicitAny: events as served
function eventsView(event: any): Json {
  return {
    kind: 'Event',
    apiVersion: 'events.k8s.io/v1',
    metadata: event.metadata,
    eventTime: event.eventTime,
    series: event.series,
    reportingController: event.reportingComponent,
    reason: event.reason,
    regarding: event.involvedObject,
    note: event.message,
    type: event.type,
    deprecatedSource: event.source,
    deprecatedFirstTimestamp: event.firstTimestamp,
    deprecatedLastTimestamp: event.lastTimestamp,
    deprecatedCount: event.count,
  };
}

// biome-ignore lint/suspicious/noExplicitAny: events as served
function k8sEvents(event: any, cluster: string): string {
  const object = event.involvedObject;
  const last = Date.parse(event.lastTimestamp ?? event.eventTime);
  const start = event.firstTimestamp ?? event.eventTime;
  return otlp(
    {
      'k8s.cluster.name': cluster,
      'k8s.node.name': event.source.host ?? '',
      'k8s.object.kind': object.kind,
      'k8s.object.name': object.name,
      'k8s.object.uid': object.uid ?? '',
      'k8s.object.fieldpath': object.fieldPath ?? '',
    },
    {
      timeUnixNano: `${last}000000`,
      severityText: event.type === 'Warning' ? 'Warning' : 'Normal',
      severityNumber: event.type === 'Warning' ? 13 : 9,
      body: { stringValue: event.message },
      attributes: attributes({
        'k8s.event.reason': event.reason,
        'k8s.event.action': '',
        'k8s.event.start_time': start.replace('T', ' ').replace('Z', ' +0000 UTC'),
        'k8s.event.name': event.metadata.name,
        'k8s.event.uid': event.metadata.uid,
        'k8s.event.count': event.count ?? 0,
        'k8s.namespace.name': event.metadata.namespace,
      }),
    },
  );
}

const nameAt = (object: string, ms: number): string =>
  `${object}.${(BigInt(ms) * 1_000_000n + 412_345n).toString(16)}`;
const base = Date.UTC(2026, 10, 22, 13, 41, 53, 730);

/** A kubelet's event that was repeated. */
export const pressure = {
  metadata: {
    name: nameAt('worker-a1', base),
    namespace: 'default',
    uid: '0e7a3cb1-72ea-4b31-8b8f-cfb9f4b5bd8e',
    resourceVersion: '88',
    creationTimestamp: '2026-11-22T13:41:53Z',
  },
  involvedObject: { kind: 'Node', name: 'worker-a1', uid: 'worker-a1' },
  reason: 'NodeHasInsufficientMemory',
  message: 'Node worker-a1 status is now: NodeHasInsufficientMemory',
  source: { component: 'kubelet', host: 'worker-a1' },
  firstTimestamp: '2026-11-22T13:41:53Z',
  lastTimestamp: '2026-11-22T13:43:10Z',
  count: 3,
  type: 'Normal',
  eventTime: null,
  reportingComponent: 'kubelet',
  reportingInstance: 'worker-a1',
};

/** A scheduler's event: eventTime only. */
export const scheduling = {
  metadata: {
    name: nameAt('giant', base + 1000),
    namespace: 'reports',
    uid: '11111111-72ea-4b31-8b8f-cfb9f4b5bd8e',
    resourceVersion: '99',
    creationTimestamp: '2026-11-22T13:41:54Z',
  },
  involvedObject: { kind: 'Pod', namespace: 'reports', name: 'giant' },
  reason: 'FailedScheduling',
  message: '0/5 nodes are available: 5 Insufficient cpu.\nno new claims to deallocate',
  source: {},
  firstTimestamp: null,
  lastTimestamp: null,
  type: 'Warning',
  eventTime: '2026-11-22T13:41:54.730398Z',
  series: null,
  reportingComponent: 'default-scheduler',
  reportingInstance: 'default-scheduler-control-0',
};

/** A crashing container. */
export const crash = {
  metadata: {
    name: nameAt('mailer-59f6fc4678-kpvp7', base + 2000),
    namespace: 'payments',
    uid: '22222222-72ea-4b31-8b8f-cfb9f4b5bd8e',
    resourceVersion: '100',
    creationTimestamp: '2026-11-22T13:41:55Z',
  },
  involvedObject: {
    kind: 'Pod',
    namespace: 'payments',
    name: 'mailer-59f6fc4678-kpvp7',
    fieldPath: 'spec.containers{mailer}',
  },
  reason: 'BackOff',
  message: 'Back-off restarting failed container mailer in pod mailer-59f6fc4678-kpvp7_payments(x)',
  source: { component: 'kubelet', host: 'worker-a1' },
  firstTimestamp: '2026-11-22T13:41:55Z',
  lastTimestamp: '2026-11-22T13:41:55Z',
  count: 1,
  type: 'Warning',
  eventTime: null,
  reportingComponent: 'kubelet',
  reportingInstance: 'worker-a1',
};
