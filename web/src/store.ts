import { useEffect, useState } from 'preact/hooks';
import {
  type Alert,
  type Anomaly,
  type ClusterEvent,
  type Findings,
  fetchFindings,
  fetchStatus,
  type Status,
} from './api.ts';
import { byUrgency } from './gravity.ts';
import { Shelf } from './shelf.ts';

export interface Snapshot extends Findings {
  readonly status: Status | undefined;
  /** Samples per second since the status before. */
  readonly samplesPerSecond: number | undefined;
  readonly connection: 'live' | 'connecting' | 'lost';
  readonly error: string;
}

const statusEveryMs = 5_000;
/** What comes within this time is shown at once: a storm of alerts is drawn a few times a second. */
const showEveryMs = 250;

/**
 * When all is read again after a connect, ms: a storm cuts a reader off, and what the server found
 * in it may not be in its answers yet.
 */
const readAgainMs = [0, 3_000, 15_000];

const nothing: Snapshot = {
  alerts: [],
  anomalies: [],
  events: [],
  warnings: [],
  status: undefined,
  samplesPerSecond: undefined,
  connection: 'connecting',
  error: '',
};

/**
 * Alerts by urgency, anomalies with the strangest and events with the latest first, what is over
 * after what is not: fetched once, then kept by the live stream.
 */
export function useSnapshot(): Snapshot {
  const [snapshot, setSnapshot] = useState(nothing);
  useEffect(() => {
    const change = (part: Partial<Snapshot>): void =>
      setSnapshot((before) => ({ ...before, ...part }));
    const stops = [followFindings(change), pollStatus(change)];
    return () => {
      for (const stop of stops) stop();
    };
  }, []);
  return snapshot;
}

type Change = (part: Partial<Snapshot>) => void;

function followFindings(change: Change): () => void {
  const alerts = new Shelf<Alert>(({ state }) => state === 'resolved');
  const anomalies = new Shelf<Anomaly>(isClosed);
  const events = new Shelf<ClusterEvent>(isClosed);
  let isChanged = false;
  const show = (): void => {
    isChanged = false;
    change({
      alerts: alerts.list().sort(byUrgency),
      anomalies: anomalies.list().sort(openFirst(byScore)),
      events: events.list().sort(openFirst((a, b) => b.start - a.start)),
    });
  };
  const refetch = (): void => {
    const askedAt = performance.now();
    fetchFindings()
      .then((found) => {
        alerts.replace(found.alerts, askedAt);
        anomalies.replace(found.anomalies, askedAt);
        events.replace(found.events, askedAt);
        change({ warnings: found.warnings, error: '' });
        show();
      })
      .catch((reason: Error) => change({ error: reason.message }));
  };
  const source = new EventSource('/api/v1/live');
  const on = <T>(name: string, take: (item: T) => void): void =>
    source.addEventListener(name, ({ data }) => {
      take(JSON.parse(data));
      isChanged = true;
    });
  on<Alert>('alert', (alert) => alerts.put(alert, performance.now()));
  on<Anomaly>('anomaly', (anomaly) => anomalies.put(anomaly, performance.now()));
  on<ClusterEvent>('event', (event) =>
    event.state === 'withdrawn' ? events.drop(event) : events.put(event, performance.now()),
  );
  let reading: ReturnType<typeof setTimeout>[] = [];
  const stopReading = (): void => {
    for (const each of reading) clearTimeout(each);
  };
  // What was missed while away is in the API.
  source.onopen = () => {
    change({ connection: 'live' });
    stopReading();
    reading = readAgainMs.map((ms) => setTimeout(refetch, ms));
  };
  source.onerror = () => change({ connection: 'lost' });
  const timer = setInterval(() => isChanged && show(), showEveryMs);
  return () => {
    clearInterval(timer);
    stopReading();
    source.close();
  };
}

const isClosed = ({ state }: { readonly state: string }): boolean => state === 'closed';
const byScore = (a: Anomaly, b: Anomaly): number =>
  isClosed(a) ? b.start.localeCompare(a.start) : b.score - a.score;

const openFirst =
  <T extends { readonly state: string }>(order: (a: T, b: T) => number) =>
  (a: T, b: T): number =>
    Number(isClosed(a)) - Number(isClosed(b)) || order(a, b);

function pollStatus(change: Change): () => void {
  let last: { samples: number; at: number } | undefined;
  const poll = async (): Promise<void> => {
    const status = await fetchStatus();
    const samples = status.tenants.reduce((sum, tenant) => sum + tenant.samples, 0);
    const at = performance.now();
    if (last) {
      const rate = (samples - last.samples) / ((at - last.at) / 1000);
      change({ samplesPerSecond: Math.max(0, rate) });
    }
    last = { samples, at };
    change({ status });
  };
  const safely = (): void =>
    void poll().catch((reason: Error) => change({ error: reason.message }));
  safely();
  const timer = setInterval(safely, statusEveryMs);
  return () => clearInterval(timer);
}
