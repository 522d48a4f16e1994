import type { Claim, Pod } from './entities.ts';

/** The volume of a stateful pod, as its StatefulSet claims it. */
export function newClaim(pod: Pod): Claim {
  const { cluster, workload } = pod;
  const { random } = cluster;
  const capacity = workload.claimBytes;
  return {
    kind: 'claim',
    cluster,
    namespace: workload.namespace,
    name: `data-${pod.name}`,
    volume: `pvc-${random.uuid()}`,
    storageClass: cluster.flavour === 'openshift' ? 'gp3-csi' : 'standard',
    capacity,
    createdMs: workload.createdMs,
    growth: (capacity / 86_400) * random.between(0.005, 0.05),
    pod,
    used: capacity * random.between(0.3, 0.6),
  };
}
