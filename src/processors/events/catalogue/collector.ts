import type { FamilyInput } from '../rule.ts';

/** What we do not see: told apart from what the cluster did. */
export const collector: FamilyInput = {
  family: 'collector',
  rules: [
    {
      id: 'metrics-gap',
      fact: 'metrics_gap',
      title: 'No metrics arrive from a cluster, Kubernetes events do',
      severity: 'warning',
      object: 'Collector/metrics',
      track: 'silence',
    },
    {
      id: 'cluster-silent',
      fact: 'cluster_silent',
      title: 'Nothing arrives from a cluster any more',
      severity: 'critical',
      object: 'Cluster',
      track: 'silence',
    },
  ],
};
