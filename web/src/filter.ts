import type { Alert, Anomaly, ClusterEvent } from './api.ts';

type Item = Alert | Anomaly | ClusterEvent;

/**
 * Words that must all occur: in a name or value, or as `label=value`. A word with `!` in front must
 * not occur.
 */
export function matches(item: Item, query: string): boolean {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const own = [item.cluster, item.cluster_title, `cluster=${item.cluster_title}`];
  const haystack = [...namesOf(item), ...own].join('\n').toLowerCase();
  return words.every((word) =>
    word.startsWith('!') && word.length > 1
      ? !haystack.includes(word.slice(1))
      : haystack.includes(word),
  );
}

function namesOf(item: Item): readonly string[] {
  if ('fact' in item) {
    return [item.title, item.fact, item.object, item.severity, `severity=${item.severity}`];
  }
  const labels = Object.entries(item.labels).map(([name, value]) => `${name}=${value}`);
  return 'alertname' in item
    ? [item.alertname, item.severity, ...labels]
    : [item.metric, item.kind, ...labels];
}
