import type { Status } from '../api.ts';
import { count, shortMoment, type Zone } from '../format.ts';
import { Command } from './rows.tsx';

interface Props {
  readonly status: Status | undefined;
  readonly cluster: string;
  readonly zone: Zone;
  readonly now: number;
}

/** Further ones are in `seastate status`. */
const rowsMax = 20;

/**
 * What whoever runs this should mend: models of theirs that fail, with series and message, routes
 * and processors that ask for series that do not come, and what processors note.
 */
export function Attention({ status, cluster, zone, now }: Props) {
  const notes = (status?.notes ?? []).filter((note) => !cluster || note.cluster === cluster);
  const unmatched = cluster ? [] : (status?.unmatched ?? []);
  const rows = unmatched.length + notes.length;
  if (rows === 0) return null;
  const shown = notes.slice(0, Math.max(0, rowsMax - unmatched.length));
  return (
    <section id="attention">
      <h2>
        To look at <small>{rows}</small>
      </h2>
      <table>
        <thead>
          <tr>
            <th>Processor</th>
            <th>Cluster</th>
            <th>What</th>
            <th>Times</th>
            <th>Last</th>
          </tr>
        </thead>
        <tbody>
          {unmatched.slice(0, rowsMax).map(({ processor, what, where }) => (
            <tr key={`${processor} ${what}`}>
              <td>{processor}</td>
              <td />
              <td class="said">
                {what} <small>{where}</small>
              </td>
              <td />
              <td />
            </tr>
          ))}
          {shown.map(({ processor, tenant, cluster: name, what, count: times, seen }) => (
            <tr key={`${processor} ${tenant} ${name} ${what}`}>
              <td>{processor}</td>
              <td>{name}</td>
              <td class="said">{what}</td>
              <td>{count(times)}</td>
              <td>{shortMoment(seen, zone, now)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows > rowsMax && (
        <p>
          More: <Command>seastate status</Command>
        </p>
      )}
    </section>
  );
}
