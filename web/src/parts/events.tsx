import type { ClusterEvent } from '../api.ts';
import { useFold } from '../fold.ts';
import { duration, moment, shortMoment } from '../format.ts';
import { levelOf } from '../gravity.ts';
import { nameOf } from '../groups.ts';
import { Command, Facts, OpenRow, type RowsProps } from './rows.tsx';

interface Props extends RowsProps {
  readonly events: readonly ClusterEvent[];
}

/** What the clusters did: open ones first, then those of the last hours. */
export function Events({ events, ...rows }: Props) {
  const { shown, rest, unfold } = useFold(events, rows.open);
  return (
    <section id="events">
      <h2>
        What the clusters did <small>{events.length}</small>
      </h2>
      {events.length === 0 ? (
        <p class="empty">Nothing in the last two hours.</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th class="opener" />
              <th>Severity</th>
              <th>Event</th>
              <th>Cluster</th>
              <th>Start</th>
              <th>For</th>
              <th>Object</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((event) => (
              <Row key={event.subject} event={event} {...rows} />
            ))}
          </tbody>
        </table>
      )}
      {rest > 0 && (
        <button type="button" class="more" onClick={unfold}>
          {rest} more
        </button>
      )}
    </section>
  );
}

function Row({ event, zone, now, open, toggle }: RowsProps & { readonly event: ClusterEvent }) {
  return (
    <OpenRow
      id={event.subject}
      name={`${event.title} on ${nameOf(event)}`}
      class={`${levelOf(event.severity)} ${event.state === 'open' ? '' : 'over'}`}
      isOpen={open === event.subject}
      toggle={toggle}
      details={() => <Details event={event} zone={zone} />}
    >
      <td class="severity">{event.severity}</td>
      <td class="name">
        <span>{event.title}</span>
        {event.percent !== null && event.end === null && <small> {event.percent} %</small>}
        {event.overdue && <small class="warn"> longer than usual</small>}
      </td>
      <td class="where" title={event.cluster}>
        {nameOf(event)}
      </td>
      <td class="number">{shortMoment(event.start, zone, now)}</td>
      <td class="number">
        {event.end === null
          ? `${duration(now - event.start)}, goes on`
          : duration(event.end - event.start)}
      </td>
      <td class="labels">{event.object}</td>
    </OpenRow>
  );
}

function Details({
  event,
  zone,
}: {
  readonly event: ClusterEvent;
  readonly zone: RowsProps['zone'];
}) {
  const slots = Object.entries(event.slots).map(([name, text]) => `${name} ${text}`);
  const phases = event.phases.map(({ name, end }) => (end === null ? `${name} (goes on)` : name));
  return (
    <Facts
      facts={[
        ['evidence', <Evidence key="evidence" event={event} zone={zone} />],
        ['what', slots.join(', ')],
        ['phases', phases.join(', ')],
        ['start', moment(event.start, zone)],
        ['end', event.end === null ? '' : moment(event.end, zone)],
        ['missing evidence', event.missing.join(', ')],
        ['effect of', event.parent],
        ['in full', <Command key="explain">{`seastate explain ${event.subject}`}</Command>],
      ]}
    />
  );
}

function Evidence({
  event,
  zone,
}: {
  readonly event: ClusterEvent;
  readonly zone: RowsProps['zone'];
}) {
  return (
    <ul>
      {event.evidence.map(({ signal, role, first, count, source }) => (
        <li key={`${signal}/${role}`}>
          {moment(first, zone).slice(11)} {role}: {signal}{' '}
          <small>
            {source.replace('-', ' ')}
            {count > 1 && `, ${count} times`}
          </small>
        </li>
      ))}
    </ul>
  );
}
