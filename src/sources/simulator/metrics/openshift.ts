import type { Labels } from '../labels.ts';
import type { Cluster, Node, Operator, Pool } from '../model/entities.ts';
import { gauge, states } from './kinds.ts';
import { exporter } from './metric.ts';

/** Cluster version operator and machine config operator of OpenShift. */

const isOpenShift = (cluster: Cluster): boolean => cluster.flavour === 'openshift';
const epoch = (timeMs: number): number => Math.floor(timeMs / 1000);
const image = (version: string): string =>
  `quay.io/openshift-release-dev/ocp-release@sha256:${version.replaceAll('.', 'a').padStart(64, '0')}`;
const release = (type: string, version: string, rest: Labels = {}): Labels => ({
  type,
  version,
  image: image(version),
  ...rest,
});

function versionRows({ version }: Cluster): readonly Labels[] {
  const { current, initial, desired, failing } = version;
  const rows = [
    release('current', current, { from_version: initial }),
    release('initial', initial),
    release('cluster', current, { from_version: initial }),
  ];
  if (desired === '') rows.push(release('completed', current, { from_version: initial }));
  else
    rows.push(
      release('desired', desired, { from_version: current }),
      release('updating', desired, { from_version: current }),
    );
  if (failing) rows.push(release('failure', desired, { from_version: current }));
  return rows;
}

/** Each type's value is the moment at which it came about, as unix seconds. */
function versionValue({ version, createdMs }: Cluster, { type }: Labels): number {
  if (type === 'initial' || type === 'cluster') return epoch(createdMs);
  if (type === 'completed' || type === 'current') return epoch(version.completedMs);
  return epoch(version.updatingSinceMs);
}

export const clusterVersion = exporter('cluster', {
  job: 'cluster-version-operator',
  when: isOpenShift,
  startedMs: (cluster) => cluster.version.completedMs,
  metrics: [
    states('cluster_version', versionRows, versionValue),
    states(
      'cluster_version_payload',
      ({ version }) => {
        const of = version.desired === '' ? version.current : version.desired;
        return [
          { type: 'applied', version: of },
          { type: 'pending', version: of },
        ];
      },
      ({ version }, { type }) =>
        type === 'applied' ? version.payloadApplied : version.payloadPending,
    ),
    gauge(
      'cluster_version_available_updates',
      () => 2,
      () => [{ channel: 'stable-4.20', upstream: '<default>' }],
    ),
    states('cluster_infrastructure_provider', (cluster) => [
      { type: 'AWS', region: `region-${(cluster.index % 4) + 1}` },
    ]),
  ],
});

const conditions = ['Available', 'Degraded', 'Progressing', 'Upgradeable'] as const;
const conditionReason = (operator: Operator, condition: string): string =>
  condition === 'Degraded' && operator.degraded ? operator.degradedReason : 'AsExpected';
const conditionValue = (operator: Operator, condition: string): boolean => {
  if (condition === 'Available') return operator.available;
  if (condition === 'Degraded') return operator.degraded;
  if (condition === 'Progressing') return operator.progressing;
  return true;
};

export const clusterOperators = exporter('operator', {
  job: 'cluster-version-operator',
  host: (operator) => operator.cluster,
  startedMs: (operator) => operator.cluster.createdMs,
  labels: (operator) => ({ name: operator.name }),
  metrics: [
    states(
      'cluster_operator_up',
      (operator) => [{ version: operator.version, reason: 'AsExpected' }],
      (operator) => (operator.available ? 1 : 0),
    ),
    states(
      'cluster_operator_conditions',
      (operator) =>
        conditions.map((condition) => ({
          condition,
          reason: conditionReason(operator, condition),
        })),
      (operator, { condition = '' }) => (conditionValue(operator, condition) ? 1 : 0),
    ),
  ],
});

/** How many nodes of a pool there are for which something holds. */
function countNodes({ cluster, name }: Pool, holds: (node: Node) => boolean): number {
  const role = name === 'master' ? 'control-plane' : 'worker';
  let count = 0;
  for (const node of cluster.nodes) if (node.role === role && holds(node)) count++;
  return count;
}

export const machineConfigPools = exporter('pool', {
  job: 'machine-config-operator',
  host: (pool) => pool.cluster,
  startedMs: (pool) => pool.cluster.createdMs,
  labels: (pool) => ({ pool: pool.name }),
  metrics: [
    gauge('mco_machine_count', (pool) => countNodes(pool, () => true)),
    gauge('mco_updated_machine_count', (pool) =>
      countNodes(
        pool,
        ({ kubeletVersion }) => pool.target === '' || kubeletVersion === pool.target,
      ),
    ),
    gauge('mco_unavailable_machine_count', (pool) =>
      countNodes(pool, ({ ready, unschedulable }) => ready !== 'true' || unschedulable),
    ),
    gauge('mco_degraded_machine_count', () => 0),
  ],
});
