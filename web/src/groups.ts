import type { Alert } from './api.ts';

/** Alerts of one name, severity and state: what fires on many clusters is one line. */
export interface AlertGroup {
  readonly key: string;
  readonly alerts: readonly [Alert, ...Alert[]];
  readonly clusters: readonly string[];
  /** Labels that all of them have with one value. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Keeps the order: a group stands where its first alert stood. */
export function groupAlerts(alerts: readonly Alert[]): readonly AlertGroup[] {
  const groups = new Map<string, [Alert, ...Alert[]]>();
  for (const alert of alerts) {
    const key = [alert.alertname, alert.severity, alert.alertstate].join('/');
    const group = groups.get(key);
    if (group) group.push(alert);
    else groups.set(key, [alert]);
  }
  return [...groups].map(([key, members]) => ({
    key,
    alerts: members,
    clusters: [...new Set(members.map(nameOf))],
    labels: sharedLabels(members),
  }));
}

export const nameOf = (item: { readonly cluster: string; readonly cluster_title: string }) =>
  item.cluster_title || item.cluster;

function sharedLabels([first, ...others]: readonly [Alert, ...Alert[]]): Record<string, string> {
  let shared = Object.entries(first.labels);
  for (const { labels } of others) {
    if (shared.length === 0) break;
    shared = shared.filter(([name, value]) => labels[name] === value);
  }
  return Object.fromEntries(shared);
}
