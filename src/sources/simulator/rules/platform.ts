import type { Cluster, Member } from '../model/entities.ts';
import { minutes, type Rule, rule } from './rule.ts';

/** Alerts about the platform, and those that fire for ever. */

const isOpenShift = (cluster: Cluster): boolean => cluster.flavour === 'openshift';
const platform = { openshift_io_alert_source: 'platform' };
const asMember = ({ node }: Member) => ({ job: 'etcd', instance: `${node.address}:9979` });

function versions(cluster: Cluster): number {
  return new Set([...cluster.nodes].map((node) => node.kubeletVersion)).size;
}

export const platformRules: readonly Rule[] = [
  rule('cluster', {
    alert: 'Watchdog',
    severity: 'none',
    forMs: 0,
    when: () => true,
    labels: (cluster) =>
      isOpenShift(cluster) ? { ...platform, namespace: 'openshift-monitoring' } : {},
  }),
  rule('cluster', {
    alert: 'AlertmanagerReceiversNotConfigured',
    severity: 'warning',
    forMs: minutes(10),
    when: isOpenShift,
    labels: () => ({ ...platform, namespace: 'openshift-monitoring' }),
  }),
  rule('cluster', {
    alert: 'UpdateAvailable',
    severity: 'info',
    forMs: 0,
    when: (cluster) => isOpenShift(cluster) && cluster.version.desired === '',
    labels: () => ({
      ...platform,
      namespace: 'openshift-cluster-version',
      channel: 'stable-4.20',
      upstream: '<default>',
    }),
  }),
  rule('member', {
    alert: 'etcdHighNumberOfLeaderChanges',
    severity: 'warning',
    forMs: minutes(5),
    when: ({ leaderChangedMs }, nowMs) =>
      leaderChangedMs.filter((timeMs) => nowMs - timeMs < minutes(15)).length >= 4,
    labels: asMember,
  }),
  rule('member', {
    alert: 'etcdHighFsyncDurations',
    severity: 'warning',
    forMs: minutes(10),
    when: ({ fsyncSeconds }) => fsyncSeconds > 0.1,
    labels: asMember,
  }),
  rule('operator', {
    alert: 'ClusterOperatorDegraded',
    severity: 'warning',
    forMs: minutes(30),
    when: ({ degraded }) => degraded,
    labels: ({ name, degradedReason }) => ({
      ...platform,
      namespace: 'openshift-cluster-version',
      name,
      reason: degradedReason,
    }),
  }),
  rule('cluster', {
    alert: 'KubeVersionMismatch',
    severity: 'warning',
    forMs: minutes(15),
    when: (cluster) => !isOpenShift(cluster) && versions(cluster) > 1,
  }),
  rule('member', {
    alert: 'KubeAPIDown',
    severity: 'critical',
    forMs: minutes(15),
    when: ({ apiUp, node }) => !apiUp && node.up,
    labels: () => ({ job: 'apiserver' }),
  }),
];
