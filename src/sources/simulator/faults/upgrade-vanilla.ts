import type { Member } from '../model/entities.ts';
import type { TruthItem } from '../truth.ts';
import type { Fault, Stage } from './fault.ts';
import { changeLeader, lead } from './leader-change.ts';
import { nextPatch, upgradeNodes } from './upgrade.ts';

/** Vanilla Kubernetes: the control plane one by one, then every node. No event says so. */
export const vanillaUpgrade: Fault = {
  name: 'vanilla_upgrade',
  fits: (cluster) => cluster.flavour === 'vanilla' && cluster.nodes.size > 2,
  *play(stage) {
    const { cluster } = stage;
    const { version } = cluster;
    if (!stage.claim([version])) return;
    const from = version.current;
    const to = nextPatch(from);
    const upgrade = stage.begin({
      fact: 'cluster_upgrade',
      object: 'Cluster',
      detail: { flavour: 'vanilla', from, to },
    });
    yield* upgradeControlPlane(stage, to, upgrade);
    // New machines come with it from now on.
    version.current = to;
    for (const role of ['control-plane', 'worker'] as const) {
      yield* upgradeNodes(stage, { role, version: to, parent: upgrade, say: () => {} });
    }
    version.completedMs = stage.nowMs;
    stage.end(upgrade);
  },
};

function* upgradeControlPlane(
  stage: Stage,
  to: string,
  parent: TruthItem,
): Generator<number, void> {
  const { cluster } = stage;
  const fact = stage.begin({
    fact: 'upgrade_control_plane',
    object: 'Cluster',
    parent,
    detail: { to },
  });
  for (const member of cluster.members) {
    if (member.etcdLeader && cluster.members.size > 1) changeLeader(stage, cluster);
    member.apiUp = false;
    yield stage.random.between(25_000, 45_000);
    restart(member, to, stage.nowMs);
    lead(member, 'controllerLeader', 'kube-controller-manager');
    yield stage.random.between(15_000, 40_000);
  }
  stage.end(fact);
}

function restart(member: Member, version: string, nowMs: number): void {
  member.apiUp = true;
  member.apiStarts++;
  member.apiStartedMs = nowMs;
  member.gitVersion = version;
  member.cluster.watcher.changed(member);
}
