import { clusterScaling } from './cluster-scaling.ts';
import { crashLoop } from './crash-loop.ts';
import { deploymentScaling } from './deployment-scaling.ts';
import { diskFilling } from './disk-filling.ts';
import type { Fault } from './fault.ts';
import { latencyStep } from './latency-step.ts';
import { leaderChange } from './leader-change.ts';
import { memoryLeak } from './memory-leak.ts';
import { memoryPressure } from './memory-pressure.ts';
import { nodeLost } from './node-lost.ts';
import { noisyNeighbour } from './noisy-neighbour.ts';
import { operatorDegraded } from './operator-degraded.ts';
import { linkDown, prometheusRestart, replicaLost, silentCluster } from './silence.ts';
import { openshiftUpgrade } from './upgrade-openshift.ts';
import { vanillaUpgrade } from './upgrade-vanilla.ts';

/** Every fault by its name. A new one is added here, and to the demo's script if it is to show. */
export const faults: ReadonlyMap<string, Fault> = new Map(
  [
    clusterScaling,
    crashLoop,
    deploymentScaling,
    diskFilling,
    latencyStep,
    leaderChange,
    linkDown,
    memoryLeak,
    memoryPressure,
    nodeLost,
    noisyNeighbour,
    openshiftUpgrade,
    operatorDegraded,
    prometheusRestart,
    replicaLost,
    silentCluster,
    vanillaUpgrade,
  ].map((fault) => [fault.name, fault]),
);
