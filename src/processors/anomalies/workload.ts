import { identityOf } from '../../core/identity.ts';
import type { Label } from '../../engine/processor.ts';

/** Labels that tell the instances of one thing apart. */
const ofInstance: ReadonlySet<string> = new Set([
  'pod',
  'pod_name',
  'instance',
  'uid',
  'container_id',
  'pod_ip',
  'host_ip',
]);

/** Labels that change when a workload's pod is replaced: names of containers among them. */
const volatile: ReadonlySet<string> = new Set([...ofInstance, 'id', 'name']);

/** Suffixes of pod names: replica set and pod hashes, ordinals stay. */
const podSuffix = /(-[a-z0-9]{8,10})?-[a-z0-9]{5}$/;

const podOf = (labels: readonly Label[]): string | undefined =>
  labels.find(([name]) => name === 'pod' || name === 'pod_name')?.[1];

/**
 * What a series is of, whatever pod carries it: equal for a series and its successor. Undefined for
 * one that names no pod: it has no successor.
 */
export function workloadOf(cluster: number, labels: readonly Label[]): string | undefined {
  const pod = podOf(labels);
  if (pod === undefined) return undefined;
  const steady = labels.filter(([name]) => !volatile.has(name)).flat();
  return identityOf([String(cluster), pod.replace(podSuffix, ''), ...steady]);
}

/**
 * Words that a series has in common with its like: the same metric of the same workload on other
 * pods (ordinals of a stateful set among them), or on other instances where no pod is named.
 */
export function alikeWords(labels: readonly Label[]): string[] {
  const pod = podOf(labels);
  const cut = pod === undefined ? ofInstance : volatile;
  const steady = labels
    .filter(([name]) => !cut.has(name))
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .flat();
  return [pod?.replace(podSuffix, '').replace(/-\d+$/, '') ?? '', ...steady];
}

/** The most particular object that labels name. */
export function objectOf(labels: Readonly<Record<string, string>>): string {
  for (const name of [
    'pod',
    'persistentvolumeclaim',
    'deployment',
    'node',
    'instance',
    'service',
  ]) {
    if (labels[name]) return `${labels['namespace'] ?? ''}/${name}/${labels[name]}`;
  }
  return '';
}
