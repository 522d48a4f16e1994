import { useEffect, useState } from 'preact/hooks';
import {
  type Alert,
  type Anomaly,
  alertKey,
  type ClusterEvent,
  fetchAlerts,
  fetchAnomalies,
  fetchEvents,
  fetchStatus,
  type Status,
} from './api.ts';

export interface Snapshot {
  readonly alerts: readonly Alert[];
  /** Open ones, the strangest first. */
  readonly anomalies: readonly Anomaly[];
  /** Of the last hours, the latest start first. */
  readonly events: readonly ClusterEvent[];
  readonly status: Status | undefined;
  /** Samples per second since the status before. */
  readonly samplesPerSecond: number | undefined;
  readonly connection: 'live' | 'connecting' | 'lost';
  readonly error: string;
}

const statusEveryMs = 5_000;
const resolvedMax = 200;

/** Alerts and status as they are now: fetched once, then kept by the live stream. */
export function useSnapshot(): Snapshot {
  const [alerts, setAlerts] = useState<ReadonlyMap<string, Alert>>(new Map());
  const [anomalies, setAnomalies] = useState<ReadonlyMap<string, Anomaly>>(new Map());
  const [events, setEvents] = useState<ReadonlyMap<string, ClusterEvent>>(new Map());
  const [status, setStatus] = useState<Status>();
  const [rate, setRate] = useState<number>();
  const [connection, setConnection] = useState<Snapshot['connection']>('connecting');
  const [error, setError] = useState('');

  useEffect(() => {
    const refetch = (): void => {
      fetchAlerts()
        .then((list) => setAlerts(new Map(list.map((alert) => [alertKey(alert), alert]))))
        .then(fetchAnomalies)
        .then((list) => setAnomalies(new Map(list.map((each) => [each.subject, each]))))
        .then(fetchEvents)
        .then((list) => setEvents(new Map(list.map((each) => [each.subject, each]))))
        .then(() => setError(''))
        .catch((reason: Error) => setError(reason.message));
    };
    const source = new EventSource('/api/v1/live');
    // What was missed while away is in the API: read it again on each connect.
    source.onopen = () => {
      setConnection('live');
      refetch();
    };
    source.onerror = () => setConnection('lost');
    source.addEventListener('alert', ({ data }) => {
      const alert = JSON.parse(data) as Alert;
      setAlerts((before) => trimmed(new Map(before).set(alertKey(alert), alert)));
    });
    source.addEventListener('anomaly', ({ data }) => {
      const anomaly = JSON.parse(data) as Anomaly;
      setAnomalies((before) => {
        const next = new Map(before);
        if (anomaly.state === 'open') next.set(anomaly.subject, anomaly);
        else next.delete(anomaly.subject);
        return next;
      });
    });
    source.addEventListener('event', ({ data }) => {
      const event = JSON.parse(data) as ClusterEvent;
      setEvents((before) => {
        const next = new Map(before);
        if (event.state === 'withdrawn') next.delete(event.subject);
        else next.set(event.subject, event);
        return next;
      });
    });
    return () => source.close();
  }, []);

  useEffect(() => {
    let last: { samples: number; at: number } | undefined;
    const poll = async (): Promise<void> => {
      const next = await fetchStatus();
      const samples = next.tenants.reduce((sum, tenant) => sum + tenant.samples, 0);
      const at = performance.now();
      if (last) setRate(Math.max(0, (samples - last.samples) / ((at - last.at) / 1000)));
      last = { samples, at };
      setStatus(next);
    };
    const safely = (): void => void poll().catch((reason: Error) => setError(reason.message));
    safely();
    const timer = setInterval(safely, statusEveryMs);
    return () => clearInterval(timer);
  }, []);

  return {
    alerts: [...alerts.values()],
    anomalies: [...anomalies.values()].sort((a, b) => b.score - a.score),
    events: [...events.values()].sort((a, b) => b.start - a.start),
    status,
    samplesPerSecond: rate,
    connection,
    error,
  };
}

/** Forgets the oldest resolved alerts. */
function trimmed(alerts: Map<string, Alert>): Map<string, Alert> {
  const resolved = [...alerts].filter(([, { state }]) => state === 'resolved');
  for (const [key] of resolved.slice(0, -resolvedMax)) alerts.delete(key);
  return alerts;
}
