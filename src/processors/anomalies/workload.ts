import { identityOf } from '../../core/identity.ts';
import type { Label } from '../../engine/processor.ts';
import { makerOfPod } from '../events/names.ts';

/** Labels that tell the instances of one thing apart. */
const ofInstance: ReadonlySet<string> = new Set([
  'pod',
  'pod_name',
  'instance',
  'uid',
  'container_id',
  'pod_ip',
  'host_ip',
  'container_image',
  'image',
  'image_id',
  // Of the pod's own labels, where a Prometheus is told to keep them.
  'controller_revision_hash',
  'pod_template_generation',
  'pod_template_hash',
  'statefulset_kubernetes_io_pod_name',
]);

/** Labels that change when a workload's pod is replaced: names of containers among them. */
const volatile: ReadonlySet<string> = new Set([...ofInstance, 'id', 'name']);

const podOf = (labels: readonly Label[]): string | undefined =>
  labels.find(([name]) => name === 'pod' || name === 'pod_name')?.[1];

/**
 * What a series of a cluster is of, whatever pod or instance carries it: equal for a series and its
 * successor, 24 hex digits. One that names neither has no successor but itself.
 */
export function workloadOf(labels: readonly Label[]): string {
  const pod = podOf(labels);
  const cut = pod === undefined ? ofInstance : volatile;
  const steady = labels.filter(([name]) => !cut.has(name)).sort(byName);
  return identityOf([makerOfPod(pod ?? ''), ...steady.flat()]);
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
    .sort(byName)
    .flat();
  return [makerOfPod(pod ?? '').replace(/-\d+$/, ''), ...steady];
}

const byName = ([a]: Label, [b]: Label): number => (a < b ? -1 : a > b ? 1 : 0);

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
