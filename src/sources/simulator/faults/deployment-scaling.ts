import { workloadObject } from '../model/references.ts';
import { readyPods, scale } from '../model/workloads.ts';
import { type Fault, minutes } from './fault.ts';

/** Somebody gives a deployment more replicas, and takes them away later. */
export const deploymentScaling: Fault = {
  name: 'deployment_scaled',
  *play(stage) {
    const workload = stage.claim(
      stage.cluster.workloads,
      (one) => one.type === 'Deployment' && !one.platform && one.autoscaler === null,
    );
    if (!workload) return;
    const low = workload.replicas;
    const high = low + Math.round(stage.setting('more', 2, 5));
    for (const [from, to] of [
      [low, high],
      [high, low],
    ] as const) {
      const fact = stage.begin({
        fact: 'deployment_scaled',
        object: workloadObject(workload),
        detail: { from, to },
      });
      scale(workload, to);
      for (let tries = 0; readyPods(workload) !== to && tries < 24; tries++) yield 5_000;
      stage.end(fact);
      if (to === high) yield stage.setting('keptMs', minutes(15), minutes(40));
    }
  },
};
