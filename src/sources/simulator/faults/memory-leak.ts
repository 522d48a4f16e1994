import { modelStepMs } from '../model/dynamics.ts';
import { crashContainer } from '../model/pods.ts';
import { podObject, workloadObject } from '../model/references.ts';
import { livePods } from '../model/workloads.ts';
import { during, type Fault, minutes } from './fault.ts';

/** One pod of a deployment leaks until the kernel ends it, again and again. */
export const memoryLeak: Fault = {
  name: 'memory_leak',
  *play(stage) {
    const workload = stage.claim(
      stage.cluster.workloads,
      (one) => one.type === 'Deployment' && !one.platform && livePods(one).length > 0,
    );
    if (!workload) return;
    const pod = stage.random.pick(livePods(workload));
    const container = pod.containers[0]!;
    const { memoryLimit } = container.spec;
    const kills = Math.round(stage.setting('kills', 2, 4));
    const climbMs = stage.setting('climbMs', minutes(12), minutes(25));
    const leak = stage.begin({
      fact: 'memory_leak',
      object: podObject(pod),
      detail: {
        workload: workloadObject(workload),
        container: container.spec.name,
        limit: memoryLimit,
      },
    });
    for (let kill = 0; kill < kills && !pod.terminating; kill++) {
      yield* during(climbMs, modelStepMs, (share) => {
        container.leaked = share * (memoryLimit - container.spec.memoryBase * pod.level);
      });
      if (pod.terminating) break;
      stage.note({
        fact: 'container_oom_killed',
        object: podObject(pod),
        start: stage.nowMs,
        parent: leak,
      });
      if (pod.node) pod.node.oomKills++;
      // The kernel says nothing to Kubernetes; the first restart comes at once.
      crashContainer(container, 'OOMKilled', 0);
      yield 2_000;
    }
    container.leaked = 0;
    stage.end(leak);
  },
};
