import type { Workload } from '../model/entities.ts';
import { podObject } from '../model/references.ts';
import { livePods } from '../model/workloads.ts';
import { type Fault, minutes } from './fault.ts';

/** A pod takes most of its node's CPU: its neighbours become slower. */
export const noisyNeighbour: Fault = {
  name: 'noisy_neighbour',
  *play(stage) {
    const { cluster } = stage;
    const running = (workload: Workload) =>
      livePods(workload).find(({ ready, node }) => ready && node !== null);
    const workload = stage.claim(
      cluster.workloads,
      (one) => !one.platform && running(one) !== undefined,
    );
    const pod = workload && running(workload);
    const node = pod?.node;
    if (!pod || !node) return;
    const container = pod.containers[0]!;
    const fact = stage.begin({
      fact: 'noisy_neighbour',
      object: podObject(pod),
      detail: {
        node: node.name,
        neighbours: [...node.pods].filter((other) => other !== pod).map(podObject),
      },
    });
    // A container of the image that was started without a limit.
    const limit = container.spec;
    container.spec = { ...limit, cpuLimit: node.cpus };
    container.extraCpu = Math.max(0.2, node.cpus * 1.08 - node.cpuUsed);
    yield stage.setting('durationMs', minutes(18), minutes(35));
    container.extraCpu = 0;
    container.spec = limit;
    stage.end(fact);
  },
};
