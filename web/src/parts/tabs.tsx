import type { Alert, Anomaly, ClusterEvent } from '../api.ts';
import { countLevels } from '../gravity.ts';

interface Props {
  readonly firing: readonly Alert[];
  readonly resolved: readonly Alert[];
  readonly anomalies: readonly Anomaly[];
  readonly events: readonly ClusterEvent[];
}

/** The whole page in one line; each word leads to its table. */
export function Tabs({ firing, resolved, anomalies, events }: Props) {
  const open = anomalies.filter(({ state }) => state === 'open');
  const going = events.filter(({ state }) => state === 'open');
  return (
    <nav class="tabs" aria-label="On this page">
      <a href="#firing">
        Firing
        {countLevels(firing.map(({ severity }) => severity)).map(([level, n]) => (
          <span key={level} class={`count ${level}`}>
            {n} {level === 'none' ? 'other' : level}
          </span>
        ))}
        {firing.length === 0 && <span class="count">nothing</span>}
      </a>
      <a href="#abnormal">
        Abnormal <span class={`count ${open.length > 0 ? 'anomaly' : ''}`}>{open.length}</span>
      </a>
      <a href="#events">
        Events{' '}
        <span class="count">
          {going.length} going on, {events.length - going.length} over
        </span>
      </a>
      <a href="#resolved">
        Resolved <span class="count">{resolved.length}</span>
      </a>
    </nav>
  );
}
