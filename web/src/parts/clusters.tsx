import type { Alert, Status } from '../api.ts';
import { count, duration } from '../format.ts';

interface Props {
  readonly status: Status | undefined;
  readonly firing: readonly Alert[];
  readonly chosen: string;
  readonly choose: (cluster: string) => void;
}

/** The fleet: every cluster with its firing alerts, series and how long its senders are silent. */
export function Clusters({ status, firing, chosen, choose }: Props) {
  const rows = (status?.clusters ?? []).map(({ cluster, title, tenant, series }) => {
    const own = status!.senders.filter((s) => s.cluster === cluster && s.tenant === tenant);
    return {
      cluster,
      title: title || cluster || '(no name)',
      key: `${tenant}/${cluster}`,
      series,
      firing: firing.filter((alert) => alert.cluster === cluster && alert.tenant === tenant).length,
      silent: Math.min(...own.map(({ silent_seconds }) => silent_seconds)),
    };
  });
  rows.sort((a, b) => b.firing - a.firing || a.title.localeCompare(b.title));
  return (
    <nav aria-label="Clusters">
      <h2>
        Clusters <small>{rows.length}</small>
      </h2>
      <ul>
        {rows.map((row) => (
          <li key={row.key}>
            <button
              type="button"
              aria-pressed={row.cluster === chosen}
              onClick={() => choose(row.cluster === chosen ? '' : row.cluster)}
            >
              <span class="cluster" title={row.cluster}>
                {row.title}
              </span>
              <span class={row.firing > 0 ? 'badge' : 'badge none'}>{row.firing}</span>
              <small>
                {count(row.series)} series
                {row.silent > 120 && `, silent ${duration(row.silent * 1000)}`}
              </small>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}
