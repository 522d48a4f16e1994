import type { ClusterEvent } from '../api.ts';
import { duration, moment } from '../format.ts';

interface Props {
  readonly events: readonly ClusterEvent[];
  readonly zone: 'utc' | 'local';
  readonly now: number;
}

const shownMax = 100;

/** What the clusters did: open ones first, then those of the last hours. */
export function Events({ events, zone, now }: Props) {
  const inOrder = [
    ...events.filter(({ state }) => state === 'open'),
    ...events.filter(({ state }) => state !== 'open'),
  ];
  return (
    <section>
      <h2>
        What the clusters did <small>{events.length}</small>
      </h2>
      {events.length === 0 ? (
        <p class="empty">Nothing in the last two hours.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Severity</th>
              <th>Event</th>
              <th>Cluster</th>
              <th>Start</th>
              <th>For</th>
              <th>Object</th>
            </tr>
          </thead>
          <tbody>
            {inOrder.slice(0, shownMax).map((event) => (
              <tr key={event.subject} class={event.state === 'open' ? '' : 'over'}>
                <td class="number">
                  <span class={`severity ${event.severity}`}>{event.severity}</span>
                </td>
                <td>
                  {event.title}
                  {event.percent !== null && <small> {event.percent} %</small>}
                  {event.overdue && <small class="warn"> longer than usual</small>}
                </td>
                <td title={event.cluster}>{event.cluster_title}</td>
                <td class="number">{moment(new Date(event.start).toISOString(), zone)}</td>
                <td class="number">
                  {duration((event.end ?? now) - event.start)}
                  {event.end === null && <small> and on</small>}
                </td>
                <td class="labels">{event.object}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
