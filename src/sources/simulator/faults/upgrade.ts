import type { Cluster, Node } from '../model/entities.ts';
import {
  cordon,
  drain,
  kubeletOf,
  osImageOf,
  sayAsKubelet,
  setReady,
  startNode,
  stopNode,
} from '../model/nodes.ts';
import { nodeObject } from '../model/references.ts';
import type { TruthItem } from '../truth.ts';
import type { Stage } from './fault.ts';
import { changeLeader, lead } from './leader-change.ts';

/** What upgrades of both flavours share. */

/** The next patch of a version: `4.20.3` to `4.20.4`. */
export function nextPatch(version: string): string {
  const dot = version.lastIndexOf('.');
  return `${version.slice(0, dot)}.${Number(version.slice(dot + 1)) + 1}`;
}

export interface NodesUpgrade {
  readonly role: Node['role'];
  readonly version: string;
  readonly parent: TruthItem;
  /** What the machine config daemon of OpenShift says at each turn. */
  readonly say: (node: Node, reason: string, message: string) => void;
}

/** Every node of a role, one after the other, those that join meanwhile too. */
export function* upgradeNodes(stage: Stage, plan: NodesUpgrade): Generator<number, void> {
  const { nodes, flavour } = stage.cluster;
  const wanted = kubeletOf(flavour, plan.version);
  const isOld = (node: Node): boolean => node.role === plan.role && node.kubeletVersion !== wanted;
  while ([...nodes].some(isOld)) {
    // A node that something else happens to has its turn later.
    const node = stage.claim(nodes, isOld);
    if (node) yield* upgradeNode(stage, node, plan);
    yield stage.random.between(10_000, 30_000);
  }
}

/** One node: cordoned, drained, rebooted into the new version, back. */
function* upgradeNode(
  stage: Stage,
  node: Node,
  { version, parent, say }: NodesUpgrade,
): Generator<number, void> {
  const { cluster } = stage;
  const fact = stage.begin({
    fact: 'upgrade_node',
    object: nodeObject(node),
    parent,
    detail: { from: node.kubeletVersion, to: kubeletOf(cluster.flavour, version) },
  });
  say(node, 'Cordon', `Cordoned node to apply update`);
  cordon(node, true);
  cluster.watcher.changed(node);
  yield 8_000;
  say(node, 'Drain', `Draining node to update config.`);
  drain(node);
  yield stage.random.between(15_000, 45_000);
  say(node, 'Reboot', `Node will reboot into config`);
  const reboot = stage.begin({ fact: 'node_rebooted', object: nodeObject(node), parent: fact });
  sayAsKubelet(node, 'NodeNotReady', `Node ${node.name} status is now: NodeNotReady`);
  setReady(node, 'false');
  stopNode(node);
  cluster.watcher.changed(node);
  for (const member of cluster.members) {
    if (member.node === node && member.etcdLeader) changeLeader(stage, cluster);
    if (member.node === node && member.schedulerLeader) handOver(cluster, node);
  }
  yield stage.random.between(50_000, 100_000);
  node.kubeletVersion = kubeletOf(cluster.flavour, version);
  node.osImage = osImageOf(cluster.flavour, version);
  startNode(node, true);
  for (const member of cluster.members) {
    if (member.node !== node) continue;
    member.apiStarts++;
    member.apiStartedMs = stage.nowMs;
    cluster.watcher.changed(member);
  }
  stage.end(reboot);
  yield 10_000;
  say(node, 'Uncordon', `Update completed and node has been uncordoned`);
  cordon(node, false);
  cluster.watcher.changed(node);
  stage.end(fact);
}

function handOver(cluster: Cluster, from: Node): void {
  for (const member of cluster.members) {
    if (member.node === from || !member.node.up) continue;
    lead(member, 'schedulerLeader', 'kube-scheduler');
    return;
  }
}
