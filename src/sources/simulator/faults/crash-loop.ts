import { crashContainer } from '../model/pods.ts';
import { podObject, workloadObject } from '../model/references.ts';
import { livePods } from '../model/workloads.ts';
import { type Fault, minutes } from './fault.ts';

/** A container ends with an error again and again; the kubelet waits longer each time. */
export const crashLoop: Fault = {
  name: 'crash_loop',
  *play(stage) {
    const workload = stage.claim(
      stage.cluster.workloads,
      (one) =>
        one.type === 'Deployment' && !one.platform && livePods(one).some(({ ready }) => ready),
    );
    if (!workload) return;
    const pod = livePods(workload).find(({ ready }) => ready)!;
    const container = pod.containers[0]!;
    const endMs = stage.nowMs + stage.setting('durationMs', minutes(25), minutes(45));
    const fact = stage.begin({
      fact: 'crash_loop',
      object: podObject(pod),
      detail: { workload: workloadObject(workload), container: container.spec.name },
    });
    for (let backoffMs = 10_000; stage.nowMs < endMs && !pod.terminating; ) {
      crashContainer(container, 'Error', backoffMs);
      yield backoffMs + stage.random.between(4_000, 9_000);
      backoffMs = Math.min(backoffMs * 2, 300_000);
    }
    stage.end(fact);
  },
};
