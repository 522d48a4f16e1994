import { identityOf } from '../../core/identity.ts';
import type { Label } from '../../engine/processor.ts';

/** Labels that change when a workload's pod is replaced. */
const volatile: ReadonlySet<string> = new Set([
  'pod',
  'pod_name',
  'instance',
  'uid',
  'id',
  'container_id',
  'name',
  'pod_ip',
  'host_ip',
]);

/** Suffixes of pod names: replica set and pod hashes, ordinals stay. */
const podSuffix = /(-[a-z0-9]{8,10})?-[a-z0-9]{5}$/;

/**
 * What a series is of, whatever pod carries it: equal for a series and its successor. Undefined for
 * one that names no pod: it has no successor.
 */
export function workloadOf(cluster: number, labels: readonly Label[]): string | undefined {
  const pod = labels.find(([name]) => name === 'pod' || name === 'pod_name')?.[1];
  if (pod === undefined) return undefined;
  const steady = labels.filter(([name]) => !volatile.has(name)).flat();
  return identityOf([String(cluster), pod.replace(podSuffix, ''), ...steady]);
}
