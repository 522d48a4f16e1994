import type { Alert, Sender, Status } from '../api.ts';
import { count, duration } from '../format.ts';
import { countLevels, type Level } from '../gravity.ts';

interface Props {
  readonly status: Status | undefined;
  readonly firing: readonly Alert[];
  readonly chosen: string;
  readonly choose: (cluster: string) => void;
}

/** The fleet, the worst first: firing alerts, series and how long the senders are silent. */
export function Clusters({ status, firing, chosen, choose }: Props) {
  const alerts = Map.groupBy(firing, keyOf);
  const senders = Map.groupBy(status?.senders ?? [], keyOf);
  const rows = (status?.clusters ?? []).map((cluster) => {
    const key = keyOf(cluster);
    const severities = (alerts.get(key) ?? []).map(({ severity }) => severity);
    return {
      cluster: cluster.cluster,
      title: cluster.title || cluster.cluster || '(no name)',
      key,
      series: cluster.series,
      counts: new Map(countLevels(severities)),
      silent: silenceOf(senders.get(key) ?? []),
    };
  });
  const of = (row: (typeof rows)[number], level: Level): number => row.counts.get(level) ?? 0;
  rows.sort(
    (a, b) =>
      of(b, 'critical') - of(a, 'critical') ||
      of(b, 'warning') - of(a, 'warning') ||
      a.title.localeCompare(b.title),
  );
  return (
    <nav class="clusters" aria-label="Clusters">
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
              <span>
                {[...row.counts].slice(0, 2).map(([level, n]) => (
                  <span key={level} class={`count ${level}`} title={`${n} ${level}`}>
                    {n}
                  </span>
                ))}
              </span>
              <small>
                {count(row.series)} series
                {row.silent > 120 && (
                  <span class="warn">, silent {duration(row.silent * 1000)}</span>
                )}
              </small>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

const keyOf = ({
  tenant,
  cluster,
}: {
  readonly tenant: string;
  readonly cluster: string;
}): string => `${tenant}/${cluster}`;

/** Seconds since any of them was heard; 0 without one: Kubernetes events come from no sender. */
const silenceOf = (senders: readonly Sender[]): number =>
  senders.length === 0 ? 0 : Math.min(...senders.map(({ silent_seconds }) => silent_seconds));
