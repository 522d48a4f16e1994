/** What names of pods and targets tell (Kubernetes' own generators). */

/** The alphabet of generated suffixes has no vowels and no 0, 1, 3. */
const podSuffix = /-[bcdfghjklmnpqrstvwxz2456789]{5}$/;
const setSuffix = /-[bcdfghjklmnpqrstvwxz2456789]{6,10}$/;

/** `web-5d964459dd-lzldc` -> `web-5d964459dd`; `db-0` -> `db`; any other name stands. */
export function workloadOfPod(pod: string): string {
  const cut = pod.replace(podSuffix, '');
  return cut === pod ? pod.replace(/-\d+$/, '') : cut;
}

/** `web-5d964459dd` -> `web`; any other name stands. */
export const deploymentOfSet = (set: string): string => set.replace(setSuffix, '');

/**
 * What made a pod, without the parts that are made up anew for each: `web-5d964459dd-lzldc` ->
 * `web`, `backup-29318400-lzldc` -> `backup`; `db-0` and any other name stand.
 */
export function makerOfPod(pod: string): string {
  const set = pod.replace(podSuffix, '');
  return set === pod ? pod : deploymentOfSet(set).replace(/-\d{8,10}$/, '');
}

/** Node of a target's `instance` when it has no `node` label: the address without its port. */
export const nodeOfInstance = (instance: string): string => instance.replace(/:\d+$/, '');

const jobs: Readonly<Record<string, string>> = {
  apiserver: 'kube-apiserver',
  'controller-manager': 'kube-controller-manager',
  scheduler: 'kube-scheduler',
};

/** Component of the control plane that a scrape job watches. */
export const componentOfJob = (job: string): string => jobs[job] ?? job;

/** A guess at the node group of nodes: what their names share, without the last part of one. */
export function groupOfNodes(nodes: readonly string[]): string {
  if (nodes.length === 0) return 'unknown';
  let shared = nodes.length === 1 ? nodes[0]!.replace(/[-.][^-.]*$/, '') : nodes[0]!;
  for (const node of nodes) while (!node.startsWith(shared)) shared = shared.slice(0, -1);
  return shared.replace(/[-.]+$/, '') || 'unknown';
}
