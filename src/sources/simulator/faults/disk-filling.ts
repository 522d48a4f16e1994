import { modelStepMs } from '../model/dynamics.ts';
import type { Claim, Node } from '../model/entities.ts';
import { sayAsKubelet } from '../model/nodes.ts';
import { claimObject, nodeAsKubelet, nodeObject } from '../model/references.ts';
import { during, type Fault, minutes, type Stage } from './fault.ts';

/** A volume fills up, or a node's disk; then somebody makes room. */
export const diskFilling: Fault = {
  name: 'disk_filling',
  *play(stage) {
    const claim = stage.claim(stage.cluster.claims, ({ pod }) => pod?.node?.up === true);
    if (claim && stage.setting('node', 0, 1) < 0.7) {
      yield* fillClaim(stage, claim);
      return;
    }
    const node = stage.claim(stage.cluster.nodes, ({ role, up }) => role === 'worker' && up);
    if (node) yield* fillNode(stage, node);
  },
};

function* fillClaim(stage: Stage, claim: Claim): Generator<number, void> {
  const before = claim.used;
  const fillMs = stage.setting('fillMs', minutes(20), minutes(50));
  const fact = stage.begin({
    fact: 'disk_filling',
    object: claimObject(claim),
    detail: { capacity: claim.capacity, pod: claim.pod?.name },
  });
  yield* during(fillMs, modelStepMs, (share) => {
    claim.used = before + (claim.capacity * 0.985 - before) * share;
  });
  yield stage.setting('fullMs', minutes(4), minutes(12));
  claim.used = claim.capacity * 0.4;
  stage.end(fact);
}

function* fillNode(stage: Stage, node: Node): Generator<number, void> {
  const wanted = node.diskBytes * 0.92 - node.diskUsed;
  const fact = stage.begin({ fact: 'disk_filling', object: nodeObject(node) });
  yield* during(stage.setting('fillMs', minutes(20), minutes(40)), modelStepMs, (share) => {
    const extra = wanted * share;
    node.diskUsed += extra - node.extraDisk;
    node.extraDisk = extra;
  });
  const pressure = stage.begin({
    fact: 'node_disk_pressure',
    object: nodeObject(node),
    parent: fact,
  });
  node.diskPressure = true;
  node.cluster.watcher.changed(node);
  sayAsKubelet(node, 'NodeHasDiskPressure', `Node ${node.name} status is now: NodeHasDiskPressure`);
  node.cluster.events.record({
    component: 'kubelet',
    host: node.name,
    object: nodeAsKubelet(node),
    type: 'Warning',
    reason: 'EvictionThresholdMet',
    message: 'Attempting to reclaim ephemeral-storage',
  });
  yield stage.setting('fullMs', minutes(12), minutes(20));
  node.diskUsed -= node.extraDisk;
  node.extraDisk = 0;
  node.diskPressure = false;
  node.cluster.watcher.changed(node);
  sayAsKubelet(
    node,
    'NodeHasNoDiskPressure',
    `Node ${node.name} status is now: NodeHasNoDiskPressure`,
  );
  stage.end(pressure);
  stage.end(fact);
}
