import type { Alert } from './api.ts';

/**
 * Words that must all occur: in a name or value, or as `label=value`. A word with `!` in front must
 * not occur.
 */
export function matches(alert: Alert, query: string): boolean {
  const haystack = [
    alert.alertname,
    alert.cluster,
    alert.cluster_title,
    alert.severity,
    `cluster=${alert.cluster}`,
    ...Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`),
  ]
    .join('\n')
    .toLowerCase();
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
