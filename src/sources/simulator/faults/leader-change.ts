import type { Cluster, Member } from '../model/entities.ts';
import { leaseReference } from '../model/references.ts';
import { type Fault, minutes, type Stage } from './fault.ts';

/** etcd elects a new leader, some times in a row; the controllers follow. */
export const leaderChange: Fault = {
  name: 'leader_changed',
  fits: (cluster) => cluster.members.size > 1,
  *play(stage) {
    const { cluster } = stage;
    if (!stage.claim([cluster.members])) return;
    const count = Math.round(stage.setting('count', 1, 7));
    for (let i = 0; i < count; i++) {
      changeLeader(stage, cluster);
      yield stage.random.between(30_000, 100_000);
    }
    yield minutes(5);
  },
};

/** One election: slow for some seconds, then somebody else leads. */
export function changeLeader(stage: Stage, cluster: Cluster): void {
  const members = [...cluster.members].filter(({ node, apiUp }) => node.up && apiUp);
  const old = members.find(({ etcdLeader }) => etcdLeader);
  const next = members.find((member) => member !== old) ?? members[0];
  if (!next) return;
  for (const member of cluster.members) {
    member.etcdLeader = member === next;
    member.leaderChanges++;
    member.leaderChangedMs = [...member.leaderChangedMs.slice(-19), stage.nowMs];
  }
  cluster.apiSlowness = Math.max(cluster.apiSlowness, 6);
  stage.note({
    fact: 'leader_changed',
    object: 'Component/etcd',
    start: stage.nowMs,
    detail: { leader: next.node.name },
  });
  lead(next, 'controllerLeader', 'kube-controller-manager');
}

/** A member takes a lease of one of the controllers. */
export function lead(
  member: Member,
  role: 'controllerLeader' | 'schedulerLeader',
  name: string,
): void {
  for (const other of member.cluster.members) other[role] = other === member;
  member.cluster.events.record({
    component: name === 'kube-scheduler' ? 'default-scheduler' : name,
    object: leaseReference(member, name),
    reason: 'LeaderElection',
    message: `${member.node.name}_${member.cluster.random.uuid()} became leader`,
  });
}
