import { modelStepMs } from '../model/dynamics.ts';
import type { Node, Pod } from '../model/entities.ts';
import { sayAsKubelet } from '../model/nodes.ts';
import { podChanged, removePod } from '../model/pods.ts';
import { nodeAsKubelet, nodeObject, podObject, podReference } from '../model/references.ts';
import { reconcile } from '../model/workloads.ts';
import { during, type Fault, minutes } from './fault.ts';

/** Something outside the pods takes a node's memory: pressure, evictions, recovery. */
export const memoryPressure: Fault = {
  name: 'memory_pressure',
  fits: (cluster) => cluster.nodes.size > 2,
  *play(stage) {
    const { cluster } = stage;
    const node = stage.claim(
      cluster.nodes,
      ({ role, up, pods }) => role === 'worker' && up && pods.size > 0,
    );
    if (!node) return;
    const wanted = node.memoryBytes * 0.96 - node.memoryUsed;
    yield* during(stage.setting('climbMs', minutes(6), minutes(15)), modelStepMs, (share) => {
      node.extraMemory = wanted * share;
    });
    const fact = stage.begin({ fact: 'node_memory_pressure', object: nodeObject(node) });
    setPressure(node, true);
    yield 10_000;
    const victim = [...node.pods].find(
      ({ workload }) => workload.type === 'Deployment' && !workload.platform,
    );
    if (victim) {
      stage.note({
        fact: 'pod_evicted',
        object: podObject(victim),
        start: stage.nowMs,
        parent: fact,
      });
      evict(victim);
      // The failed pod stays to be seen until somebody collects it.
      cluster.agenda.call(stage.nowMs + minutes(20), () => removePod(victim));
    }
    yield stage.setting('durationMs', minutes(11), minutes(20));
    node.extraMemory = 0;
    yield 15_000;
    setPressure(node, false);
    stage.end(fact);
  },
};

function setPressure(node: Node, hasPressure: boolean): void {
  node.memoryPressure = hasPressure;
  node.cluster.watcher.changed(node);
  if (hasPressure) {
    node.cluster.events.record({
      component: 'kubelet',
      host: node.name,
      object: nodeAsKubelet(node),
      type: 'Warning',
      reason: 'EvictionThresholdMet',
      message: 'Attempting to reclaim memory',
    });
  }
  const reason = hasPressure ? 'NodeHasInsufficientMemory' : 'NodeHasSufficientMemory';
  sayAsKubelet(node, reason, `Node ${node.name} status is now: ${reason}`);
}

function evict(pod: Pod): void {
  pod.phase = 'Failed';
  pod.reason = 'Evicted';
  pod.ready = false;
  for (const container of pod.containers) container.state = 'terminated';
  pod.cluster.events.record({
    component: 'kubelet',
    host: pod.node?.name ?? '',
    object: podReference(pod),
    type: 'Warning',
    reason: 'Evicted',
    message: `The node was low on resource: memory. Threshold quantity: 100Mi, available: 61232Ki. Container ${pod.containers[0]!.spec.name} was using 412340Ki, request is 256Mi, has larger consumption of memory.`,
  });
  podChanged(pod);
  reconcile(pod.workload);
}
