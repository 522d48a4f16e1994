import { count } from '../format.ts';
import type { Snapshot } from '../store.ts';

/** How we are ourselves: one line that is all calm when nothing is wrong. */
export function Strip({ status, samplesPerSecond, connection, error, warnings }: Snapshot) {
  const halted = status?.partitions.filter(({ state }) => state === 'halted') ?? [];
  const lag = status?.partitions.reduce((sum, { lag_records }) => sum + lag_records, 0);
  const silent = status?.senders.filter(({ silent_seconds }) => silent_seconds > 120) ?? [];
  return (
    <section class="strip" aria-label="Health of Seastate">
      <span class={`dot ${connection}`} title={`live stream: ${connection}`} />
      <Fact name="samples/s" value={count(samplesPerSecond)} />
      <Fact name="series" value={count(status?.series)} />
      <Fact name="clusters" value={count(status?.clusters.length)} />
      <Fact name="lag" value={count(lag)} />
      {silent.length > 0 && <Fact name="silent senders" value={String(silent.length)} warn />}
      {status && status.identity_clashes > 0 && (
        <Fact name="identity clashes" value={count(status.identity_clashes)} warn />
      )}
      {status && status.notes.length + status.unmatched.length > 0 && (
        <a class="fact" href="#attention">
          <b>{status.notes.length + status.unmatched.length}</b> to look at
        </a>
      )}
      {halted.map(({ partition, error: why }) => (
        <span class="fact bad" title={why} key={partition}>
          partition {partition} halted
        </span>
      ))}
      {warnings.map((warning) => (
        <Fact name={warning} value="" warn key={warning} />
      ))}
      {error && <span class="fact bad">{error}</span>}
    </section>
  );
}

function Fact({ name, value, warn = false }: { name: string; value: string; warn?: boolean }) {
  return (
    <span class={warn ? 'fact warn' : 'fact'}>
      <b>{value}</b> {name}
    </span>
  );
}
