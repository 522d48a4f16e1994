import type { Alert, Anomaly } from './api.ts';

/**
 * Words that must all occur: in a name or value, or as `label=value`. A word with `!` in front must
 * not occur.
 */
export function matches(item: Alert | Anomaly, query: string): boolean {
  const names = 'alertname' in item ? [item.alertname, item.severity] : [item.metric, item.kind];
  const labels = Object.entries(item.labels).map(([name, value]) => `${name}=${value}`);
  const own = [item.cluster, item.cluster_title, `cluster=${item.cluster}`];
  const haystack = [...names, ...own, ...labels].join('\n').toLowerCase();
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) =>
    word.startsWith('!') && word.length > 1
      ? !haystack.includes(word.slice(1))
      : haystack.includes(word),
  );
}

const severities = ['critical', 'page', 'error', 'warning', 'info', 'none', ''];

/** The gravest first, then the newest. */
export function byUrgency(a: Alert, b: Alert): number {
  const rank = (alert: Alert): number => {
    const at = severities.indexOf(alert.severity);
    return at < 0 ? 3 : at;
  };
  return rank(a) - rank(b) || b.start.localeCompare(a.start);
}
