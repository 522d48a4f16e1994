import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Status } from './api.ts';
import { matches } from './filter.ts';
import { levelOf } from './gravity.ts';
import { moveFocus, useKeys } from './keys.ts';
import { Alerts } from './parts/alerts.tsx';
import { Anomalies } from './parts/anomalies.tsx';
import { Attention } from './parts/attention.tsx';
import { Clusters } from './parts/clusters.tsx';
import { Events } from './parts/events.tsx';
import { Help } from './parts/help.tsx';
import { Strip } from './parts/strip.tsx';
import { Tabs } from './parts/tabs.tsx';
import { Timeline } from './parts/timeline.tsx';
import { Welcome } from './parts/welcome.tsx';
import { type Snapshot, useSnapshot } from './store.ts';
import { useView, type View } from './url.ts';

export function App() {
  const snapshot = useSnapshot();
  const [view, change] = useView();
  const [isHelpOpen, setHelpOpen] = useState(false);
  const filter = useRef<HTMLInputElement>(null);
  const now = useNow();
  const { firing, resolved, anomalies, events } = useChosen(snapshot, view);
  useTitle(firing.filter(({ severity }) => levelOf(severity) === 'critical').length);
  useKeys({
    '/': () => filter.current?.focus(),
    '?': () => setHelpOpen(true),
    j: () => moveFocus(1),
    k: () => moveFocus(-1),
    Escape: () => change({ open: '' }),
  });

  const rows = {
    zone: view.zone,
    now,
    open: view.open,
    toggle: (key: string) => change({ open: key === view.open ? '' : key }),
  };
  const { status } = snapshot;
  return (
    <>
      <header>
        <h1>Seastate</h1>
        <Strip {...snapshot} />
        <input
          ref={filter}
          type="search"
          placeholder="Filter: words, label=value, !not"
          aria-label="Filter"
          title="Press / to type here"
          value={view.q}
          onInput={(event) => change({ q: event.currentTarget.value })}
        />
        <button
          type="button"
          title="Time zone"
          onClick={() => change({ zone: view.zone === 'utc' ? 'local' : 'utc' })}
        >
          {view.zone === 'utc' ? 'UTC' : 'local'}
        </button>
        <button type="button" title="Help" onClick={() => setHelpOpen(true)}>
          ?
        </button>
        <Tabs firing={firing} resolved={resolved} anomalies={anomalies} events={events} />
      </header>
      <main>
        <Clusters
          status={status}
          firing={snapshot.alerts.filter(({ state }) => state === 'firing')}
          chosen={view.cluster}
          choose={(cluster) => change({ cluster })}
        />
        <div>
          {status?.clusters.length === 0 && <Welcome />}
          <Timeline
            alerts={[...firing, ...resolved]}
            anomalies={anomalies}
            events={events}
            cluster={view.cluster}
            choose={(cluster) => change({ cluster })}
            {...rows}
          />
          <Alerts
            id="firing"
            title="Firing now"
            alerts={firing}
            empty={view.q || view.cluster ? 'Nothing here fires.' : 'Nothing fires.'}
            {...rows}
          />
          <Anomalies anomalies={anomalies} mayMark={mayWrite(status)} {...rows} />
          <Events events={events} {...rows} />
          <Alerts
            id="resolved"
            title="Resolved in the last two hours"
            alerts={resolved}
            empty="Nothing."
            {...rows}
          />
          <Attention status={status} cluster={view.cluster} zone={view.zone} now={now} />
        </div>
      </main>
      {isHelpOpen && <Help close={() => setHelpOpen(false)} />}
    </>
  );
}

/** What the cluster and the filter of the view leave. */
function useChosen({ alerts, anomalies, events }: Snapshot, { cluster, q }: View) {
  return useMemo(() => {
    const isChosen = (item: Parameters<typeof matches>[0]): boolean =>
      (!cluster || item.cluster === cluster) && matches(item, q);
    const chosen = alerts.filter(isChosen);
    return {
      firing: chosen.filter(({ state }) => state === 'firing'),
      resolved: chosen.filter(({ state }) => state === 'resolved'),
      anomalies: anomalies.filter(isChosen),
      events: events.filter(isChosen),
    };
  }, [alerts, anomalies, events, cluster, q]);
}

const mayWrite = (status: Status | undefined): boolean =>
  status?.roles.some((role) => role === 'write' || role === 'admin') ?? false;

/** The tab in the browser says how many critical alerts fire. */
function useTitle(critical: number): void {
  useEffect(() => {
    document.title = critical > 0 ? `(${critical}) Seastate` : 'Seastate';
  }, [critical]);
}

function useNow(): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
