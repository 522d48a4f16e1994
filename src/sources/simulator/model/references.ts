import type { ObjectReference } from '../kubernetes-events.ts';
import type { Claim, Container, Member, Node, Pod, Workload } from './entities.ts';

/** Object references as the reporting components write them. */

/** The kubelet writes the node's name where the UID belongs; controllers write the UID. */
export const nodeAsKubelet = (node: Node): ObjectReference => ({
  kind: 'Node',
  name: node.name,
  uid: node.name,
});

export const nodeAsController = (node: Node): ObjectReference => ({
  kind: 'Node',
  name: node.name,
  uid: node.uid,
});

export const podReference = (pod: Pod): ObjectReference => ({
  kind: 'Pod',
  namespace: pod.workload.namespace,
  name: pod.name,
  uid: pod.uid,
});

export const containerReference = (container: Container): ObjectReference => ({
  ...podReference(container.pod),
  fieldPath: `spec.containers{${container.spec.name}}`,
});

export const workloadReference = (workload: Workload): ObjectReference => ({
  kind: workload.type,
  namespace: workload.namespace,
  name: workload.name,
  uid: workload.uid,
  apiVersion: 'apps/v1',
});

export const replicaSetReference = (workload: Workload): ObjectReference => ({
  kind: 'ReplicaSet',
  namespace: workload.namespace,
  name: `${workload.name}-${workload.revision}`,
  apiVersion: 'apps/v1',
});

export const autoscalerReference = (workload: Workload): ObjectReference => ({
  kind: 'HorizontalPodAutoscaler',
  namespace: workload.namespace,
  name: workload.name,
  apiVersion: 'autoscaling/v2',
});

export const leaseReference = (member: Member, name: string): ObjectReference => ({
  kind: 'Lease',
  namespace: 'kube-system',
  name,
  uid: `lease-${member.cluster.index}-${name}`,
  apiVersion: 'coordination.k8s.io/v1',
});

/** Objects as truth names them: `Pod/shop/web-5d9-x7k2p`. */
export const nodeObject = (node: Node): string => `Node/${node.name}`;
export const podObject = (pod: Pod): string => `Pod/${pod.workload.namespace}/${pod.name}`;
export const workloadObject = (workload: Workload): string =>
  `${workload.type}/${workload.namespace}/${workload.name}`;
export const claimObject = (claim: Claim): string =>
  `PersistentVolumeClaim/${claim.namespace}/${claim.name}`;
