import type { Workload } from '../model/entities.ts';
import { containerReference, workloadObject } from '../model/references.ts';
import { type Fault, minutes } from './fault.ts';

/** A service answers several times slower from one moment to the next, with some errors. */
export const latencyStep: Fault = {
  name: 'latency_step',
  *play(stage) {
    const workload = stage.claim(stage.cluster.workloads, ({ serves }) => serves);
    if (!workload) return;
    const factor = stage.setting('factor', 3.5, 6);
    const fact = stage.begin({
      fact: 'latency_step',
      object: workloadObject(workload),
      detail: { factor },
    });
    workload.latencyFactor = factor;
    workload.extraErrors = stage.setting('errors', 0.01, 0.09);
    const endMs = stage.nowMs + stage.setting('durationMs', minutes(10), minutes(25));
    while (stage.nowMs < endMs) {
      probeFails(workload);
      yield Math.min(stage.random.between(20_000, 90_000), endMs - stage.nowMs + 1);
    }
    workload.latencyFactor = 1;
    workload.extraErrors = 0;
    stage.end(fact);
  },
};

function probeFails(workload: Workload): void {
  for (const pod of workload.pods) {
    if (!pod.ready || !pod.node) continue;
    workload.cluster.events.record({
      component: 'kubelet',
      host: pod.node.name,
      object: containerReference(pod.containers[0]!),
      type: 'Warning',
      reason: 'Unhealthy',
      message: `Readiness probe failed: Get "http://${pod.address}:8080/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    });
    return;
  }
}
