import type { Member } from '../model/entities.ts';
import { count, each, gauge, histogram, onlyFull, total } from './kinds.ts';
import { exporter } from './metric.ts';

/** etcd, controller manager and scheduler: one target of each per control-plane node. */

const writes = (member: Member): number => member.cluster.apiRate * 0.12;
const bounds = [
  0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192,
];
const peers = (member: Member) =>
  [...member.cluster.members]
    .filter((other) => other !== member)
    .map((other) => ({ To: other.node.name }));

export const etcd = exporter('member', {
  job: 'etcd',
  startedMs: (member) => member.node.bootMs,
  metrics: [
    gauge(
      'etcd_mvcc_db_total_size_in_bytes',
      (member) => Math.round(member.etcdDbBytes / 4096) * 4096,
    ),
    gauge(
      'etcd_mvcc_db_total_size_in_use_in_bytes',
      (member) => Math.round(member.etcdDbInUse / 4096) * 4096,
    ),
    gauge('etcd_server_quota_backend_bytes', () => 8 * 2 ** 30),
    gauge('etcd_server_has_leader', () => 1),
    gauge('etcd_server_is_leader', (member) => (member.etcdLeader ? 1 : 0)),
    total('etcd_server_leader_changes_seen_total', (member) => member.leaderChanges),
    count('etcd_server_proposals_committed_total', writes),
    count('etcd_server_proposals_applied_total', writes),
    gauge('etcd_server_proposals_pending', (member) =>
      Math.round(Math.max(0, member.cluster.apiSlowness - 1.5) * 3),
    ),
    count(
      'etcd_server_proposals_failed_total',
      (member) => Math.max(0, member.cluster.apiSlowness - 3) * 0.2,
    ),
    histogram('etcd_disk_wal_fsync_duration_seconds', {
      bounds,
      observe: (member) => ({ rate: writes(member), median: member.fsyncSeconds, spread: 0.7 }),
    }),
    ...onlyFull([
      histogram<Member>('etcd_disk_backend_commit_duration_seconds', {
        bounds,
        observe: (member) => ({
          rate: writes(member) * 0.3,
          median: member.fsyncSeconds * 2,
          spread: 0.6,
        }),
      }),
      histogram<Member>('etcd_network_peer_round_trip_time_seconds', {
        bounds: bounds.slice(0, 12),
        observe: (member) => ({
          rate: 0.5,
          median: 0.0012 * member.cluster.apiSlowness,
          spread: 0.5,
        }),
        rows: peers,
      }),
      count<Member>(
        'etcd_network_peer_sent_bytes_total',
        (member) => writes(member) * 2_600,
        peers,
      ),
      count<Member>(
        'etcd_network_peer_received_bytes_total',
        (member) => writes(member) * 2_500,
        peers,
      ),
      count<Member>(
        'etcd_network_client_grpc_received_bytes_total',
        (member) => writes(member) * 3_000,
      ),
      count<Member>(
        'etcd_network_client_grpc_sent_bytes_total',
        (member) => writes(member) * 21_000,
      ),
      count<Member>(
        'grpc_server_started_total',
        (member, row) => (row === 0 ? member.cluster.apiRate * 0.5 : 0.05),
        () => [
          { grpc_method: 'Range', grpc_service: 'etcdserverpb.KV', grpc_type: 'unary' },
          { grpc_method: 'Watch', grpc_service: 'etcdserverpb.Watch', grpc_type: 'bidi_stream' },
        ],
      ),
      gauge<Member>('process_resident_memory_bytes', (member) => 2e8 + member.etcdDbBytes * 1.4),
    ]),
  ],
});

export const controllerManager = exporter('member', {
  job: 'kube-controller-manager',
  startedMs: (member) => member.node.bootMs,
  metrics: [
    gauge(
      'leader_election_master_status',
      (member) => (member.controllerLeader ? 1 : 0),
      () => each('name', ['kube-controller-manager']),
    ),
    ...onlyFull([
      gauge<Member>(
        'workqueue_depth',
        (member) => (member.controllerLeader ? Math.round(member.cluster.apiSlowness - 1) : 0),
        () => each('name', ['deployment', 'endpoint', 'replicaset', 'statefulset']),
      ),
      count<Member>(
        'workqueue_adds_total',
        (member) => (member.controllerLeader ? 0.8 : 0),
        () => each('name', ['deployment', 'endpoint', 'replicaset', 'statefulset']),
      ),
    ]),
  ],
});

const pending = (member: Member): number => {
  let pods = 0;
  for (const workload of member.cluster.workloads) {
    for (const pod of workload.pods) if (pod.node === null) pods++;
  }
  return pods;
};

export const scheduler = exporter('member', {
  job: 'kube-scheduler',
  startedMs: (member) => member.node.bootMs,
  metrics: [
    gauge(
      'leader_election_master_status',
      (member) => (member.schedulerLeader ? 1 : 0),
      () => each('name', ['kube-scheduler']),
    ),
    ...onlyFull([
      gauge<Member>(
        'scheduler_pending_pods',
        (member, row) => (row === 1 && member.schedulerLeader ? pending(member) : 0),
        () => each('queue', ['active', 'unschedulable']),
      ),
      histogram<Member>('scheduler_scheduling_attempt_duration_seconds', {
        bounds: [0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024],
        observe: (member) => ({
          rate: member.schedulerLeader ? 0.1 : 0,
          median: 0.006,
          spread: 0.6,
        }),
        rows: () => [{ profile: 'default-scheduler', result: 'scheduled' }],
      }),
    ]),
  ],
});
