import type { Label } from '../../engine/processor.ts';

/** Sets a label; one of that name that is in the way becomes `exported_...`, as in a Prometheus. */
export function putLabel(labels: Map<string, string>, name: string, value: string): void {
  const before = labels.get(name);
  if (before !== undefined) putLabel(labels, `exported_${name}`, before);
  labels.set(name, value);
}

/** In the order in which remote write wants them; empty ones mean nothing and are left out. */
export const sortedLabels = (labels: ReadonlyMap<string, string>): Label[] =>
  [...labels].filter(([, value]) => value !== '').sort(([a], [b]) => (a < b ? -1 : 1));
