import type { Labels } from '../labels.ts';
import type { Cluster, Member } from '../model/entities.ts';
import {
  count,
  counter,
  each,
  gauge,
  histogram,
  nativeHistogram,
  onlyFull,
  states,
} from './kinds.ts';
import { exporter } from './metric.ts';

/** kube-apiserver: one target per control-plane node. */

/** What is asked for: share of all requests and median duration in seconds. */
interface Kind {
  readonly verb: string;
  readonly resource: string;
  readonly scope: string;
  readonly code: string;
  readonly share: number;
  readonly median: number;
}

const kind = (
  verb: string,
  resource: string,
  scope: string,
  code: string,
  share: number,
  median: number,
): Kind => ({
  verb,
  resource,
  scope,
  code,
  share,
  median,
});

const few: readonly Kind[] = [
  kind('GET', 'leases', 'resource', '200', 0.22, 0.003),
  kind('PUT', 'leases', 'resource', '200', 0.2, 0.008),
  kind('LIST', 'pods', 'cluster', '200', 0.05, 0.04),
  kind('PATCH', 'nodes', 'resource', '200', 0.06, 0.012),
];
const more: readonly Kind[] = [
  ...few,
  kind('GET', 'configmaps', 'resource', '200', 0.12, 0.004),
  kind('GET', 'pods', 'resource', '200', 0.08, 0.004),
  kind('GET', 'secrets', 'resource', '404', 0.01, 0.002),
  kind('LIST', 'services', 'namespace', '200', 0.03, 0.01),
  kind('POST', 'events', 'resource', '201', 0.06, 0.01),
  kind('POST', 'tokenreviews', 'resource', '201', 0.05, 0.006),
  kind('PATCH', 'events', 'resource', '200', 0.04, 0.011),
  kind('PUT', 'endpointslices', 'resource', '409', 0.005, 0.009),
  kind('DELETE', 'pods', 'resource', '200', 0.002, 0.02),
];
const kindsOf = (member: Member): readonly Kind[] =>
  member.cluster.detail === 'full' ? more : few;

const groups: Labels = {
  component: 'apiserver',
  group: '',
  version: 'v1',
  dry_run: '',
  subresource: '',
};
const requestRows = (member: Member) =>
  kindsOf(member).map(({ verb, resource, scope, code }) => ({
    ...groups,
    verb,
    resource,
    scope,
    code,
  }));
const durationRows = (member: Member) =>
  kindsOf(member).map(({ verb, resource, scope }) => ({ ...groups, verb, resource, scope }));

/** Requests per second that one API server answers. */
function share(member: Member): number {
  const { members, apiRate } = member.cluster;
  let up = 0;
  for (const other of members) if (other.apiUp && other.node.up) up++;
  return apiRate / Math.max(1, up);
}

const observeKind = (member: Member, row: number) => {
  const { share: part, median } = kindsOf(member)[row]!;
  const slow = 0.5 * member.cluster.apiSlowness + 0.5 * (member.fsyncSeconds / 0.0016);
  return { rate: share(member) * part, median: median * slow, spread: 0.9 };
};

const fewBounds = [0.005, 0.025, 0.1, 0.5, 1, 5, 30];
const bounds = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45,
  60,
];

const objects = ['configmaps', 'events', 'nodes', 'pods', 'secrets', 'services'];
function objectCount({ nodes, workloads }: Cluster, row: number): number {
  let pods = 0;
  for (const node of nodes) pods += node.pods.size;
  return [
    60 + workloads.size * 2,
    200 + pods * 4,
    nodes.size,
    pods,
    80 + workloads.size,
    12 + workloads.size,
  ][row]!;
}

const base = {
  job: 'apiserver',
  startedMs: (member: Member) => member.apiStartedMs,
} as const;

export const apiServer = exporter('member', {
  ...base,
  metrics: [
    count('apiserver_request_total', (member, row) => observeKind(member, row).rate, requestRows),
    gauge(
      'apiserver_current_inflight_requests',
      (member, row) =>
        Math.round(share(member) * (row === 0 ? 0.01 : 0.03) * member.cluster.apiSlowness),
      () => each('request_kind', ['mutating', 'readOnly']),
    ),
    gauge('process_resident_memory_bytes', (member) => 4e8 + share(member) * 6e5),
    counter('process_cpu_seconds_total', (member) => 0.05 + share(member) * 0.0015),
    gauge('process_start_time_seconds', (member) => Math.floor(member.apiStartedMs / 1000)),
    ...onlyFull([
      gauge<Member>('go_goroutines', (member) => 900 + Math.round(share(member) * 6)),
      gauge<Member>(
        'apiserver_storage_objects',
        (member, row) => objectCount(member.cluster, row),
        () => each('resource', objects),
      ),
      gauge<Member>(
        'workqueue_depth',
        () => 0,
        () => each('name', ['admission_quota_controller', 'crd_finalizer']),
      ),
      count<Member>(
        'workqueue_adds_total',
        () => 0.4,
        () => each('name', ['admission_quota_controller', 'crd_finalizer']),
      ),
      count<Member>(
        'apiserver_flowcontrol_rejected_requests_total',
        (member) => Math.max(0, member.cluster.apiSlowness - 4) * 0.5,
        () => [
          { flow_schema: 'global-default', priority_level: 'global-default', reason: 'queue-full' },
        ],
      ),
    ]),
    nativeHistogram(
      'apiserver_request_duration_seconds',
      (member) => {
        const slow = 0.5 * member.cluster.apiSlowness + 0.5 * (member.fsyncSeconds / 0.0016);
        return { rate: share(member), median: 0.005 * slow, spread: 1.1 };
      },
      { rows: () => [{ component: 'apiserver', scope: 'all' }] },
    ),
    states('kubernetes_build_info', (member) => [
      {
        git_version: member.gitVersion,
        major: '1',
        minor: member.gitVersion.split('.')[1] ?? '',
        platform: 'linux/amd64',
      },
    ]),
  ],
});

export const apiServerDurations = exporter('member', {
  ...base,
  when: (member) => member.cluster.detail === 'full',
  metrics: [
    histogram('apiserver_request_duration_seconds', {
      bounds,
      observe: observeKind,
      rows: durationRows,
    }),
  ],
});

export const apiServerDurationsSmall = exporter('member', {
  ...base,
  when: (member) => member.cluster.detail === 'small',
  metrics: [
    histogram('apiserver_request_duration_seconds', {
      bounds: fewBounds,
      observe: observeKind,
      rows: (member) => durationRows(member).slice(0, 2),
    }),
  ],
});
