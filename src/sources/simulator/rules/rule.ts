import type { Labels } from '../labels.ts';
import type { Cluster, Entity, EntityKind, EntityOf } from '../model/entities.ts';

/** An alerting rule: for which entities it holds, and what its alerts are called. */
export interface Rule<E = Entity> {
  readonly alert: string;
  readonly of: EntityKind;
  readonly severity: 'critical' | 'warning' | 'info' | 'none';
  /** How long it has to hold before the alert fires. */
  readonly forMs: number;
  when(entity: E, nowMs: number): boolean;
  /** Labels beside alertname, alertstate and severity. */
  labels(entity: E): Labels;
}

/** Declares a rule. It forgets the entity's type, so that all fit into one list. */
export function rule<K extends EntityKind>(
  of: K,
  input: Omit<Rule<EntityOf<K>>, 'of' | 'labels'> & {
    readonly labels?: (entity: EntityOf<K>) => Labels;
  },
): Rule {
  return { of, labels: () => ({}), ...input } as unknown as Rule;
}

/** All entities of a kind in a cluster. */
export function* entitiesOf(cluster: Cluster, kind: EntityKind): Generator<Entity> {
  if (kind === 'cluster') yield cluster;
  else if (kind === 'node') yield* cluster.nodes;
  else if (kind === 'member') yield* cluster.members;
  else if (kind === 'workload') yield* cluster.workloads;
  else if (kind === 'claim') yield* cluster.claims;
  else if (kind === 'operator') yield* cluster.operators;
  else if (kind === 'pool') yield* cluster.pools;
  else if (kind === 'replica') yield* cluster.replicas;
  else if (kind === 'namespace') yield* cluster.namespaces;
  else {
    for (const { pods } of cluster.workloads) {
      for (const pod of pods) {
        if (kind === 'pod') yield pod;
        else yield* pod.containers;
      }
    }
  }
}

const minuteMs = 60_000;
export const minutes = (count: number): number => count * minuteMs;
