/** What the read API and the live stream tell (docs/reference). */
export interface Alert {
  /** What it is, in API and stream; stays the same from start to end. */
  readonly subject: string;
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
  /** Multiple of its cut. */
  readonly score: number;
  readonly rare_days: number | null;
  readonly observed: number | null;
  readonly expected: number | null;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly onset: string;
  readonly start: string;
  readonly end: string | null;
  readonly terms: Readonly<Record<string, number>>;
  /** 0 to 1: how much of its past the model knows. */
  readonly confidence: number;
  readonly also_open: readonly string[];
  readonly feedback: Mark | null;
  readonly feedback_note: string | null;
}

export interface Evidence {
  readonly source: string;
  readonly signal: string;
  readonly role: string;
  /** ms */
  readonly first: number;
  readonly count: number;
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
  readonly evidence: readonly Evidence[];
  readonly phases: readonly { readonly name: string; readonly end: number | null }[];
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
  /** What processors want people to look at, such as models that fail. */
  readonly notes: readonly {
    readonly processor: string;
    readonly tenant: string;
    readonly cluster: string;
    readonly what: string;
    readonly count: number;
    /** ms */
    readonly seen: number;
  }[];
  /** What is asked for and no series matches. */
  readonly unmatched: readonly {
    readonly processor: string;
    readonly what: string;
    readonly where: string;
  }[];
}

/** What the server answers: with `warnings` where it left something out. */
interface Answer<T> {
  readonly data: T;
  readonly warnings?: readonly string[];
  readonly error?: string;
}

async function ask<T>(path: string, body?: object): Promise<Answer<T>> {
  const response = await fetch(`/api/v1/${path}`, {
    ...(body && {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  const answer: Answer<T> = await response.json();
  if (!response.ok) throw new Error(answer.error ?? response.statusText);
  return answer;
}

/** How far back the page looks. */
export const windowMs = 2 * 3_600_000;

/** All that is open or firing, and what ended in the window. */
export interface Findings {
  readonly alerts: readonly Alert[];
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly ClusterEvent[];
  /** What the server left out. */
  readonly warnings: readonly string[];
}

export async function fetchFindings(): Promise<Findings> {
  const answers = await Promise.all([
    ask<{ alerts: Alert[] }>('alerts?state=firing,pending&limit=10000'),
    ask<{ alerts: Alert[] }>('alerts?state=resolved&from=-2h&limit=300'),
    ask<{ anomalies: Anomaly[] }>('anomalies?state=open&limit=1000'),
    ask<{ anomalies: Anomaly[] }>('anomalies?state=closed&from=-2h&limit=300'),
    ask<{ events: ClusterEvent[] }>('events?state=open&limit=1000'),
    ask<{ events: ClusterEvent[] }>('events?state=closed&from=-2h&limit=300'),
  ]);
  const [firing, resolved, open, closed, going, over] = answers;
  return {
    alerts: [...resolved.data.alerts, ...firing.data.alerts],
    anomalies: [...closed.data.anomalies, ...open.data.anomalies],
    events: [...over.data.events, ...going.data.events],
    warnings: [firing, open, going].flatMap(({ warnings }) => warnings ?? []),
  };
}

export const sendFeedback = (anomaly: string, mark: Mark): Promise<object> =>
  ask<object>('feedback', { anomaly, mark });

export const fetchStatus = async (): Promise<Status> => (await ask<Status>('status')).data;
