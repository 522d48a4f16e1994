import type { Claim, Container, Pod, Workload } from '../model/entities.ts';
import { inCrashLoop } from '../model/pods.ts';
import { readyPods } from '../model/workloads.ts';
import { minutes, type Rule, rule } from './rule.ts';

/** Alerts about workloads, pods and volumes: the Kubernetes mixin's, and some of the teams. */

const asWorkload = (workload: Workload) => ({ namespace: workload.namespace });
const asPod = (pod: Pod) => ({ namespace: pod.workload.namespace, pod: pod.name });
const asContainer = ({ pod, spec }: Container) => ({ ...asPod(pod), container: spec.name });
const asClaim = (claim: Claim) => ({
  job: 'kubelet',
  namespace: claim.namespace,
  persistentvolumeclaim: claim.name,
});
const asService = (workload: Workload) => ({ ...asWorkload(workload), service: workload.name });
const claimFree = (claim: Claim): number => (claim.capacity - claim.used) / claim.capacity;

export const workloadRules: readonly Rule[] = [
  rule('container', {
    alert: 'KubePodCrashLooping',
    severity: 'warning',
    forMs: minutes(15),
    when: (container, nowMs) => inCrashLoop(container, nowMs),
    labels: (container) => ({
      ...asContainer(container),
      job: 'kube-state-metrics',
      reason: 'CrashLoopBackOff',
      uid: container.pod.uid,
    }),
  }),
  rule('pod', {
    alert: 'KubePodNotReady',
    severity: 'warning',
    forMs: minutes(15),
    when: (pod) => !pod.ready && (pod.phase === 'Pending' || pod.phase === 'Unknown'),
    labels: asPod,
  }),
  rule('workload', {
    alert: 'KubeDeploymentReplicasMismatch',
    severity: 'warning',
    forMs: minutes(15),
    when: (workload) => workload.type === 'Deployment' && readyPods(workload) < workload.replicas,
    labels: (workload) => ({
      ...asWorkload(workload),
      job: 'kube-state-metrics',
      deployment: workload.name,
    }),
  }),
  rule('workload', {
    alert: 'KubeStatefulSetReplicasMismatch',
    severity: 'warning',
    forMs: minutes(15),
    when: (workload) => workload.type === 'StatefulSet' && readyPods(workload) < workload.replicas,
    labels: (workload) => ({
      ...asWorkload(workload),
      job: 'kube-state-metrics',
      statefulset: workload.name,
    }),
  }),
  rule('claim', {
    alert: 'KubePersistentVolumeFillingUp',
    severity: 'critical',
    forMs: minutes(1),
    when: (claim) => claimFree(claim) < 0.03,
    labels: asClaim,
  }),
  rule('claim', {
    alert: 'KubePersistentVolumeFillingUp',
    severity: 'warning',
    forMs: minutes(5),
    when: (claim) => claimFree(claim) < 0.15,
    labels: asClaim,
  }),
  rule('container', {
    alert: 'CPUThrottlingHigh',
    severity: 'info',
    forMs: minutes(15),
    when: (container) => container.throttled > 0.25,
    labels: asContainer,
  }),
  rule('container', {
    alert: 'ContainerMemoryNearLimit',
    severity: 'warning',
    forMs: minutes(2),
    when: ({ memory, spec }) => memory > spec.memoryLimit * 0.85,
    labels: asContainer,
  }),
  rule('container', {
    alert: 'ContainerOOMKilled',
    severity: 'warning',
    forMs: 0,
    when: ({ lastTerminatedReason, startedMs }, nowMs) =>
      lastTerminatedReason === 'OOMKilled' && nowMs - startedMs < minutes(10),
    labels: (container) => ({ ...asContainer(container), reason: 'OOMKilled' }),
  }),
  rule('workload', {
    alert: 'ServiceLatencyHigh',
    severity: 'critical',
    forMs: minutes(2),
    when: ({ serves, latency, latencySeconds }) => serves && latency > latencySeconds * 2.5,
    labels: asService,
  }),
  rule('workload', {
    alert: 'ServiceErrorsHigh',
    severity: 'critical',
    forMs: minutes(2),
    when: ({ serves, errorShare }) => serves && errorShare > 0.05,
    labels: asService,
  }),
  rule('workload', {
    alert: 'KubeHpaMaxedOut',
    severity: 'warning',
    forMs: minutes(15),
    when: ({ autoscaler, replicas }) => autoscaler !== null && replicas >= autoscaler.max,
    labels: (workload) => ({
      ...asWorkload(workload),
      job: 'kube-state-metrics',
      horizontalpodautoscaler: workload.name,
    }),
  }),
];
