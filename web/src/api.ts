/** What the read API and the live stream tell (docs/reference). */
export interface Alert {
  readonly state: 'firing' | 'resolved';
  readonly alertname: string;
  readonly alertstate: string;
  readonly severity: string;
  readonly tenant: string;
  readonly cluster: string;
  readonly cluster_title: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly start: string;
  readonly end: string | null;
}

/** What people say about an anomaly. */
export type Mark = 'expected' | 'confirmed';

export interface Anomaly {
  readonly state: 'open' | 'closed';
  readonly subject: string;
  readonly kind: string;
  readonly direction: 'up' | 'down' | 'none';
  readonly metric: string;
  readonly tenant: string;
  readonly cluster: string;
  readonly cluster_title: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly model: string;
  readonly score: number;
  readonly rare_days: number | null;
  readonly observed: number | null;
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly start: string;
  readonly end: string | null;
  readonly terms: Readonly<Record<string, number>>;
  readonly feedback: Mark | null;
  readonly feedback_note: string | null;
}

export interface ClusterEvent {
  readonly state: 'open' | 'closed' | 'withdrawn';
  readonly subject: string;
  readonly title: string;
  readonly fact: string;
  readonly object: string;
  readonly severity: string;
  readonly cluster: string;
  readonly cluster_title: string;
  /** ms */
  readonly start: number;
  readonly end: number | null;
  readonly slots: Readonly<Record<string, string>>;
  readonly percent: number | null;
  readonly overdue: boolean;
  readonly parent: string | null;
  readonly missing: readonly string[];
}

export interface Sender {
  readonly tenant: string;
  readonly cluster: string;
  readonly prometheus: string;
  readonly replica: string;
  readonly followed: boolean;
  readonly silent_seconds: number;
  readonly repeats: number;
  readonly late: number;
}

export interface Status {
  /** Of whoever looks at the page. */
  readonly roles: readonly string[];
  readonly version: string;
  readonly uptime_seconds: number;
  readonly series: number;
  readonly identity_clashes: number;
  readonly tenants: readonly { readonly tenant: string; readonly samples: number }[];
  readonly partitions: readonly {
    readonly partition: number;
    readonly state: string;
    readonly lag_records: number;
    readonly error: string;
  }[];
  readonly clusters: readonly {
    readonly tenant: string;
    readonly cluster: string;
    readonly title: string;
    readonly series: number;
    readonly counters: Readonly<Record<string, number>>;
  }[];
  readonly senders: readonly Sender[];
}

/** One alert is the same in API and stream by what it is about and when it began. */
export const alertKey = ({ tenant, cluster, labels, start }: Alert): string =>
  JSON.stringify([tenant, cluster, labels, start]);

async function ask<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(`/api/v1/${path}`, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer.data as T;
}

export async function fetchAlerts(): Promise<Alert[]> {
  const firing = await ask<{ alerts: Alert[] }>('alerts?state=firing,pending&limit=5000');
  const recent = await ask<{ alerts: Alert[] }>('alerts?state=resolved&from=-1h&limit=200');
  return [...firing.alerts, ...recent.alerts];
}

export async function fetchAnomalies(): Promise<Anomaly[]> {
  return (await ask<{ anomalies: Anomaly[] }>('anomalies?state=open&limit=500')).anomalies;
}

export async function fetchEvents(): Promise<ClusterEvent[]> {
  return (await ask<{ events: ClusterEvent[] }>('events?from=-2h&limit=300')).events;
}

export const sendFeedback = (anomaly: string, mark: Mark): Promise<object> =>
  ask<object>('feedback', { anomaly, mark });

export const fetchStatus = (): Promise<Status> => ask<Status>('status');
