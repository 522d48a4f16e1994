import { useEffect, useRef, useState } from 'preact/hooks';
import type { Alert, Anomaly, Status } from './api.ts';
import { byUrgency, matches } from './filter.ts';
import { Alerts } from './parts/alerts.tsx';
import { Anomalies } from './parts/anomalies.tsx';
import { Clusters } from './parts/clusters.tsx';
import { Events } from './parts/events.tsx';
import { Strip } from './parts/strip.tsx';
import { useSnapshot } from './store.ts';
import { useView } from './url.ts';

export function App() {
  const snapshot = useSnapshot();
  const [view, change] = useView();
  const [cursor, setCursor] = useState(-1);
  const filter = useRef<HTMLInputElement>(null);
  const now = useNow();

  const isChosen = (item: Alert | Anomaly): boolean =>
    (!view.cluster || item.cluster === view.cluster) && matches(item, view.q);
  const chosen = snapshot.alerts.filter(isChosen);
  const firing = chosen.filter(({ state }) => state === 'firing').sort(byUrgency);
  const resolved = chosen
    .filter(({ state }) => state === 'resolved')
    .sort((a, b) => b.end!.localeCompare(a.end!));
  useKeys({
    '/': () => filter.current?.focus(),
    j: () => setCursor((at) => Math.min(at + 1, firing.length - 1)),
    k: () => setCursor((at) => Math.max(at - 1, 0)),
  });

  return (
    <>
      <header>
        <h1>Seastate</h1>
        <Strip {...snapshot} />
        <input
          ref={filter}
          type="search"
          placeholder="filter: words, label=value, !not   ( / )"
          aria-label="Filter alerts"
          value={view.q}
          onInput={(event) => change({ q: event.currentTarget.value })}
        />
        <button
          type="button"
          onClick={() => change({ zone: view.zone === 'utc' ? 'local' : 'utc' })}
        >
          {view.zone === 'utc' ? 'UTC' : 'local'}
        </button>
      </header>
      <main>
        <Clusters
          status={snapshot.status}
          firing={snapshot.alerts.filter(({ state }) => state === 'firing')}
          chosen={view.cluster}
          choose={(cluster) => change({ cluster })}
        />
        <div>
          <Alerts
            title="Firing now"
            alerts={firing}
            zone={view.zone}
            now={now}
            cursor={cursor}
            empty={snapshot.alerts.length === 0 ? 'Nothing fires.' : 'Nothing here fires.'}
          />
          <Anomalies
            anomalies={snapshot.anomalies.filter(isChosen)}
            zone={view.zone}
            now={now}
            mayMark={mayWrite(snapshot.status)}
          />
          <Events
            events={snapshot.events.filter((e) => !view.cluster || e.cluster === view.cluster)}
            zone={view.zone}
            now={now}
          />
          <Alerts
            title="Resolved in the last hour"
            alerts={resolved}
            zone={view.zone}
            now={now}
            cursor={-1}
            empty="Nothing."
          />
        </div>
      </main>
    </>
  );
}

const mayWrite = (status: Status | undefined): boolean =>
  status?.roles.some((role) => role === 'write' || role === 'admin') ?? false;

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function useKeys(keys: Readonly<Record<string, () => void>>): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.target instanceof HTMLInputElement) {
        if (event.key === 'Escape') event.target.blur();
        return;
      }
      const act = keys[event.key];
      if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}
